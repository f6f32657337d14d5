import json
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from edge_agent.agent import Agent, Equipment
from edge_agent.clock import Clock
from edge_agent.home import Home, create_home, open_home
from edge_agent.journal import Journal
from edge_agent.visits import VisitResult
from firmware_profiles.files import LoadedProfile
from firmware_profiles.schema import Profile
from inspection.directives import AnyDirective, Receipt, Refusal, StickerDenied
from inspection.facts import InspectionConcluded, PassageNoted, Reason
from inspection.wire import Recorded
from models.vin import VinReader
from passlane import UsageError, device_commands
from passlane.__main__ import main
from passlane.device_commands import DeviceState, open_agent
from passlane.enrolling import EnrolAsked, enrol_device
from tests.edge_agent.stand_ins.fakes import (
    FakeHub,
    FakeLink,
    SayingReader,
    enrolment,
    jpeg,
    moment,
    opened,
    roomy_profile,
)
from tests.lane_controller.lane_bench import PHOTOS, LaneClock, grant, roomy_lane
from tests.passlane.conftest import SignedProfile
from tests.passlane.doors import PASSWORD, enrol_door

ORDER = """
regime = "jianyan"
serial = "T-000{number}"
inspector = "inspector-1"
inspection_kind = "01"
[vehicle]
vin = "LZZZ5ABC2RA000017"
plate = "粤Z0000港"
vehicle_class = "K33"
use = "A"
"""


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    for number in (1, 2):
        folder = tmp_path / "orders" / f"0{number}-car"
        folder.mkdir(parents=True)
        (folder / "order.toml").write_text(ORDER.format(number=number), encoding="utf-8")
        for seed, code in enumerate(PHOTOS):
            (folder / f"{code}.jpg").write_bytes(jpeg(10 * number + seed))
    return tmp_path / "orders"


@pytest.fixture
def hub() -> FakeHub:
    hub = FakeHub()
    hub.on_fact = grant
    return hub


MakeDevice = Callable[[Profile], None]


