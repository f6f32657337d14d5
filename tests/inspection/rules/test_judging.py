"""How a clause becomes a reason, and reasons a judgement."""

import pytest

from inspection.rules import DETAIL_CHARACTERS_MAX, shipped_rulebooks
from inspection.rules.judging import Decision, held, held_all, judgement, matches, reason

BOOK = shipped_rulebooks()[-1]


@pytest.mark.parametrize(
    ("code", "patterns", "fits"),
    [
        ("K33", ("K33",), True),
        ("K33", ("K4?", "K3?"), True),
        ("K16", ("K1[!6]",), False),
        ("", ("*",), True),
        ("", (), False),
        ("k33", ("K33",), False),
    ],
)
def test_a_code_fits_one_of_its_patterns(code: str, patterns: tuple[str, ...], *, fits: bool) -> None:
    assert matches(code, patterns) == fits


def test_a_reason_says_in_both_languages_what_was_found() -> None:
    one = reason(BOOK, "use", held(False, "D"))
    assert (one.code, one.result) == ("use", "failed")
    assert one.zh.endswith(" (D)")
    assert one.en.endswith(" (D)")
    assert reason(BOOK, "use", held(True)).zh == BOOK.clauses["use"].zh
    assert reason(BOOK, "use", held(True), code="other").code == "other"


def test_what_was_found_is_cut_off_where_it_is_long() -> None:
    long = reason(BOOK, "items", held(False, "x" * 5_000))
    assert len(long.en) < DETAIL_CHARACTERS_MAX + 100
    assert long.en.endswith("…)")


def test_one_reason_that_did_not_pass_is_enough_to_refuse() -> None:
    passed, failed = reason(BOOK, "use", held(True)), reason(BOOK, "class", held_all(["b", "a"]))
    assert judgement([passed]).allowed
    refused = judgement([passed, failed])
    assert (refused.allowed, refused.failed) == (False, (failed,))
    assert failed.en.endswith("(a, b)")
    assert judgement([]).allowed


def test_a_decision_names_what_stands_in_the_way() -> None:
    passed, waiting = reason(BOOK, "use", held(True)), reason(BOOK, "photos", ("pending", "2"))
    assert Decision(outcome="wait", rulebook="r", reasons=(passed, waiting)).failed == (waiting,)
