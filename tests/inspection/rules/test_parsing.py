"""How rulebook files are read, how one amends another, and how a faulty one is refused."""

from datetime import date

import pytest

from inspection import shipped_text
from inspection.rules import RulebookError, parse_rulebook, parse_rulebooks, shipped_rulebooks, shipped_texts
from inspection.rules.parsing import FIRST, RULEBOOK_CHARACTERS_MAX, SEPARATOR, default_clauses
from inspection.signing import digest

BOOKS = shipped_rulebooks()
TEXT = shipped_text("rulebooks", FIRST)
SHIPPED = dict(shipped_texts())
CITY = """
id = "city-2027"
amends = "rules-2022-10-01"
in_force_from = 2027-01-01
source = "a city's own measure"

[cars]
k34 = false

[sticker_first]
renewal_days = 30

[clauses.use]
zh = "自用"
"""


def code_of(texts: dict[str, str]) -> str:
    with pytest.raises(RulebookError) as refused:
        parse_rulebooks(texts)
    assert any(name in str(refused.value) for name in texts)
    return refused.value.code


@pytest.mark.parametrize(
    ("old", "new", "said", "code"),
    [
        ("[audit]", "[audit]\nminutes = 5", "unknown field `minutes`", "shape"),
        ("[audit]", "[audits]", "audit", "shape"),
        ("[clauses.use]", "[clauses.usage]", "clauses.usage: this program judges no such clause", "clauses"),
        ('kind = "privilege"', 'kind = "favour"', "favour", "shape"),
        ("\nhours = 24 ", '\nhours = "24" ', "audit.hours", "shape"),
        ("in_force_from = 2014-09-01", "in_force_from = 2014-13-01", "no TOML", "toml"),
        ("source =", "source", "no TOML", "toml"),
        ('id = "rules-2014-09-01"', 'id = "规则"', r"\$\.id", "shape"),
        ('id = "rules-2014-09-01"', "", "rulebook without an id", "shape"),
        ("[clauses.regime]", "[clauses.regime]\nwhy = 1", "unknown field `why`", "shape"),
        ('checklist = "1"', 'checklist = "1"\ndigest = "0"', "unknown key 'digest'", "shape"),
        ('checklist = "1"', 'checklist = "1"\ntext = "0"', "unknown key 'text'", "shape"),
        ('checklist = "1"', 'checklist = "1"\namends = "none-such"', "which is not here", "unknown_parent"),
    ],
)
def test_a_rulebook_with_a_fault_is_refused_and_the_fault_is_named(old: str, new: str, said: str, code: str) -> None:
    assert old in TEXT
    with pytest.raises(RulebookError, match=said) as refused:
        parse_rulebook(TEXT.replace(old, new))
    assert refused.value.code == f"rulebook.{code}"


def test_clauses_that_are_no_table_are_refused() -> None:
    head = TEXT[: TEXT.index("# How each clause reads")]
    with pytest.raises(RulebookError, match="clauses") as refused:
        parse_rulebook("clauses = 5\n" + head)
    assert refused.value.code == "rulebook.shape"


def test_a_text_that_is_too_long_is_refused_before_it_is_read() -> None:
    with pytest.raises(RulebookError, match="at most") as refused:
        parse_rulebook(TEXT + "#" * RULEBOOK_CHARACTERS_MAX)
    assert refused.value.code == "rulebook.size"


def test_the_name_of_a_rulebook_holds_the_whole_digest_of_its_text() -> None:
    book = parse_rulebook(TEXT)
    assert book.name == f"rules-2014-09-01:{digest(TEXT.encode()).hex()}"
    assert parse_rulebook(TEXT + "\n").name != book.name


def test_an_amendment_says_only_what_changes() -> None:
    *_, newest = BOOKS
    city = parse_rulebooks(SHIPPED | {"city.toml": CITY})[-1]
    assert (city.id, city.in_force_from, city.in_force_until) == ("city-2027", date(2027, 1, 1), None)
    assert (city.cars.k34, city.cars.classes) == (False, newest.cars.classes)
    assert (city.sticker_first.renewal_days, city.sticker_first.enabled) == (30, True)
    assert city.validity == newest.validity
    assert (city.clauses["use"].zh, city.clauses["use"].kind) == ("自用", "privilege")
    assert city.clauses["class"] == newest.clauses["class"]


def test_the_digest_of_an_amendment_vouches_for_all_that_it_rests_on() -> None:
    city = parse_rulebooks(SHIPPED | {"city.toml": CITY})[-1]
    assert city.digest == digest(city.text.encode()).hex()
    assert city.text.split(SEPARATOR) == [*SHIPPED.values(), CITY]
    assert parse_rulebook(city.text) == city
    changed = SHIPPED | {FIRST: TEXT.replace("early_days = 90", "early_days = 91"), "city.toml": CITY}
    assert parse_rulebooks(changed)[-1].digest != city.digest


def test_lists_are_replaced_and_dates_are_not_inherited() -> None:
    later = CITY + '\n[vehicle_checks]\nblocking_states = ["C"]\n'
    ending = CITY.replace("city-2027", "city-2026").replace("2027-01-01", "2026-01-01\nin_force_until = 2026-06-01")
    later = later.replace('amends = "rules-2022-10-01"', 'amends = "city-2026"')
    *_, ended, city = parse_rulebooks(SHIPPED | {"a.toml": ending, "b.toml": later})
    assert ended.in_force_until == date(2026, 6, 1)
    assert city.in_force_until is None
    assert city.vehicle_checks.blocking_states == ("C",)


def test_a_rulebook_that_does_not_know_a_clause_takes_it_as_the_oldest_one_says() -> None:
    start, end = TEXT.index("[clauses.one_sticker]"), TEXT.index("[clauses.no_recall]")
    old = TEXT[:start] + TEXT[end:]
    assert parse_rulebook(old).clauses["one_sticker"] == parse_rulebook(TEXT).clauses["one_sticker"]
    assert "one_sticker" in default_clauses()


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ({"a.toml": TEXT, "b.toml": TEXT}, "doubled"),
        ({"b.toml": CITY}, "unknown_parent"),
        ({"a.toml": CITY.replace("rules-2022-10-01", "city-2027")}, "cycle"),
        (
            {
                "a.toml": CITY.replace("rules-2022-10-01", "city-2028"),
                "b.toml": CITY.replace("city-2027", "city-2028").replace("rules-2022-10-01", "city-2027"),
            },
            "cycle",
        ),
        ({**SHIPPED, "b.toml": CITY.replace("2027-01-01", "2022-10-01")}, "order"),
        ({"b.toml": "id ="}, "toml"),
        ({**SHIPPED, "b.toml": CITY.replace("k34 = false", 'classes = ["K99"]')}, "unknown_code"),
    ],
)
def test_files_that_do_not_fit_together_are_refused_and_the_file_is_named(texts: dict[str, str], code: str) -> None:
    assert code_of(texts) == f"rulebook.{code}"


def test_the_order_of_the_files_does_not_matter() -> None:
    there = parse_rulebooks(SHIPPED)
    back = parse_rulebooks(dict(reversed(SHIPPED.items())))
    assert back == there[::-1]
