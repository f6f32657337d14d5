"""Homes of devices that send to the bare hub: real ones, with keys, journals and profiles of their own.

The bare hub enrols nobody, so what enrolling tells both sides is written down for both.
"""

import secrets
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.hub.bare.terms import Known
from benchmarks.hub.devices import signed_profile
from benchmarks.hub.inspections import STATION
from edge_agent.home import Enrolment, create_home
from inspection.signing import PRIVATE_KEY_BYTES, SigningKey

KNOWN_FILE = "known.json"
_HOST = "127.0.0.1"
_NO_DOOR = f"http://{_HOST}:9"
"""Where photos would go: these devices have none to send."""


def make_homes(folder: Path, names: Sequence[str], *, port: int, password: str, batch_facts: int) -> list[Path]:
    """Make a home in `folder` for each of these lane boxes, and KNOWN_FILE there for the bare hub; return the homes.

    port: of the broker on this machine, to which each device comes under its own name with this password.
    """
    hub_key = SigningKey(private := secrets.token_bytes(PRIVATE_KEY_BYTES))
    profile = signed_profile(folder, batch_facts=batch_facts)
    homes = []
    for name in names:
        enrolment = Enrolment(
            device=name,
            kind="lane_box",
            station=STATION,
            hub_public_key=hub_key.public.hex(),
            broker_host=_HOST,
            broker_port=port,
            broker_user=name,
            broker_password=password,
            broker_tls=False,
            http_url=_NO_DOOR,
            profile_file=str(profile.path.resolve()),
            profile_public_key=profile.public,
        )
        homes.append(create_home(folder / name, enrolment, secrets.token_bytes(PRIVATE_KEY_BYTES)))
    known = Known(hub_key=private.hex(), devices={home.device: home.key.public.hex() for home in homes})
    (folder / KNOWN_FILE).write_bytes(msgspec.json.encode(known))
    return [home.path for home in homes]
