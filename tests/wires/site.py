"""A whole installation over one kind of wire: a hub's process with its broker, and devices that are enrolled at it."""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from central_hub.installation import load_broker_secret, public_key_of
from central_hub.verify import verify_folder
from edge_agent.agent import Agent, Equipment
from edge_agent.clock import Clock
from edge_agent.home import Home, open_home
from edge_agent.journal import Journal
from edge_agent.sending.events import Outcome
from edge_agent.sending.upload import UploadTarget, open_session, upload_photo
from edge_agent.vault import Vault
from firmware_profiles.files import LoadedProfile, shipped_profile, signature_path
from firmware_profiles.signed import sign_profile
from inspection.facts import CaseOpened
from inspection.identities import HUB
from inspection.signing import SigningKey
from inspection.wire import seal_batch
from passlane.demo.vehicles import made_up_vin
from passlane.enrolling import EnrolAsked, enrol_device, revoke_device
from tests.central_hub.conftest import until
from tests.central_hub.doors.mqtt_device import MqttDevice
from tests.central_hub.simulated_device import VIN, private_car
from tests.edge_agent.stand_ins.fakes import SayingReader, jpeg, roomy_profile
from tests.made_certificates import make_certificate

STATION = "ST01"
SECONDS_MAX = 120.0
NOWHERE = "http://127.0.0.1:1"
PROFILE_KEY = SigningKey(bytes(range(64, 96)))
PROFILE = LoadedProfile(roomy_profile(), "pda-basic@1:0123456789abcdef")
SETTINGS = """
practice = true
overdue_check_seconds = 0.2
broker = "{broker}"
{tls}
[[stations]]
id = "ST01"
name = "Station 1"
admitted = true
"""


