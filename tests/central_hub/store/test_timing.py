from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_hub.store.timing import (
    FIRST_FACT_MS,
    Estimate,
    Pairing,
    Received,
    clock_error_ms,
    far_off,
    happened,
)
from inspection.evidence import WHOLE_MAX
from inspection.facts import DirectiveSettled, Entry

NOW = 1_780_000_000_000  # 2026-05-28
HOUR = 3_600_000
YEAR_2099 = 4_070_908_800_000


def fact(seq: int, boot: str, mono: int, *, wall: int = NOW, received: int = NOW) -> Received:
    entry = Entry(
        device="pda-1", seq=seq, before=bytes(32), wall=wall, mono=mono, boot=boot, fact=DirectiveSettled(number=1)
    )
    return received, entry


def pairing(boot: str, mono: int, at: int, *, wall: int = NOW) -> Pairing:
    return Pairing(boot=boot, mono=mono, wall=wall, at=at)


def test_a_fact_of_a_boot_that_was_heard_is_dated_by_the_monotonic_clock_whatever_the_wall_clock_says() -> None:
    facts = [fact(1, "a", 1_000, wall=0), fact(2, "a", 61_000, wall=YEAR_2099)]
    dated = happened(facts, [pairing("a", 121_000, NOW)])
    assert dated[1] == Estimate(at=NOW - 120_000, earliest=NOW - 120_000, latest=NOW - 120_000, sure="paired")
    assert dated[2].at == NOW - 60_000


def test_a_fact_written_after_the_boot_was_heard_is_dated_just_as_well() -> None:
    dated = happened([fact(1, "a", 9_000, received=NOW + 60_000)], [pairing("a", 4_000, NOW)])
    assert (dated[1].at, dated[1].sure) == (NOW + 5_000, "paired")


def test_nothing_happened_after_its_receipt() -> None:
    dated = happened([fact(1, "a", WHOLE_MAX), fact(2, "a", WHOLE_MAX)], [pairing("a", 0, NOW)])
    assert {it.at for it in dated.values()} == {NOW}


def test_where_nothing_is_known_a_fact_was_not_after_its_receipt_and_no_more_is_said() -> None:
    dated = happened([fact(1, "a", 5_000, wall=7)], [pairing("of another time", 1, NOW)])
    assert dated[1] == Estimate(at=NOW, earliest=FIRST_FACT_MS, latest=NOW, sure="received")
    assert happened([], []) == {}


def test_a_receipt_bounds_the_earlier_facts_of_the_same_boot_too() -> None:
    facts = [fact(1, "a", 0, received=NOW + HOUR), fact(2, "a", 60_000, received=NOW)]
    assert happened(facts, [])[1].latest == NOW - 60_000


def offline_over_a_reboot(wall: int) -> dict[int, Estimate]:
    """Boot a was heard, boot b never, boot c again; the clock was right in a and c. Fact 2 is the one of b."""
    facts = [
        fact(1, "a", HOUR, wall=NOW, received=NOW),
        fact(2, "b", 60_000, wall=wall, received=NOW + 5 * HOUR),
        fact(3, "c", 60_000, wall=NOW + 3 * HOUR + 60_000, received=NOW + 5 * HOUR),
    ]
    return happened(facts, [pairing("a", HOUR, NOW), pairing("c", 2 * HOUR, NOW + 5 * HOUR)])


def test_a_boot_that_was_never_heard_lies_between_the_facts_around_it_where_the_wall_clock_says() -> None:
    dated = offline_over_a_reboot(NOW + HOUR)[2]
    assert dated == Estimate(at=NOW + HOUR, earliest=NOW, latest=NOW + 3 * HOUR + 60_000, sure="bounded")


@pytest.mark.parametrize(("wall", "at"), [(0, NOW), (NOW - 1, NOW), (YEAR_2099, NOW + 3 * HOUR + 60_000)])
def test_a_wall_clock_that_was_set_meanwhile_never_leads_out_of_the_bounds(wall: int, at: int) -> None:
    assert offline_over_a_reboot(wall)[2].at == at


def test_a_wall_clock_that_is_off_in_the_same_way_as_nearby_is_put_right() -> None:
    facts = [fact(1, "a", HOUR, wall=0, received=NOW), fact(2, "b", 0, wall=HOUR, received=NOW + 5 * HOUR)]
    assert happened(facts, [pairing("a", HOUR, NOW)])[2].at == NOW + HOUR


def test_where_the_boot_before_does_not_help_the_one_after_does() -> None:
    # The clock began in 1970 and was set right before boot b.
    facts = [
        fact(1, "a", HOUR, wall=HOUR, received=NOW),
        fact(2, "b", 60_000, wall=NOW + HOUR, received=NOW + 5 * HOUR),
        fact(3, "c", 60_000, wall=NOW + 3 * HOUR, received=NOW + 5 * HOUR),
    ]
    dated = happened(facts, [pairing("a", HOUR, NOW), pairing("c", 60_000, NOW + 3 * HOUR)])
    assert dated[2].at == NOW + HOUR


