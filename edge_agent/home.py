"""A device's home folder (设备目录): who it is, its key, its journal and its vault.

    enrolment.toml   who this device is, where its hub is, which profile it runs (mode 0600, it holds a password)
    device.key       the device's private key, 64 hexadecimal characters (mode 0600)
    journal.db       its facts
    vault/           its photos

Knows the folder. What a profile says, and whether an address may be moved, is `firmware_profiles`'.
"""

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from edge_agent import AgentError
from edge_agent.journal import Journal
from firmware_profiles.schema import Addresses
from inspection import InspectionError
from inspection.identities import checked_device
from inspection.signing import SigningKey, public_key_from_hex

ENROLMENT_FILE = "enrolment.toml"
KEY_FILE = "device.key"
JOURNAL_FILE = "journal.db"
VAULT_FOLDER = "vault"
ENROLMENT_BYTES_MAX = 64 * 1024

_OTHERS_MAY = 0o077
_PRIVATE_FILE = 0o600
_PRIVATE_FOLDER = 0o700
_PLAIN = re.compile(r"[^\x00-\x1f\x7f]*\Z")

Text = Annotated[str, Meta(min_length=1, max_length=500)]


class HomeError(AgentError):
    """A home folder that cannot be used; the text says what to mend."""


class Enrolment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a device was told when it was enrolled (设备注册).

    hub_public_key, profile_public_key: Ed25519 public keys, 64 hexadecimal characters. station: station code.
    profile_file: the signed profile, as a path or relative to the home. broker_tls: None leaves what the profile says.
    broker_ca_file: certificates to trust at the hub, broker and photos alike, instead of the system's, as a path or
    relative to the home; empty for the system's.
    """

    device: Text
    kind: Literal["pda", "lane_box"]
    station: Text
    hub_public_key: Text
    broker_host: Text
    broker_port: Annotated[int, Meta(ge=1, le=65_535)]
    broker_user: str
    broker_password: str
    http_url: Text
    profile_file: Text
    profile_public_key: Text
    broker_tls: bool | None = None
    broker_ca_file: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """An opened home: the enrolment, checked, and the keys as bytes."""

    path: Path
    enrolment: Enrolment
    key: SigningKey
    hub_public: bytes
    profile_public: bytes

    @property
    def device(self) -> str:
        """The device's name."""
        return self.enrolment.device

    @property
    def journal_path(self) -> Path:
        """Where the journal is."""
        return self.path / JOURNAL_FILE

    @property
    def vault_path(self) -> Path:
        """Where the photos are."""
        return self.path / VAULT_FOLDER

    @property
    def profile_path(self) -> Path:
        """Where the signed profile is."""
        return self.path / self.enrolment.profile_file

    @property
    def ca_file(self) -> str:
        """Path of the certificates to trust at the hub instead of the system's, empty for the system's."""
        name = self.enrolment.broker_ca_file
        return str(self.path / name) if name else ""

    def addresses(self) -> Addresses:
        """Return what this installation sets of its profile."""
        enrolment = self.enrolment
        return Addresses(
            broker_host=enrolment.broker_host,
            broker_port=enrolment.broker_port,
            broker_tls=enrolment.broker_tls,
            http_url=enrolment.http_url,
            public_key=enrolment.hub_public_key.strip().lower(),
        )


def create_home(path: Path, enrolment: Enrolment, private: bytes) -> Home:
    """Make the home of a newly enrolled device and return it opened. private: 32 random bytes, its key.

    The enrolment is written last: a home that was interrupted is no home yet, and is made again.
    Raises HomeError when there is a home already, or a value cannot be.
    """
    if (path / ENROLMENT_FILE).exists():
        raise HomeError(f"{path.name} is the home of a device already; it is never overwritten")
    try:
        key = SigningKey(private)
        text = _enrolment_text(_checked(enrolment))
        path.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        (path / VAULT_FOLDER).mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
        if not (path / JOURNAL_FILE).exists():
            Journal.create(path / JOURNAL_FILE, enrolment.device)
        _write_private(path / KEY_FILE, f"{private.hex()}\n")
        _write_private(path / ENROLMENT_FILE, text)
    except OSError as error:
        raise HomeError(f"the home {path.name} cannot be made: {error.strerror}") from error
    except InspectionError as error:
        raise HomeError(f"the home {path.name} cannot be made: {error}") from error
    return _opened(path, enrolment, key)


def open_home(path: Path) -> Home:
    """Return the home at `path`; raises HomeError naming the file and what is wrong with it."""
    enrolment = _read_enrolment(path / ENROLMENT_FILE)
    try:
        key = SigningKey.from_hex(_read_private(path / KEY_FILE))
    except InspectionError as error:
        raise HomeError(f"{KEY_FILE}: {error}") from error
    if not (path / JOURNAL_FILE).is_file():
        raise HomeError(
            f"{JOURNAL_FILE} is missing, so what this device wrote before is not known. It is not made anew: "
            "bring it back, or enrol the device under another name"
        )
    return _opened(path, enrolment, key)


def _opened(path: Path, enrolment: Enrolment, key: SigningKey) -> Home:
    return Home(
        path=path,
        enrolment=enrolment,
        key=key,
        hub_public=public_key_from_hex(enrolment.hub_public_key),
        profile_public=public_key_from_hex(enrolment.profile_public_key),
    )


def _read_enrolment(path: Path) -> Enrolment:
    text = _read_private(path)
    try:
        return _checked(msgspec.convert(tomllib.loads(text), Enrolment))
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, InspectionError) as error:
        raise HomeError(f"{ENROLMENT_FILE}: {error}") from error


def _checked(enrolment: Enrolment) -> Enrolment:
    checked_device(enrolment.device)
    public_key_from_hex(enrolment.hub_public_key)
    public_key_from_hex(enrolment.profile_public_key)
    for name, value in msgspec.structs.asdict(enrolment).items():
        if isinstance(value, str) and not _PLAIN.match(value):
            raise HomeError(f"{ENROLMENT_FILE}: {name} holds a control character")
    return enrolment


def _enrolment_text(enrolment: Enrolment) -> str:
    values = {name: value for name, value in msgspec.structs.asdict(enrolment).items() if value is not None}
    # A JSON text, number or boolean without control characters is the same in TOML.
    return "".join(f"{name} = {msgspec.json.encode(value).decode()}\n" for name, value in values.items())


def _read_private(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        if mode & _OTHERS_MAY:
            raise HomeError(f"{path.name} may be read or changed by others (mode {mode & 0o777:o}): chmod 600 it")
        if path.stat().st_size > ENROLMENT_BYTES_MAX:
            raise HomeError(f"{path.name} has more than {ENROLMENT_BYTES_MAX} bytes")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise HomeError(f"{path.name} is not UTF-8") from error
    except OSError as error:
        raise HomeError(f"{path.name} cannot be read: {error.strerror}; is this the home of a device?") from error


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE_FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), _PRIVATE_FILE)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
