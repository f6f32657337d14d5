"""The desk of standing at a real store, with devices whose clocks run as clocks do."""

from datetime import date, timedelta
from typing import Any

import pytest

from central_hub.clock import day_of
from central_hub.deciding.conflicts import StepError
from central_hub.desks.standing import TIPS_A_DAY_MAX, StandingDesk
from central_hub.people.roles import Actor
from central_hub.standing.acts import Listing
from central_hub.standing.digests import csv_of, week_of
from central_hub.standing.reporting import digest
from central_hub.store.standing.reading import StandingReading
from inspection import topics
from inspection.directives import Contact
from inspection.facts import (
    AnyFact,
    CaseOpened,
    Entry,
    Filed,
    Position,
    RulesInForce,
    StationSuspended,
    SuspicionRaised,
    TipReceived,
    WarningRaised,
)
from inspection.filings import AreaFiling
from inspection.identities import case_id
from inspection.signing import CHAIN_START
from inspection.signing import digest as digest_of
from inspection.standing.rules import shipped_standing_rules
from inspection.wire import Recorded, decode_entry, encode_entry, seal_contact
from tests.central_hub.conftest import NOW, Bench
from tests.central_hub.simulated_device import STATION, SimulatedDevice, private_car

ZHAO = Actor("zhao", "p-zhao", frozenset({"supervisor"}))
QIAN = Actor("qian", "p-qian", frozenset({"supervisor"}))
BOSS = Actor("boss", "p-boss", frozenset({"signatory"}), STATION)
TODAY = day_of(NOW)
PRACTICE = False
"""Here vehicles are real: how fast somebody is, and where, says something."""
pytestmark = pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)


class TimedDevice(SimulatedDevice):
    """A device whose clocks go on by `step_ms` with each fact, and whose inspections are of a car each."""

    def __init__(self, name: str, *, station: str = STATION, step_ms: int = 30_000) -> None:
        super().__init__(name, station=station)
        self.step_ms = step_ms
        self.mono = 0
        self.done = 0
        self.sent = 0

    def write(self, fact: AnyFact, case: str = "") -> Recorded:
        seq = len(self.records) + 1
        self.mono += self.step_ms
        entry = Entry(
            device=self.name,
            seq=seq,
            before=self.records[-1].digest if self.records else CHAIN_START,
            wall=NOW - 86_400_000 + self.mono,
            mono=self.mono,
            boot=self.boot,
            case=case_id(self.name, seq) if isinstance(fact, CaseOpened) and not case else case,
            fact=fact,
        )
        record = encode_entry(entry)
        self.records.append(record)
        return record

    def car(self, **changes: Any) -> str:
        self.done += 1
        number = f"{self.done:03d}{self.name[-1]}"
        vin = f"LZZAA1A26RA{number:0>6}"[:17]
        case = self.open_case(private_car(vin=vin, plate=f"京A{number:0>5}"), **changes)
        self.inspect(case, vin=vin)
        self.conclude(case)
        return case


def send(bench: Bench, device: TimedDevice) -> None:
    """Send what the device has not sent, in batches as a courier makes them."""
    while device.sent < len(device.records):
        last = min(device.sent + 200, len(device.records))
        bench.send(device, device.sent + 1, last)
        device.sent = last


def tell_clock(bench: Bench, device: TimedDevice) -> None:
    """Have the hub hear the device now, so that it knows when its boot was."""
    newest = device.records[-1]
    contact = Contact(
        device=device.name, newest=newest.entry.seq, head=newest.digest, receipted=0, wall=NOW, mono=device.mono + 1,
        boot=device.boot,
    )  # fmt: skip
    bench.take(topics.contact(device.name), seal_contact(contact, device.key))


@pytest.fixture
def lane(bench: Bench) -> TimedDevice:
    made = TimedDevice("lane-7")
    bench.enrol(made)
    return made


@pytest.fixture
def desk(bench: Bench) -> StandingDesk:
    return bench.casework.engine.standing


def written(bench: Bench, kind: type[Any]) -> list[Any]:
    rows = bench.db.execute("SELECT raw FROM entries WHERE kind = ? ORDER BY pos", (kind.__name__,)).fetchall()
    return [decode_entry(row[0]).entry.fact for row in rows]


def suspected(bench: Bench, case: str) -> set[str]:
    return {raised.rule for raised in bench.casework.hand.case(case).suspicions}


