from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from edge_agent.agent import Agent
from edge_agent.home import Home
from edge_agent.orders import Order, OrderError, load_order
from edge_agent.vault import VaultFullError
from edge_agent.visits import VisitResult
from edge_agent.walkround import walk_round
from firmware_profiles.schema import Profile
from inspection.checklist import required_for
from inspection.directives import AnyDirective, StickerDenied, StickerGranted
from inspection.evidence import VinFinding
from inspection.facts import InspectionConcluded, Reason
from inspection.wire import Recorded
from models.photo import Photo
from tests.edge_agent.stand_ins.fakes import (
    OTHER_VIN,
    VIN,
    FakeHub,
    SayingReader,
    equipment,
    jpeg,
    make_home,
    opened,
    roomy_profile,
)

PHOTOS = [photo.code for photo in required_for(opened()).photos]
Visit = Callable[..., VisitResult]


class SureLaterReader(SayingReader):
    """Doubts the first photos that it sees, and is sure of the later ones."""

    def __init__(self, doubts: int) -> None:
        super().__init__(accepted=False)
        self.doubts = doubts

    def read(self, photo: Photo) -> VinFinding:
        self.accepted = self.seen >= self.doubts
        return super().read(photo)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


@pytest.fixture
def hub() -> FakeHub:
    return FakeHub()


@pytest.fixture
def visit(home: Home, hub: FakeHub) -> Iterator[Visit]:
    with ExitStack() as stack:

        def visit(
            order: Order, reader: SayingReader | None = None, profile: Profile | None = None, seconds: float = 20
        ) -> VisitResult:
            agent = stack.enter_context(Agent(home, equipment(hub, reader=reader, profile=profile)))
            agent.start()
            return walk_round(agent, order, decision_seconds_max=seconds)

        yield visit


def make_order(folder: Path, *, keys: str = "", items: str = "", regime: str = "jianyan") -> Order:
    order = folder / "01-car"
    order.mkdir()
    text = f"""
regime = "{regime}"
serial = "T-0001"
inspector = "inspector-1"
inspection_kind = "01"
business = "A"
{keys}
[vehicle]
vin = "{VIN}"
plate = "粤Z0000港"
vehicle_class = "K33"
use = "A"
[items]
{items}
[video]
recorder = "34020000001180000001"
channel = "34020000001320000001"
"""
    (order / "order.toml").write_text(text, encoding="utf-8")
    for seed, code in enumerate(PHOTOS):
        (order / f"{code}.jpg").write_bytes(jpeg(seed))
    return load_order(order)


def grant(record: Recorded) -> AnyDirective | None:
    if isinstance(record.entry.fact, InspectionConcluded):
        return StickerGranted(case=record.entry.case, number="S1", payload="ABC")
    return None


def kinds(hub: FakeHub) -> list[str]:
    return [type(record.entry.fact).__name__ for record in hub.records]


def test_a_vehicle_that_is_in_order_drives_away_with_its_sticker(tmp_path: Path, visit: Visit, hub: FakeHub) -> None:
    hub.on_fact = grant
    result = visit(make_order(tmp_path))
    assert (result.outcome, result.decision, result.sticker, result.payload) == ("pass", "granted", "S1", "ABC")
    assert (result.vin, result.plate, result.serial, result.regime) == (VIN, "粤Z0000港", "T-0001", "jianyan")
    assert result.comparison == "matches"
    assert result.seconds_photo_to_sticker is not None
    assert result.refused_photos == 0


def test_the_vin_is_photographed_first_and_everything_that_is_required_is_done(
    tmp_path: Path, visit: Visit, hub: FakeHub
) -> None:
    hub.on_fact = grant
    visit(make_order(tmp_path))
    photos = [record.entry.fact for record in hub.records if type(record.entry.fact).__name__ == "PhotoTaken"]
    assert [getattr(photo, "kind", "") for photo in photos] == ["0113", *[code for code in PHOTOS if code != "0113"]]
    assert kinds(hub).count("ItemChecked") == len(required_for(opened()).items)
    assert kinds(hub)[-1] == "InspectionConcluded" or kinds(hub)[-2:] == ["InspectionConcluded", "DirectiveSettled"]


def test_a_failed_item_fails_the_vehicle_and_the_hubs_reasons_come_back(
    tmp_path: Path, visit: Visit, hub: FakeHub
) -> None:
    reason = Reason(code="items", result="failed", zh="项目不合格", en="an item failed")
    hub.on_fact = lambda record: (
        StickerDenied(case=record.entry.case, reasons=(reason,))
        if isinstance(record.entry.fact, InspectionConcluded)
        else None
    )
    result = visit(make_order(tmp_path, items='"18" = "fail"'))
    assert (result.outcome, result.decision, result.reasons) == ("fail", "denied", (reason,))
    assert result.seconds_photo_to_sticker is None


