import json
import sys
from pathlib import Path
from typing import Any

import pytest

from central_hub.doors.broker_nats import STORE_BYTES_MAX, Nats
from central_hub.doors.broker_terms import MESSAGE_BYTES_MAX, BrokerError, BrokerUser, Listening
from central_hub.installation import Tls
from inspection import topics

HUB_USER = BrokerUser(name="hub", password="hub's own")  # noqa: S106 - made up for the tests
LANE = BrokerUser(name="lane-1", password="lane's own", device="lane-1")  # noqa: S106 - made up for the tests


def configuration(folder: Path, tls: Tls | None = None) -> dict[str, Any]:
    files = Nats().files(Listening(folder=folder, host="127.0.0.1", port=1883, tls=tls), [HUB_USER, LANE])
    assert list(files) == [Nats.config_name]
    return dict(json.loads(files[Nats.config_name]))


def test_the_configuration_gives_a_device_its_own_topics_and_the_hub_all(tmp_path: Path) -> None:
    hub, lane = configuration(tmp_path)["authorization"]["users"]
    assert "permissions" not in hub
    said = [topics.facts("lane-1"), topics.contact("lane-1")]
    assert lane["permissions"]["publish"] == [topic.replace("/", ".") for topic in said]
    assert not any("facts" in subject for subject in lane["permissions"]["subscribe"])


def test_without_a_certificate_it_is_plain_and_the_size_of_a_message_is_bounded(tmp_path: Path) -> None:
    read = configuration(tmp_path)
    assert read["mqtt"]["host"], read["mqtt"]["port"] == ("127.0.0.1", 1883)
    assert "tls" not in read["mqtt"]
    assert read["max_payload"] == MESSAGE_BYTES_MAX


def test_it_keeps_little_for_a_short_time_and_nothing_that_need_never_end(tmp_path: Path) -> None:
    read = configuration(tmp_path)
    assert (read["mqtt"]["reject_qos2_publish"], read["mqtt"]["consumer_inactive_threshold"]) == (True, "60s")
    assert read["jetstream"]["max_file_store"] == STORE_BYTES_MAX


def test_with_a_certificate_it_names_both_files(tmp_path: Path) -> None:
    read = configuration(tmp_path, Tls(certificate=tmp_path / "证书.crt", key=tmp_path / "hub.key"))
    assert read["mqtt"]["tls"]["cert_file"] == str(tmp_path / "证书.crt")
    assert read["mqtt"]["tls"]["key_file"] == str(tmp_path / "hub.key")


def test_without_the_program_the_error_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrokerError, match="make env"):
        Nats().command(tmp_path / "broker.json")
