import json
import socket
from pathlib import Path

import pytest

from central_hub import HubError
from central_hub.installation import (
    KEY_FILE,
    PORTS_FILE,
    PUBLIC_KEY_FILE,
    SETTINGS_BYTES_MAX,
    SETTINGS_FILE,
    free_port,
    hold_folder,
    keep_ports,
    load_key,
    load_settings,
    public_key_of,
)
from central_hub.settings import HubSettings, SettingsError

HOST = "127.0.0.1"


def test_a_folder_without_a_settings_file_has_the_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path) == HubSettings()


def test_the_settings_file_is_read_as_utf_8(tmp_path: Path) -> None:
    (tmp_path / SETTINGS_FILE).write_text('title = "监管中心"', encoding="utf-8")
    assert load_settings(tmp_path).title == "监管中心"


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"\xff\xfe", "cannot be read"), (b"#" * (SETTINGS_BYTES_MAX + 1), "has more than"), (b"x", "hub.toml")],
)
def test_a_settings_file_that_is_none_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / SETTINGS_FILE).write_bytes(data)
    with pytest.raises(HubError, match=said):
        load_settings(tmp_path)


def test_a_folder_in_the_place_of_the_settings_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / SETTINGS_FILE).mkdir()
    with pytest.raises(HubError, match="cannot be read") as refused:
        load_settings(tmp_path)
    assert not isinstance(refused.value, SettingsError)


def test_the_key_is_made_once_for_its_owner_alone_and_stays(tmp_path: Path) -> None:
    key = load_key(tmp_path / "new" / "hub")
    assert load_key(tmp_path / "new" / "hub").public == key.public
    assert (tmp_path / "new" / "hub" / KEY_FILE).stat().st_mode & 0o077 == 0
    assert public_key_of(tmp_path / "new" / "hub") == key.public.hex()


def test_two_hubs_have_two_keys(tmp_path: Path) -> None:
    assert load_key(tmp_path / "a").public != load_key(tmp_path / "b").public


def test_a_ledger_without_its_key_is_refused_and_no_key_is_made(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").touch()
    with pytest.raises(HubError, match="put the key back"):
        load_key(tmp_path)
    assert not (tmp_path / KEY_FILE).exists()


@pytest.mark.parametrize("data", [b"", b"00", b"\xff\xff", b"z" * 64])
def test_a_key_file_that_holds_no_key_is_refused_and_kept(tmp_path: Path, data: bytes) -> None:
    (tmp_path / KEY_FILE).write_bytes(data)
    with pytest.raises(HubError, match="cannot be read"):
        load_key(tmp_path)
    assert (tmp_path / KEY_FILE).read_bytes() == data


def test_a_start_that_ended_before_the_public_key_was_written_is_made_good(tmp_path: Path) -> None:
    key = load_key(tmp_path)
    (tmp_path / PUBLIC_KEY_FILE).unlink()
    load_key(tmp_path)
    assert public_key_of(tmp_path) == key.public.hex()


def test_a_folder_that_is_no_hubs_has_no_public_key(tmp_path: Path) -> None:
    with pytest.raises(HubError, match="no hub's data folder"):
        public_key_of(tmp_path)
    (tmp_path / PUBLIC_KEY_FILE).write_bytes(b"\xff")
    with pytest.raises(HubError, match="no hub's data folder"):
        public_key_of(tmp_path)


def test_one_hub_holds_a_folder_and_lets_go_of_it(tmp_path: Path) -> None:
    with hold_folder(tmp_path / "hub"), pytest.raises(HubError, match="another hub runs"):
        hold_folder(tmp_path / "hub")
    hold_folder(tmp_path / "hub").close()


def test_a_free_port_can_be_had() -> None:
    with socket.socket() as probe:
        probe.bind((HOST, free_port(HOST)))


@pytest.mark.parametrize("host", ["192.0.2.1", "::1"])
def test_a_host_that_is_not_this_machine_is_refused_in_words(tmp_path: Path, host: str) -> None:
    with pytest.raises(HubError, match="no address of this machine"):
        keep_ports(tmp_path, HubSettings(host=host))


def test_free_ports_are_kept_from_the_first_start_on(tmp_path: Path) -> None:
    ports = keep_ports(tmp_path, HubSettings())
    assert all(ports)
    assert keep_ports(tmp_path, HubSettings()) == ports


def test_a_port_that_was_set_is_used_and_the_other_kept(tmp_path: Path) -> None:
    http, mqtt = keep_ports(tmp_path, HubSettings())
    assert keep_ports(tmp_path, HubSettings(http_port=8080)) == (8080, mqtt)
    assert keep_ports(tmp_path, HubSettings(http_port=http, mqtt_port=1883)) == (http, 1883)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"http": 1}', '{"http": "x", "mqtt": 2}', "[" * 50])
def test_a_file_of_ports_that_cannot_be_read_is_made_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / PORTS_FILE).write_text(text, encoding="utf-8")
    http, mqtt = keep_ports(tmp_path, HubSettings())
    assert json.loads((tmp_path / PORTS_FILE).read_text(encoding="utf-8")) == {"http": http, "mqtt": mqtt}
