"""Enrols a device: makes its key, asks the hub to write it down, makes its home. The private key never leaves it."""

import base64
import json
import secrets
import shutil
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from edge_agent.home import Enrolment, create_home
from firmware_profiles.files import load, signature_path
from inspection.identities import checked_device
from inspection.signing import PRIVATE_KEY_BYTES, SignatureError, SigningKey, public_key_from_hex
from passlane import UsageError

ANSWER_BYTES_MAX = 64 * 1024
ANSWER_SECONDS_MAX = 20


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

    1. The name and the profile are right. 2. The hub writes the device down. 3. The home is made, the profile in it.
    Raises UsageError, or the rooms' errors.
    """
    checked_device(options.device)
    try:
        profile = load(options.profile, public_key_from_hex(options.profile_key)).profile
    except SignatureError as error:
        raise UsageError(f"--profile-key: {error}") from error
    if profile.kind != options.kind:
        raise UsageError(f"profile {profile.id} is for a {profile.kind}, not a {options.kind}")
    private = secrets.token_bytes(PRIVATE_KEY_BYTES)
    answer = _asked(options, password, SigningKey(private).public.hex())
    options.home.mkdir(parents=True, exist_ok=True)
    for path in (options.profile, signature_path(options.profile)):
        shutil.copyfile(path, options.home / path.name)
    enrolment = Enrolment(
        device=options.device,
        kind=options.kind,
        station=options.station,
        hub_public_key=answer["hub_public_key"],
        broker_host=answer["broker_host"],
        broker_port=answer["broker_port"],
        broker_user=answer["broker_user"],
        broker_password=answer["broker_password"],
        broker_tls=False,
        http_url=answer["http_url"],
        profile_file=options.profile.name,
        profile_public_key=options.profile_key,
    )
    return create_home(options.home, enrolment, private).path


def _asked(options: EnrolAsked, password: str, public_key: str) -> dict[str, Any]:
    if not options.hub.startswith(("http://", "https://")):
        raise UsageError(f"{options.hub} is no address of a hub: it begins with http:// or https://")
    asked = {"device": options.device, "kind": options.kind, "station": options.station, "public_key": public_key}
    sign_in = base64.b64encode(f"{options.user}:{password}".encode()).decode()
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked above
        options.hub.rstrip("/") + "/api/devices",
        data=json.dumps(asked).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Basic {sign_in}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS_MAX) as answer:  # noqa: S310
            return dict(json.loads(answer.read(ANSWER_BYTES_MAX)))
    except urllib.error.HTTPError as error:
        with error:
            raise UsageError(f"the hub refused: {_text_of(error)}") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"the hub at {options.hub} cannot be reached: {error}") from error


def _text_of(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read(ANSWER_BYTES_MAX))["text"])
    except (ValueError, KeyError, TypeError):
        return str(error)
