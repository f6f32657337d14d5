import contextlib
import errno
import json
import os
import socket
import ssl
import threading
from pathlib import Path

import pytest

from central_hub import HubError, clock
from central_hub.installation import (
    BROKER_SECRET_FILE,
    KEY_FILE,
    PORTS_FILE,
    PUBLIC_KEY_FILE,
    RULEBOOKS_FOLDER,
    SETTINGS_BYTES_MAX,
    SETTINGS_FILE,
    check_installed,
    free_port,
    hold_folder,
    keep_ports,
    load_broker_secret,
    load_key,
    load_own_rulebooks,
    load_settings,
    load_tls,
    mqtt_port,
    public_key_of,
)
from central_hub.settings import HubSettings, SettingsError
from inspection.rules import RulebookError, sign_rulebook
from inspection.signing import SigningKey
from tests.made_certificates import make_certificate

HOST = "127.0.0.1"
NOW = 1_780_000_000_000  # 2026-05-28
NAMED = HubSettings(tls_cert="wire.crt", tls_key="wire.key")
RULES_KEY = SigningKey(bytes(range(32)))
RULED = HubSettings(rules_public_key=RULES_KEY.public.hex())
CITY = 'id = "city-2027"\r\nsource = "一项本市规定"\r\n'


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


def test_the_hubs_password_at_the_broker_is_made_once_for_its_owner_alone_and_stays(tmp_path: Path) -> None:
    secret = load_broker_secret(tmp_path)
    assert load_broker_secret(tmp_path) == secret
    assert len(secret) >= 24
    assert (tmp_path / BROKER_SECRET_FILE).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("data", "said"), [(b"\n", "is empty"), (b"\xff", "cannot be read")])
def test_a_password_file_that_holds_none_is_told_in_words(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / BROKER_SECRET_FILE).write_bytes(data)
    with pytest.raises(HubError, match=said):
        load_broker_secret(tmp_path)


def test_without_a_certificate_in_the_settings_there_is_none(tmp_path: Path) -> None:
    assert load_tls(tmp_path, HubSettings(), now_ms=NOW) is None


def test_a_certificate_is_found_in_the_data_folder_or_anywhere_else(tmp_path: Path) -> None:
    made = make_certificate(tmp_path, "wire")
    elsewhere = HubSettings(tls_cert=str(made.certificate), tls_key=str(made.key))
    assert load_tls(tmp_path, NAMED, now_ms=NOW) == load_tls(tmp_path / "hub", elsewhere, now_ms=NOW)


def test_what_trusts_the_hubs_certificate_reaches_it_and_no_other(tmp_path: Path) -> None:
    make_certificate(tmp_path, "wire")
    other = make_certificate(tmp_path, "other")
    tls = load_tls(tmp_path, NAMED, now_ms=NOW)
    stranger = load_tls(tmp_path, HubSettings(tls_cert=other.certificate.name, tls_key=other.key.name), now_ms=NOW)
    assert tls is not None
    assert stranger is not None
    assert spoken(tls.serving(), tls.trusting()) == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError):
        spoken(tls.serving(), stranger.trusting())


def spoken(serving: ssl.SSLContext, trusting: ssl.SSLContext) -> str:
    """Return the version that both ends of a pair of sockets agreed on."""
    near, far = socket.socketpair()

    def serve() -> None:
        with contextlib.suppress(OSError):
            serving.wrap_socket(far, server_side=True).close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with near, trusting.wrap_socket(near) as ours:
            return ours.version() or ""
    finally:
        thread.join(10)
        far.close()


def test_a_certificate_that_has_ended_is_told_with_its_date(tmp_path: Path) -> None:
    make_certificate(tmp_path, "wire", days=-1)
    with pytest.raises(HubError, match=r"\(tls_cert\) ended on 20\d\d-\d\d-\d\d"):
        load_tls(tmp_path, NAMED, now_ms=clock.now_ms())


def test_a_key_of_another_certificate_is_told(tmp_path: Path) -> None:
    make_certificate(tmp_path, "wire")
    make_certificate(tmp_path, "other").key.rename(tmp_path / "wire.key")
    with pytest.raises(HubError, match=r"\(tls_key\) is not the key of"):
        load_tls(tmp_path, NAMED, now_ms=NOW)


