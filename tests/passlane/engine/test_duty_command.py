"""What the hub wants of a station, and the station's answers, by the command and a hub in memory."""

import json
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from edge_agent.agent import Agent, Equipment
from edge_agent.clock import Clock
from edge_agent.home import create_home
from edge_agent.journal import Journal
from firmware_profiles.files import LoadedProfile
from inspection.directives import AnyDirective, RetakeWanted
from inspection.facts import CaseWithdrawn, InspectionConcluded, PhotoTaken, VehicleReturned
from inspection.wire import Recorded
from passlane.__main__ import main
from passlane.engine import duty_command
from tests.edge_agent.stand_ins.fakes import (
    DEVICE,
    FakeHub,
    FakeLink,
    SayingReader,
    enrolment,
    jpeg,
    opened,
    roomy_profile,
)


def wants_another_photo(record: Recorded) -> AnyDirective | None:
    if not isinstance(record.entry.fact, InspectionConcluded):
        return None
    return RetakeWanted(case=record.entry.case, reason="photo.blurred", kind="0111", photo="a1" * 32, note="too dark")


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A concluded case on a device whose home is tmp_path/home; every command opens the device over a hub in memory."""
    home, hub = create_home(tmp_path / "home", enrolment(), bytes(range(32))), FakeHub()
    hub.on_fact = wants_another_photo

    def agent() -> Agent:
        equipment = Equipment(
            profile=LoadedProfile(roomy_profile(), "p@1:0123456789abcdef"),
            reader=SayingReader(),
            software="0.1.0",
            clock=Clock(),
            link=lambda deliver: FakeLink(hub, deliver),
            chance=lambda: 0.0,
        )
        return Agent(home, equipment)

    monkeypatch.setattr(duty_command, "open_agent", lambda _path: agent())
    monkeypatch.setattr(duty_command, "FORWARD_SECONDS_MAX", 0.3)
    with ExitStack() as stack:
        first = stack.enter_context(agent())
        made = first.open_case(opened())
        first.take_photo(made, "0111", jpeg(1))
        first.conclude(made, "pass", by="inspector-1")
        first.start()
        until = time.monotonic() + 20.0
        assert first._journal.wait_until(lambda: bool(first.duties()), lambda: until - time.monotonic())
    return made


def facts_of(folder: Path, case: str) -> list[object]:
    with Journal(folder / "home" / "journal.db", DEVICE) as journal:
        return [record.entry.fact for record in journal.of_case(case)]


def test_a_duty_is_named_taken_again_and_gone(tmp_path: Path, case: str, capsys: pytest.CaptureFixture[str]) -> None:
    home = str(tmp_path / "home")
    assert main(["duties", "--home", home, "--json"]) == 1
    (duty,) = json.loads(capsys.readouterr().out)["duties"]
    assert (duty["what"], duty["case"], duty["kind"], duty["reason"]) == ("retake", case, "0111", "photo.blurred")
    assert main(["duties", "--home", home]) == 1
    assert f"{case}  0111  photo.blurred  too dark" in capsys.readouterr().out
    (tmp_path / "again.jpg").write_bytes(jpeg(2))
    command = ["retake", "--home", home, "--case", case, "--kind", "0111", str(tmp_path / "again.jpg")]
    assert main(command) == 0
    shots = [fact for fact in facts_of(tmp_path, case) if isinstance(fact, PhotoTaken)]
    assert shots[-1].replaces == shots[0].photo.digest
    capsys.readouterr()
    assert main(["duties", "--home", home]) == 0
    assert "nothing to do" in capsys.readouterr().out


def test_a_photo_that_is_not_there_is_a_mistake(tmp_path: Path, case: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["retake", "--home", str(tmp_path / "home"), "--case", case, "--kind", "0111", str(tmp_path / "none.jpg")]
    assert main(command) == 2
    assert "none.jpg is no file" in capsys.readouterr().err


def test_a_photo_that_nobody_wants_again_is_refused(
    tmp_path: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.jpg").write_bytes(jpeg(3))
    command = [
        "retake",
        "--home",
        str(tmp_path / "home"),
        "--case",
        case,
        "--kind",
        "0112",
        str(tmp_path / "other.jpg"),
    ]
    assert main(command) == 1
    assert "has ended" in capsys.readouterr().err


def test_that_a_vehicle_is_back_and_that_an_applicant_withdraws_are_kept_as_facts(tmp_path: Path, case: str) -> None:
    home = str(tmp_path / "home")
    assert main(["returned", "--home", home, "--case", case, "--by", "inspector-1", "--note", "washed"]) == 0
    assert main(["withdraw", "--home", home, "--case", case, "--by", "clerk-1", "--reason", "sold"]) == 0
    back, taken_back = facts_of(tmp_path, case)[-2:]
    assert isinstance(back, VehicleReturned)
    assert (back.by, back.note) == ("inspector-1", "washed")
    assert taken_back == CaseWithdrawn(reason="sold", by="clerk-1")


def test_a_case_of_another_device_is_refused(tmp_path: Path, case: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert case
    assert main(["returned", "--home", str(tmp_path / "home"), "--case", "lane-9.4", "--by", "inspector-1"]) == 1
    assert "was not opened by" in capsys.readouterr().err
