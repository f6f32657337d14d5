import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from edge_agent.agent import Agent, CaseError, PhotoRefusalError
from edge_agent.home import Home
from edge_agent.journal import Journal
from edge_agent.store import JournalFullError
from edge_agent.vault import VaultFullError
from firmware_profiles import ProfileError
from firmware_profiles.schema import Profile
from inspection.directives import AnyDirective, RetakeWanted, StickerDenied, StickerGranted, VehicleRecalled
from inspection.evidence import EvidenceError
from inspection.facts import (
    DeviceStarted,
    InspectionConcluded,
    ItemChecked,
    PhotoRefused,
    PhotoTaken,
    ReadingCorrected,
    VehicleReturned,
)
from inspection.wire import Recorded
from tests.edge_agent.stand_ins.fakes import (
    DEVICE,
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

Starter = Callable[..., Agent]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


@pytest.fixture
def hub() -> FakeHub:
    return FakeHub()


@pytest.fixture
def start(home: Home, hub: FakeHub) -> Iterator[Starter]:
    with ExitStack() as stack:

        def start(reader: SayingReader | None = None, profile: Profile | None = None) -> Agent:
            return stack.enter_context(Agent(home, equipment(hub, reader=reader, profile=profile)))

        yield start


@pytest.fixture
def agent(start: Starter) -> Agent:
    return start()


def facts(home: Home) -> list[object]:
    with Journal(home.journal_path, DEVICE) as journal:
        return [record.entry.fact for record in journal.unreceipted(0, 1_000)]


def decide(directive: Callable[[str], AnyDirective]) -> Callable[[Recorded], AnyDirective | None]:
    def on_fact(record: Recorded) -> AnyDirective | None:
        return directive(record.entry.case) if isinstance(record.entry.fact, InspectionConcluded) else None

    return on_fact


def test_a_device_that_starts_says_under_which_profile_and_software(agent: Agent, home: Home) -> None:
    assert facts(home) == [DeviceStarted(profile="pda-basic@1:0123456789abcdef", software="0.1.0")]
    assert (agent.device, agent.station) == (DEVICE, "station-1")


def test_a_case_is_named_after_the_device_and_the_fact_that_opened_it(agent: Agent) -> None:
    case = agent.open_case(opened())
    assert case == "pda-7.2"
    assert agent.case(case).stage == "in_progress"
    assert "vin" in {photo.role for photo in agent.required(case).photos}


def test_a_photo_of_the_vin_is_read_and_lies_in_the_vault_before_its_fact_is_told(agent: Agent, home: Home) -> None:
    case = agent.open_case(opened())
    taken = agent.take_photo(case, "0113", jpeg())
    assert taken.vin is not None
    assert taken.vin.vin == VIN
    assert facts(home)[-1] == taken
    assert (home.vault_path / taken.photo.digest[:2] / taken.photo.digest).read_bytes() == jpeg()
    assert (taken.photo.width, taken.photo.height, taken.photo.media) == (64, 48, "image/jpeg")


def test_a_photo_of_something_else_is_not_read(start: Starter) -> None:
    reader = SayingReader()
    agent = start(reader)
    case = agent.open_case(opened())
    assert agent.take_photo(case, "0111", jpeg(1)).vin is None
    assert agent.take_photo(case, "9999", jpeg(2)).vin is None
    assert reader.seen == 0


def test_the_same_photo_again_gives_the_fact_that_is_there(start: Starter, home: Home) -> None:
    reader = SayingReader()
    agent = start(reader)
    case = agent.open_case(opened())
    assert agent.take_photo(case, "0113", jpeg()) == agent.take_photo(case, "0113", jpeg())
    assert reader.seen == 1
    assert sum(isinstance(fact, PhotoTaken) for fact in facts(home)) == 1


def test_a_retake_names_the_photo_that_it_replaces(agent: Agent) -> None:
    case = agent.open_case(opened())
    first = agent.take_photo(case, "0111", jpeg(1))
    second = agent.take_photo(case, "0111", jpeg(2), replaces=first.photo.digest)
    assert agent.case(case).photos == (second,)
    with pytest.raises(CaseError, match="replaces"):
        agent.take_photo(case, "0111", jpeg(3), replaces="ab" * 32)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "photo.empty"),
        (b"a text that calls itself a photo", "photo.not_an_image"),
        (jpeg()[:-40], "photo.truncated"),
        (jpeg() + bytes(20_000), "photo.too_large"),
        (b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x10\x00\x10\x01\x01\x11\x00\xff\xd9", "photo.not_an_image"),
    ],
    ids=["empty", "no image", "truncated", "too large", "whole container around nothing"],
)
def test_a_picture_that_cannot_be_used_is_refused_in_both_languages_and_recorded(
    start: Starter, home: Home, data: bytes, code: str
) -> None:
    agent = start(profile=roomy_profile(photo_bytes_max=20_000))
    case = agent.open_case(opened())
    with pytest.raises(PhotoRefusalError) as refused:
        agent.take_photo(case, "0113", data)
    assert refused.value.code == code
    assert "。" in refused.value.zh
    assert refused.value.en
    last = facts(home)[-1]
    assert isinstance(last, PhotoRefused)
    assert (last.kind, last.code) == ("0113", code)
    assert not list(home.vault_path.iterdir())