def test_without_an_answer_in_time_there_is_no_decision(tmp_path: Path, visit: Visit) -> None:
    assert visit(make_order(tmp_path), seconds=0).decision == "none"


def test_a_person_who_is_there_settles_a_doubtful_reading(tmp_path: Path, visit: Visit, hub: FakeHub) -> None:
    hub.on_fact = grant
    order = make_order(tmp_path, keys=f'person_confirms_vin = "{VIN}"')
    result = visit(order, SayingReader(OTHER_VIN, accepted=False))
    assert result.vin == VIN
    assert "ReadingCorrected" in kinds(hub)
    assert result.comparison == "doubtful"


def test_where_nobody_is_there_the_reading_stays_as_the_model_gave_it(
    tmp_path: Path, visit: Visit, hub: FakeHub
) -> None:
    result = visit(make_order(tmp_path), SayingReader(OTHER_VIN), seconds=0)
    assert result.vin == OTHER_VIN
    assert "ReadingCorrected" not in kinds(hub)
    assert (result.comparison, result.outcome) == ("differs", "fail")


def test_a_refused_photo_is_taken_again(tmp_path: Path, visit: Visit) -> None:
    order = make_order(tmp_path)
    (order.folder / "0111.jpg").write_bytes(b"")
    (order.folder / "0111-2.jpg").write_bytes(jpeg(77))
    result = visit(order, seconds=0)
    assert (result.outcome, result.refused_photos) == ("pass", 1)


def test_a_doubtful_reading_gets_a_retake_that_replaces_the_photo(tmp_path: Path, visit: Visit, hub: FakeHub) -> None:
    hub.on_fact = grant
    order = make_order(tmp_path)
    (order.folder / "0113-2.jpg").write_bytes(b"")
    (order.folder / "0113-3.jpg").write_bytes(jpeg(78))
    (order.folder / "0113-4.jpg").write_bytes(jpeg(79))
    result = visit(order, SureLaterReader(1))
    assert result.comparison == "matches"
    assert kinds(hub).count("PhotoTaken") == len(PHOTOS) + 1
    assert result.refused_photos == 1


def test_a_photo_that_never_succeeds_ends_the_visit_after_the_tries_of_the_profile(
    tmp_path: Path, visit: Visit
) -> None:
    order = make_order(tmp_path)
    (order.folder / "0111.jpg").write_bytes(b"no picture")
    result = visit(order)
    assert (result.outcome, result.decision) == ("abandoned", "none")
    assert result.abandoned == "photo_missing: 0111"
    [shot] = [shot for shot in roomy_profile().shots if shot.role == "left_front"]
    assert result.refused_photos == shot.tries_max


def test_a_photo_that_nobody_took_ends_the_visit_at_once(tmp_path: Path, visit: Visit) -> None:
    order = make_order(tmp_path)
    (order.folder / "0157.jpg").unlink()
    result = visit(order)
    assert (result.outcome, result.refused_photos) == ("abandoned", 1)


def test_a_vehicle_that_drives_off_leaves_an_abandoned_case(tmp_path: Path, visit: Visit, hub: FakeHub) -> None:
    result = visit(make_order(tmp_path, keys='drives_off_after = "0111"'))
    assert (result.outcome, result.abandoned, result.vin) == ("abandoned", "drove_off", VIN)
    assert "InspectionConcluded" not in kinds(hub)


def test_a_full_vault_abandons_the_case_and_is_told(tmp_path: Path, visit: Visit, home: Home, hub: FakeHub) -> None:
    with pytest.raises(VaultFullError):
        visit(make_order(tmp_path), profile=roomy_profile(vault_free_bytes_min=2**60))
    with Agent(home, equipment(hub)) as agent:
        assert agent.case("pda-7.2").stage == "abandoned"


def test_an_identity_check_ends_with_the_verdict_and_waits_for_no_sticker(tmp_path: Path, visit: Visit) -> None:
    order = make_order(tmp_path, regime="chayan", items='"4" = "A"\n"5" = "5"\n"6" = "K33"')
    for seed, code in enumerate(("VIN", "L45", "R45", "SIGN")):
        (order.folder / f"{code}.jpg").write_bytes(jpeg(seed))
    result = visit(order, seconds=10**6)
    assert (result.outcome, result.decision, result.vin) == ("pass", "none", VIN)


@pytest.mark.parametrize(
    ("items", "said"), [('"4" = "A"\n"5" = "5"', r"items\.6 .*needs the determined value"), ('"99" = "fail"', "99")]
)
def test_an_order_that_leaves_a_value_open_or_names_an_odd_item_opens_no_case(
    tmp_path: Path, visit: Visit, hub: FakeHub, items: str, said: str
) -> None:
    with pytest.raises(OrderError, match=said):
        visit(make_order(tmp_path, regime="chayan", items=items))
    assert "CaseOpened" not in kinds(hub)
