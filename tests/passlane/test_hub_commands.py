import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from central_hub import assembly
from central_hub.assembly import SignIn
from central_hub.people.lockout import Tally
from central_hub.store.database import open_for_reading
from central_hub.store.office.accounts import Account, Accounts, SecondFactor, check_password
from passlane import UsageError
from passlane.__main__ import main
from passlane.hub_commands import asked_password
from tests.central_hub.conftest import Bench, bench, store
from tests.central_hub.simulated_device import SimulatedDevice
from tests.passlane.doors import HUB_KEY, PASSWORD

__all__ = ["bench", "store"]

SIGN_IN = "secret-of-one-start"


@pytest.fixture
def folder(bench: Bench) -> Path:
    """A sound data folder with a sealed case in it."""
    device = SimulatedDevice()
    bench.enrol(device)
    device.open_case()
    bench.send(device)
    bench.transaction(bench.casework.seal)
    (bench.folder / "hub.pub").write_text(bench.key.public.hex() + "\n", encoding="ascii")
    return bench.folder


def test_a_sound_folder_is_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(folder)]) == 0
    assert capsys.readouterr().out == "sound: 1 cases, 2 chains, 7 facts, 1 seals, 4 signatures\n"


def test_a_key_from_elsewhere_is_believed_and_not_the_folders_own(folder: Path, bench: Bench) -> None:
    (folder / "hub.pub").write_text(HUB_KEY, encoding="ascii")
    assert main(["verify", str(folder), "--key", bench.key.public.hex()]) == 0


def test_the_key_of_another_hub_is_a_break_that_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(folder), "--key", HUB_KEY]) == 1
    said = capsys.readouterr()
    assert said.out.startswith("BROKEN: ")
    assert (said.out.count("\n"), said.err) == (1, "")


def test_a_fact_that_was_changed_is_a_break(folder: Path, bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.db.execute("UPDATE entries SET raw = x'00' WHERE pos = (SELECT max(pos) FROM entries)")
    assert main(["verify", str(folder)]) == 1
    assert "BROKEN: fact" in capsys.readouterr().out


def account_of(folder: Path, name: str = "wang-li") -> Account:
    db = open_for_reading(folder)
    account = Accounts(db).get(name)
    db.close()
    assert account is not None
    return account


@pytest.mark.parametrize("role", ["auditor", "operator"])
def test_an_account_can_sign_in_with_the_password_that_was_set(
    folder: Path, role: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["account", "--data", str(folder), "--role", role, "--title", "审核员", "wang-li"]) == 0
    assert capsys.readouterr().out == f"account wang-li ({role}) is set\n"
    account = account_of(folder)
    assert (account.roles, account.title, account.person, account.plain) == ((role,), "审核员", "wang-li", False)
    assert check_password(account.password, PASSWORD)


def test_an_account_without_a_title_is_called_by_its_name(folder: Path) -> None:
    assert main(["account", "--data", str(folder), "wang-li"]) == 0
    account = account_of(folder)
    assert (account.title, account.roles) == ("wang-li", ("auditor",))


def test_person_roles_and_station_are_kept_and_stay_when_only_the_password_is_new(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    roles = ["--role", "driver", "--role", "appearance"]
    made = ["account", "--data", str(folder), "wang-li", *roles, "--station", "S1", "--person", "p-1"]
    assert main([*made, "--password-only"]) == 0
    assert account_of(folder).plain
    assert main(["account", "--data", str(folder), "wang-li"]) == 0
    account = account_of(folder)
    assert (account.roles, account.station, account.person) == (("appearance", "driver"), "S1", "p-1")
    assert not account.plain
    assert capsys.readouterr().out == "account wang-li (appearance, driver) is set\n" * 2


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["--role", "auditor", "--role", "inspector", "--station", "S1"], "exclude each other"),
        (["--role", "driver"], "name the station"),
        (["--role", "boss"], "no role 'boss'"),
        (["--person", "no body"], "cannot name an account"),
        (["--unlock"], "there is no account wang-li"),
        (["--reset-second-factor"], "there is no account wang-li"),
    ],
)
def test_an_account_that_cannot_be_is_refused_in_a_line(
    folder: Path, asked: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["account", "--data", str(folder), "wang-li", *asked]) == 2
    said = capsys.readouterr()
    assert told in said.err
    assert (said.out, said.err.count("\n")) == ("", 1)


def test_an_account_is_unlocked_and_its_second_factor_forgotten_with_the_password_as_it_was(
    folder: Path, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["account", "--data", str(folder), "wang-li"]) == 0
    before = account_of(folder)
    accounts = Accounts(bench.db)
    accounts.keep(replace(before, locked=True))
    accounts.keep_factor("wang-li", SecondFactor(secret="S", enrolled=True, failures=Tally(count=10, since=1)))  # noqa: S106
    assert main(["account", "--data", str(folder), "wang-li", "--unlock"]) == 0
    factor = accounts.factor("wang-li")
    assert factor is not None
    assert (account_of(folder), factor.failures.count) == (before, 0)
    assert main(["account", "--data", str(folder), "wang-li", "--reset-second-factor"]) == 0
    assert (account_of(folder), accounts.factor("wang-li")) == (before, None)
    assert capsys.readouterr().out.splitlines()[1:] == [
        "account wang-li is unlocked",
        "account wang-li has no second factor any more",
    ]
    changes = [change for _, change in accounts.take_notes()]
    assert changes == ["made", "unlocked", "second_factor"]


class Terminal:
    def isatty(self) -> bool:
        return True


def test_a_password_is_asked_of_the_person_at_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PASSLANE_PASSWORD")
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", lambda prompt: f"answer to {prompt}")
    assert asked_password("who? ") == "answer to who? "


def test_a_person_who_gives_no_password_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(_prompt: str) -> str:
        raise EOFError

    monkeypatch.delenv("PASSLANE_PASSWORD")
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", nothing)
    with pytest.raises(UsageError, match="no password was given"):
        asked_password("who? ")


class QuietHub:
    """A hub that is ready at once and runs until it is told to stop. runs: what happens meanwhile."""

    url = "http://127.0.0.1:1"
    runs: Callable[[], object] = staticmethod(lambda: signal.raise_signal(signal.SIGTERM))
    made = (SignIn(name="auditor", password=SIGN_IN),)

    def __init__(self, folder: Path) -> None:
        assert folder.is_dir()

    async def run(self, stop: asyncio.Event, *, ready: Callable[[list[SignIn]], None]) -> None:
        ready(list(self.made))
        self.runs()
        await stop.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_hub_says_where_it_is_and_stops_when_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    monkeypatch.setattr(QuietHub, "runs", staticmethod(lambda: signal.raise_signal(number)))
    monkeypatch.setattr(assembly, "Hub", QuietHub)
    assert main(["hub", "--data", str(tmp_path / "new" / "hub")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "console: http://127.0.0.1:1",
        f"sign in as auditor with password {SIGN_IN} (shown this once)",
    ]


def test_a_program_that_starts_the_hub_gets_one_line_of_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(assembly, "Hub", QuietHub)
    assert main(["hub", "--data", str(tmp_path), "--json"]) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {"event": "ready", "url": "http://127.0.0.1:1", "accounts": {"auditor": SIGN_IN}}


def test_a_hub_with_a_parent_stops_when_that_lets_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    monkeypatch.setattr(QuietHub, "runs", staticmethod(lambda: os.close(write)))
    monkeypatch.setattr(assembly, "Hub", QuietHub)
    with os.fdopen(read) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert main(["hub", "--data", str(tmp_path), "--with-parent"]) == 0
