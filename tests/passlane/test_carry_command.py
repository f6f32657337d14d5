from collections.abc import Callable
from pathlib import Path

import pytest

from edge_agent.home import Home
from edge_agent.journal import Journal
from inspection import wire
from inspection.carried.form import AnyItem, CarriedReceipt, Heading, NotTaken, Sealer, Tally, photo_receipt
from inspection.directives import Receipt
from passlane import carry_command, carrying
from passlane.__main__ import main
from passlane.carrying import Brought, HubDoor, Outcome, Refused
from tests.edge_agent.stand_ins.fakes import DEVICE, HUB_KEY, FakeHub, jpeg, make_agent, make_home, opened
from tests.passlane.doors import PASSWORD

Said = Callable[[], str]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """The home of a device with a case and a photo that wait."""
    home = make_home(tmp_path)
    with make_agent(home, FakeHub()) as agent:
        agent.take_photo(agent.open_case(opened()), "0113", jpeg())
    return home


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    return lambda: capsys.readouterr().out


def waiting(home: Home) -> tuple[int, int]:
    with Journal(home.journal_path, home.device) as journal:
        counts = journal.counts()
    return counts.newest - counts.receipted, counts.photos_waiting


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def test_what_waits_is_written_and_waits_on(home: Home, tmp_path: Path, said: Said) -> None:
    assert run("export", "--home", home.path, "--to", tmp_path / "stick") == 0
    [file] = (tmp_path / "stick").iterdir()
    shown = said()
    assert file.name == "pda-7-1-3-001.passlane"
    assert f"{file}: 0.0 MB" in shown
    assert "pda-7: 3 facts and 1 photos; they wait on the device" in shown
    assert file.stat().st_mode & 0o077 == 0
    assert waiting(home) == (3, 1)


def test_where_nothing_waits_that_is_said(tmp_path: Path, said: Said) -> None:
    home = make_home(tmp_path)
    assert run("export", "--home", home.path, "--to", tmp_path / "stick") == 0
    assert "nothing waits" in said()
    assert not (tmp_path / "stick").exists()


def test_photos_that_cannot_be_exported_are_named(
    home: Home, tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make_agent(home, FakeHub()) as agent:
        case = agent.open_case(opened())
        for seed in (2, 3):
            agent.take_photo(case, "0113", jpeg(seed))
    for photo in home.vault_path.glob("*/*"):
        photo.write_bytes(b"damaged")
    monkeypatch.setattr(carry_command, "SHOWN_MAX", 2)
    assert run("export", "--home", home.path, "--to", tmp_path / "stick") == 1
    shown = said()
    assert shown.count("was damaged on the disk") == 2
    assert "left out: 1 photos more" in shown


def test_a_stick_that_is_a_file_is_said_so(home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "stick").write_text("a file")
    assert run("export", "--home", home.path, "--to", tmp_path / "stick") == 1
    assert "cannot be written to" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "size"), [("64M", 64 * 1024**2), ("2g", 2 * 1024**3), ("100000000", 100_000_000)])
def test_a_size_is_taken_as_people_write_it(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, size: int
) -> None:
    assert carry_command._size(text) == size
    assert run("export", "--home", home.path, "--to", tmp_path / "stick", "--split", text) == 0


@pytest.mark.parametrize("text", ["", "0", "-1G", "4G", "999G", "1.5G", "63M", "G", "２G", "9" * 30])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(Exception, match="is no size"):
        carry_command._size(text)


def receipts_for(home: Home, path: Path, *, device: str = DEVICE) -> None:
    """Write what the hub would answer to an export of this home."""
    with Journal(home.journal_path, home.device) as journal:
        photos, head, newest = journal.photos("kept"), journal.head, journal.newest
    receipt = Receipt(device=device, have=newest, head=head, hub_time=1_000)
    items: list[AnyItem] = [
        Heading(contents="receipts", device=device, first=1, last=newest, part=1, written=1),
        CarriedReceipt(message=wire.seal_receipt(receipt, HUB_KEY)),
        *(photo_receipt(device, photo.digest, photo.size, key=HUB_KEY) for photo in photos),
        Tally(facts_taken=newest, facts_present=0, photos_taken=len(photos), photos_present=0),
    ]
    sealer = Sealer()
    path.write_bytes(b"".join([*(sealer.add(item) for item in items), sealer.end(HUB_KEY)]))


def test_receipts_that_were_brought_back_let_go_of_what_waited(home: Home, tmp_path: Path, said: Said) -> None:
    path = tmp_path / "x.receipts"
    receipts_for(home, path)
    for _ in range(2):
        assert run("import", path, "--home", home.path) == 0
        assert "the hub has 3 facts, and 1 photos of this file" in said()
        assert waiting(home) == (0, 0)


def test_receipts_that_are_refused_stop_no_others(home: Home, tmp_path: Path, said: Said) -> None:
    good, cut, foreign = (tmp_path / name for name in ("good", "cut", "foreign"))
    receipts_for(home, good)
    receipts_for(home, foreign, device="pda-8")
    cut.write_bytes(good.read_bytes()[:-1])
    assert run("import", cut, foreign, good, "--home", home.path) == 1
    shown = said()
    assert "nothing was taken of cut: " in shown
    assert "[carried.truncated]" in shown
    assert "[carry.wrong_device]" in shown
    assert waiting(home) == (0, 0)


def test_what_the_hub_took_and_did_not_take_is_said(
    tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally = Tally(facts_taken=40, facts_present=2, photos_taken=16, photos_present=1)
    left = [NotTaken(about=f"{number:02}" * 32, code="photo.digest", text="other bytes") for number in range(3)]
    outcomes: list[Outcome] = [
        Brought(receipts=tmp_path / "a.receipts", tally=tally, not_taken=[]),
        Brought(receipts=tmp_path / "b.receipts", tally=tally, not_taken=left),
        Refused("carried.truncated", "the file breaks off"),
    ]
    doors: list[HubDoor] = []

    def bring(files: list[Path], door: HubDoor, *, tell: Callable[[Path, Outcome], None]) -> None:
        doors.append(door)
        for path in files:
            tell(path, outcomes.pop(0))

    monkeypatch.setattr(carrying, "bring", bring)
    monkeypatch.setattr(carry_command, "SHOWN_MAX", 2)
    assert run("import", "a", "--hub", "http://hub", "--user", "wang") == 0
    assert "a: 40 facts taken, 2 already there\n  16 photos taken, 1 already there\n" in said()
    assert doors == [HubDoor(url="http://hub", user="wang", password=PASSWORD)]
    assert run("import", "b", "--hub", "http://hub") == 1
    shown = said()
    assert shown.count("other bytes [photo.digest]") == 2
    assert "not taken: 1 more" in shown
    assert run("import", "c", "--hub", "http://hub") == 1
    assert "c: nothing was taken: the file breaks off [carried.truncated]" in said()
