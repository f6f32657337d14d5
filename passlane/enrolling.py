"""Enrols a device: makes its key, asks the hub to write it down, makes its home. The private key never leaves it."""

import base64
import http.client
import json
import shutil
import ssl
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from edge_agent.home import ENROLMENT_FILE, KEY_FILE, Enrolment, create_home
from firmware_profiles.files import load, signature_path
from inspection.identities import checked_device
from inspection.signing import SignatureError, public_key_from_hex
from passlane import UsageError
from passlane.profile_command import profile_key

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
ANSWER_BYTES_MAX = 64 * 1024
ANSWER_SECONDS_MAX = 20.0
CA_FILE = "hub-ca.pem"
_PRIVATE_FOLDER = 0o700
_ANSWERED = ("hub_public_key", "broker_host", "broker_port", "broker_user", "broker_password", "http_url")


@dataclass(frozen=True, kw_only=True, slots=True)
class EnrolAsked:
    """What a person asks for. profile: the signed file; profile_key: the public key that signed it, hexadecimal.

    ca_file: certificates (PEM) to trust at the hub, now and from then on, instead of the system's.
    """

    hub: str
    user: str
    device: str
    kind: Literal["pda", "lane_box"]
    station: str
    profile: Path
    profile_key: str
    home: Path
    ca_file: Path | None = None


def enrol_device(options: EnrolAsked, *, password: str) -> Path:
    """Enrol the device; return its home.

    1. The name and the profile are right. 2. The folder can be made; the key is kept in it, so that a second try after
    a lost answer is the same device to the hub. 3. The hub writes the device down. 4. The home is finished.
    Raises UsageError, or the rooms' errors.
    """
    checked_device(options.device)
    if not options.station.strip():
        raise UsageError("--station is empty")
    try:
        profile = load(options.profile, public_key_from_hex(options.profile_key)).profile
    except SignatureError as error:
        raise UsageError(f"--profile-key: {error}") from error
    if profile.kind != options.kind:
        raise UsageError(f"profile {profile.id} is for a {profile.kind}, not a {options.kind}")
    _trusted(options.ca_file)
    _begin_home(options)
    key_path = options.home / KEY_FILE
    answer = _asked(options, password, profile_key(key_path).public.hex())
    private = bytes.fromhex(key_path.read_text(encoding="ascii").strip())
    return create_home(options.home, _enrolment(options, answer), private).path


def _begin_home(options: EnrolAsked) -> None:
    home = options.home
    if (home / ENROLMENT_FILE).exists():
        raise UsageError(f"{home} is the home of a device already; it is never overwritten")
    try:
        home.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        for path in (options.profile, signature_path(options.profile)):
            _copy(path, home / path.name)
        if options.ca_file is not None:
            _copy(options.ca_file, home / CA_FILE)
    except OSError as error:
        raise UsageError(f"the home {home} cannot be made: {error.strerror}") from error


def _copy(path: Path, target: Path) -> None:
    if path.resolve() != target.resolve():
        shutil.copyfile(path, target)


def _enrolment(options: EnrolAsked, answer: dict[str, Any]) -> Enrolment:
    values = {name: answer[name] for name in _ANSWERED if name in answer}
    values |= {"device": options.device, "kind": options.kind, "station": options.station}
    if answer.get("broker_tls"):
        values["broker_tls"] = answer["broker_tls"]
    elif answer.get("broker_host") in LOOPBACK_HOSTS:
        # Only on one machine may the wire be plain; elsewhere the profile's word stands, and that is TLS.
        values["broker_tls"] = False
    if options.ca_file is not None:
        values["broker_ca_file"] = CA_FILE
    values |= {"profile_file": options.profile.name, "profile_public_key": options.profile_key}
    try:
        return msgspec.convert(values, Enrolment)
    except msgspec.ValidationError as error:
        raise UsageError(f"{options.hub} does not answer as a hub does: {error}") from error


def _asked(options: EnrolAsked, password: str, public_key: str) -> dict[str, Any]:
    asked = {"device": options.device, "kind": options.kind, "station": options.station, "public_key": public_key}
    door = _Door(options.hub, (options.user, password), options.ca_file)
    body = _request(door, "POST", "/api/devices", data=json.dumps(asked).encode())
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"{options.hub} does not answer as a hub does: {error}") from error


def revoke_device(hub: str, device: str, reason: str, *, sign_in: tuple[str, str], ca_file: Path | None = None) -> None:
    """Have the hub take nothing of a device any more; raises UsageError when it does not.

    sign_in: an operator's name and password. ca_file: as in EnrolAsked.
    """
    query = urllib.parse.urlencode({"reason": reason})
    _request(_Door(hub, sign_in, ca_file), "DELETE", f"{_address(device)}?{query}")


def release_device(
    hub: str, device: str, reason: str, *, sign_in: tuple[str, str], ca_file: Path | None = None
) -> None:
    """Have the hub take facts of a quarantined device again; raises UsageError when it does not. As revoke_device."""
    query = urllib.parse.urlencode({"reason": reason})
    _request(_Door(hub, sign_in, ca_file), "POST", f"{_address(device)}/release?{query}", data=b"")


def replay_device(hub: str, device: str, *, sign_in: tuple[str, str], ca_file: Path | None = None) -> None:
    """Have the hub ask a device for all that it does not have of it; raises UsageError when it does not."""
    _request(_Door(hub, sign_in, ca_file), "POST", f"{_address(device)}/replay", data=b"")


def _address(device: str) -> str:
    return f"/api/devices/{urllib.parse.quote(device, safe='')}"


class _Door(NamedTuple):
    hub: str
    sign_in: tuple[str, str]
    ca_file: Path | None


def _request(door: _Door, method: str, path: str, *, data: bytes | None = None) -> bytes:
    hub = door.hub
    if not hub.startswith(("http://", "https://")):
        raise UsageError(f"{hub} is no address of a hub: it begins with http:// or https://")
    proof = base64.b64encode(":".join(door.sign_in).encode()).decode()
    headers = {"Content-Type": "application/json", "Authorization": f"Basic {proof}"}
    address, trusted = hub.rstrip("/") + path, _trusted(door.ca_file)
    try:
        request = urllib.request.Request(address, data=data, headers=headers, method=method)  # noqa: S310 - checked
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS_MAX, context=trusted) as answer:  # noqa: S310
            return bytes(answer.read(ANSWER_BYTES_MAX))
    except urllib.error.HTTPError as error:
        with error:
            raise UsageError(f"the hub refused: {_text_of(error)}") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise UsageError(f"the hub at {hub} cannot be reached: {error}") from error


def _trusted(ca_file: Path | None) -> ssl.SSLContext | None:
    if ca_file is None:
        return None
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"--ca-file {ca_file} holds no certificate that can be read: {error}") from error


def _text_of(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read(ANSWER_BYTES_MAX))["text"])
    except (ValueError, KeyError, TypeError):
        return str(error)
