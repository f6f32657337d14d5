import base64
import json
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import msgspec
import pytest

from inspection.carried.form import AnyItem, Heading, NotTaken, Sealer, Tally
from inspection.signing import SigningKey
from passlane import UsageError
from passlane.carrying import Brought, HubDoor, Outcome, Refused, bring
from tests.passlane.doors import PASSWORD, closed_port, raw_door

HUB_KEY = SigningKey(b"\x01" * 32)
HEADING = Heading(contents="facts", device="pda-7", first=1, last=40, part=1, written=1_780_000_000_000)
TALLY = Tally(facts_taken=40, facts_present=0, photos_taken=3, photos_present=1)
LEFT = NotTaken(about="ab" * 32, code="photo.digest", text="other bytes")


def sealed(items: Iterable[AnyItem]) -> bytes:
    sealer = Sealer()
    return b"".join([*(sealer.add(item) for item in items), sealer.end(HUB_KEY)])


def receipts(*items: AnyItem) -> bytes:
    return sealed([msgspec.structs.replace(HEADING, contents="receipts"), *items])


@dataclass
class CarriedDoor:
    """A door that takes files like the hub's. answers: what to say, one a file, as (status, body). came: the files."""

    url: str = ""
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    came: list[bytes] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)


@pytest.fixture
def door() -> Iterator[CarriedDoor]:
    made = CarriedDoor()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_expect_100(self) -> bool:
            # As the hub does: what is refused is not asked for.
            if made.answers and made.answers[0][0] in {401, 413}:
                self.answer(*made.answers.pop(0))
                return False
            return super().handle_expect_100()

        def do_POST(self) -> None:
            assert self.headers["Expect"] == "100-continue"
            assert self.path == "/api/carried"
            made.came.append(self.rfile.read(int(self.headers["Content-Length"])))
            made.signed_in.append(self.headers["Authorization"])
            self.answer(*(made.answers.pop(0) if made.answers else (200, receipts(TALLY))))

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path / "pda-7-1-40-001.passlane", HEADING)


def written(path: Path, *items: AnyItem) -> Path:
    path.write_bytes(sealed(items))
    return path


def brought(door: CarriedDoor | str, *files: Path, **changes: object) -> list[tuple[Path, Outcome]]:
    url = door if isinstance(door, str) else door.url
    told: list[tuple[Path, Outcome]] = []
    fields: dict[str, object] = {"url": url, "user": "operator", "password": PASSWORD, **changes}
    bring(list(files), HubDoor(**fields), tell=lambda path, outcome: told.append((path, outcome)))  # type: ignore[arg-type]
    return told


def test_a_file_is_brought_and_its_receipts_are_kept_beside_it(door: CarriedDoor, file: Path) -> None:
    answer = receipts(LEFT, TALLY)
    door.answers = [(200, answer)]
    [(path, outcome)] = brought(door, file)
    kept = file.with_name("pda-7-1-40-001.passlane.receipts")
    assert (path, outcome) == (file, Brought(receipts=kept, tally=TALLY, not_taken=[LEFT]))
    assert kept.read_bytes() == answer
    assert door.came == [file.read_bytes()]
    assert base64.b64decode(door.signed_in[0].removeprefix("Basic ")).decode() == f"operator:{PASSWORD}"
    assert sorted(found.name for found in file.parent.iterdir()) == [file.name, kept.name]


def test_parts_are_brought_in_their_order_however_they_are_named(door: CarriedDoor, tmp_path: Path) -> None:
    places = [("pda-7", 1, 10), ("pda-7", 1, 9), ("pda-7", 1, 1), ("pda-6", 41, 1), ("pda-7", 101, 1)]
    files = [
        written(
            tmp_path / f"{number}", msgspec.structs.replace(HEADING, device=device, first=first, last=500, part=part)
        )
        for number, (device, first, part) in enumerate(places)
    ]
    assert [path.name for path, _ in brought(door, *files)] == ["3", "2", "1", "0", "4"]


def test_a_refused_file_is_told_and_the_next_one_is_brought(door: CarriedDoor, file: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.passlane"
    broken.write_bytes(b"\x91")
    refusal = {"code": "carried.garbled", "text": "the file was damaged"}
    door.answers = [(422, json.dumps(refusal).encode())]
    [first, second] = brought(door, file, broken)
    assert first == (broken, Refused("carried.garbled", "the file was damaged"))
    assert isinstance(second[1], Brought)
    assert not broken.with_name("broken.passlane.receipts").exists()


def test_a_file_that_the_hub_does_not_want_is_not_sent(door: CarriedDoor, file: Path) -> None:
    door.answers = [(413, b'{"code": "carried.too_large", "text": "too large"}')]
    assert brought(door, file) == [(file, Refused("carried.too_large", "too large"))]
    assert door.came == []


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, b'{"code": "carried.sign_in", "text": "an operator has to sign in"}', "an operator has to sign in"),
        (507, b'{"code": "hub.disk", "text": "no room"}', "no room"),
        (500, b"oops", "it answered 500"),
        (302, b"", "it answered 302"),
    ],
)
def test_a_hub_that_takes_no_file_at_all_is_told_as_it_says(
    door: CarriedDoor, file: Path, status: int, body: bytes, said: str
) -> None:
    door.answers = [(status, body)]
    with pytest.raises(UsageError, match=f"the hub refused: {said}"):
        brought(door, file)


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>", receipts(TALLY)[:-1], receipts(), receipts(TALLY, LEFT), sealed([HEADING])],
)
def test_what_no_hub_answers_is_not_kept(door: CarriedDoor, file: Path, answer: bytes) -> None:
    door.answers = [(200, answer)]
    with pytest.raises(UsageError, match="does not answer as a hub does"):
        brought(door, file)
    assert [found.name for found in file.parent.iterdir()] == [file.name]


def test_a_hub_that_is_not_there_is_said_so(file: Path) -> None:
    with pytest.raises(UsageError, match="cannot be reached"):
        brought(f"http://127.0.0.1:{closed_port()}", file)


def test_what_speaks_no_http_is_said_so(file: Path) -> None:
    with raw_door(b"220 mail\r\n") as url, pytest.raises(UsageError, match="cannot be reached"):
        brought(url, file)


def test_a_stick_that_cannot_be_written_to_is_said_so(door: CarriedDoor, file: Path) -> None:
    (file.parent / "pda-7-1-40-001.passlane.receipts.part").mkdir()
    with pytest.raises(UsageError, match="Is a directory"):
        brought(door, file)


def test_certificates_that_cannot_be_read_are_said_so(door: CarriedDoor, file: Path) -> None:
    with pytest.raises(UsageError, match="--ca-file"):
        brought(door, file, ca_file=file)