def test_a_clock_that_was_set_in_the_middle_of_a_boot_is_believed_where_it_fits() -> None:
    facts = [
        fact(1, "a", 0, wall=NOW, received=NOW),
        fact(2, "b", 0, wall=0, received=NOW + 5 * HOUR),
        fact(3, "b", HOUR, wall=NOW + 2 * HOUR, received=NOW + 5 * HOUR),
    ]
    dated = happened(facts, [pairing("a", 0, NOW)])
    assert (dated[2].at, dated[3].at) == (NOW + HOUR, NOW + 2 * HOUR)


def test_a_first_boot_that_was_never_heard_is_bounded_by_the_next_alone() -> None:
    facts = [fact(1, "a", 0, wall=NOW - HOUR, received=NOW + HOUR), fact(2, "b", 0, wall=NOW, received=NOW + HOUR)]
    dated = happened(facts, [pairing("b", 0, NOW)])
    assert dated[1] == Estimate(at=NOW - HOUR, earliest=FIRST_FACT_MS, latest=NOW, sure="bounded")


def test_a_pairing_that_came_late_is_put_right_by_the_next_boots() -> None:
    facts = [fact(1, "a", 0, received=NOW + HOUR), fact(2, "b", 0, received=NOW + HOUR)]
    dated = happened(facts, [pairing("a", 0, NOW + HOUR), pairing("b", 0, NOW)])
    assert dated[1].at == dated[2].at == NOW


@pytest.mark.parametrize(("wall", "off"), [(0, True), (YEAR_2099, True), (NOW - 301_000, True), (NOW - 300_000, False)])
def test_a_clock_beyond_the_limit_is_called_far_off(wall: int, off: bool) -> None:  # noqa: FBT001 - a parameter
    exact = Estimate(at=NOW, earliest=NOW, latest=NOW, sure="paired")
    assert far_off(clock_error_ms(wall, exact), skew_seconds_max=300) is off


@pytest.mark.parametrize(("wall", "error"), [(NOW - HOUR, 0), (NOW, 0), (NOW + 1, 1), (0, -FIRST_FACT_MS)])
def test_only_what_is_surely_wrong_about_a_clock_is_held_against_it(wall: int, error: int) -> None:
    assert clock_error_ms(wall, happened([fact(1, "a", 5)], [])[1]) == error


@dataclass(frozen=True)
class Told:
    """What a hub knows of an honest device, and what is true: when each fact happened, how long messages took."""

    facts: list[Received]
    pairings: list[Pairing]
    truth: dict[int, int]
    way_ms: int


@st.composite
def honest_devices(draw: st.DrawFn) -> Told:
    """A device with true monotonic clocks, any wall clock, some boots heard and some not, facts received at the end."""
    spans = st.integers(0, 48 * HOUR)
    time, way_ms = NOW, draw(st.integers(0, 2_000))
    facts: list[tuple[int, str, int, int]] = []
    pairings: list[Pairing] = []
    for boot in draw(st.lists(st.booleans(), max_size=5)):
        time += draw(spans)
        name, start = f"boot {time} {len(pairings)} {len(facts)}", time - draw(st.integers(0, HOUR))
        for step in draw(st.lists(spans, max_size=4)):
            time += step
            facts.append((time, name, time - start, draw(st.integers(0, WHOLE_MAX))))
        if boot:
            pairings.append(pairing(name, time - start, time + draw(st.integers(0, way_ms))))
    received = time + way_ms + draw(spans)
    truth = {seq: at for seq, (at, *_) in enumerate(facts, start=1)}
    kept = [
        fact(seq, boot, mono, wall=wall, received=received)
        for seq, (_, boot, mono, wall) in enumerate(facts, start=1)
        if draw(st.booleans())
    ]
    return Told(kept, pairings, truth, way_ms)


@given(honest_devices())
def test_the_truth_lies_within_the_bounds_to_the_way_of_a_message(told: Told) -> None:
    for seq, dated in happened(told.facts, told.pairings).items():
        assert dated.earliest - told.way_ms <= told.truth[seq] <= dated.latest
        if dated.sure == "paired":
            assert 0 <= dated.at - told.truth[seq] <= told.way_ms


wholes = st.integers(0, WHOLE_MAX)
liars = st.lists(st.tuples(st.sampled_from("abc"), wholes, wholes), max_size=8)
claims = st.lists(st.builds(pairing, st.sampled_from("abcd"), wholes, wholes, wall=wholes), max_size=4)


@given(liars, claims, st.lists(wholes, min_size=8, max_size=8))
def test_whatever_a_device_claims_the_estimates_keep_their_order_and_the_receipts(
    told: list[tuple[str, int, int]], pairings: list[Pairing], receipts: list[int]
) -> None:
    received = sorted(receipts)
    facts = [fact(n, boot, mono, wall=wall, received=received[n]) for n, (boot, mono, wall) in enumerate(told)]
    dated = happened(reversed(facts), pairings)
    assert list(dated) == list(range(len(told)))
    for seq, it in dated.items():
        assert 0 <= it.earliest <= it.at <= it.latest <= received[seq]
        assert (clock_error_ms(it.at, it), far_off(0, skew_seconds_max=1)) == (0, False)
    moments = [it.at for it in dated.values()]
    assert moments == sorted(moments)
