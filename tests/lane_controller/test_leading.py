import logging

import msgspec
import pytest

from edge_agent.orders import Order, OrderError
from inspection.checklist import required_for
from inspection.directives import StickerDenied, StickerGranted
from inspection.facts import InspectionConcluded, PassageNoted, Reason
from lane_controller import LaneError
from lane_controller.leading import Lane, lane_settings
from lane_controller.simulated import SimulatedVehicle
from tests.edge_agent.stand_ins.fakes import OTHER_VIN, VIN, jpeg, opened, roomy_profile
from tests.lane_controller.conftest import MakeBench
from tests.lane_controller.lane_bench import IDENTITY_PHOTOS, PHOTOS, VIN_PHOTO, Bench, roomy_lane, without_camera


class LeavesAtOnce(SimulatedVehicle):
    """Drives through without stopping."""

    def has_left(self) -> bool:
        return True


class Stands(SimulatedVehicle):
    """Does not drive off when the barrier opens, nor for anyone who is called, until `patience` waits are over."""

    def __init__(self, bench: Bench, order: Order, *, patience: int) -> None:
        super().__init__(
            order, station=bench.agent.station, profile=bench.agent.profile_reference, pause=bench.clock.advance
        )
        self.patience = patience

    def wait(self, seconds: float) -> None:
        super().wait(seconds)
        self.patience -= 1

    def has_left(self) -> bool:
        return self.patience <= 0


class NoPictures(SimulatedVehicle):
    """Has cameras that give nothing, and nobody who could take a picture."""

    def shot(self, code: str, attempt: int) -> bytes | None:  # noqa: ARG002 - as drivers are asked
        return None

    def shot_by_hand(self, code: str) -> bytes | None:  # noqa: ARG002 - as drivers are asked
        return None


def test_a_vehicle_that_is_in_order_drives_away_with_its_sticker(bench: Bench) -> None:
    bench.answering_hub()
    order = bench.order()
    vehicle = bench.vehicle(order)
    result = bench.lead(order, vehicle)
    assert (result.outcome, result.decision, result.sticker) == ("pass", "granted", "S1")
    assert (result.vin, result.comparison) == (VIN, "matches")
    assert vehicle.shown == [
        "identifying",
        *["hold_still"] * len(PHOTOS),
        "checks",
        "awaiting_verdict",
        "verdict_passed",
        "lane_free",
    ]
    assert len(bench.case(result).videos) == 1
    bench.led_normally()


def test_vehicles_that_follow_one_another_get_cases_of_their_own(bench: Bench) -> None:
    results = [bench.lead(bench.order()) for _ in range(3)]
    assert len({result.case for result in results}) == 3
    assert [result.serial for result in results] == ["T-0001", "T-0002", "T-0003"]
    assert bench.lane._state.passage == 3


def test_a_vin_that_differs_fails_its_item_and_the_vehicle(bench: Bench) -> None:
    bench.reader.vin = OTHER_VIN
    result = bench.lead(bench.order())
    assert (result.outcome, result.comparison, result.vin) == ("fail", "differs", OTHER_VIN)
    assert bench.mark(result, "04") == "fail"
    assert bench.mark(result, "18") == "pass"
    bench.led_normally()


def test_a_refused_shot_is_taken_again(bench: Bench) -> None:
    order = bench.order()
    (order.folder / "0111.jpg").write_bytes(b"")
    (order.folder / "0111-2.jpg").write_bytes(jpeg(77))
    result = bench.lead(order)
    assert (result.outcome, result.refused_photos) == ("pass", 1)
    assert {photo.kind for photo in bench.case(result).photos} == set(PHOTOS)
    bench.led_normally()


