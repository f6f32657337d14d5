import os
from pathlib import Path

import pytest

from central_hub.doors import broker_mosquitto
from central_hub.doors.broker_mosquitto import PASSWORDS_FILE, RIGHTS_FILE, Mosquitto
from central_hub.doors.broker_terms import MESSAGE_BYTES_MAX, BrokerError, BrokerUser, Listening
from central_hub.installation import Tls
from inspection import topics
from tests.central_hub.brokers import needs_mosquitto

HUB_USER = BrokerUser(name="hub", password="hub's own")  # noqa: S106 - made up for the tests
LANE = BrokerUser(name="lane-1", password="lane's own", device="lane-1")  # noqa: S106 - made up for the tests


def at(folder: Path, tls: Tls | None = None) -> Listening:
    return Listening(folder=folder, host="127.0.0.1", port=1883, tls=tls)


def test_nothing_is_kept_nothing_is_dropped_and_nobody_comes_without_a_password(tmp_path: Path) -> None:
    said = Mosquitto().files(at(tmp_path), [HUB_USER, LANE])[Mosquitto.config_name].splitlines()
    assert {"persistence false", "max_queued_messages 0", "max_inflight_messages 0", "allow_anonymous false"} <= {*said}
    assert f"message_size_limit {MESSAGE_BYTES_MAX}" in said
    assert "persistent_client_expiration 1h" in said
    listener = said.index("listener 1883 127.0.0.1")
    assert "max_qos 1" in said[listener:]
    assert not any(line.startswith(("certfile", "keyfile")) for line in said)


def test_with_a_certificate_the_listener_speaks_tls_1_2_or_newer(tmp_path: Path) -> None:
    tls = Tls(certificate=tmp_path / "hub.crt", key=tmp_path / "hub.key")
    said = Mosquitto().files(at(tmp_path, tls), [])[Mosquitto.config_name].splitlines()
    listener = said.index("listener 1883 127.0.0.1")
    assert {f"certfile {tls.certificate}", f"keyfile {tls.key}", "tls_version tlsv1.2"} <= {*said[listener:]}


def test_a_device_may_write_and_read_its_own_topics_and_the_hub_all(tmp_path: Path) -> None:
    hub, lane = Mosquitto().files(at(tmp_path), [HUB_USER, LANE])[RIGHTS_FILE].split("\n\n")
    assert hub.splitlines() == ["user hub", "topic readwrite #"]
    assert lane.splitlines() == [
        "user lane-1",
        f"topic write {topics.facts('lane-1')}",
        f"topic write {topics.contact('lane-1')}",
        f"topic read {topics.receipts('lane-1')}",
        f"topic read {topics.directives('lane-1')}",
    ]


def test_passwords_are_written_as_hashes_that_are_made_once(tmp_path: Path) -> None:
    mosquitto = Mosquitto()
    first = mosquitto.files(at(tmp_path), [HUB_USER, LANE])[PASSWORDS_FILE].splitlines()
    assert [line.split(":$7$")[0] for line in first] == ["hub", "lane-1"]
    assert not any("own" in line for line in first)
    assert mosquitto.files(at(tmp_path), [LANE])[PASSWORDS_FILE].splitlines() == first[1:]
    changed = BrokerUser(name="lane-1", password="another", device="lane-1")  # noqa: S106 - made up for the tests
    assert mosquitto.files(at(tmp_path), [changed])[PASSWORDS_FILE].splitlines() != first[1:]


@pytest.mark.parametrize(("user", "stays"), [(0, True), (1000, False)])
def test_only_root_is_told_to_stay_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: int, *, stays: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert ("user root\n" in Mosquitto().files(at(tmp_path), [])[Mosquitto.config_name]) is stays


def test_without_the_program_the_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_mosquitto, "_SERVICE_FOLDERS", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrokerError, match=r"mosquitto is not installed.*hub.toml"):
        Mosquitto().command(tmp_path / "broker.conf")


@needs_mosquitto
def test_the_program_is_found_where_debian_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Mosquitto().command(tmp_path / "broker.conf")[1:] == ["-c", str(tmp_path / "broker.conf")]
