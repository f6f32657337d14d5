"""A hub's data folder: its key, its settings file, the ports that it keeps. Reads and writes those files, no more."""

import fcntl
import json
import os
import secrets
import socket
from pathlib import Path
from typing import IO

from central_hub import HubError
from central_hub.settings import HubSettings, parse_settings
from inspection.signing import PRIVATE_KEY_BYTES, SignatureError, SigningKey

SETTINGS_FILE = "hub.toml"
KEY_FILE = "hub.key"
PUBLIC_KEY_FILE = "hub.pub"
PORTS_FILE = "ports.json"
HOLD_FILE = "hub.held"
SETTINGS_BYTES_MAX = 256 * 1024


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
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(private.hex())
        file.flush()
        os.fsync(file.fileno())
    return _with_public(folder, SigningKey(private))


def _read_key(path: Path) -> SigningKey:
    try:
        return SigningKey.from_hex(path.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError, SignatureError) as error:
        raise HubError(f"{path} cannot be read: {error}") from error


def _with_public(folder: Path, key: SigningKey) -> SigningKey:
    # Also at later starts: the first one may have ended between the two files.
    path = folder / PUBLIC_KEY_FILE
    if not path.exists():
        path.write_text(key.public.hex() + "\n", encoding="ascii")
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
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        last = int(kept["http"]), int(kept["mqtt"])
    except (OSError, ValueError, KeyError, TypeError):
        last = 0, 0
    http = settings.http_port or last[0] or free_port(settings.host)
    mqtt = settings.mqtt_port or last[1] or free_port(settings.host)
    path.write_text(json.dumps({"http": http, "mqtt": mqtt}), encoding="utf-8")
    return http, mqtt
