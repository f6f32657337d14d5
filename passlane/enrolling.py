"""Enrols a device: makes its key, asks the hub to write it down, makes its home. The private key never leaves it."""

import base64
import http.client
import json
import shutil
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

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
_PRIVATE_FOLDER = 0o700
_ANSWERED = ("hub_public_key", "broker_host", "broker_port", "broker_user", "broker_password", "http_url")


@dataclass(frozen=True, kw_only=True, slots=True)
class EnrolAsked:
    """What a person asks for. profile: the signed file; profile_key: the public key that signed it, hexadecimal."""

    hub: str
    user: str
    device: str
    kind: Literal["pda", "lane_box"]
    station: str
    profile: Path
    profile_key: str
    home: Path


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
            if path.resolve() != (home / path.name).resolve():
                shutil.copyfile(path, home / path.name)
    except OSError as error:
        raise UsageError(f"the home {home} cannot be made: {error.strerror}") from error


def _enrolment(options: EnrolAsked, answer: dict[str, Any]) -> Enrolment:
    values = {name: answer[name] for name in _ANSWERED if name in answer}
    values |= {"device": options.device, "kind": options.kind, "station": options.station}
    if answer.get("broker_host") in LOOPBACK_HOSTS:
        # Only on one machine may the wire be plain; elsewhere the profile's word stands, and that is TLS.
        values["broker_tls"] = False
    values |= {"profile_file": options.profile.name, "profile_public_key": options.profile_key}
    try:
        return msgspec.convert(values, Enrolment)
    except msgspec.ValidationError as error:
        raise UsageError(f"{options.hub} does not answer as a hub does: {error}") from error


def _asked(options: EnrolAsked, password: str, public_key: str) -> dict[str, Any]:
    asked = {"device": options.device, "kind": options.kind, "station": options.station, "public_key": public_key}
    body = _request(
        options.hub, "POST", "/api/devices", sign_in=(options.user, password), data=json.dumps(asked).encode()
    )
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"{options.hub} does not answer as a hub does: {error}") from error


def revoke_device(hub: str, device: str, reason: str, *, sign_in: tuple[str, str]) -> None:
    """Have the hub take nothing of a device any more; raises UsageError when it does not."""
    query = urllib.parse.urlencode({"reason": reason})
    _request(hub, "DELETE", f"/api/devices/{urllib.parse.quote(device, safe='')}?{query}", sign_in=sign_in)


def _request(hub: str, method: str, path: str, *, sign_in: tuple[str, str], data: bytes | None = None) -> bytes:
    if not hub.startswith(("http://", "https://")):
        raise UsageError(f"{hub} is no address of a hub: it begins with http:// or https://")
    proof = base64.b64encode(":".join(sign_in).encode()).decode()
    headers = {"Content-Type": "application/json", "Authorization": f"Basic {proof}"}
    address = hub.rstrip("/") + path
    try:
        request = urllib.request.Request(address, data=data, headers=headers, method=method)  # noqa: S310 - checked
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS_MAX) as answer:  # noqa: S310
            return bytes(answer.read(ANSWER_BYTES_MAX))
    except urllib.error.HTTPError as error:
        with error:
            raise UsageError(f"the hub refused: {_text_of(error)}") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise UsageError(f"the hub at {hub} cannot be reached: {error}") from error


def _text_of(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read(ANSWER_BYTES_MAX))["text"])
    except (ValueError, KeyError, TypeError):
        return str(error)
