"""One round of a measurement: two load processes against the hub, or against the bare limit's hub."""

import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

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


def shared_out(things: Sequence[Path] | Sequence[str]) -> list[list[str]]:
    """Return the things as arguments for each load process."""
    return [[str(thing) for thing in things[part::LOAD_PROCESSES]] for part in range(LOAD_PROCESSES)]


def full_round(homes: Sequence[Path], numbers: range, photos: Sequence[PhotoRef]) -> Round:
    """Fill the journals with inspections of these numbers, shared out evenly, and carry them all to the hub."""
    each = len(numbers) // len(homes)
    for turn, home in enumerate(homes):
        fill_journal(home, numbers[turn * each : (turn + 1) * each], photos)
    log = homes[0].with_name("carrying.log")
    children = [
        Child("load", ["benchmarks.hub.carrying", "--stickers", str(each), *part], log=log)
        for part in shared_out(homes)
    ]
    return _carried(children)


def bare_round(folder: Path, devices: int, inspections: int, *, batch_facts: int) -> Round:
    """Send as many inspections from as many devices through a broker of its own to the bare limit's hub."""
    names = [f"bare-{number}" for number in range(1, devices + 1)]
    password = secrets.token_urlsafe(12)
    with tempfile.TemporaryDirectory(dir=folder) as made:
        here = Path(made)
        broker = Broker(here, host=_HOST, port=free_port(_HOST))
        users = [BrokerUser(name=name, password=password, device=name) for name in names]
        broker.start([BrokerUser(name="hub", password=password), *users])
        try:
            where = ["--port", str(broker.port), "--password", password]
            asked = ["--inspections", str(inspections // devices), "--batch-facts", str(batch_facts)]
            return _bare(here, where, [[*asked, *part] for part in shared_out(names)])
        finally:
            broker.stop()


def _bare(folder: Path, broker: list[str], loads: Sequence[list[str]]) -> Round:
    log = folder / "bare.log"
    with Child("bare hub", ["benchmarks.hub.bare.hub", "--folder", str(folder), *broker], log=log) as hub:
        hub.answer()
        senders = [Child("bare load", ["benchmarks.hub.bare.senders", *broker, *load], log=log) for load in loads]
        before = processor_of(hub.pid, folder)
        found = _carried(senders)
        after = processor_of(hub.pid, folder)
        hub.tell()
        facts = hub.answer()["facts"]
    if facts != found.inspections * FACTS:
        raise BenchmarkError(f"the bare hub holds {facts} facts of {found.inspections} inspections")
    return with_processor(found, before, after)


def with_processor(found: Round, before: dict[str, float], after: dict[str, float]) -> Round:
    """Return the round with the processor time that hub and broker took from then to then."""
    return replace(found, processor={**found.processor, **{who: after[who] - before[who] for who in after}})


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