def test_an_ordinary_inspection_is_counted_and_nothing_is_raised(bench: Bench, lane: TimedDevice) -> None:
    case = lane.car()
    send(bench, lane)
    assert suspected(bench, case) == set()
    assert bench.value("SELECT seconds FROM inspected WHERE case_id = ?", case) >= 180  # type: ignore[operator]
    assert bench.value("SELECT day FROM inspected WHERE case_id = ?", case) == TODAY.isoformat()


def test_an_inspection_in_no_time_is_raised_when_it_is_concluded_and_once(
    bench: Bench, desk: StandingDesk, lane: TimedDevice
) -> None:
    lane.step_ms = 1_000
    case = lane.car()
    send(bench, lane)
    assert suspected(bench, case) == {"tempo.impossible"}
    bench.transaction(lambda: bench.casework.hand.follow_up(case))
    assert len(written(bench, SuspicionRaised)) == 1


def test_a_case_without_verdict_is_not_looked_at(bench: Bench, desk: StandingDesk, lane: TimedDevice) -> None:
    case = lane.open_case()
    send(bench, lane)
    assert desk.look(bench.casework.hand.case(case)) is None
    assert bench.value("SELECT count(*) FROM inspected") == 0


def test_a_photo_that_stands_in_another_cars_inspection_is_raised(bench: Bench, lane: TimedDevice) -> None:
    first, second = lane.open_case(private_car()), lane.open_case(private_car(vin="LZZAA1A26RA000025"))
    for case in (first, second):
        lane.announce(case, b"the same bytes")
        lane.conclude(case)
    send(bench, lane)
    assert "photo.reused" in suspected(bench, second)


def test_an_inspector_at_two_stations_at_once_is_raised(bench: Bench, lane: TimedDevice) -> None:
    other = TimedDevice("lane-8", station="ST02")
    bench.enrol(other)
    lane.car()
    case = other.car()
    for device in (lane, other):
        tell_clock(bench, device)
        send(bench, device)
    assert "places.inspector" in suspected(bench, case)


def test_a_place_far_from_the_filed_area_is_raised_and_its_metres_are_kept(
    bench: Bench, desk: StandingDesk, lane: TimedDevice
) -> None:
    area = AreaFiling(
        id=STATION, station=STATION, valid_until=date(2030, 1, 1), longitude=120.0, latitude=30.0, radius_m=100,
        fenced=True,
    )  # fmt: skip
    bench.transaction(lambda: bench.casework.engine.filings.file(ZHAO, area))
    assert len(written(bench, Filed)) == 1
    case = lane.car(position=Position(longitude=120.0, latitude=30.1))
    send(bench, lane)
    assert "area.outside" in suspected(bench, case)
    assert bench.value("SELECT metres FROM inspected WHERE case_id = ?", case) == 11120


def test_a_cheating_station_loses_sticker_first_while_the_day_runs_and_an_honest_one_keeps_it(
    bench: Bench, desk: StandingDesk, lane: TimedDevice
) -> None:
    honest = TimedDevice("lane-8", station="ST02")
    bench.enrol(honest)
    for _ in range(8):
        honest.car()
    send(bench, honest)
    lane.step_ms = 500
    for _ in range(8):
        lane.car()
        send(bench, lane)
    assert [fact.station for fact in written(bench, StationSuspended)] == [STATION]
    assert [fact.level for fact in written(bench, WarningRaised) if fact.rule == "suspicions.stop"] == ["stop", "check"]
    standing = desk.standing(STATION)
    assert (standing.suspended, standing.check, standing.sticker_first) == (True, True, False)
    assert not desk.standing("ST02").suspended
    case = lane.car()
    send(bench, lane)
    bench.store(*(photo.photo.digest for photo in bench.casework.hand.case(case).photos))
    withheld = bench.casework.hand.case(case).withheld
    assert withheld is not None
    assert withheld.audit_first


def test_where_all_stations_are_as_odd_none_is_stopped(bench: Bench, desk: StandingDesk, lane: TimedDevice) -> None:
    others = [TimedDevice("lane-8", station="ST02"), TimedDevice("lane-9", station="ST03")]
    for other in others:
        bench.enrol(other)
    for _ in range(8):
        for device in (lane, *others):
            device.step_ms = 500
            device.car()
            send(bench, device)
    assert len(written(bench, SuspicionRaised)) == 24
    assert written(bench, StationSuspended) == []


