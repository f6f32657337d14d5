import argparse
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from central_hub import HubError
from edge_agent import AgentError
from firmware_profiles import ProfileError
from firmware_profiles.files import shipped_profile
from inspection import InspectionError
from lane_controller import LaneError
from models import ModelError
from passlane import UsageError, demo_command
from passlane.__main__ import main, parser
from tests.passlane.conftest import SignedProfile
from tests.passlane.doors import HUB_KEY, closed_port, enrol_door

COMMANDS = (
    "hub", "worker", "verify", "account", "gaps", "release", "replay", "enrol", "revoke", "status", "pda", "lane",
    "export", "import", "profile", "read-vin", "duties", "retake", "returned", "withdraw", "decide", "rulebook",
    "check-sticker", "ranges", "export-samples", "life", "simulate-day", "demo",
)  # fmt: skip
GOOD_ORDER = 'regime = "jianyan"\nserial = "T"\ninspector = "i"\n[vehicle]\nvin = "LZZZ5ABC2RA000017"\n'


def subparsers() -> dict[str, argparse.ArgumentParser]:
    [choices] = [action.choices for action in parser()._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(choices)


class Stage:
    """Files and folders as people have them, right and wrong."""

    def __init__(self, folder: Path, profile: SignedProfile) -> None:
        self.folder = folder
        self.profile = profile
        self.file = folder / "file"
        self.file.write_text("text")
        self.empty = folder / "empty"
        self.empty.mkdir()
        self.missing = folder / "missing"
        self.hub = folder / "hub"
        self.hub.mkdir()
        (self.hub / "hub.pub").write_text(HUB_KEY)
        self.url = f"http://127.0.0.1:{closed_port()}"

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def orders(self, text: str) -> Path:
        return self.write("orders/01/order.toml", text).parent.parent

    def changed_profile(self, old: str, new: str) -> Path:
        return self.write("changed.toml", shipped_profile("pda-basic").decode().replace(old, new, 1))

    def unwritable_signature(self) -> Path:
        (self.folder / "x.toml.sig").mkdir()
        return self.write("x.toml", shipped_profile("pda-basic"))

    def enrol(self, **changes: object) -> list[object]:
        options: dict[str, object] = {
            "--hub": self.url,
            "--device": "pda-9",
            "--kind": "pda",
            "--station": "ST01",
            "--profile": self.profile.path,
            "--profile-key": self.profile.key,
            "--home": self.folder / "home",
        }
        options |= {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
        return ["enrol", *(part for pair in options.items() if pair[1] is not None for part in pair)]


@pytest.fixture
def stage(tmp_path: Path, signed_profile: SignedProfile) -> Stage:
    return Stage(tmp_path, signed_profile)


@pytest.fixture
def nobody_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PASSLANE_PASSWORD")


def with_ledger(stage: Stage, content: bytes = b"") -> Path:
    stage.write("hub/ledger.db", content)
    return stage.hub


Ask = Callable[[Stage], list[object]]

MISTAKES: dict[str, tuple[Ask, str]] = {
    "nothing at all": (lambda _: [], "COMMAND"),
    "an unknown subcommand": (lambda _: ["lanes"], "invalid choice: 'lanes'"),
    "an unknown option": (lambda _: ["demo", "--twice"], "unrecognized arguments: --twice"),
    "hub: no data folder named": (lambda _: ["hub"], "--data"),
    "hub: a value is missing": (lambda _: ["hub", "--data"], "--data: expected one argument"),
    "hub: a folder that is a file": (lambda s: ["hub", "--data", s.file], "is not a folder"),
    "hub: a folder under a file": (lambda s: ["hub", "--data", s.file / "x"], "is not a folder"),
    "hub: settings with an unknown key": (
        lambda s: ["hub", "--data", s.write("hub/hub.toml", "titel = 1").parent],
        "unknown field `titel`",
    ),
    "hub: settings that are no TOML": (lambda s: ["hub", "--data", s.write("hub/hub.toml", "[[").parent], "hub.toml"),
    "verify: no folder named": (lambda _: ["verify"], "DIR"),
    "verify: no such folder": (lambda s: ["verify", s.missing], "is not a folder"),
    "verify: a folder that is a file": (lambda s: ["verify", s.file], "is not a folder"),
    "verify: an empty folder": (lambda s: ["verify", s.empty], "is no hub's data folder"),
    "verify: a key that is no hexadecimal": (lambda s: ["verify", s.hub, "--key", "xyz"], "in hexadecimal"),
    "verify: a key that is too short": (lambda s: ["verify", s.hub, "--key", "ab"], "has 32 bytes, not 1"),
    "account: no name": (lambda s: ["account", "--data", s.hub], "NAME"),
    "account: no such folder": (lambda s: ["account", "--data", s.missing, "x"], "is no hub's data folder"),
    "account: an empty name": (lambda s: ["account", "--data", s.hub, ""], "cannot name an account"),
    "account: a name with a space": (
        lambda s: ["account", "--data", with_ledger(s), "wang li"],
        "'wang li' cannot name",
    ),
    "account: an unknown role": (lambda s: ["account", "--data", s.hub, "--role", "boss", "x"], "'boss'"),
    "enrol: an option is missing": (lambda s: s.enrol(station=None), "--station"),
    "enrol: an unknown kind": (lambda s: s.enrol(kind="phone"), "'phone'"),
    "enrol: a hub that is not there": (lambda s: s.enrol(), "cannot be reached"),
    "enrol: an address without http": (lambda s: s.enrol(hub="127.0.0.1:8080"), "begins with http://"),
    "enrol: a name that cannot be": (lambda s: s.enrol(device="Lane 1"), "cannot name a device"),
    "enrol: an empty station": (lambda s: s.enrol(station=""), "--station is empty"),
    "enrol: no such profile": (lambda s: s.enrol(profile=s.missing), "missing: cannot be read"),
    "enrol: a profile of another kind": (lambda s: s.enrol(kind="lane_box"), "is for a pda, not a lane_box"),
    "enrol: a key that is no hexadecimal": (lambda s: s.enrol(profile_key="zz"), "--profile-key: "),
    "enrol: the key of somebody else": (lambda s: s.enrol(profile_key=HUB_KEY), "not by the expected"),
    "enrol: a profile nobody signed": (
        lambda s: s.enrol(profile=s.write("unsigned.toml", shipped_profile("pda-basic"))),
        "unsigned.toml.sig: cannot be read",
    ),
    "enrol: a home that is a file": (lambda s: s.enrol(home=s.file), "cannot be made"),
    "status: no home named": (lambda _: ["status"], "--home"),
    "status: a folder that is no home": (lambda s: ["status", "--home", s.empty], "is this the home of a device?"),
    "pda: no home named": (lambda s: ["pda", "--orders", s.empty], "--home"),
    "pda: no such folder of orders": (lambda s: ["pda", "--home", s.empty, "--orders", s.missing], "is not a folder"),
    "pda: no orders": (lambda s: ["pda", "--home", s.empty, "--orders", s.empty], "holds 0 orders"),
    "revoke: a hub that is not there": (
        lambda _: ["revoke", "--hub", "http://127.0.0.1:1", "--device", "pda-7", "--reason", "stolen"],
        "cannot be reached",
    ),
    "revoke: without a reason": (lambda _: ["revoke", "--hub", "http://127.0.0.1:1", "--device", "pda-7"], "--reason"),
    "pda: a folder that is no home": (
        lambda s: ["pda", "--home", s.empty, "--orders", s.orders(GOOD_ORDER)],
        "is this the home of a device?",
    ),
    "lane: orders that are a file": (lambda s: ["lane", "--home", s.empty, "--orders", s.file], "is not a folder"),
    "lane: no such home": (
        lambda s: ["lane", "--home", s.missing, "--orders", s.orders(GOOD_ORDER)],
        "enrolment.toml cannot be read",
    ),
    "export: no home named": (lambda s: ["export", "--to", s.empty], "--home"),
    "export: a folder that is no home": (
        lambda s: ["export", "--home", s.empty, "--to", s.empty],
        "is this the home of a device?",
    ),
    "export: a size that is none": (lambda s: ["export", "--home", s.empty, "--to", s.empty, "--split", "2X"], "'2X'"),
    "export: a size that is too small": (
        lambda s: ["export", "--home", s.empty, "--to", s.empty, "--split", "1M"],
        "no size from 64M",
    ),
    "import: no file": (lambda _: ["import", "--hub", "http://127.0.0.1:1"], "FILE"),
    "import: neither hub nor device": (lambda s: ["import", s.file], "--hub --home is required"),
    "import: hub and device": (
        lambda s: ["import", s.file, "--hub", "http://127.0.0.1:1", "--home", s.empty],
        "not allowed with",
    ),
    "import: no such file": (lambda s: ["import", s.missing, "--hub", "http://127.0.0.1:1"], "cannot be read"),
    "import: a hub that is not there": (
        lambda s: ["import", s.file, "--hub", "http://127.0.0.1:1"],
        "cannot be reached",
    ),
    "import: an address without http": (lambda s: ["import", s.file, "--hub", "127.0.0.1:1"], "http://"),
    "import: a name with a colon": (
        lambda s: ["import", s.file, "--hub", "http://127.0.0.1:1", "--user", "a:b"],
        "no colon",
    ),
    "import: receipts for a folder that is no home": (
        lambda s: ["import", s.file, "--home", s.empty],
        "is this the home of a device?",
    ),
    "profile: an unknown action": (lambda s: ["profile", "burn", s.file], "'burn'"),
    "profile: no file": (lambda _: ["profile", "check"], "FILE"),
    "profile: no such file": (lambda s: ["profile", "check", s.missing], "cannot be read"),
    "profile: a folder": (lambda s: ["profile", "check", s.empty], "cannot be read"),
    "profile: not UTF-8": (lambda s: ["profile", "check", s.write("p.toml", b"\xff\xfe")], "cannot be read"),
    "profile: broken TOML": (lambda s: ["profile", "check", s.write("p.toml", "id = \n")], "not TOML"),
    "profile: an unknown key": (
        lambda s: ["profile", "check", s.changed_profile("photo_bytes_max", "photo_byte_max")],
        "[limits] photo_byte_max is not a known key; did you mean photo_bytes_max?",
    ),
    "profile: several faults are one line": (
        lambda s: ["profile", "check", s.write("p.toml", 'id = 5\nversion = "x"\n')],
        "id must be",
    ),
    "profile: a key that is none": (
        lambda s: ["profile", "check", s.profile.path, "--key", "zz"],
        "in hexadecimal",
    ),
    "profile: a broken signature": (
        lambda s: ["profile", "check", s.write("pda-basic.toml.sig", "x").with_suffix(""), "--key", s.profile.key],
        "not a whole signature file",
    ),
    "profile: no key to sign with": (lambda s: ["profile", "sign", s.profile.path], "--key-file"),
    "profile: a key file that holds no key": (
        lambda s: ["profile", "sign", s.profile.path, "--key-file", s.file],
        "cannot be used",
    ),
    "profile: a signature that cannot be written": (
        lambda s: ["profile", "sign", s.unwritable_signature(), "--key-file", s.folder / "k"],
        "x.toml.sig cannot be written",
    ),
    "demo: no such folder of photos": (lambda s: ["demo", "--photos", s.missing], "is not a folder"),
    "demo: a folder without photos": (lambda s: ["demo", "--once", "--photos", s.empty], "holds no photo"),
    "demo: photos with a wrong label file": (
        lambda s: ["demo", "--photos", s.write("photos/labels.tsv", "x").parent],
        "needs the columns file and vin",
    ),
    "demo: a data folder that is there": (lambda s: ["demo", "--data", s.empty], "is there already"),
}

FAILURES: dict[str, tuple[Ask, str]] = {
    "verify: a folder without a ledger": (lambda s: ["verify", s.hub], "it has no ledger.db"),
    "account: a ledger that is none": (
        lambda s: ["account", "--data", with_ledger(s, b"x" * 5000), "x"],
        "ledger.db cannot be used",
    ),
    "hub: a ledger without its key": (
        lambda s: ["hub", "--data", with_ledger(s)],
        "has a ledger but no hub.key",
    ),
}


def said_by(arguments: list[object], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run the command; return its status and what it said to standard error, which must be one plain line."""
    try:
        status = main([str(argument) for argument in arguments])
    except SystemExit as ended:
        status = int(ended.code or 0)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("passlane")
    assert "Traceback" not in said.err
    assert (said.err.count("\n"), said.err[-1]) == (1, "\n")
    return status, said.err


@pytest.mark.parametrize(("ask", "told"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_plain_line_and_status_2(
    stage: Stage, ask: Ask, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = said_by(ask(stage), capsys)
    assert status == 2
    assert told in said


@pytest.mark.parametrize(("ask", "told"), FAILURES.values(), ids=FAILURES)
def test_what_could_not_be_done_is_one_plain_line_and_status_1(
    stage: Stage, ask: Ask, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = said_by(ask(stage), capsys)
    assert status == 1
    assert told in said


def test_a_wrong_profile_is_told_with_the_line_of_its_fault(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    path = stage.changed_profile("photo_bytes_max", "photo_byte_max")
    [line] = [
        number
        for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if text.startswith("photo_byte_max")
    ]
    assert f"line {line}: " in said_by(["profile", "check", path], capsys)[1]


def test_a_wrong_password_is_told_in_the_hubs_words(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PASSLANE_PASSWORD", "not the right one")
    with enrol_door() as door:
        status, said = said_by(stage.enrol(hub=door.url), capsys)
    assert (status, said) == (2, "passlane: the hub refused: an operator has to sign in\n")


def test_a_password_that_is_too_short_is_a_mistake(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PASSLANE_PASSWORD", "short")
    status, said = said_by(["account", "--data", with_ledger(stage), "wang-li"], capsys)
    assert status == 2
    assert "a password has 10 to 200 characters" in said


@pytest.mark.usefixtures("nobody_asked")
def test_where_nobody_can_be_asked_for_the_password_the_variable_is_named(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    for asked in (stage.enrol(), ["account", "--data", with_ledger(stage), "wang-li"]):
        status, said = said_by(asked, capsys)
        assert status == 2
        assert "PASSLANE_PASSWORD" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_shows_an_example_that_the_command_takes(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    example = shown.split("example: ")[1]
    assert example.startswith(f"passlane {command} ")
    assert callable(parser().parse_args(shlex.split(example)[1:]).run)


def test_the_help_of_the_whole_command_names_every_subcommand_and_shows_an_example(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert tuple(sorted(subparsers())) == tuple(sorted(COMMANDS))
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert "example: passlane demo --once" in shown
    assert all(re.search(rf"\n    {command}\s", shown) for command in COMMANDS)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("wrong"), 2),
        (InspectionError("wrong"), 2),
        (LaneError("wrong"), 2),
        (ProfileError("wrong"), 2),
        (AgentError("wrong"), 1),
        (HubError("wrong"), 1),
        (ModelError("wrong"), 1),
        (OSError(28, "wrong"), 1),
        (UsageError("\n wrong \n\n indeed\n"), 2),
    ],
)
def test_the_error_of_any_room_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, status: int
) -> None:
    def fails(_options: argparse.Namespace) -> int:
        raise error

    monkeypatch.setattr(demo_command, "run", fails)
    assert said_by(["demo"], capsys)[0] == status


def test_an_error_that_nobody_foresaw_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_options: argparse.Namespace) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(demo_command, "run", fails)
    with pytest.raises(ZeroDivisionError):
        main(["demo"])


def test_an_interrupt_ends_without_a_word(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_options: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo_command, "run", interrupted)
    assert main(["demo"]) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.real
def test_a_mistake_leaves_no_traceback_and_a_reader_that_went_away_no_complaint(stage: Stage) -> None:
    wrong = subprocess.run(
        [sys.executable, "-m", "passlane", "verify", str(stage.missing)], capture_output=True, check=False, text=True
    )
    assert (wrong.returncode, wrong.stdout, wrong.stderr.count("\n")) == (2, "", 1)
    with subprocess.Popen(
        [sys.executable, "-m", "passlane", "profile", "check", str(stage.profile.path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Lines that wait in a buffer meet the closed pipe only at the end.
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.wait(300) == 1
        assert process.stderr.read() == b""
