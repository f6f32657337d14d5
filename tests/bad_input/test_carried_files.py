"""Files on a stick that are not what they should be, through the commands of a person at the hub's counter."""

import http.client
import socket
import urllib.parse
from pathlib import Path

import pytest

from central_hub.doors.importing import FOLDER
from inspection.carried.form import CarriedBatch, Heading, Sealer
from passlane.__main__ import main
from tests.bad_input.conftest import HONEST, SECONDS_MAX, Honest, Operator
from tests.bad_input.thief import Thief, answered
from tests.wires.site import Site, at_work, device_of, inspect, settled

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

BODY_BYTES = 8 * 1024 * 1024


@pytest.fixture(autouse=True)
def password(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSLANE_PASSWORD", site.password)


def exported(site: Site, device: str, folder: Path, serial: str) -> Path:
    """Lead a vehicle through a device without a network; return the file that it is exported to."""
    home = site.enrol(device)
    with device_of(home) as agent:
        inspect(agent, serial)
    assert main(["export", "--home", str(home.path), "--to", str(folder)]) == 0
    [file] = folder.glob("*.passlane")
    return file


def brought(site: Site, file: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Bring a file to the hub; return the command's status and what it said."""
    capsys.readouterr()
    status = main(["import", str(file), "--hub", site.url])
    return status, capsys.readouterr().out


def spooled(site: Site) -> list[Path]:
    folder = site.folder / FOLDER
    return list(folder.iterdir()) if folder.exists() else []


def test_a_file_that_breaks_off_anywhere_is_refused_whole_and_taken_once_it_was_copied_again(
    site: Site, operator: Operator, honest: Honest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = exported(site, "pda-stick", tmp_path, "501")
    whole = file.read_bytes()
    for part in (0, 3, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:part])
        status, said = brought(site, file, capsys)
        assert (status, "carried.truncated" in said) == (1, True)
        assert site.facts_of("pda-stick") == 0
        assert spooled(site) == []
    honest.gets_a_sticker()
    refused = operator.refused("pda-stick", "carried.truncated")
    assert (refused.times, "copy it again, or export again" in refused.text) == (2, True)
    file.write_bytes(whole)
    assert brought(site, file, capsys)[0] == 0
    with at_work(site.enrol("pda-stick")) as agent:
        settled(agent)
        assert agent.status().refusals == []
        assert site.facts_of("pda-stick") == agent.status().counts.newest


def test_a_file_with_one_byte_changed_is_refused_whole(
    site: Site, operator: Operator, honest: Honest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = exported(site, "pda-scratched", tmp_path, "502")
    whole = bytearray(file.read_bytes())
    whole[len(whole) * 3 // 4] ^= 1
    file.write_bytes(whole)
    status, said = brought(site, file, capsys)
    assert (status, "was damaged" in said) == (1, True)
    assert "damaged" in operator.refused("pda-scratched", "carried.damaged").text
    assert site.facts_of("pda-scratched") == 0
    honest.gets_a_sticker()


def test_a_file_that_a_thief_wrote_in_anothers_name_changes_nothing_for_the_other(
    site: Site, operator: Operator, honest: Honest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    thief = Thief(site, "pda-penman")
    thief.open_case()
    have = site.facts_of(HONEST)
    sealer = Sealer()
    heading = Heading(contents="facts", device=HONEST, first=1, last=1, part=1, written=1)
    file = tmp_path / "forged.passlane"
    file.write_bytes(sealer.add(heading) + sealer.add(CarriedBatch(message=thief.message())) + sealer.end(thief.key))
    status, said = brought(site, file, capsys)
    assert (status, "pda-penman wrote" in said) == (1, True)
    sealer = Sealer()
    file.write_bytes(sealer.add(heading) + sealer.end(thief.key))
    assert "somebody else wrote or changed it" in brought(site, file, capsys)[1]
    operator.refused(HONEST, "carried.signature")
    assert site.facts_of(HONEST) == have
    assert site.value("SELECT quarantined FROM devices WHERE device = ?", HONEST) == ""
    honest.gets_a_sticker()


def test_a_stranger_leaves_nothing_on_the_hubs_disk(site: Site, honest: Honest) -> None:
    thief = Thief(site, "pda-heaper")
    for headers in ({}, {"Authorization": "Basic b3BlcmF0b3I6bm8="}, {"Passlane-Device": thief.name}):
        answer = thief.ask("POST", "/api/carried", headers, bytes(BODY_BYTES))
        assert answer[:2] == (http.client.UNAUTHORIZED, "carried.sign_in")
        assert spooled(site) == []
    place = urllib.parse.urlsplit(site.url)
    with socket.create_connection((place.hostname, place.port), SECONDS_MAX) as slow:
        lines = ("POST /api/carried HTTP/1.1", f"Host: {place.netloc}", "Content-Length: 4000000000", "", "x")
        slow.sendall("\r\n".join(lines).encode())
        honest.gets_a_sticker()
        assert answered(slow).code == "carried.sign_in"
    assert spooled(site) == []


def test_receipts_that_the_hub_did_not_write_settle_nothing(
    site: Site, honest: Honest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = exported(site, "pda-settled", tmp_path, "503")
    home = site.enrol("pda-settled")
    assert brought(site, file, capsys)[0] == 0
    receipts = file.with_name(file.name + ".receipts")
    whole = receipts.read_bytes()
    for forged in (whole[:-1], whole[: len(whole) // 2], whole[:-1] + bytes([whole[-1] ^ 1]), file.read_bytes()):
        receipts.write_bytes(forged)
        assert main(["import", str(receipts), "--home", str(home.path)]) == 1
        said = capsys.readouterr().out
        assert "nothing was taken of" in said
        assert " 0 facts and 0 photos wait" not in said
    honest.gets_a_sticker()
    receipts.write_bytes(whole)
    assert main(["import", str(receipts), "--home", str(home.path)]) == 0
    assert " 0 facts and 0 photos wait" in capsys.readouterr().out
