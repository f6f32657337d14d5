"""A hub's data folder: its key, its settings, its certificate, the ports and the password that it keeps.

Reads and writes those files, no more.
"""

import fcntl
import json
import os
import secrets
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from central_hub import HubError
from central_hub.settings import HubSettings, parse_settings
from inspection.rules.signed import SIGNATURE_SUFFIX, open_rulebook
from inspection.signing import PRIVATE_KEY_BYTES, SignatureError, SigningKey

RULEBOOKS_FOLDER = "rulebooks"
SETTINGS_FILE = "hub.toml"
KEY_FILE = "hub.key"
PUBLIC_KEY_FILE = "hub.pub"
PORTS_FILE = "ports.json"
HOLD_FILE = "hub.held"
BROKER_SECRET_FILE = "hub-broker.secret"  # noqa: S105 - the name of a file
SETTINGS_BYTES_MAX = 256 * 1024
CERTIFICATE_BYTES_MAX = 256 * 1024
_SECRET_BYTES = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class Tls:
    """The hub's certificate (with those above it) and its key, as PEM files that belong together; absolute paths."""

    certificate: Path
    key: Path

    def serving(self) -> ssl.SSLContext:
        """Return how a door of the hub speaks TLS: 1.2 or newer. Raises HubError when a file cannot be read."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self.certificate, self.key, password=_no_passphrase)
        except ssl.SSLError as error:
            if error.reason == "KEY_VALUES_MISMATCH":
                raise HubError(f"{self.key} (tls_key) is not the key of {self.certificate} (tls_cert)") from error
            raise HubError(f"{self.key} (tls_key) holds no key in PEM form") from error
        except OSError as error:
            raise HubError(f"{self.key} (tls_key) cannot be read: {error.strerror}") from error
        return context

    def trusting(self) -> ssl.SSLContext:
        """Return how a part of the hub speaks to another: it trusts this one certificate and nothing above it.

        The name in it is not compared: the hub speaks to the address that it listens on, devices to another.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(cadata=_own(self.certificate).public_bytes(Encoding.PEM).decode())
        return context


def load_tls(folder: Path, settings: HubSettings, *, now_ms: int) -> Tls | None:
    """Return the certificate and key that the settings name, None where they name none.

    Raises HubError in one line when one of them cannot be read, has ended, or they do not belong together.
    """
    if not settings.tls_cert:
        return None
    tls = Tls(certificate=(folder / settings.tls_cert).resolve(), key=(folder / settings.tls_key).resolve())
    ends = _own(tls.certificate).not_valid_after_utc
    if ends.timestamp() * 1000 <= now_ms:
        raise HubError(f"{tls.certificate} (tls_cert) ended on {ends:%Y-%m-%d}; a new one is needed")
    tls.serving()
    return tls


