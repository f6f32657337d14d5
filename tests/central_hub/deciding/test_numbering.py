from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_hub.deciding.numbering import (
    NUMBERS_LEFT_MIN,
    NumberFact,
    NumberingError,
    NumberRange,
    check_print,
    checked_range,
    copy_to_allow,
    follows,
    own_range,
    prove,
    taken_from,
)
from inspection.facts import NumberVoided, RangeAllotted, StickerIssued
from inspection.sticker import NUMBER_MAX


def allotted(prefix: str, first: int, last: int, holder: str = "st-1") -> RangeAllotted:
    return RangeAllotted(prefix=prefix, first=first, last=last, holder=holder, by="wang")


def issued(number: str) -> StickerIssued:
    return StickerIssued(
        number=number, payload=b"", valid_until=date(2028, 5, 28), audit_due=0, rulebook="r", reasons=()
    )


def voided(number: str, holder: str = "st-1") -> NumberVoided:
    return NumberVoided(number=number, holder=holder, by="wang", reason="spoilt")


def of(prefix: str, first: int, last: int, used: int = 0, holder: str = "st-1") -> NumberRange:
    return NumberRange(prefix=prefix, first=first, last=last, holder=holder, next=first + used)


def in_chain(*facts: NumberFact) -> list[tuple[int, NumberFact]]:
    return list(enumerate(facts, start=10))


def code_of(*facts: NumberFact) -> str:
    broken = prove(in_chain(*facts)).broken
    assert broken is not None
    assert broken.fact == 9 + len(facts)
    return broken.code


def test_a_new_range_is_unused() -> None:
    new = checked_range(allotted("A", 101, 200), [of("A", 1, 100), of("A", 201, 300), of("B", 101, 200)], {"PL"})
    assert new == of("A", 101, 200)
    assert (new.left, new.name) == (100, "A00000101 to A00000200")


@pytest.mark.parametrize(("first", "last"), [(100, 150), (150, 201), (120, 130), (50, 300), (101, 200)])
def test_ranges_never_overlap(first: int, last: int) -> None:
    with pytest.raises(NumberingError, match="shares numbers with A00000101 to A00000200 of st-1") as caught:
        checked_range(allotted("A", first, last, "st-2"), [of("A", 101, 200)], ())
    assert caught.value.code == "range.overlap"


@pytest.mark.parametrize(
    "fact",
    [
        *(allotted("a", 1, 2), allotted("A-", 1, 2), allotted("A" * 13, 1, 2), allotted("A\n", 1, 2)),
        *(allotted("A", 0, 2), allotted("A", 2, 1), allotted("A", 1, NUMBER_MAX + 1)),
        *(allotted("A", 1, 2, ""), allotted("A", 1, 2, "站"), allotted("A", 1, 2, "s" * 33)),
    ],
)
def test_what_cannot_be_a_range_is_refused(fact: RangeAllotted) -> None:
    with pytest.raises(NumberingError) as caught:
        checked_range(fact, [], ())
    assert caught.value.code == "range.garbled"


def test_the_installations_own_prefix_is_not_allotted() -> None:
    with pytest.raises(NumberingError, match="use another prefix") as caught:
        checked_range(allotted("PL", 1, 2), [], {"PL"})
    assert caught.value.code == "range.own_prefix"


def test_the_next_number_comes_from_the_oldest_range_that_has_one() -> None:
    ranges = [of("A", 1, 3, used=3), of("C", 8, 9, used=1), of("B", 1, 500)]
    assert taken_from(ranges) == ("C00000009", 500, False, "st-1")
    assert taken_from([own_range("PL")]) == ("PL00000001", NUMBER_MAX - 1, False, "")


def test_a_holder_that_runs_low_is_warned_about_and_one_without_numbers_gets_none() -> None:
    assert taken_from([of("A", 1, NUMBERS_LEFT_MIN)]).low
    assert not taken_from([of("A", 1, NUMBERS_LEFT_MIN + 1)]).low
    for empty in ([of("A", 1, 3, used=3)], []):
        with pytest.raises(NumberingError, match="allot another range") as caught:
            taken_from(empty)
        assert caught.value.code == "sticker.range_empty"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("A00000104", "number.used"),
        ("A00000106", "number.gap"),
        ("A00000100", "number.outside"),
        ("A00000201", "number.outside"),
        ("B00000105", "number.outside"),
        ("A105", "number.garbled"),
    ],
)
def test_a_number_that_is_not_the_next_one_is_refused(number: str, code: str) -> None:
    ranges = [of("A", 101, 200, used=4)]
    assert follows("A00000105", ranges) == of("A", 101, 200, used=5)
    with pytest.raises(NumberingError) as caught:
        follows(number, ranges)
    assert caught.value.code == code


def test_the_last_number_of_a_range_is_the_next_one_too() -> None:
    assert follows("A00000200", [of("A", 101, 200, used=99)]).left == 0