def test_what_is_found_at_the_verdict_and_what_was_decided_stand_in_one_row(
    bench: Bench, desk: StandingDesk, lane: TimedDevice
) -> None:
    lane.step_ms = 1_000
    case = lane.car()
    send(bench, lane)
    row = "SELECT suspicions, stage FROM inspected WHERE case_id = ?"
    assert bench.db.execute(row, (case,)).fetchone() == (" tempo.impossible ", bench.casework.hand.case(case).stage)
    bench.store(*(photo.photo.digest for photo in bench.casework.hand.case(case).photos))
    assert bench.db.execute(row, (case,)).fetchone() == (" tempo.impossible ", "audit_pending")
    kinds = "SELECT kind FROM standing_events WHERE case_id = ? ORDER BY kind"
    assert [row[0] for row in bench.db.execute(kinds, (case,))] == ["concluded", "issued"]


def test_a_day_that_is_run_twice_writes_nothing_twice(bench: Bench, desk: StandingDesk, lane: TimedDevice) -> None:
    lane.step_ms = 500
    for _ in range(6):
        lane.car()
    send(bench, lane)
    bench.transaction(lambda: desk.run_day(TODAY))
    before = bench.value("SELECT count(*) FROM entries")
    bench.transaction(lambda: desk.run_day(TODAY))
    assert bench.value("SELECT count(*) FROM entries") == before
    assert bench.value("SELECT count(*) FROM standing_figures WHERE subject = 'station'") == 1


def test_the_end_of_a_day_makes_its_figures_and_draws_its_calls(
    bench: Bench, desk: StandingDesk, lane: TimedDevice
) -> None:
    lane.car()
    send(bench, lane)
    bench.transaction(lambda: desk.end_day(TODAY), lambda: desk.end_day(TODAY))
    assert bench.value("SELECT count(*) FROM standing_figures") == 2
    assert bench.value("SELECT count(*) FROM calls") == 1


def test_which_rules_hold_is_written_down_once_and_whole(bench: Bench, desk: StandingDesk) -> None:
    bench.transaction(desk.say_rules, desk.say_rules)
    (fact,) = [fact for fact in written(bench, RulesInForce) if fact.name == "standing"]
    assert fact.text == shipped_standing_rules()[-1].text
    assert fact.digest == digest_of(fact.text.encode()).hex()


def test_an_auditors_suspicion_and_what_became_of_a_case_are_counted_without_a_new_look(
    bench: Bench, desk: StandingDesk, lane: TimedDevice
) -> None:
    case = lane.car()
    send(bench, lane)
    digests = [photo.photo.digest for photo in bench.casework.hand.case(case).photos]
    bench.store(*digests)
    bench.transaction(lambda: bench.audit(case, "suspicious", auditor="wu", reason="vehicle.absent"))
    assert bench.value("SELECT overturned FROM inspected WHERE case_id = ?", case) == 1
    kinds = {row[0] for row in bench.db.execute("SELECT kind FROM standing_events WHERE case_id = ?", (case,))}
    assert {"concluded", "audited", "suspected", "recalled"} <= kinds


def test_the_same_seed_draws_the_same_owners_and_a_day_is_drawn_once(
    bench: Bench, desk: StandingDesk, lane: TimedDevice
) -> None:
    for _ in range(32):
        lane.car()
    send(bench, lane)
    first: list[list[str]] = []
    bench.transaction(lambda: first.append(desk.draw_calls(TODAY, b"seed")))
    assert len(first[0]) == 30
    bench.transaction(lambda: first.append(desk.draw_calls(TODAY, b"another")))
    assert first[1] == first[0]
    assert desk.draw_calls(TODAY - timedelta(days=1), b"seed") == []


def test_an_owner_who_contradicts_is_a_suspicion_of_the_case(
    bench: Bench, desk: StandingDesk, lane: TimedDevice
) -> None:
    case = lane.car()
    send(bench, lane)
    bench.transaction(lambda: desk.draw_calls(TODAY, b"seed"))
    bench.transaction(lambda: bench.casework.engine.lives.call_owner(ZHAO, case, result="contradicts"))
    assert suspected(bench, case) == {"call.contradicts"}
    assert bench.value("SELECT result FROM calls WHERE case_id = ?", case) == "contradicts"