def _own(path: Path) -> x509.Certificate:
    # The first in the file is the hub's own, those after it are above it.
    try:
        data = path.read_bytes()[:CERTIFICATE_BYTES_MAX]
        return x509.load_pem_x509_certificates(data)[0]
    except OSError as error:
        raise HubError(f"{path} (tls_cert) cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise HubError(f"{path} (tls_cert) holds no certificate in PEM form") from error


def _no_passphrase() -> str:
    # Else the program would wait at the terminal for somebody to type one.
    raise HubError("tls_key is locked with a passphrase: the hub starts without anybody there, so it takes none")


def hold_folder(folder: Path) -> IO[bytes]:
    """Hold a data folder, made where there is none, until the returned file is closed or this process ends.

    Raises HubError when another hub holds it: two that seal one ledger would each leave out what the other wrote.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / HOLD_FILE).open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise HubError(f"another hub runs over {folder}") from error
    return file


def check_installed(folder: Path) -> None:
    """Raise HubError when no hub has been started on this folder: what a hub makes at its first start is missing."""
    missing = [name for name in (KEY_FILE, BROKER_SECRET_FILE, PORTS_FILE) if not (folder / name).is_file()]
    if missing:
        raise HubError(f"{folder} has no {missing[0]}: start `passlane hub` on it first")


def load_own_rulebooks(folder: Path, settings: HubSettings) -> list[tuple[str, str]]:
    """Return name and text of the rulebooks in `folder`/rulebooks, signed by the key that the settings name.

    Raises HubError for one that cannot be read, RulebookError for one whose signature does not hold.
    """
    found = sorted((folder / RULEBOOKS_FOLDER).glob("*.toml"))
    if found and not settings.rules_public_key:
        raise HubError(f"{found[0]}: hub.toml names no rules_public_key that rulebooks are signed with")
    public = bytes.fromhex(settings.rules_public_key)
    own = []
    for path in found:
        try:
            # As bytes: other ends of lines would be another text than the one that was signed.
            text = path.read_bytes().decode()
            signature = path.with_name(f"{path.name}{SIGNATURE_SUFFIX}").read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise HubError(f"{path} or its signature cannot be read: {error}") from error
        own.append((path.name, open_rulebook(text, signature, public, name=str(path))))
    return own


def load_settings(folder: Path) -> HubSettings:
    """Return the settings in `folder`/hub.toml, or the defaults where there is no such file; raises HubError."""
    path = folder / SETTINGS_FILE
    if not path.exists():
        return HubSettings()
    try:
        data = path.read_bytes()[: SETTINGS_BYTES_MAX + 1]
        text = data.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise HubError(f"{path} cannot be read: {error}") from error
    if len(data) > SETTINGS_BYTES_MAX:
        raise HubError(f"{path} has more than {SETTINGS_BYTES_MAX} bytes")
    return parse_settings(text)


def load_key(folder: Path) -> SigningKey:
    """Return the hub's key, made at the first start.

    Raises HubError when there is a ledger without its key: a new key would not fit the old seals.
    """
    path = folder / KEY_FILE
    if path.exists():
        return _with_public(folder, _read_key(path))
    if (folder / "ledger.db").exists():
        raise HubError(f"{folder} has a ledger but no {KEY_FILE}: put the key back, a new one would not fit")
    folder.mkdir(parents=True, exist_ok=True)
    private = secrets.token_bytes(PRIVATE_KEY_BYTES)
    _write_whole(path, private.hex())
    return _with_public(folder, SigningKey(private))


def load_broker_secret(folder: Path) -> str:
    """Return the hub's own password at the broker, made at the first start: all processes of a hub come with it.

    Raises HubError when the file cannot be read or is empty.
    """
    path = folder / BROKER_SECRET_FILE
    if not path.exists():
        _write_whole(path, secrets.token_urlsafe(_SECRET_BYTES))
    try:
        secret = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise HubError(f"{path} cannot be read: {error}") from error
    if not secret:
        raise HubError(f"{path} is empty: delete it, and the hub makes a new one at its next start")
    return secret


def _write_whole(path: Path, text: str) -> None:
    # The old text or the new one, whole, also after a power cut and on a full disk: a hub that found an empty file
    # would take it for none, and move to other ports than its devices were told.
    new = path.with_name(f"{path.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read_key(path: Path) -> SigningKey:
    try:
        return SigningKey.from_hex(path.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError, SignatureError) as error:
        raise HubError(f"{path} cannot be read: {error}") from error


def _with_public(folder: Path, key: SigningKey) -> SigningKey:
    # Also at later starts: the first one may have ended between the two files.
    path = folder / PUBLIC_KEY_FILE
    if not path.exists():
        _write_whole(path, key.public.hex() + "\n")
    return key


def public_key_of(folder: Path) -> str:
    """Return the hub's public key as the data folder states it, in hexadecimal; raises HubError when it does not."""
    path = folder / PUBLIC_KEY_FILE
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise HubError(f"{folder} is no hub's data folder: {PUBLIC_KEY_FILE} cannot be read") from error


def free_port(host: str) -> int:
    """Return a port that was free a moment ago; raises HubError when `host` is no address of this machine."""
    with socket.socket() as probe:
        try:
            probe.bind((host, 0))
        except OSError as error:
            raise HubError(f"{host} is no address of this machine: {error}") from error
        return int(probe.getsockname()[1])


def keep_ports(folder: Path, settings: HubSettings) -> tuple[int, int]:
    """Return the HTTP and MQTT ports: as set, else those of the last start, else free ones, kept from now on.

    Devices were told the addresses when they were enrolled, so a free port must stay the same.
    """
    path = folder / PORTS_FILE
    last = _last_ports(path)
    http = settings.http_port or last[0] or free_port(settings.host)
    mqtt = settings.mqtt_port or last[1] or free_port(settings.host)
    if (http, mqtt) != last:
        _write_whole(path, json.dumps({"http": http, "mqtt": mqtt}))
    return http, mqtt


def mqtt_port(folder: Path, settings: HubSettings) -> int:
    """Return the broker's port: as set, else that of the hub's last start; raises HubError where there was none."""
    port = settings.mqtt_port or _last_ports(folder / PORTS_FILE)[1]
    if not port:
        raise HubError(f"{folder} does not say where its broker is: start `passlane hub` on it first")
    return port


def _last_ports(path: Path) -> tuple[int, int]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return int(kept["http"]), int(kept["mqtt"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, 0
