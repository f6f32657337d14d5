import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from central_hub.doors import broker as broker_module
from central_hub.doors.broker import Broker, BrokerError, BrokerUser, configuration
from central_hub.installation import free_port
from inspection import topics
from tests.central_hub.conftest import until
from tests.central_hub.doors.mqtt_device import MqttDevice

HOST = "127.0.0.1"
HUB_USER = BrokerUser(name="hub", password="hub's own")  # noqa: S106 - made up for the tests
LANE = BrokerUser(name="lane-1", password="lane's own", device="lane-1")  # noqa: S106 - made up for the tests
PDA = BrokerUser(name="pda-1", password='with "marks" 与', device="pda-1")  # noqa: S106 - made up for the tests
# Starts a broker and is then killed, as a hub might be.
KILLED_HUB = """
import os, signal, sys
from pathlib import Path
from central_hub.doors.broker import Broker, BrokerUser
Broker(Path(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2])).start([BrokerUser(name="hub", password="x")])
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(tmp_path, host=HOST, port=free_port(HOST))
    made.start([HUB_USER, LANE])
    yield made
    made.stop()


def user(broker: Broker, who: BrokerUser, **changes: str) -> MqttDevice:
    return MqttDevice(broker.port, **{"user": who.name, "password": who.password, **changes})


def pid_of(folder: Path) -> int:
    return int((folder / "broker.pid").read_text(encoding="ascii"))


def runs(pid: int) -> bool:
    """Say whether the process is there and has not ended; one that nobody reaped has no command line."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def test_the_configuration_gives_a_device_its_own_topics_and_the_hub_all(tmp_path: Path) -> None:
    read = json.loads(configuration(tmp_path, HOST, 1883, users=[HUB_USER, LANE]))
    hub, lane = read["authorization"]["users"]
    assert "permissions" not in hub
    assert lane["permissions"]["publish"] == [topics.facts("lane-1").replace("/", ".")]
    assert not any("facts" in subject for subject in lane["permissions"]["subscribe"])
    assert read["host"] == HOST


@pytest.mark.real
def test_a_device_says_its_facts_and_hears_its_receipts_and_directives(broker: Broker) -> None:
    with user(broker, HUB_USER) as hub, user(broker, LANE) as lane:
        assert hub.hear(topics.every_message())
        assert lane.hear(topics.receipts("lane-1"))
        assert lane.hear(topics.directives("lane-1"))
        assert lane.say(topics.facts("lane-1"), b"fact")
        until(lambda: (topics.facts("lane-1"), b"fact") in hub.heard)
        hub.say(topics.receipts("lane-1"), b"receipt")
        hub.say(topics.directives("lane-1"), b"directive")
        until(lambda: {message for _, message in lane.heard} == {b"receipt", b"directive"})


@pytest.mark.real
@pytest.mark.parametrize(
    "topic",
    [
        topics.receipts("pda-1"),
        topics.directives("pda-1"),
        topics.facts("pda-1"),
        topics.every_message(),
        "#",
        "+/+/+/+/receipts",
        "$MQTT/sub/#",
        "$MQTT/#",
        "$JS/#",
        "$SYS/#",
    ],
)
def test_a_device_cannot_hear_what_is_not_for_it(broker: Broker, topic: str) -> None:
    with user(broker, LANE) as lane:
        assert not lane.hear(topic)


@pytest.mark.real
@pytest.mark.parametrize(
    "topic", [topics.facts("pda-1"), topics.receipts("lane-1"), topics.directives("pda-1"), "$JS/API/STREAM/LIST", "x"]
)
def test_a_device_cannot_say_what_is_not_its_own(broker: Broker, topic: str) -> None:
    with user(broker, HUB_USER) as hub, user(broker, LANE) as lane:
        assert hub.hear(topic)
        lane.say(topic, b"forged")
        hub.say(topic, b"after it")
        until(lambda: hub.heard)
        assert [message for _, message in hub.heard] == [b"after it"]


@pytest.mark.real
@pytest.mark.parametrize(
    "changes", [{"password": "wrong"}, {"password": ""}, {"user": "lane-2"}, {"user": "hub"}, {"user": ""}]
)
def test_whoever_does_not_know_the_password_is_not_let_in(broker: Broker, changes: dict[str, str]) -> None:
    with user(broker, LANE, **changes) as stranger:
        assert not stranger.let_in


