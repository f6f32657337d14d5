from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from central_hub.standing.observing import events_of, looked_at, row_of, timing_of
from central_hub.store.timing import Estimate
from inspection.case import Case
from inspection.evidence import PhotoRef, VinFinding
from inspection.facts import (
    AuditDecided,
    AuditOverdue,
    CaseOpened,
    Entry,
    InspectionConcluded,
    OwnerCalled,
    PhotoTaken,
    Position,
    RecallOrdered,
    RecallOverdue,
    RecheckConcluded,
    RetakeRequested,
    StationPenalised,
    StickerIssued,
    StickerWithdrawn,
    SuspicionRaised,
    Vehicle,
    VehicleReturned,
)
from inspection.filings import AreaFiling
from inspection.signing import CHAIN_START
from inspection.standing.rules import shipped_standing_rules
from inspection.standing.suspicion import Timing

NOON = 1_779_940_800_000
DAY = date(2026, 5, 28)
COUNTING = shipped_standing_rules()[-1].counting
OPENED = CaseOpened(
    regime="jianyan", serial="S-1", vehicle=Vehicle(vin="LZZAA1A26RA000017", vehicle_class="K33", use="A"),
    station="ST01", inspector="li", inspection_kind="01",
)  # fmt: skip
AREA = AreaFiling(id="ST01", station="ST01", valid_until=DAY, longitude=120, latitude=30, radius_m=9, fenced=True)


def entry(seq: int, mono: int, *, wall: int | None = None, boot: str = "b", device: str = "pda-1") -> Entry:
    fact = InspectionConcluded(outcome="pass", by="li")
    at = NOON + mono if wall is None else wall
    return Entry(device=device, seq=seq, before=CHAIN_START, wall=at, mono=mono, boot=boot, fact=fact)


def at(moment: int, sure: Any = "paired") -> Estimate:
    return Estimate(at=moment, earliest=moment, latest=moment, sure=sure)


def timed(first: Entry, last: Entry, begun: Estimate, done: Estimate) -> Timing | None:
    return timing_of([(NOON, first), (NOON, last)], {(first.device, first.seq): begun, (last.device, last.seq): done})


def case(**changes: Any) -> Case:
    fields: dict[str, Any] = {
        "case": "pda-1.1", "opened": OPENED, "concluded": InspectionConcluded(outcome="pass", by="li"),
        "device_facts": 2,
    }  # fmt: skip
    return Case(**{**fields, **changes})


def photo(vin: VinFinding | None = None, **changes: Any) -> PhotoTaken:
    ref = PhotoRef(digest="a" * 64, media="image/jpeg", size=1, width=1, height=1)
    return PhotoTaken(kind="0113", photo=ref, vin=vin, **changes)


def test_one_boot_is_a_ruler_whatever_the_wall_clock_says() -> None:
    timing = timed(entry(1, 0), entry(9, 600_999), at(NOON), at(NOON + 600_999))
    assert timing == Timing(opened=NOON, concluded=NOON + 600_999, seconds=600)


def test_a_clock_that_was_set_and_one_that_is_wrong_are_told_apart() -> None:
    last = entry(9, 600_000, wall=NOON + 600_000 + 3_600_000)
    timing = timed(entry(1, 0), last, at(NOON), at(NOON + 600_000))
    assert timing is not None
    assert (timing.jump_ms, timing.clock_error_ms) == (3_600_000, 3_600_000)


def test_over_a_restart_only_what_the_hub_knows_tells_how_long_it_took() -> None:
    last = entry(9, 5_000, boot="c")
    timing = timed(entry(1, 0), last, at(NOON), at(NOON + 300_000, "bounded"))
    assert timing is not None
    assert (timing.seconds, timing.jump_ms) == (300, 0)
    unknown = timed(entry(1, 0), last, at(NOON), at(NOON + 300_000, "received"))
    assert unknown is not None
    assert (unknown.seconds, unknown.sure) == (None, False)