@pytest.fixture
def device(tmp_path: Path, hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> MakeDevice:
    """Put a device with a hub in memory behind every home that is opened."""
    home: Home = create_home(tmp_path / "home", enrolment(), bytes(range(32)))

    def opens(profile: Profile) -> None:
        equipment = Equipment(
            profile=LoadedProfile(profile, "p@1:0123456789abcdef"),
            reader=SayingReader(),
            software="0.1.0",
            clock=LaneClock(),
            link=lambda deliver: FakeLink(hub, deliver),
            chance=lambda: 0.0,
        )
        monkeypatch.setattr(device_commands, "open_agent", lambda _path: Agent(home, equipment))

    return opens


@pytest.mark.parametrize(("command", "profile"), [("pda", roomy_profile), ("lane", roomy_lane)])
def test_every_order_becomes_a_line_of_json_and_a_case_of_its_own(
    device: MakeDevice,
    orders: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    profile: Callable[[], Profile],
) -> None:
    device(profile())
    assert main([command, "--home", "home", "--orders", str(orders), "--json"]) == 0
    results = [msgspec.json.decode(line, type=VisitResult) for line in capsys.readouterr().out.splitlines()]
    assert [(result.order, result.outcome, result.sticker) for result in results] == [
        ("01-car", "pass", "S1"),
        ("02-car", "pass", "S1"),
    ]
    assert len({result.case for result in results}) == 2


def test_a_person_gets_a_line_with_the_sticker_or_with_the_reasons(
    device: MakeDevice, hub: FakeHub, orders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reasons = (
        Reason(code="use", result="failed", zh="营运车辆", en="a taxi"),
        Reason(code="items", result="failed", zh="项目不合格", en="an item failed"),
    )

    def second_is_denied(record: Recorded) -> AnyDirective | None:
        granted = grant(record)
        if granted is not None and len(hub.directives) == 1:
            return StickerDenied(case=record.entry.case, reasons=reasons)
        return granted

    hub.on_fact = second_is_denied
    device(roomy_profile())
    assert main(["pda", "--home", "home", "--orders", str(orders)]) == 0
    assert capsys.readouterr().out == "01-car\tpass\tS1\n02-car\tpass\t营运车辆, 项目不合格\n"


def test_the_lane_command_on_a_handhelds_home_is_a_mistake_that_is_said_plainly(
    device: MakeDevice, orders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device(roomy_profile())
    assert main(["lane", "--home", "home", "--orders", str(orders)]) == 2
    assert capsys.readouterr().err == "passlane: profile pda-basic has no [sequence]: it is not for a lane\n"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("colour = 1\n" + ORDER, "01-car/order.toml: Object contains unknown field `colour`"),
        ("[", "01-car/order.toml: "),
        (ORDER.replace("LZZZ5ABC2RA000017", "LZZZ5ABC2RA0000I7"), "vehicle.vin: "),
        (ORDER.replace("LZZZ5ABC2RA000017", "LZZZ5ABC2RA00001"), "vehicle.vin: "),
        (ORDER.replace("LZZZ5ABC2RA000017", "lzzz5abc2ra000017"), "vehicle.vin: "),
        (ORDER.replace("LZZZ5ABC2RA000017", "LZZZ5ABC2RA00001７"), "vehicle.vin: "),
    ],
)
@pytest.mark.parametrize("command", ["pda", "lane"])
def test_an_order_that_is_wrong_is_named_and_stops_no_other(
    command: str, wrong: str, said: str, device: MakeDevice, orders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device(roomy_lane() if command == "lane" else roomy_profile())
    (orders / "01-car" / "order.toml").write_text(wrong, encoding="utf-8")
    assert main([command, "--home", "home", "--orders", str(orders), "--json"]) == 1
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.err.count("\n") == 1
    (line,) = printed.out.splitlines()
    assert msgspec.json.decode(line, type=VisitResult).order == "02-car"


def test_told_to_stop_a_device_finishes_the_vehicle_and_begins_no_other(
    device: MakeDevice, hub: FakeHub, orders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def stops(record: Recorded) -> AnyDirective | None:
        if isinstance(record.entry.fact, InspectionConcluded):
            os.kill(os.getpid(), signal.SIGTERM)
        return grant(record)

    hub.on_fact = stops
    device(roomy_profile())
    before = signal.getsignal(signal.SIGTERM)
    assert main(["pda", "--home", "home", "--orders", str(orders), "--json"]) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line)["sticker"] == "S1"
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_device_that_stays_ends_when_its_parent_lets_go(
    device: MakeDevice, orders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read, write = os.pipe()
    said: list[str] = []

    def say(result: VisitResult, *, as_json: bool) -> None:
        assert not as_json
        said.append(result.order)
        if len(said) == 2:
            os.close(write)

    monkeypatch.setattr(device_commands, "_say", say)
    device(roomy_profile())
    with os.fdopen(read) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert main(["pda", "--home", "home", "--orders", str(orders), "--stay", "--with-parent"]) == 0
    assert said == ["01-car", "02-car"]


def status_of(home: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    assert main(["status", "--home", str(home)]) == 0
    return capsys.readouterr().out.splitlines()


@pytest.fixture
def enrolled(tmp_path: Path, signed_profile: SignedProfile) -> Home:
    """The home of a device as `passlane enrol` makes it."""
    with enrol_door() as door:
        asked = EnrolAsked(
            hub=door.url,
            user="operator",
            device="pda-9",
            kind="pda",
            station="ST01",
            profile=signed_profile.path,
            profile_key=signed_profile.key,
            home=tmp_path / "pda-9",
        )
        return open_home(enrol_device(asked, password=PASSWORD))


def receipt(journal: Journal, *, hub_time: int) -> Receipt:
    return Receipt(device="pda-9", have=journal.newest, head=journal.head, hub_time=hub_time)


def test_the_status_says_what_waits_while_the_device_works(
    device: MakeDevice, hub: FakeHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.lose = 10**6
    device(roomy_profile())
    with device_commands.open_agent(tmp_path / "home") as agent:
        agent.note_passage("1", "drove_off")
        said = status_of(tmp_path / "home", capsys)
    assert said[:3] == [
        "pda-7 (station-1): 2 facts, 0 receipted by the hub",
        "waiting: 2 facts, 0 photos (0.0 MB)",
        "newest receipt: never",
    ]


def test_the_status_names_every_refusal_of_the_hub_with_its_reason(
    device: MakeDevice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device(roomy_profile())
    with device_commands.open_agent(tmp_path / "home") as agent:
        photo = agent.take_photo(agent.open_case(opened()), "0111", jpeg()).photo
        agent._journal.refuse_photo(photo.digest, Refusal(code="photo.too_large", text="at most 5 bytes"))
    said = status_of(tmp_path / "home", capsys)
    assert said[-1] == f"refused: {photo.digest}: at most 5 bytes [photo.too_large]; it is kept here"


@pytest.mark.parametrize(
    ("free_bytes", "said"),
    [
        (10**12, "room: 1000000 MB free"),
        (0, "room: 0 MB free; no_facts: 存储空间已满（剩余 0 MB），无法记录。0 MB free: nothing can be recorded"),
    ],
)
def test_the_status_says_how_much_room_there_is_and_in_both_languages_what_that_means(
    enrolled: Home, free_bytes: int, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.store.free_bytes_at", lambda _folder: free_bytes)
    assert status_of(enrolled.path, capsys)[3].startswith(said)


def test_the_status_of_a_device_whose_profile_cannot_be_used_says_so_and_all_the_rest(
    enrolled: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    with enrolled.profile_path.open("ab") as file:
        file.write(b"# more\n")
    said = status_of(enrolled.path, capsys)
    assert said[0] == "pda-9 (ST01): 0 facts, 0 receipted by the hub"
    assert re.search("; unknown: 设备配置无法使用。.*altered after signing", said[3])


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (7, "7 s ago"),
        (61, "1 min ago"),
        (2 * 3_600 + 9, "2 h ago"),
        (47 * 3_600, "47 h ago"),
        (9 * 86_400 + 5, "9 days ago"),
        (-5, "in the future, by this machine's clock"),
    ],
)
def test_the_status_says_how_old_the_newest_receipt_is(
    enrolled: Home, seconds: int, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Clock, "wall_ms", lambda _clock: 1_780_000_000_000 + 1000 * seconds)
    with Journal(enrolled.journal_path, "pda-9") as journal:
        journal.record(PassageNoted(lane="1", reason="drove_off"), moment(1))
        journal.settle(receipt(journal, hub_time=1_780_000_000_000))
    assert status_of(enrolled.path, capsys)[2] == f"newest receipt: {said}"


def test_the_status_is_one_json_object_for_a_program(enrolled: Home, capsys: pytest.CaptureFixture[str]) -> None:
    with Journal(enrolled.journal_path, "pda-9") as journal:
        journal.record(PassageNoted(lane="1", reason="drove_off"), moment(1))
        journal.mark_refused(Refusal(code="device.quarantined", text="it waits for a person to look"), 1)
    assert main(["status", "--home", str(enrolled.path), "--json"]) == 0
    [line] = capsys.readouterr().out.splitlines()
    state = msgspec.json.decode(line, type=DeviceState)
    assert (state.device, state.station, state.newest, state.facts_waiting) == ("pda-9", "ST01", 1, 1)
    assert (state.receipt_at, state.receipt_age_seconds, state.photos_waiting) == (0, None, 0)
    assert state.refusals == [("1", "device.quarantined", "it waits for a person to look")]
    assert state.room.free_bytes > 0


def test_told_to_stop_before_the_first_vehicle_a_device_begins_none(
    device: MakeDevice, orders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    device(roomy_profile())
    monkeypatch.setattr(Agent, "start", lambda _agent: signal.raise_signal(signal.SIGINT))
    assert main(["pda", "--home", "home", "--orders", str(orders)]) == 0
    assert capsys.readouterr().out == ""


def test_a_device_is_enrolled_and_can_then_be_opened(
    tmp_path: Path, signed_profile: SignedProfile, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "pda-9"
    with enrol_door() as door:
        asked = ["enrol", "--hub", door.url, "--device", "pda-9", "--kind", "pda", "--station", "ST01"]
        asked += ["--profile", str(signed_profile.path), "--profile-key", signed_profile.key, "--home", str(home)]
        assert main(asked) == 0
    assert capsys.readouterr().out == f"pda-9 is enrolled; its home is {home}\n"
    with open_agent(home) as agent:
        assert (agent.device, agent.station) == ("pda-9", "ST01")
        assert agent.profile_reference.startswith("pda-basic@1:")
        assert isinstance(agent._reader, VinReader)


def test_a_home_whose_profile_was_changed_is_not_opened(
    enrolled: Home, capsys: pytest.CaptureFixture[str], orders: Path
) -> None:
    with enrolled.profile_path.open("ab") as file:
        file.write(b"# more\n")
    assert main(["pda", "--home", str(enrolled.path), "--orders", str(orders)]) == 2
    assert "altered after signing" in capsys.readouterr().err


def test_a_folder_that_is_no_home_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is this the home of a device"):
        open_agent(tmp_path)


def test_after_a_restart_no_vehicle_is_inspected_twice_and_what_was_cut_short_is_abandoned(
    device: MakeDevice, hub: FakeHub, orders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device(roomy_profile())
    ask = ["pda", "--home", "home", "--orders", str(orders), "--json"]
    with device_commands.open_agent(Path("home")) as agent:
        cut_short = agent.open_case(opened())
    assert main(ask) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert main(ask) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("was inspected before, in case") == 2
    with device_commands.open_agent(Path("home")) as agent:
        state = agent.case(cut_short)
    assert state.abandoned is not None
    assert state.abandoned.reason == "restarted"
