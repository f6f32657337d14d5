import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from central_hub.doors import broker as broker_module
from central_hub.doors.broker import Broker, BrokerError, BrokerUser
from central_hub.doors.broker_terms import MESSAGE_BYTES_MAX
from central_hub.installation import Tls, free_port
from inspection import topics
from tests.central_hub.brokers import KINDS
from tests.central_hub.conftest import until
from tests.central_hub.doors.mqtt_device import MqttDevice
from tests.made_certificates import make_certificate

EVERYTHING = "passlane/1/+/+/+"
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


Kind = Literal["nats", "mosquitto"]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture
def broker(tmp_path: Path, kind: Kind) -> Iterator[Broker]:
    made = Broker(tmp_path, host=HOST, port=free_port(HOST), kind=kind)
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


@pytest.mark.real
def test_a_device_says_its_facts_and_hears_its_receipts_and_directives(broker: Broker) -> None:
    with user(broker, HUB_USER) as hub, user(broker, LANE) as lane:
        assert hub.hear(EVERYTHING)
        assert lane.hear(topics.receipts("lane-1"))
        assert lane.hear(topics.directives("lane-1"))
        assert lane.say(topics.facts("lane-1"), b"fact")
        assert lane.say(topics.contact("lane-1"), b"contact")
        until(lambda: {message for _, message in hub.heard} == {b"fact", b"contact"})
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
        topics.facts("lane-1"),
        EVERYTHING,
        "#",
        "+/+/+/+/receipts",
    ],
)
def test_a_device_cannot_hear_what_is_not_for_it(broker: Broker, topic: str) -> None:
    """One program refuses the subscription, the other grants it and delivers nothing."""
    said = [topics.receipts("pda-1"), topics.directives("pda-1"), topics.facts("pda-1"), topics.facts("lane-1")]
    with user(broker, LANE) as lane, user(broker, HUB_USER) as hub:
        lane.hear(topic)
        for name in said:
            assert hub.say(name, b"not for it")
        assert lane.hear(topics.directives("lane-1"))
        assert hub.say(topics.directives("lane-1"), b"after them")
        until(lambda: lane.heard)
        # A filter with wildcards may bring its own message twice, and nothing of anybody else's.
        assert {message for _, message in lane.heard} == {b"after them"}


@pytest.mark.real
@pytest.mark.parametrize("topic", ["$MQTT/sub/#", "$MQTT/#", "$JS/#", "$SYS/#"])
def test_a_device_cannot_look_inside_the_embedded_broker(tmp_path: Path, topic: str) -> None:
    broker = Broker(tmp_path, host=HOST, port=free_port(HOST))
    broker.start([LANE])
    try:
        with user(broker, LANE) as lane:
            assert not lane.hear(topic)
    finally:
        broker.stop()


@pytest.mark.real
@pytest.mark.parametrize(
    "topic",
    [topics.facts("pda-1"), topics.contact("pda-1"), topics.receipts("lane-1"), topics.directives("pda-1"), "x"],
)
def test_a_device_cannot_say_what_is_not_its_own(broker: Broker, topic: str) -> None:
    with user(broker, HUB_USER) as hub, user(broker, LANE) as lane:
        assert hub.hear(topic)
        lane.say(topic, b"forged")
        hub.say(topic, b"after it")
        until(lambda: hub.heard)
        assert [message for _, message in hub.heard] == [b"after it"]


@pytest.mark.real
def test_a_device_leaves_nothing_behind_that_it_may_not_say(broker: Broker) -> None:
    with user(broker, HUB_USER) as hub:
        assert hub.hear("#")
        for will in (topics.facts("pda-1"), topics.receipts("pda-1"), topics.facts("lane-1")):
            with user(broker, LANE, will=will) as lane:
                lane.break_off()
                until(lambda lane=lane: not lane.connected)  # type: ignore[misc]
        until(lambda: hub.heard)
        assert hub.heard == [(topics.facts("lane-1"), b"the will")]


@pytest.mark.real
def test_who_begins_what_need_never_be_ended_is_cut_off(broker: Broker) -> None:
    """With QoS 2 the broker keeps a message until its sender releases it: a thief could fill the hub's disk so."""
    with user(broker, HUB_USER) as hub:
        assert hub.hear(topics.facts("lane-1"))
        with user(broker, LANE) as lane:
            lane.say_exactly_once(topics.facts("lane-1"), b"begun")
            until(lambda: not lane.connected)
        with user(broker, LANE) as lane:
            assert lane.say(topics.facts("lane-1"), b"as agreed")
        until(lambda: hub.heard)
        assert [message for _, message in hub.heard] == [b"as agreed"]


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
def test_who_is_shut_out_is_cut_off_at_once_and_the_others_stay(broker: Broker) -> None:
    with user(broker, HUB_USER) as hub, user(broker, LANE) as lane:
        assert hub.hear(topics.facts("lane-1"))
        assert lane.say(topics.facts("lane-1"), b"before")
        broker.allow([HUB_USER])
        until(lambda: not lane.connected)
        assert hub.connected

    def shut_out() -> bool:
        with user(broker, LANE) as again:
            return not again.let_in

    until(shut_out)