def test_a_doubtful_reading_gets_every_other_attempt_of_the_camera_before_a_person_is_asked(bench: Bench) -> None:
    bench.reader.doubts = 5
    order = bench.order(keys=f'person_confirms_vin = "{VIN}"')
    for attempt in range(2, 6):
        (order.folder / f"{VIN_PHOTO}-{attempt}.jpg").write_bytes(jpeg(80 + attempt))
    vehicle = bench.vehicle(order)
    result = bench.lead(order, vehicle)
    case = bench.case(result)
    assert bench.reader.seen == 5
    assert [correction.corrected for correction in case.corrections] == [VIN]
    assert sum(photo.kind == VIN_PHOTO for photo in case.photos) == 1
    assert vehicle.shown.count("photograph_by_hand") == 1
    assert (result.outcome, result.comparison, bench.mark(result, "04")) == ("pass", "doubtful", "pass")
    bench.led_normally()


def test_a_better_second_shot_spares_the_person(bench: Bench) -> None:
    bench.reader.doubts = 1
    order = bench.order()
    (order.folder / f"{VIN_PHOTO}-2.jpg").write_bytes(jpeg(81))
    result = bench.lead(order)
    assert (result.comparison, bench.reader.seen, bench.case(result).corrections) == ("matches", 2, ())
    bench.led_normally()


def test_a_person_who_reads_another_vin_fails_the_vehicle(bench: Bench) -> None:
    bench.reader.doubts = 1
    result = bench.lead(bench.order(keys=f'person_confirms_vin = "{OTHER_VIN}"'))
    assert (result.outcome, result.vin, bench.mark(result, "04")) == ("fail", OTHER_VIN, "fail")
    bench.led_normally()


def test_where_nobody_is_there_the_case_is_concluded_and_the_photo_stays_doubtful(bench: Bench) -> None:
    bench.reader.doubts = 1
    result = bench.lead(bench.order())
    case = bench.case(result)
    assert (result.outcome, result.comparison) == ("pass", "doubtful")
    assert case.corrections == ()
    assert case.vin_photo is not None
    assert case.vin_photo.vin is not None
    assert not case.vin_photo.vin.accepted
    bench.led_normally()


@pytest.mark.parametrize("confirms", ["", VIN])
def test_whoever_takes_a_doubtful_picture_by_hand_is_asked_at_once_what_it_shows(
    make_bench: MakeBench, confirms: str
) -> None:
    bench = make_bench(without_camera("vin"))
    bench.reader.doubts = 1
    begun = bench.clock.elapsed_ms
    result = bench.lead(bench.order(keys=f'person_confirms_vin = "{confirms}"'))
    assert len(bench.case(result).corrections) == bool(confirms)
    assert result.outcome == "pass"
    # The hub's silence and looking at the clock cost time here; the long wait for a person does not come on top.
    assert (
        bench.clock.elapsed_ms - begun < 1000 * lane_settings(roomy_lane(), required_for(opened())).person_seconds_max
    )
    bench.led_normally()