def test_a_listing_takes_sticker_first_at_once_and_only_two_people_take_it_back(
    bench: Bench, desk: StandingDesk, lane: TimedDevice
) -> None:
    listing = Listing(reason="fraud", note="absent cars", ends=TODAY + timedelta(days=30))
    bench.transaction(lambda: desk.list_station(ZHAO, STATION, listing))
    assert not desk.standing(STATION).sticker_first
    bench.now = NOW + 60 * 86_400_000
    assert desk.standing(STATION).listed
    with pytest.raises(StepError, match="two people"):
        desk.unlist(STATION, by="p-zhao", confirmed_by="p-zhao", reason="made good")
    bench.transaction(lambda: desk.unlist(STATION, by="p-zhao", confirmed_by="p-qian", reason="made good"))
    assert desk.standing(STATION).sticker_first


def test_a_suspension_by_a_person_an_appeal_and_a_restoration(bench: Bench, desk: StandingDesk) -> None:
    bench.transaction(lambda: desk.suspend(ZHAO, STATION, reason="under inquiry"))
    bench.transaction(lambda: desk.file_appeal(BOSS, STATION, text="it was not us"))
    with pytest.raises(StepError, match="does not decide"):
        desk.decide_appeal(ZHAO, STATION, granted=True, reason="r")
    bench.transaction(lambda: desk.decide_appeal(QIAN, STATION, granted=True, reason="true"))
    assert desk.standing(STATION).suspended
    bench.transaction(lambda: desk.restore(STATION, by="p-zhao", confirmed_by="p-qian", reason="granted"))
    assert desk.standing(STATION).sticker_first
    assert [step.kind for step in desk.standing(STATION).steps] == ["suspended", "appeal", "appeal_granted", "restored"]


def test_an_admission_is_a_fact_over_what_the_settings_say(bench: Bench, desk: StandingDesk) -> None:
    bench.transaction(lambda: desk.admit(ZHAO, STATION, admit=False, reason="too few inspections"))
    assert not desk.standing(STATION).admitted


def test_a_station_that_nobody_knows_is_refused(bench: Bench, desk: StandingDesk) -> None:
    for station in ("", "ST99"):
        with pytest.raises(StepError, match="no station"):
            desk.suspend(ZHAO, station, reason="r")


def test_a_tip_is_kept_and_a_flood_of_them_is_not(bench: Bench, desk: StandingDesk) -> None:
    bench.transaction(lambda: desk.receive_tip("cars never come", station=STATION))
    assert written(bench, TipReceived) == [TipReceived(text="cars never come", station=STATION)]
    rows = [(NOW, "x", "", "", "")] * (TIPS_A_DAY_MAX - 1)
    bench.db.executemany("INSERT INTO tips (at, text, station, plate, contact) VALUES (?, ?, ?, ?, ?)", rows)
    with pytest.raises(StepError, match="too many"):
        desk.receive_tip("again")


def test_a_week_can_be_told_from_what_was_kept(bench: Bench, desk: StandingDesk, lane: TimedDevice) -> None:
    lane.step_ms = 500
    for _ in range(6):
        lane.car()
    send(bench, lane)
    bench.transaction(lambda: desk.run_day(TODAY))
    reading = StandingReading(bench.db)
    made = digest(reading, "city", week_of(TODAY), settings=bench.settings)
    assert (made.counts["inspections"], made.counts["suspected"], made.counts["stops"]) == (6, 6, 1)
    assert made.worst[0].reasons[0] == "suspicions.stop"
    assert b"suspicions.stop" in csv_of(made)
    (row,) = reading.stations(TODAY)
    assert (row["inspections"], row["suspected"], row["passed"]) == (6, 6, 6)


def test_the_rated_station_sees_why(bench: Bench, desk: StandingDesk, lane: TimedDevice) -> None:
    lane.step_ms = 500
    for _ in range(6):
        lane.car()
    send(bench, lane)
    bench.transaction(lambda: desk.run_day(TODAY))
    why = desk.explain(STATION)
    assert not why.sticker_first
    assert why.rules == shipped_standing_rules()[-1].name
    assert {figure.name for figure in why.figures} >= {"volume", "passed", "tempo"}
    assert "suspicions.stop" in {warning.rule for warning in why.warnings}
    assert len(why.cases) == 6
