"""Makes what the run works with: the hub's settings, a profile with quick retries, enrolled devices on their disks.

Knows how an installation is made, by the same doors that a person uses. Nothing here is a fault.
"""

import json
import re
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

import tomli_w

from benchmarks.faults import FaultRunError
from benchmarks.faults.disk.mounting import settle
from benchmarks.faults.proxy import HOST
from benchmarks.faults.work import STATION
from edge_agent.home import ENROLMENT_FILE
from firmware_profiles.files import shipped_profile, signature_path
from firmware_profiles.signed import sign_profile
from passlane.enrolling import EnrolAsked, enrol_device
from passlane.profile_command import profile_key

DATA_FOLDER, HOME_FOLDER = "data", "home"
PROFILE = "pda-basic"
VAULT_FREE_BYTES_MIN, JOURNAL_FREE_BYTES_MIN = 8_000_000, 4_000_000
_CHANGED = {
    "photo_bytes_max": 1_000_000,
    "vault_free_bytes_min": VAULT_FREE_BYTES_MIN,
    "journal_free_bytes_min": JOURNAL_FREE_BYTES_MIN,
    "upload_chunk_bytes": 32_768,
    "bytes_per_second_max": 5_000_000,
    "retry_seconds_min": 1,
    "retry_seconds_max": 3,
}
_SETTINGS = f"""\
title = "Passlane faults"
practice = true
overdue_check_seconds = 1.0

[[stations]]
id = "{STATION}"
name = "演练检验站"
admitted = true
"""


class SetUpError(FaultRunError):
    """An installation that could not be made."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HubReady:
    """What the hub said when it was ready: its address, and its operator's password at the first start."""

    url: str
    password: str = ""


def make_hub_folder(disk_folder: Path) -> Path:
    """Make the hub's data folder on its disk, with its settings, and return it."""
    data = disk_folder / DATA_FOLDER
    data.mkdir(mode=0o700)
    (data / "hub.toml").write_text(_SETTINGS, encoding="utf-8")
    settle(data)
    return data


def make_profile(folder: Path) -> tuple[Path, str]:
    """Write a signed profile for a device on a small disk; return its path and the public key, hexadecimal."""
    text = shipped_profile(PROFILE).decode()
    for name, value in _CHANGED.items():
        text, found = re.subn(rf"(?m)^{name} = [0-9_]+", f"{name} = {value}", text)
        if found != 1:
            raise SetUpError(f"the shipped profile {PROFILE} has no {name}")
    key = profile_key(folder / "profile.key")
    path = folder / f"{PROFILE}.toml"
    path.write_text(text, encoding="utf-8")
    signature_path(path).write_bytes(sign_profile(path.read_bytes(), key))
    return path, key.public.hex()


def enrol(device: str, disk_folder: Path, *, ready: HubReady, profile: tuple[Path, str], ports: dict[str, int]) -> Path:
    """Enrol a device, lead it to the hub by these ports (its own network), and return its home on its disk."""
    made = profile[0].parent / device
    asked = EnrolAsked(
        hub=ready.url,
        user="operator",
        device=device,
        kind="pda",
        station=STATION,
        profile=profile[0],
        profile_key=profile[1],
        home=made,
    )
    enrol_device(asked, password=ready.password)
    path = made / ENROLMENT_FILE
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    values |= {"broker_host": HOST, "broker_port": ports["mqtt"], "http_url": f"http://{HOST}:{ports['http']}"}
    path.write_text(tomli_w.dumps(values), encoding="utf-8")
    home = disk_folder / HOME_FOLDER
    shutil.copytree(made, home)
    home.chmod(0o700)
    settle(home)
    return home


def broker_process(data: Path) -> int | None:
    """Return the process id of the hub's broker, None when it does not run. Only one of this folder counts."""
    try:
        pid = int((data / "broker.pid").read_text(encoding="ascii"))
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if str(data).encode() in command else None


def broker_store(data: Path) -> Path:
    """Return the folder of the broker's store, of whatever kind it is."""
    return data / "broker"


def kept_ports(data: Path) -> dict[str, int]:
    """Return where the hub's doors "http" and "mqtt" are, as its folder keeps them; nothing where it does not say."""
    try:
        kept = json.loads((data / "ports.json").read_text(encoding="utf-8"))
        return {"http": int(kept["http"]), "mqtt": int(kept["mqtt"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
