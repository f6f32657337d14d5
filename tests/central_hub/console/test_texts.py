import math
import re
import string
from datetime import date
from importlib.resources import files
from typing import get_args

import pytest

from central_hub.console.texts import (
    LANGUAGES,
    Language,
    day_or,
    kilobytes,
    moment,
    percent,
    span,
    texts_in,
    time_of_day,
)
from central_hub.deciding.auditing import AuditError, may_look
from central_hub.people.roles import Actor
from inspection.case import Case, Stage

ZH, EN = texts_in("zh"), texts_in("en")
REFUSAL_CODES = [
    "topic.wrong", "device.unknown", "wire.too_large", "wire.garbled", "wire.future_schema", "wire.chain",
    "batch.wrong_device", "batch.signature", "batch.gap", "batch.fork", "batch.chain", "device.quarantined",
    "contact.wrong_device", "contact.signature", "contact.fork",
    "fact.not_yours", "fact.unknown", "fact.case", "fact.station", "fact.foreign_case", "case.undecided",
    "photo.digest", "photo.slow", "photo.not_announced", "photo.not_an_image", "photo.too_large",
    "carried.truncated", "carried.damaged", "carried.garbled", "carried.signature", "carried.wrong_way",
    "carried.future_schema", "hub.disk", "hub.restored",
]  # fmt: skip


def test_both_languages_have_the_same_keys_in_the_same_order() -> None:
    assert ZH.in_order("") == EN.in_order("")


@pytest.mark.parametrize("key", ZH.in_order(""))
def test_both_languages_fill_in_the_same_values(key: str) -> None:
    def names(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert names(ZH._said[key]) == names(EN._said[key])


def test_every_key_that_a_template_names_has_a_text() -> None:
    folder = files("central_hub.console") / "templates"
    pages = [entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.name.endswith(".html")]
    named = {key for page in pages for key in re.findall(r"\bt\('([a-z_.]+)'\s*[,)]", page)}
    assert len(named) > 100
    assert named <= set(ZH.in_order(""))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", REFUSAL_CODES)
def test_every_code_of_a_refused_message_has_words(language: Language, code: str) -> None:
    assert texts_in(language).coded("refusal", code) != code


def test_a_refused_decision_has_a_sentence_of_its_own() -> None:
    with pytest.raises(AuditError) as refused:
        may_look(Case(case="pda-1.1"), Actor("account-a", "a", frozenset()))
    assert ZH(f"refused.{refused.value.code}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_stage_of_a_case_has_a_name(language: Language) -> None:
    stages = tuple(key.removeprefix("stage.") for key in texts_in(language).in_order("stage."))
    assert set(stages) == set(get_args(Stage))


def test_a_moment_is_shown_without_its_day_where_the_day_is_not_told() -> None:
    assert time_of_day(moment(0)) == "08:00:00"
    assert time_of_day(moment(2**63 - 1)) == ""


def test_a_code_without_words_is_shown_as_it_is() -> None:
    assert ZH.coded("refusal", "batch.of_tomorrow") == "batch.of_tomorrow"


def test_a_key_without_text_is_a_fault_of_the_program() -> None:
    with pytest.raises(KeyError):
        ZH("no.such.key")


def test_the_chinese_text_stands_in_where_there_is_no_english_one() -> None:
    assert (ZH.either("轿车", "saloon"), EN.either("轿车", "saloon"), EN.either("轿车", "")) == (
        "轿车",
        "saloon",
        "轿车",
    )


def test_moments_are_in_beijing_time_and_nonsense_of_a_device_comes_back_as_it_is() -> None:
    assert moment(0) == "1970-01-01 08:00:00"
    assert moment(2**63 - 1) == str(2**63 - 1)


def test_a_probability_is_whole_percent_and_what_is_none_is_empty() -> None:
    assert [percent(p) for p in (0.0, 0.614, 1.0, 1.5, -0.1, math.nan, math.inf)] == [
        "0%",
        "61%",
        "100%",
        "",
        "",
        "",
        "",
    ]


def test_spans_days_and_sizes_are_written_for_people() -> None:
    assert [span(ms) for ms in (0, 59_999, 3_600_000, -5_400_000)] == ["0:00", "0:00", "1:00", "1:30"]
    assert (day_or(date(2026, 5, 28), "-"), day_or(None, "-")) == ("2026-05-28", "-")
    assert (kilobytes(0), kilobytes(2048)) == (1, 2)
