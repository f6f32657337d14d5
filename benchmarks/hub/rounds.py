"""One round of a measurement: load processes against the hub, or against the bare hub in one of two ways."""

import contextlib
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from benchmarks.hub.bare.homes import KNOWN_FILE, make_homes
from benchmarks.hub.devices import fill_journal
from benchmarks.hub.figures import Round
from benchmarks.hub.inspections import FACTS
from benchmarks.hub.processes import BenchmarkError, Child, processor_of
from central_hub.doors.broker import Broker, BrokerUser
from central_hub.installation import free_port
from inspection.evidence import PhotoRef

LOAD_PROCESSES = 4
ROUND_SECONDS_MAX = 600.0
_HOST = "127.0.0.1"


class BareLoad(NamedTuple):
    """What is sent to the bare hub: by so many devices, inspections in all, and facts in a batch."""

    devices: int
    inspections: int
    batch_facts: int

    @property
    def names(self) -> list[str]:
        """The devices' names."""
        return [f"bare-{number}" for number in range(1, self.devices + 1)]

    @property
    def each(self) -> int:
        """How many inspections a device sends."""
        return self.inspections // self.devices


class _Place(NamedTuple):
    """Where a bare round is at home: its folder, its broker's port, the password of all who come there."""

    folder: Path
    port: int
    password: str

    @property
    def broker(self) -> list[str]:
        """Where the broker is, as arguments."""
        return ["--port", str(self.port), "--password", self.password]


def shared_out(things: Sequence[Path] | Sequence[str]) -> list[list[str]]:
    """Return the things as arguments for each load process."""
    return [[str(thing) for thing in things[part::LOAD_PROCESSES]] for part in range(LOAD_PROCESSES)]


def full_round(homes: Sequence[Path], numbers: range, photos: Sequence[PhotoRef]) -> Round:
    """Fill the journals with inspections of these numbers, shared out evenly, and carry them all to the hub."""
    each = _fill(homes, numbers, photos)
    log = homes[0].with_name("carrying.log")
    asked = ["benchmarks.hub.carrying", "--inspections", str(each), "--stickers", str(each)]
    return _carried([Child("load", [*asked, *part], log=log) for part in shared_out(homes)])


def bare_sealed_round(folder: Path, load: BareLoad) -> Round:
    """Send batches that are sealed beforehand from memory through a broker of its own to the bare hub."""
    with _place(folder, load.names) as place:
        asked = ["--inspections", str(load.each), "--batch-facts", str(load.batch_facts)]
        senders = ["benchmarks.hub.bare.senders", *place.broker, *asked]
        return _bare(place, [], [[*senders, *part] for part in shared_out(load.names)])


def bare_journals_round(folder: Path, load: BareLoad, photos: Sequence[PhotoRef]) -> Round:
    """Carry what journals like those of a full round hold, as there, but to the bare hub: it sends no directives."""
    with _place(folder, load.names) as place:
        homes = make_homes(
            place.folder, load.names, port=place.port, password=place.password, batch_facts=load.batch_facts
        )
        each = _fill(homes, range(1, load.inspections + 1), photos)
        carrying = ["benchmarks.hub.carrying", "--inspections", str(each)]
        known = ["--known", str(place.folder / KNOWN_FILE)]
        return _bare(place, known, [[*carrying, *part] for part in shared_out(homes)])


def with_processor(found: Round, before: dict[str, float], after: dict[str, float]) -> Round:
    """Return the round with the processor time that hub and broker took from then to then."""
    return replace(found, processor={**found.processor, **{who: after[who] - before[who] for who in after}})


def _fill(homes: Sequence[Path], numbers: range, photos: Sequence[PhotoRef]) -> int:
    """Record inspections of these numbers, shared out evenly among the journals; return how many each got."""
    each = len(numbers) // len(homes)
    for turn, home in enumerate(homes):
        fill_journal(home, numbers[turn * each : (turn + 1) * each], photos)
    return each


@contextlib.contextmanager
def _place(folder: Path, names: Sequence[str]) -> Iterator[_Place]:
    """Run a broker in a folder of its own, which lets in the bare hub and devices of these names."""
    password = secrets.token_hex(12)
    with tempfile.TemporaryDirectory(dir=folder) as made:
        here = Path(made)
        broker = Broker(here, host=_HOST, port=free_port(_HOST))
        users = [BrokerUser(name=name, password=password, device=name) for name in names]
        broker.start([BrokerUser(name="hub", password=password), *users])
        try:
            yield _Place(here, broker.port, password)
        finally:
            broker.stop()


def _bare(place: _Place, asked: Sequence[str], loads: Sequence[list[str]]) -> Round:
    """Run these load processes against the bare hub, which is started with what is asked of it."""
    log = place.folder / "bare.log"
    command = ["benchmarks.hub.bare.hub", "--folder", str(place.folder), *place.broker, *asked]
    with Child("bare hub", command, log=log) as hub:
        hub.answer()
        children = [Child("bare load", load, log=log) for load in loads]
        before = processor_of(hub.pid, place.folder)
        found = _carried(children)
        after = processor_of(hub.pid, place.folder)
        hub.tell()
        facts = hub.answer()["facts"]
    if facts != found.inspections * FACTS:
        raise BenchmarkError(f"the bare hub holds {facts} facts of {found.inspections} inspections")
    return with_processor(found, before, after)


def _carried(children: Sequence[Child]) -> Round:
    """Let prepared load processes go at the same time; return what they did together."""
    try:
        for child in children:
            child.answer()
        for child in children:
            child.tell()
        said = [child.answer(ROUND_SECONDS_MAX) for child in children]
    finally:
        for child in children:
            child.stop()
    seconds = max(one["ended"] for one in said) - min(one["begun"] for one in said)
    processor = {"devices": sum(one["processor"] for one in said)}
    return Round(inspections=sum(one["inspections"] for one in said), seconds=seconds, processor=processor)