@pytest.mark.parametrize("last", [entry(9, 5, device="pda-2"), entry(9, -0)])
def test_two_devices_and_a_clock_that_goes_back_are_no_ruler(last: Entry) -> None:
    timing = timed(entry(1, 100), last, at(NOON), at(NOON - 50))
    assert timing is not None
    assert (timing.seconds, timing.concluded) == (0, NOON)


def test_without_a_beginning_and_an_end_there_is_no_time() -> None:
    assert timing_of([(NOON, entry(1, 0))], {}) is None


def test_a_row_counts_what_the_case_says() -> None:
    timing = Timing(opened=NOON, concluded=NOON + 12 * 3_600_000, seconds=77)
    made = case(
        all_photos=(photo(VinFinding(vin="x", confidence=0.5)), photo(replaces="b" * 64)),
        retakes=(RetakeRequested(by="wu", reason="dark"),),
        suspicions=(SuspicionRaised(rule="r", detail=""), SuspicionRaised(rule="r", detail="")),
        audits=(AuditDecided(decision="suspicious", auditor="wu"),),
        recheck=RecheckConcluded(result="proven", by="wu", reason="r"),
    )
    place = replace(OPENED, position=Position(longitude=120, latitude=30.001))
    row = row_of(made, place, timing, day=DAY, area=AREA, counting=COUNTING)
    assert (row.seconds, row.metres, row.retakes, row.night, row.suspicions) == (77, 111, 2, True, ("r",))
    assert (row.audited, row.overturned, row.proven, row.passed) == (True, True, True, True)
    assert row.mix == "jianyan|01|K3|A"


def test_a_row_leaves_out_what_nobody_knows() -> None:
    row = row_of(case(), OPENED, None, day=DAY, area=AREA, counting=COUNTING)
    assert (row.seconds, row.metres, row.doubtful, row.night, row.audited) == (None, None, None, False, False)
    accepted = case(all_photos=(photo(VinFinding(vin="x", confidence=1, accepted=True)),))
    assert row_of(accepted, OPENED, None, day=DAY, area=None, counting=COUNTING).doubtful is False


def test_a_failed_inspection_that_an_auditor_doubts_is_not_overturned() -> None:
    failed = case(
        concluded=InspectionConcluded(outcome="fail", by="li"),
        audits=(AuditDecided(decision="suspicious", auditor="wu"),),
    )
    row = row_of(failed, OPENED, None, day=DAY, area=None, counting=COUNTING)
    assert (row.passed, row.overturned) == (False, False)


def test_what_happened_to_a_case_is_told_with_who_did_it() -> None:
    assert events_of(Case(case="pda-1.1")) == {}
    assert events_of(case()) == {"concluded": "li"}
    whole = case(
        issued=StickerIssued(number="PL1", payload=b"", valid_until=DAY, audit_due=1, rulebook="r", reasons=()),
        overdue=AuditOverdue(due=1),
        audits=(AuditDecided(decision="suspicious", auditor="wu"),),
        retakes=(RetakeRequested(by="wu", reason="dark"),),
        recall=RecallOrdered(reason="r", station="ST01"),
        recall_overdue=RecallOverdue(due=2),
        returned=VehicleReturned(by="li", station="ST01"),
        recheck=RecheckConcluded(result="proven", by="sun", reason="r"),
        sticker_withdrawn=StickerWithdrawn(number="PL1", reason="r", by="sun", confirmed_by="wu"),
        penalties=(StationPenalised(station="ST01", measure="by_law", by="sun", reason="r"),),
        calls=(OwnerCalled(result="unreached", by="wu"), OwnerCalled(result="supports", by="wu")),
    )
    assert events_of(whole) == {
        "concluded": "li", "issued": "", "overdue": "", "audited": "wu", "suspected": "wu", "retaken": "wu",
        "recalled": "", "recall_overdue": "", "back": "li", "proven": "sun", "sticker_withdrawn": "sun",
        "penalised": "sun", "called": "supports",
    }  # fmt: skip


def test_more_facts_and_more_calls_are_more_to_look_at() -> None:
    called = case(calls=(OwnerCalled(result="x", by="w"),))
    assert len({looked_at(case()), looked_at(case(device_facts=3)), looked_at(called)}) == 3