@pytest.mark.real
def test_who_is_allowed_later_is_let_in_without_a_restart_and_the_others_stay(broker: Broker, tmp_path: Path) -> None:
    before = pid_of(tmp_path)
    with user(broker, PDA) as pda:
        assert not pda.let_in
    with user(broker, LANE) as lane:
        broker.allow([HUB_USER, LANE, PDA])

        def let_in() -> bool:
            with user(broker, PDA) as pda:
                return pda.let_in and pda.hear(topics.receipts("pda-1"))

        until(let_in)
        assert lane.hear(topics.receipts("lane-1"))
    assert pid_of(tmp_path) == before


@pytest.mark.real
def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / '数据 "hub" \\ $HOME'
    folder.mkdir()
    broker = Broker(folder, host=HOST, port=free_port(HOST))
    broker.start([HUB_USER])
    broker.stop()
    assert (folder / "broker").is_dir()


@pytest.mark.real
def test_stopping_ends_the_process_and_frees_the_port(broker: Broker, tmp_path: Path) -> None:
    pid = pid_of(tmp_path)
    assert listens(broker.port)
    broker.stop()
    assert not runs(pid)
    assert not listens(broker.port)
    assert not (tmp_path / "broker.pid").exists()
    broker.stop()


@pytest.mark.real
def test_a_broker_that_does_not_end_when_asked_is_killed(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker_module, "STOP_SECONDS_MAX", 0.1)
    pid = pid_of(tmp_path)
    os.kill(pid, signal.SIGSTOP)
    broker.stop()
    assert not runs(pid)


@pytest.mark.real
def test_the_broker_of_a_hub_that_was_killed_is_ended_by_the_next_start(tmp_path: Path) -> None:
    port = free_port(HOST)
    killed = subprocess.run([sys.executable, "-c", KILLED_HUB, str(tmp_path), str(port)], check=False, timeout=600)
    assert killed.returncode == -signal.SIGKILL
    orphan = pid_of(tmp_path)
    assert runs(orphan)
    broker = Broker(tmp_path, host=HOST, port=port)
    broker.start([HUB_USER])
    try:
        assert not runs(orphan)
        with user(broker, HUB_USER) as hub:
            assert hub.let_in
    finally:
        broker.stop()


@pytest.mark.real
@pytest.mark.parametrize("text", ["", "x", "-1", "999999999"])
def test_a_note_of_a_process_that_is_none_ends_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "broker.pid").write_text(text, encoding="ascii")
    broker = Broker(tmp_path, host=HOST, port=free_port(HOST))
    broker.start([HUB_USER])
    assert broker.running
    broker.stop()
    assert not broker.running


@pytest.mark.real
def test_a_process_that_only_has_the_orphans_number_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "broker.pid").write_text(str(os.getpid()), encoding="ascii")
    broker = Broker(tmp_path, host=HOST, port=free_port(HOST))
    broker.start([HUB_USER])
    broker.stop()


@pytest.mark.parametrize("host", [HOST, ""])
def test_a_port_that_is_taken_is_a_clear_error_and_nothing_is_started(tmp_path: Path, host: str) -> None:
    with socket.socket() as taken:
        taken.bind((host, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BrokerError, match=f"port {port} of {HOST} cannot be used"):
            Broker(tmp_path, host=HOST, port=port).start([HUB_USER])
    assert not (tmp_path / "broker.pid").exists()


@pytest.mark.real
def test_a_broker_that_ends_at_once_is_an_error_with_the_end_of_its_log(tmp_path: Path) -> None:
    (tmp_path / "broker").write_bytes(b"a file where its store should be")
    with pytest.raises(BrokerError, match="does not listen"):
        Broker(tmp_path, host=HOST, port=free_port(HOST)).start([HUB_USER])
    assert not (tmp_path / "broker.pid").exists()


def test_allowing_somebody_while_no_broker_runs_only_writes_it_down_for_its_owner(tmp_path: Path) -> None:
    Broker(tmp_path, host=HOST, port=1).allow([LANE])
    file = tmp_path / "broker.json"
    assert json.loads(file.read_text(encoding="utf-8"))["authorization"]["users"][0]["user"] == "lane-1"
    assert file.stat().st_mode & 0o077 == 0


def test_without_the_program_the_error_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrokerError, match="make env"):
        Broker(tmp_path, host=HOST, port=free_port(HOST)).start([HUB_USER])