def test_a_picture_with_too_many_pixels_is_refused(start: Starter) -> None:
    agent = start(profile=roomy_profile(photo_pixels_max=100))
    with pytest.raises(PhotoRefusalError) as refused:
        agent.take_photo(agent.open_case(opened()), "0113", jpeg())
    assert refused.value.code == "photo.too_many_pixels"


def test_a_shot_that_gave_nothing_is_recorded(agent: Agent, home: Home) -> None:
    case = agent.open_case(opened())
    fact = agent.refuse_photo(case, "0111", code="camera.timeout", detail="no frame in 20 s")
    assert facts(home)[-1] == fact


def test_a_full_vault_stops_photos_and_the_journal_still_says_so(start: Starter, home: Home) -> None:
    agent = start(profile=roomy_profile(vault_free_bytes_min=2**60))
    case = agent.open_case(opened())
    with pytest.raises(VaultFullError):
        agent.take_photo(case, "0113", jpeg())
    last = facts(home)[-1]
    assert isinstance(last, PhotoRefused)
    assert last.code == "vault.full"


def test_a_full_journal_is_told_before_anything_happens(home: Home, hub: FakeHub) -> None:
    full = equipment(hub, profile=roomy_profile(journal_free_bytes_min=2**60))
    with pytest.raises(JournalFullError):
        Agent(home, full)


def test_a_case_has_a_limit_of_photos(start: Starter) -> None:
    agent = start(profile=roomy_profile(case_photos_max=1))
    case = agent.open_case(opened())
    agent.take_photo(case, "0111", jpeg(1))
    with pytest.raises(CaseError, match="at most 1"):
        agent.take_photo(case, "0112", jpeg(2))


def test_what_a_person_reads_counts_and_the_models_reading_is_kept(agent: Agent) -> None:
    case = agent.open_case(opened())
    photo = agent.take_photo(case, "0113", jpeg()).photo.digest
    fact = agent.correct_reading(case, photo, OTHER_VIN, by="inspector-1", reason="person_looked")
    assert (fact.read, fact.corrected) == (VIN, OTHER_VIN)
    assert agent.case(case).vin == OTHER_VIN


def test_a_person_may_read_what_no_model_looked_at_but_no_photo_of_another_case(agent: Agent) -> None:
    case = agent.open_case(opened())
    photo = agent.take_photo(case, "0111", jpeg()).photo.digest
    assert agent.correct_reading(case, photo, VIN, by="inspector-1", reason="person_looked").read == ""
    with pytest.raises(CaseError, match="not one of this case"):
        agent.correct_reading(case, "ab" * 32, VIN, by="inspector-1", reason="person_looked")


def test_items_footage_and_verdict_become_facts_of_the_case(agent: Agent) -> None:
    case = agent.open_case(opened())
    agent.check_item(case, "04", "pass")
    agent.check_item(case, "06", "value", value="A", remark="一处划痕")
    video = agent.reference_video(case, recorder="34020000001180000001", channel="34020000001320000001").video
    assert video.start < video.end
    agent.conclude(case, "pass", by="inspector-1")
    state = agent.case(case)
    assert state.stage == "concluded"
    assert [item.item for item in state.items] == ["04", "06"]
    assert state.videos == (video,)


def test_the_items_of_a_form_are_recorded_together(agent: Agent) -> None:
    case = agent.open_case(opened())
    items = [ItemChecked(item=f"{number:02}", mark="pass") for number in range(26)]
    statements: list[str] = []
    agent._journal._store._connection.set_trace_callback(statements.append)
    agent.check_items(case, items)
    agent._journal._store._connection.set_trace_callback(None)
    assert statements.count("COMMIT") == 1
    assert agent.case(case).items == tuple(items)