@pytest.mark.real
def test_a_message_that_is_too_large_reaches_nobody_and_the_next_does(broker: Broker) -> None:
    with user(broker, HUB_USER) as hub:
        assert hub.hear(topics.facts("lane-1"))
        with user(broker, LANE) as lane:
            lane.say(topics.facts("lane-1"), bytes(MESSAGE_BYTES_MAX + 2_000))
        with user(broker, LANE) as lane:
            assert lane.say(topics.facts("lane-1"), b"of a good size")
        until(lambda: hub.heard)
        assert [message for _, message in hub.heard] == [b"of a good size"]


@pytest.mark.real
def test_what_many_say_to_one_at_once_all_arrives(broker: Broker) -> None:
    """More than the 1 000 that one of the programs would drop in silence by its defaults."""
    with user(broker, HUB_USER) as hub, user(broker, LANE) as lane:
        assert hub.hear(topics.facts("lane-1"))
        assert lane.say_many(topics.facts("lane-1"), [b"%d" % number for number in range(5_000)])
        until(lambda: len(hub.heard) == 5_000)
        assert [int(message) for _, message in hub.heard] == [*range(5_000)]


@pytest.mark.real
def test_a_folder_may_have_any_name(tmp_path: Path, kind: Kind) -> None:
    folder = tmp_path / '数据 "hub" \\ $HOME'
    folder.mkdir()
    tls = make_certificate(folder)
    broker = Broker(
        folder, host=HOST, port=free_port(HOST), kind=kind, tls=Tls(certificate=tls.certificate, key=tls.key)
    )
    broker.start([HUB_USER])
    broker.stop()


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
def test_the_broker_of_a_hub_that_was_killed_is_ended_by_the_next_start(tmp_path: Path, kind: Kind) -> None:
    """Also where hub.toml names another program meanwhile: the one that was killed is the embedded one."""
    port = free_port(HOST)
    killed = subprocess.run([sys.executable, "-c", KILLED_HUB, str(tmp_path), str(port)], check=False, timeout=600)
    assert killed.returncode == -signal.SIGKILL
    orphan = pid_of(tmp_path)
    assert runs(orphan)
    broker = Broker(tmp_path, host=HOST, port=port, kind=kind)
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


def test_allowing_somebody_while_no_broker_runs_only_writes_it_down_for_its_owner(tmp_path: Path, kind: Kind) -> None:
    Broker(tmp_path, host=HOST, port=1, kind=kind).allow([LANE])
    files = list(tmp_path.iterdir())
    assert any("lane-1" in file.read_text(encoding="utf-8") for file in files)
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)


@pytest.mark.real
def test_who_speaks_an_old_tls_or_none_is_not_let_in(tmp_path: Path, kind: Kind) -> None:
    made = make_certificate(tmp_path)
    tls = Tls(certificate=made.certificate, key=made.key)
    broker = Broker(tmp_path, host=HOST, port=free_port(HOST), kind=kind, tls=tls)
    broker.start([HUB_USER])
    try:
        assert handshake(broker.port, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
        assert handshake(broker.port, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
        assert handshake(broker.port, ssl.TLSVersion.TLSv1_1) == ""
        with socket.create_connection((HOST, broker.port), 10) as plain, contextlib.suppress(ConnectionResetError):
            plain.sendall(b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00")
            # Not a CONNACK (0x20): at most an alert of TLS (0x15), then the end.
            assert plain.recv(1)[:1] in (b"", b"\x15")
    finally:
        broker.stop()


def handshake(port: int, version: ssl.TLSVersion) -> str:
    """Return the version of TLS that was spoken, empty where there was no agreement."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings(category=DeprecationWarning, action="ignore"):
        context.minimum_version = context.maximum_version = version
    # The client would refuse the old one by itself.
    context.set_ciphers("ALL:@SECLEVEL=0")
    try:
        with socket.create_connection((HOST, port), 10) as raw, context.wrap_socket(raw) as spoken:
            return spoken.version() or ""
    except OSError:
        return ""
