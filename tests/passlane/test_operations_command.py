import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from central_hub import clock
from central_hub.store.gaps import Gap
from inspection import topics
from inspection.directives import Contact
from inspection.wire import seal_contact
from passlane import operations_command
from passlane.__main__ import main
from tests.central_hub.conftest import NOW, Bench
from tests.central_hub.simulated_device import SimulatedDevice
from tests.passlane.doors import PASSWORD


@pytest.fixture(autouse=True)
def hub_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now_ms", lambda: NOW)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "hub")
    yield made
    made.db.close()


def heard(hub: Bench, device: SimulatedDevice) -> None:
    """Enrol a device that says how many facts it has written, and has none of them receipted."""
    hub.enrol(device)
    newest = device.records[-1]
    said = Contact(
        device=device.name, newest=newest.entry.seq, head=newest.digest, receipted=0, wall=NOW, mono=1, boot="boot"
    )
    hub.take(topics.contact(device.name), seal_contact(said, device.key))


def test_a_hub_at_which_nothing_is_missing_says_so_and_the_status_is_0(
    hub: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gaps", "--data", str(hub.folder)]) == 0
    assert main(["gaps", "--data", str(hub.folder), "--json"]) == 0
    assert capsys.readouterr().out.splitlines() == ["nothing is missing", '{"gaps":[]}']


def test_each_gap_is_a_line_and_the_status_is_1(hub: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    device = SimulatedDevice()
    device.whole_case()
    heard(hub, device)
    hub.send(device, 1, 4)
    hub.enrol(SimulatedDevice("pda-2"))
    count = len(device.records)
    assert main(["gaps", "--data", str(hub.folder)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"lane-1: {count - 4} facts, 5 to {count}, have not arrived; the device told of them at 2026-05-29 04:26:40",
        "pda-2: nobody ever heard it",
    ]
    assert main(["gaps", "--data", str(hub.folder), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)["gaps"]
    assert [(gap["device"], gap["kind"], gap["count"]) for gap in said] == [
        ("lane-1", "missing", count - 4),
        ("pda-2", "silent", 0),
    ]


def test_the_limit_of_silence_is_the_installations(hub: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    (hub.folder / "hub.toml").write_text("silence_hours_max = 1", encoding="utf-8")
    device = SimulatedDevice()
    hub.now -= 2 * 3_600_000
    device.open_case()
    heard(hub, device)
    hub.send(device)
    assert main(["gaps", "--data", str(hub.folder)]) == 1
    assert capsys.readouterr().out == "lane-1: nobody heard it since 2026-05-29 02:26:40\n"


@pytest.mark.parametrize(
    ("gap", "said"),
    [
        (Gap(device="a", kind="lost", since=NOW, first=4, last=9, count=6), "6 facts, 4 to 9, are here and the device"),
        (Gap(device="a", kind="directives", since=NOW, count=2), "2 directives are not settled, the oldest since 2026"),
        (Gap(device="a", kind="quarantined", since=0, text="batch.fork: why"), "nothing of it is taken: batch.fork: w"),
    ],
)
def test_every_kind_of_gap_is_said_in_words(gap: Gap, said: str) -> None:
    assert said in operations_command._said(gap)


def test_what_is_no_hubs_folder_is_a_mistake_and_no_gap(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gaps", "--data", str(tmp_path)]) == 2
    assert "is no hub's data folder" in capsys.readouterr().err


def test_a_settings_file_that_is_wrong_is_named(hub: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    (hub.folder / "hub.toml").write_text("titel = 1", encoding="utf-8")
    assert main(["gaps", "--data", str(hub.folder)]) == 2
    assert "titel" in capsys.readouterr().err


def test_a_damaged_ledger_is_a_mistake_and_no_gap(hub: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    hub.db.close()
    for path in hub.folder.glob("ledger.db*"):
        path.write_bytes(b"no database at all" * 100)
    assert main(["gaps", "--data", str(hub.folder)]) == 2
    assert "not a database" in capsys.readouterr().err


@dataclass
class Door:
    """Answers as the hub does. asked: method, path and body of what came."""

    url: str = ""
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)
    refusal: bytes = b""


@pytest.fixture
def door() -> Iterator[Door]:
    made = Door()
    proof = "Basic " + base64.b64encode(f"operator:{PASSWORD}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.asked.append((self.command, self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            allowed = self.headers["Authorization"] == proof
            answer = made.refusal if allowed else b'{"text": "an operator has to sign in"}'
            self.send_response(404 if made.refusal else 204 if allowed else 401)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield made
        server.shutdown()
        thread.join()


def test_a_device_is_released_with_the_reason(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["release", "--hub", door.url, "--device", "pda-7", "--reason", "the copy & all"]) == 0
    assert door.asked == [("POST", "/api/devices/pda-7/release?reason=the+copy+%26+all", b"")]
    assert capsys.readouterr().out == "pda-7 is released: the hub takes its facts again\n"


def test_a_device_is_asked_to_send_again(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--hub", door.url, "--device", "../pda-7"]) == 0
    assert door.asked == [("POST", "/api/devices/..%2Fpda-7/replay", b"")]
    assert capsys.readouterr().out == "../pda-7 is asked to send again what the hub does not have\n"


@pytest.mark.parametrize("ask", [["release", "--reason", "found"], ["replay"]])
def test_what_the_hub_refuses_is_said_in_its_words(
    door: Door, ask: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    whom = ["--hub", door.url, "--device", "pda-7"]
    assert main([*ask, *whom, "--user", "auditor"]) == 2
    assert "an operator has to sign in" in capsys.readouterr().err
    door.refusal = b'{"code": "x", "text": "device pda-7 is not enrolled"}'
    assert main([*ask, *whom]) == 2
    assert "the hub refused: device pda-7 is not enrolled" in capsys.readouterr().err