def test_numbers_that_follow_on_one_another_are_proven() -> None:
    facts = in_chain(
        issued("PL00000001"),
        allotted("A", 5, 7),
        issued("A00000005"),
        voided("A00000006"),
        issued("PL00000002"),
        issued("A00000007"),
        allotted("A", 1, 4, "st-2"),
        voided("PL00000003", ""),
    )
    proof = prove(facts)
    assert proof.broken is None
    assert proof.ranges == (
        NumberRange(prefix="A", first=1, last=4, holder="st-2", next=1),
        NumberRange(prefix="A", first=5, last=7, holder="st-1", next=8, issued=2, voided=1),
        NumberRange(prefix="PL", first=1, last=NUMBER_MAX, holder="", next=4, issued=2, voided=1),
    )
    assert prove([]).ranges == ()


def test_the_first_break_is_named_and_nothing_after_it() -> None:
    proof = prove(in_chain(allotted("A", 1, 9), issued("A00000001"), issued("A00000003"), issued("A00000001")))
    assert proof.broken is not None
    assert proof.broken[:3] == (12, "A00000003", "number.gap")
    assert "A00000002 was never issued nor voided" in proof.broken.text
    assert proof.ranges[0].next == 2


def test_each_way_to_break_the_numbers_shows() -> None:
    ranges = allotted("A", 1, 9)
    assert code_of(ranges, issued("A00000010")) == "number.outside"
    assert code_of(ranges, issued("A00000001"), issued("A00000001")) == "number.used"
    assert code_of(ranges, voided("A00000001"), issued("A00000001")) == "number.used"
    assert code_of(ranges, issued("A00000001"), voided("A00000001")) == "number.used"
    assert code_of(ranges, issued("A00000002")) == "number.gap"
    assert code_of(ranges, voided("A00000001", "st-2")) == "number.outside"
    assert code_of(ranges, allotted("A", 9, 12)) == "range.overlap"
    assert code_of(issued("A00000001"), ranges) == "range.own_prefix"
    assert code_of(issued("A00000002")) == "number.gap"
    assert code_of(issued("a00000001")) == "number.garbled"
    assert code_of(issued("")) == "number.garbled"


uses = st.lists(st.sampled_from(["issue", "void"]), max_size=30)


@given(uses, st.integers(0, 29), st.sampled_from(["drop", "twice"]))
def test_no_number_can_be_left_out_or_used_twice_unseen(what: list[str], at: int, how: str) -> None:
    names = [f"A{value:08d}" for value in range(1, len(what) + 1)]
    used: list[NumberFact] = [
        issued(name) if one == "issue" else voided(name) for one, name in zip(what, names, strict=True)
    ]
    assert prove(in_chain(allotted("A", 1, 30), *used)).broken is None
    # The last one left out is one that was not used yet.
    if at >= len(used) - (how == "drop"):
        return
    changed = [*used[:at], *used[at + 1 :]] if how == "drop" else [*used[: at + 1], *used[at:]]
    broken = prove(in_chain(allotted("A", 1, 30), *changed)).broken
    assert broken is not None
    assert broken.code == ("number.gap" if how == "drop" else "number.used")


def test_the_first_copy_is_printed_once_without_permission() -> None:
    check_print(1, printed=0, allowed=(), withdrawn=False)
    for copy, printed, code in ((1, 1, "print.again"), (2, 0, "print.copy"), (2, 1, "print.again")):
        with pytest.raises(NumberingError) as caught:
            check_print(copy, printed=printed, allowed=(), withdrawn=False)
        assert caught.value.code == code


def test_a_further_copy_is_printed_once_for_each_permission() -> None:
    check_print(2, printed=1, allowed={2}, withdrawn=False)
    check_print(3, printed=2, allowed={2, 3}, withdrawn=False)
    with pytest.raises(NumberingError, match="copy 2 was printed"):
        check_print(2, printed=2, allowed={2}, withdrawn=False)
    with pytest.raises(NumberingError, match="copy 3 has to be allowed first"):
        check_print(3, printed=2, allowed={2}, withdrawn=False)


def test_a_permission_is_given_for_the_next_copy_and_for_one_at_a_time() -> None:
    assert copy_to_allow(printed=1, allowed=(), withdrawn=False) == 2
    assert copy_to_allow(printed=2, allowed={2}, withdrawn=False) == 3
    with pytest.raises(NumberingError, match="needs no permission"):
        copy_to_allow(printed=0, allowed=(), withdrawn=False)
    with pytest.raises(NumberingError, match="copy 2 is allowed already"):
        copy_to_allow(printed=1, allowed={2}, withdrawn=False)


def test_a_withdrawn_sticker_is_neither_printed_nor_allowed_to_be() -> None:
    with pytest.raises(NumberingError, match="withdrawn"):
        check_print(1, printed=0, allowed=(), withdrawn=True)
    with pytest.raises(NumberingError, match="withdrawn"):
        copy_to_allow(printed=1, allowed=(), withdrawn=True)