@pytest.mark.parametrize("code", PHOTOS)
def test_a_vehicle_that_drives_off_leaves_an_abandoned_case_and_no_fault(
    bench: Bench, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    result = bench.lead(bench.order(keys=f'drives_off_after = "{code}"'))
    assert (result.outcome, result.abandoned, result.decision) == ("abandoned", "drove_off", "none")
    assert bench.case(result).stage == "abandoned"
    assert bench.lane._state.suspected is None
    assert caplog.records == []
    bench.led_normally()


def test_a_vehicle_that_drives_off_while_a_person_takes_a_picture_leaves_an_abandoned_case(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(without_camera("seat_belt"))
    result = bench.lead(bench.order(keys='drives_off_after = "0157"'))
    assert (result.outcome, result.abandoned) == ("abandoned", "drove_off")
    bench.led_normally()


def test_a_vehicle_that_does_not_stop_is_a_noted_passage(bench: Bench) -> None:
    order = bench.order()
    vehicle = LeavesAtOnce(order, station="station-1", profile="p", pause=bench.clock.advance)
    result = bench.lead(order, vehicle)
    assert (result.outcome, result.case, result.vin) == ("abandoned", "", "")
    assert [fact for fact in bench.facts() if isinstance(fact, PassageNoted)] == [
        PassageNoted(lane="1", reason="drove_off")
    ]
    bench.led_normally()


def test_without_an_answer_of_the_hub_the_barrier_opens_when_the_wait_is_over(bench: Bench) -> None:
    waits = roomy_lane().sequence
    assert waits is not None
    order = bench.order()
    vehicle = bench.vehicle(order)
    begun = bench.clock.elapsed_ms
    result = bench.lead(order, vehicle)
    took = (bench.clock.elapsed_ms - begun) / 1000
    assert waits.verdict_seconds_max <= took <= waits.verdict_seconds_max + 30
    assert vehicle.shown[-2:] == ["verdict_pending", "lane_free"]
    assert (result.outcome, result.decision) == ("pass", "none")
    assert isinstance(bench.facts()[-1], InspectionConcluded)
    bench.led_normally()


def test_an_answer_that_comes_while_the_vehicle_rolls_is_still_shown_once(bench: Bench) -> None:
    order = bench.order()
    vehicle = bench.vehicle(order)
    shown: list[str] = []

    def show(message: str) -> None:
        shown.append(message)
        if message == "verdict_pending":
            bench.clock.look_seconds = 0.0
            bench.hub.direct(StickerGranted(case=bench.newest_case(), number="S1", payload="ABC"))

    vehicle.show = show  # type: ignore[method-assign]
    vehicle.has_left = lambda: "verdict_passed" in shown  # type: ignore[method-assign]
    bench.agent.start()
    assert bench.lead(order, vehicle).decision == "granted"
    assert shown[-3:] == ["verdict_pending", "verdict_passed", "lane_free"]


def test_an_answered_vehicle_that_does_not_drive_on_is_waited_for_without_being_answered_again(bench: Bench) -> None:
    bench.answering_hub()
    order = bench.order()
    vehicle = Stands(bench, order, patience=5)
    assert bench.lead(order, vehicle).decision == "granted"
    assert vehicle.shown.count("verdict_passed") == 1
    assert vehicle.patience == 0


def test_a_passage_that_an_error_ended_half_way_does_not_hold_up_the_next_vehicle(bench: Bench) -> None:
    order = bench.order()
    vehicle = bench.vehicle(order)

    def breaks(_code: str, _attempt: int) -> bytes | None:
        raise OrderError("the disk of the camera broke")

    vehicle.shot = breaks  # type: ignore[method-assign, assignment]
    with pytest.raises(OrderError, match="broke"):
        bench.lead(order, vehicle)
    bench.led_normally()


@pytest.mark.parametrize(("items", "shown"), [('"18" = "fail"', "verdict_failed"), ("", "verdict_pending")])
def test_a_denied_sticker_is_shown_as_failed_only_where_the_vehicle_failed(
    bench: Bench, items: str, shown: str
) -> None:
    bench.answering_hub()
    reason = Reason(code="items", result="failed", zh="项目不合格", en="an item failed")
    bench.hub.on_fact = lambda record: (
        StickerDenied(case=record.entry.case, reasons=(reason,))
        if isinstance(record.entry.fact, InspectionConcluded)
        else None
    )
    order = bench.order(items=items)
    vehicle = bench.vehicle(order)
    assert bench.lead(order, vehicle).reasons == (reason,)
    assert vehicle.shown[-2:] == [shown, "lane_free"]


def test_a_full_vault_is_told_plainly_and_the_case_is_concluded_without_photos(
    make_bench: MakeBench, caplog: pytest.LogCaptureFixture
) -> None:
    bench = make_bench(roomy_lane(vault_free_bytes_min=2**60))
    result = bench.lead(bench.order())
    case = bench.case(result)
    assert (result.outcome, case.photos, result.comparison) == ("pass", (), "")
    assert {refused.kind for refused in case.refused_photos} == set(PHOTOS)
    [told] = [record.message for record in caplog.records if record.levelno == logging.CRITICAL]
    assert "存储空间不足" in told
    bench.agent._vault._free_bytes_min = 0
    bench.led_normally()


def test_an_identity_check_is_led_with_the_photos_and_items_of_its_own_form(bench: Bench) -> None:
    order = bench.order(regime="chayan", items='"4" = "白"\n"5" = "5"\n"6" = "小型轿车"', photos=IDENTITY_PHOTOS)
    vehicle = bench.vehicle(order)
    result = bench.lead(order, vehicle)
    case = bench.case(result)
    assert (result.regime, result.outcome, result.vin) == ("chayan", "pass", VIN)
    assert {photo.kind for photo in case.photos} == set(IDENTITY_PHOTOS)
    assert {item.item: item.value for item in case.items if item.mark == "value"} == {
        "4": "白",
        "5": "5",
        "6": "小型轿车",
    }
    # The lane has no camera for the signature.
    assert vehicle.shown.count("photograph_by_hand") == 1
    bench.led_normally()


def test_photos_that_nobody_can_take_are_withheld_with_their_reason(bench: Bench) -> None:
    order = bench.order()
    result = bench.lead(order, NoPictures(order, station="station-1", profile="p", pause=bench.clock.advance))
    case = bench.case(result)
    assert [(refused.kind, refused.detail) for refused in case.refused_photos] == [
        (code, "no_picture") for code in PHOTOS
    ]
    assert case.concluded is not None
    bench.led_normally()


def test_a_vehicle_that_stays_in_the_lane_faults_it_and_the_lane_is_free_when_somebody_has_seen_to_it(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    waits = roomy_lane().sequence
    assert waits is not None
    order = bench.order()
    patience = 3 * waits.leave_seconds_max
    vehicle = Stands(bench, order, patience=patience)
    result = bench.lead(order, vehicle)
    assert vehicle.patience == 0
    assert vehicle.shown[-2:] == ["call_staff", "lane_free"]
    # Told once when it began and once when it was over, however long it lasted.
    assert [record.args for record in caplog.records if "exit_blocked" in record.getMessage()]
    assert sum("RaiseFault" in record.getMessage() for record in caplog.records) == 1
    assert result.outcome == "pass"
    bench.led_normally()


def test_staff_who_are_called_end_a_passage_that_lasted_too_long(bench: Bench) -> None:
    order = bench.order()
    vehicle = bench.vehicle(order)
    show = vehicle.show

    def show_late(message: str) -> None:
        show(message)  # type: ignore[arg-type]
        if message == "awaiting_verdict":
            bench.clock.advance(3_000)

    vehicle.show = show_late  # type: ignore[method-assign]
    result = bench.lead(order, vehicle)
    assert vehicle.shown[-2:] == ["call_staff", "lane_free"]
    assert result.outcome == "pass"
    bench.led_normally()


def test_a_profile_that_is_not_for_a_lane_is_refused_before_anything_is_recorded(make_bench: MakeBench) -> None:
    bench = make_bench(roomy_profile())
    before = len(bench.facts())
    with pytest.raises(LaneError, match=r"has no \[sequence\]"):
        bench.lead(bench.order())
    assert len(bench.facts()) == before
    assert bench.lane._state.phase == "waiting"


def test_the_settings_are_the_profiles_waits_and_its_cameras_by_photo_code() -> None:
    settings = lane_settings(roomy_lane(), required_for(opened()))
    assert set(settings.shots) == set(PHOTOS)
    assert settings.shots[VIN_PHOTO].tries_max == 5
    assert (settings.verdict_seconds_max, settings.presence_seconds_max) == (15, 2400)
    assert VIN_PHOTO not in lane_settings(without_camera("vin"), required_for(opened())).shots


def test_two_lanes_over_one_device_lead_by_turns(bench: Bench) -> None:
    other = Lane(bench.agent, now=bench.clock.seconds)
    order = bench.order()
    visit = other.lead(bench.vehicle(order))
    assert visit.result(order.name).outcome == "pass"
    bench.led_normally()


def test_a_profile_with_a_wait_of_nothing_is_refused(make_bench: MakeBench) -> None:
    profile = roomy_lane()
    assert profile.sequence is not None
    hasty = msgspec.structs.replace(profile.sequence, verdict_seconds_max=0)
    bench = make_bench(msgspec.structs.replace(profile, sequence=hasty))
    with pytest.raises(LaneError, match="verdict_seconds_max must be at least 1"):
        bench.lead(bench.order())