def test_footage_that_would_end_before_it_starts_is_refused(home: Home, hub: FakeHub) -> None:
    gear = equipment(hub)
    with Agent(home, gear) as agent:
        case = agent.open_case(opened())
        gear.clock.elapsed_ms = -10_000  # type: ignore[attr-defined]
        with pytest.raises(EvidenceError, match="before it starts"):
            agent.reference_video(case, recorder="r", channel="c")


@pytest.mark.parametrize("end", ["conclude", "abandon"])
def test_nothing_is_added_to_a_case_that_has_ended(agent: Agent, end: str) -> None:
    case = agent.open_case(opened())
    if end == "conclude":
        agent.conclude(case, "fail", by="inspector-1")
    else:
        agent.abandon(case, "drove_off")
    for late in (
        lambda: agent.take_photo(case, "0111", jpeg()),
        lambda: agent.check_item(case, "04", "pass"),
        lambda: agent.conclude(case, "pass", by="inspector-1"),
        lambda: agent.abandon(case, "again"),
    ):
        with pytest.raises(CaseError, match="has ended"):
            late()


@pytest.mark.parametrize("case", ["pda-7.99", "pda-8.2"])
def test_a_case_that_was_not_opened_here_is_refused(agent: Agent, case: str) -> None:
    with pytest.raises(CaseError, match="was not opened"):
        agent.check_item(case, "04", "pass")
    with pytest.raises(CaseError, match="was not opened"):
        agent.required(case)


def test_the_decision_of_the_hub_is_there_once_it_is_committed(agent: Agent, hub: FakeHub) -> None:
    hub.on_fact = decide(lambda case: StickerGranted(case=case, number="S1", payload="ABC"))
    agent.start()
    case = agent.open_case(opened())
    agent.take_photo(case, "0113", jpeg())
    agent.conclude(case, "pass", by="inspector-1")
    assert agent.wait_for_decision(case, 20) == StickerGranted(case=case, number="S1", payload="ABC")
    seconds = agent.seconds_photo_to_decision(case)
    assert seconds is not None
    assert 0 < seconds < 1


def test_without_a_decision_the_wait_ends_and_there_is_no_duration(agent: Agent) -> None:
    case = agent.open_case(opened())
    agent.take_photo(case, "0113", jpeg())
    assert agent.wait_for_decision(case, 0) is None
    assert agent.seconds_photo_to_decision(case) is None


def test_a_recall_is_no_decision_and_the_newest_decision_counts(agent: Agent, hub: FakeHub) -> None:
    agent.start()
    case = agent.open_case(opened())
    agent.conclude(case, "pass", by="inspector-1")
    assert agent._journal.wait_until(lambda: len(hub.records) == 3 and agent._journal.receipted == 3, lambda: 20)
    hub.direct(StickerDenied(case=case, reasons=()))
    assert isinstance(agent.wait_for_decision(case, 20), StickerDenied)
    hub.direct(VehicleRecalled(case=case, reason="suspicious"))
    hub.direct(StickerGranted(case=case, number="S1", payload="ABC"))
    assert agent._journal.wait_until(lambda: isinstance(agent.decision(case), StickerGranted), lambda: 20)


def test_a_decision_that_came_after_a_restart_has_no_duration(start: Starter, home: Home, hub: FakeHub) -> None:
    with Agent(home, equipment(hub)) as before:
        case = before.open_case(opened())
        before.take_photo(case, "0113", jpeg())
        before.conclude(case, "pass", by="inspector-1")
    gear = equipment(hub)
    gear.clock.boot = "ffffffff"
    hub.on_fact = decide(lambda case: StickerGranted(case=case, number="S1", payload="ABC"))
    with Agent(home, gear) as after:
        after.start()
        assert after.wait_for_decision(case, 20) is not None
        assert after.seconds_photo_to_decision(case) is None


def test_the_status_says_what_waits_and_what_is_wrong(agent: Agent) -> None:
    case = agent.open_case(opened())
    taken = agent.take_photo(case, "0113", jpeg())
    status = agent.status()
    assert (status.device, status.counts.newest, status.counts.receipted) == (DEVICE, 3, 0)
    assert (status.counts.photos_waiting, status.counts.photo_bytes_waiting) == (1, taken.photo.size)
    assert status.refusals == []
    assert not status.forwarding.running
    assert status.room.free_bytes > 0
    assert status.room.level == "ok"