def test_a_key_that_is_locked_is_told_and_nobody_is_asked_for_its_passphrase(tmp_path: Path) -> None:
    make_certificate(tmp_path, "wire", passphrase=b"invented")
    with pytest.raises(HubError, match="locked with a passphrase"):
        load_tls(tmp_path, NAMED, now_ms=NOW)


@pytest.mark.parametrize("name", ["tls_cert", "tls_key"])
@pytest.mark.parametrize(
    ("data", "said"), [(None, "cannot be read"), (b"", "in PEM form"), (b"\xff" * 80, "in PEM form")]
)
def test_a_file_that_holds_no_certificate_or_no_key_is_told_in_one_line(
    tmp_path: Path, name: str, data: bytes | None, said: str
) -> None:
    made = make_certificate(tmp_path, "wire")
    file = made.certificate if name == "tls_cert" else made.key
    file.unlink()
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(HubError, match=rf"\({name}\).*{said}") as told:
        load_tls(tmp_path, NAMED, now_ms=NOW)
    assert "\n" not in str(told.value)


def test_a_full_disk_leaves_the_ports_that_devices_were_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = keep_ports(tmp_path, HubSettings())

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        keep_ports(tmp_path, HubSettings(mqtt_port=first[1] + 1))
    assert keep_ports(tmp_path, HubSettings()) == first


def test_the_brokers_port_is_known_once_a_hub_was_started(tmp_path: Path) -> None:
    with pytest.raises(HubError, match="start `passlane hub` on it first"):
        mqtt_port(tmp_path, HubSettings())
    _, kept = keep_ports(tmp_path, HubSettings())
    assert mqtt_port(tmp_path, HubSettings()) == kept
    assert mqtt_port(tmp_path, HubSettings(mqtt_port=1_883)) == 1_883


def test_a_folder_on_which_no_hub_was_started_is_named_with_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(HubError, match=r"has no hub\.key: start"):
        check_installed(tmp_path)
    load_key(tmp_path)
    load_broker_secret(tmp_path)
    with pytest.raises(HubError, match=r"has no ports\.json: start"):
        check_installed(tmp_path)
    keep_ports(tmp_path, HubSettings())
    check_installed(tmp_path)


def put_rulebook(folder: Path, *, text: str = CITY, signed: str = CITY, key: SigningKey = RULES_KEY) -> Path:
    """Put a rulebook with a signature into the data folder; return its path."""
    path = folder / RULEBOOKS_FOLDER / "city.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode())
    path.with_name("city.toml.sig").write_text(sign_rulebook(signed, key), encoding="utf-8")
    return path


def test_without_own_rulebooks_no_key_is_needed(tmp_path: Path) -> None:
    assert load_own_rulebooks(tmp_path, HubSettings()) == load_own_rulebooks(tmp_path, RULED) == []
    (tmp_path / RULEBOOKS_FOLDER).mkdir()
    assert load_own_rulebooks(tmp_path, HubSettings()) == []


def test_an_own_rulebook_that_was_signed_is_read_as_it_was_signed(tmp_path: Path) -> None:
    put_rulebook(tmp_path)
    assert load_own_rulebooks(tmp_path, RULED) == [("city.toml", CITY)]


def test_own_rulebooks_without_a_named_key_are_refused(tmp_path: Path) -> None:
    put_rulebook(tmp_path)
    with pytest.raises(HubError, match=r"city\.toml: hub\.toml names no rules_public_key"):
        load_own_rulebooks(tmp_path, HubSettings())


def test_an_own_rulebook_that_was_altered_or_that_another_signed_is_refused(tmp_path: Path) -> None:
    put_rulebook(tmp_path, text=CITY.replace("2027", "2026"))
    with pytest.raises(RulebookError, match="altered after signing"):
        load_own_rulebooks(tmp_path, RULED)
    put_rulebook(tmp_path, key=SigningKey(bytes(32)))
    with pytest.raises(RulebookError, match="not by the expected"):
        load_own_rulebooks(tmp_path, RULED)


def test_an_own_rulebook_without_its_signature_or_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = put_rulebook(tmp_path)
    path.write_bytes(b"\xff")
    with pytest.raises(HubError, match=r"city\.toml or its signature cannot be read"):
        load_own_rulebooks(tmp_path, RULED)
    put_rulebook(tmp_path).with_name("city.toml.sig").unlink()
    with pytest.raises(HubError, match=r"city\.toml or its signature cannot be read"):
        load_own_rulebooks(tmp_path, RULED)