class Site:
    """The hub's process, and what a person beside it can do. broker: its program. tls: with certificates or plain."""

    def __init__(self, folder: Path, *, broker: str, tls: bool) -> None:
        self.folder = folder / "hub"
        self.folder.mkdir()
        self._homes = folder
        self.ca_file: Path | None = make_certificate(self.folder, "wire").authority if tls else None
        named = 'tls_cert = "wire.crt"\ntls_key = "wire.key"' if tls else ""
        (self.folder / "hub.toml").write_text(SETTINGS.format(broker=broker, tls=named), encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""
        self.accounts: dict[str, str] = {}

    def start(self) -> None:
        """Start the hub and wait until it is ready."""
        command = [sys.executable, "-m", "passlane", "hub", "--data", str(self.folder), "--json", "--with-parent"]
        with (self.folder / "hub.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, (self.folder / "hub.log").read_text(encoding="utf-8")
        ready = json.loads(line)
        self.url = ready["url"]
        self.accounts |= ready["accounts"]

    def kill_hub(self) -> None:
        """End the hub as a power cut would; its broker is left behind."""
        assert self._process is not None
        self._process.kill()
        self._end(self._process)

    def stop(self) -> None:
        """End the hub as a person does, and whatever it may have left behind."""
        assert self._process is not None
        self._process.terminate()
        self._end(self._process)
        with contextlib.suppress(OSError, ProcessLookupError):
            os.kill(self.broker_process, signal.SIGKILL)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.wait(SECONDS_MAX)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    @property
    def password(self) -> str:
        """The operator's."""
        return self.accounts["operator"]

    @property
    def process(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def broker_process(self) -> int:
        return int((self.folder / "broker.pid").read_text(encoding="ascii"))

    def kill_broker(self) -> None:
        """End the broker as a power cut would, and lose all that it had on its disk."""
        os.kill(self.broker_process, signal.SIGKILL)
        shutil.rmtree(self.folder / "broker", ignore_errors=True)
        assert not list(self.folder.glob("mosquitto*"))

    def enrol(self, device: str, station: str = STATION) -> Home:
        """Enrol a handheld as a person does, once; return its home."""
        if (self._homes / device).exists():
            return open_home(self._homes / device)
        path = self._homes / "pda-basic.toml"
        path.write_bytes(shipped_profile("pda-basic"))
        signature_path(path).write_bytes(sign_profile(path.read_bytes(), PROFILE_KEY))
        asked = EnrolAsked(
            hub=self.url,
            user="operator",
            device=device,
            kind="pda",
            station=station,
            profile=path,
            profile_key=PROFILE_KEY.public.hex(),
            home=self._homes / device,
            ca_file=self.ca_file,
        )
        return open_home(enrol_device(asked, password=self.password))

    def revoke(self, device: str) -> None:
        revoke_device(self.url, device, "lost", sign_in=("operator", self.password), ca_file=self.ca_file)

    def wire(self, home: Home, **changes: str) -> MqttDevice:
        """Return a bare connection with a device's sign-in, or another's."""
        enrolment = home.enrolment
        sign_in = {"user": enrolment.broker_user, "password": enrolment.broker_password, **changes}
        return MqttDevice(enrolment.broker_port, **sign_in, ca_file=home.ca_file)

    def ear(self) -> MqttDevice:
        """Return a bare connection with the hub's own sign-in: it hears what the broker delivers to a hub."""
        port = json.loads((self.folder / "ports.json").read_text(encoding="utf-8"))["mqtt"]
        return MqttDevice(port, user=HUB, password=load_broker_secret(self.folder), ca_file=str(self.ca_file or ""))

    def value(self, query: str, *values: object) -> object:
        """Return the one value that a query of the hub's ledger gives, as it is committed."""
        with contextlib.closing(sqlite3.connect(f"file:{self.folder}/ledger.db?mode=ro", uri=True)) as db:
            value: object = db.execute(query, values).fetchone()[0]
            return value

    def count(self, query: str, *values: object) -> int:
        """Return what a query of the hub's ledger counts, as it is committed."""
        return int(str(self.value(query, *values)))

    def facts_of(self, device: str) -> int:
        return self.count("SELECT count(*) FROM entries WHERE device = ?", device)

    def stickers_of(self, case: str) -> int:
        return self.count("SELECT count(*) FROM entries WHERE kind = 'StickerIssued' AND case_id = ?", case)

    def verify(self) -> dict[str, int]:
        """Check every byte of the hub's folder; the hub has stopped."""
        return verify_folder(self.folder, bytes.fromhex(public_key_of(self.folder)))


def device_of(home: Home) -> Agent:
    """Return an opened device over its real wires, which does not send yet; it has written that it started."""
    return Agent(home, Equipment(profile=PROFILE, reader=SayingReader(VIN), software="0.1.0", clock=Clock()))


@contextlib.contextmanager
def at_work(home: Home, *, photos_go: bool = True) -> Iterator[Agent]:
    """Open a device and let it send. photos_go: False leads its photos nowhere."""
    if not photos_go:
        home = replace(home, enrolment=msgspec.structs.replace(home.enrolment, http_url=NOWHERE))
    with device_of(home) as agent:
        agent.start()
        yield agent


def vin_of(serial: str) -> str:
    """Return the VIN of the vehicle with this serial, which is a number: each is inspected once."""
    return made_up_vin("LZZAA1A2", f"R{int(serial):07d}")


def inspect(agent: Agent, serial: str) -> str:
    """Lead a vehicle through everything that its case asks for; return the case. Its reader says what it is told."""
    vehicle = private_car(vin=vin_of(serial))
    agent._reader.vin = vehicle.vin  # type: ignore[attr-defined]
    opened = CaseOpened(
        regime="jianyan",
        serial=serial,
        vehicle=vehicle,
        station=STATION,
        inspector="inspector-1",
        inspection_kind="01",
    )
    case = agent.open_case(opened)
    required = agent.required(case)
    for number, photo in enumerate(required.photos):
        agent.take_photo(case, photo.code, jpeg(number + 1000 * int(serial)))
    for item in required.items:
        agent.check_item(case, item.code, "pass")
    agent.conclude(case, "pass", by="inspector-1")
    return case


def settled(agent: Agent) -> None:
    """Wait until the hub has receipted all that the device wrote and all its photos."""
    until(lambda: _waits(agent) == (0, 0), seconds_max=SECONDS_MAX)


def _waits(agent: Agent) -> tuple[int, int]:
    counts = agent.status().counts
    return counts.newest - counts.receipted, counts.photos_waiting


def batch(home: Home) -> bytes:
    """Return the message with which this device would send all its facts."""
    with Journal(home.journal_path, home.device) as journal:
        return seal_batch(tuple(journal.unreceipted(0, 100)), sent=Clock().wall_ms(), key=home.key)


async def upload_all(home: Home) -> list[Outcome]:
    """Send every photo that waits on a device which is away, over the real door; the journal does not learn of it."""
    target = UploadTarget(
        http_url=home.enrolment.http_url,
        device=home.device,
        key=home.key,
        hub_public=home.hub_public,
        chunk_bytes=1_000_000,
        ca_file=home.ca_file,
    )
    vault = Vault(home.vault_path, free_bytes_min=0)
    with Journal(home.journal_path, home.device) as journal:
        photos = journal.photos("kept")
    async with open_session(target) as session:
        return [await upload_photo(session, target, photo, vault.read(photo.digest)) for photo in photos]