def test_a_case_goes_on_after_a_restart(start: Starter, home: Home, hub: FakeHub) -> None:
    with Agent(home, equipment(hub)) as before:
        case = before.open_case(opened())
        before.check_item(case, "04", "pass")
    after = start()
    after.conclude(case, "pass", by="inspector-1")
    kinds = [type(fact) for fact in facts(home)]
    assert kinds.count(DeviceStarted) == 2
    assert after.case(case).items == (ItemChecked(item="04", mark="pass"),)


def test_an_installation_may_not_switch_encryption_off(tmp_path: Path, hub: FakeHub) -> None:
    home = make_home(tmp_path)
    weak = msgspec.structs.replace(home.enrolment, broker_host="hub.example")
    elsewhere = Home(
        path=home.path, enrolment=weak, key=home.key, hub_public=home.hub_public, profile_public=home.profile_public
    )
    with pytest.raises(ProfileError, match="broker_tls"):
        Agent(elsewhere, equipment(hub))


def test_a_link_to_the_broker_is_made_where_none_is_given(home: Home, hub: FakeHub) -> None:
    gear = equipment(hub)
    with Agent(home, type(gear)(profile=gear.profile, reader=gear.reader, software="0.1.0", clock=gear.clock)) as agent:
        agent.start()
        assert agent._journal.wait_until(lambda: agent._forwarding.status().fault != "", iter([0.05] * 400).__next__)
        assert agent.status().forwarding.fault == "the broker cannot be reached"


def test_a_correction_is_a_fact_of_its_own(agent: Agent, home: Home) -> None:
    case = agent.open_case(opened())
    photo = agent.take_photo(case, "0113", jpeg()).photo.digest
    agent.correct_reading(case, photo, VIN, by="inspector-1", reason="person_looked")
    assert isinstance(facts(home)[-1], ReadingCorrected)


def test_a_vehicle_that_went_through_without_a_case_is_noted(agent: Agent, home: Home) -> None:
    fact = agent.note_passage("1", "nobody identified it")
    assert facts(home)[-1] == fact
    assert (fact.lane, fact.reason) == ("1", "nobody identified it")


def test_facts_are_gathered_until_the_verdict_which_waits_for_nothing(start: Starter, hub: FakeHub) -> None:
    profile = roomy_profile()
    slow = msgspec.structs.replace(profile.upload, gather_seconds_max=60.0)
    agent = start(profile=msgspec.structs.replace(profile, upload=slow))
    hub.on_fact = decide(lambda case: StickerGranted(case=case, number="S1", payload="ABC"))
    agent.start()
    assert agent._journal.wait_until(lambda: agent.status().counts.receipted == 1, lambda: 30.0)
    case = agent.open_case(opened())
    agent.check_item(case, "01", "pass")
    agent.check_item(case, "02", "pass")
    agent.conclude(case, "pass", by="inspector-1")
    assert agent.wait_for_decision(case, 30.0) is not None
    assert hub.batches == 2


def wants_retake(case: str) -> AnyDirective:
    return RetakeWanted(case=case, reason="photo.missing", kind="0111", photo="a1" * 32)


def test_after_the_end_only_what_the_hub_wants_again_can_be_added(agent: Agent, hub: FakeHub) -> None:
    hub.on_fact = decide(wants_retake)
    case = agent.open_case(opened())
    agent.conclude(case, "pass", by="inspector-1")
    agent.start()
    until = time.monotonic() + 10.0
    assert agent._journal.wait_until(lambda: bool(agent.duties()), lambda: until - time.monotonic())
    assert [(duty.what, duty.kind) for duty in agent.duties()] == [("retake", "0111")]
    with pytest.raises(CaseError):
        agent.take_photo(case, "0112", jpeg(1))
    with pytest.raises(CaseError):
        agent.check_item(case, "04", "pass")
    agent.take_photo(case, "0111", jpeg(2))
    assert agent.duties() == []
    with pytest.raises(CaseError):
        agent.take_photo(case, "0111", jpeg(3))


def test_a_report_about_a_case_that_ended_is_kept_and_one_about_a_strange_case_refused(
    agent: Agent, home: Home
) -> None:
    case = agent.open_case(opened())
    agent.conclude(case, "pass", by="inspector-1")
    back = VehicleReturned(by="inspector-1", station="station-1")
    agent.report(case, back)
    assert facts(home)[-1] == back
    with pytest.raises(CaseError):
        agent.report("lane-9.4", back)


def test_without_a_link_the_wait_for_receipts_ends(agent: Agent) -> None:
    agent.open_case(opened())
    assert not agent.wait_until_receipted(0.0)
