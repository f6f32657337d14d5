"""The stages of the run, one after another, over one data folder; each gives its figures.

What a round is, how a hub is run and how vehicles are led stand in files of their own; here is the order, and that
nothing was lost at its end.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from benchmarks.hub.devices import enrol, fill_journal
from benchmarks.hub.figures import HalfLoad, HubFigures, Ledger, Offline, Round, Series
from benchmarks.hub.hubs import HubProcess, directive_bytes, facts_of_device, fill_ledger, ledger_counts
from benchmarks.hub.inspections import FACTS
from benchmarks.hub.journal_cost import journal_cost
from benchmarks.hub.leading import lead, open_agent, pictures, sticker_seconds
from benchmarks.hub.processes import BenchmarkError, Child
from benchmarks.hub.rounds import (
    LOAD_PROCESSES,
    ROUND_SECONDS_MAX,
    BareLoad,
    bare_journals_round,
    bare_sealed_round,
    full_round,
    shared_out,
    with_processor,
)
from edge_agent.home import open_home
from edge_agent.journal import Journal
from inspection.evidence import PhotoRef
from inspection.wire import BATCH_FACTS_MAX

LOAD_DEVICES = 32
OUTAGE_DEVICES = 8
LEADING_DEVICES = 2
_LED_FIRST = 6_000_000
_FED_FIRST = 5_000_000
_FED_EACH = 200_000
"""Numbers for each load process: no vehicle is inspected twice."""
_BACKLOG_FIRST = 2_000_000


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much is measured.

    warm: inspections before the first round, some 40 facts each in the ledger. vehicles: led by each leading device.
    devices: that make the load. batch_facts: how many facts such a device sends in one batch.
    """

    warm: int
    rounds: int
    inspections: int
    vehicles: int
    ledger_facts: int
    backlog: int
    journal_facts: int
    devices: int = LOAD_DEVICES
    batch_facts: int = FACTS


@dataclass(frozen=True, kw_only=True)
class Homes:
    """The devices' homes. outage: those that send full batches."""

    load: list[Path]
    outage: list[Path]
    leading: list[Path]
    returning: Path


class Run:
    """One run in `folder`. say: is told what is going on."""

    def __init__(self, folder: Path, sizes: Sizes, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._sizes = sizes
        self._say = say
        self._next = 1
        self._led = _LED_FIRST
        self._inspected = 0
        self._hub = folder / "hub"
        self._photos: list[PhotoRef] = []

    def throughput(self) -> HubFigures:
        """Measure nothing but the rate with a small ledger."""
        with HubProcess(self._hub) as hub:
            homes = self._prepared(hub)
            small = self._rounds(hub, homes.load)
        self._check(homes)
        return HubFigures(small=small)

    def measured(self) -> HubFigures:
        """Go through all stages."""
        sizes = self._sizes
        with HubProcess(self._hub) as hub:
            homes = self._prepared(hub)
            small = self._rounds(hub, homes.load)
            outage = self._outage(hub, homes.outage)
            half = self._half_load(homes, small.full.rate / 2)
            small = replace(small, peak_bytes=hub.peak_bytes)
        self._check(homes)
        self._say(f"filling the ledger to {sizes.ledger_facts} facts")
        facts = fill_ledger(self._hub, sizes.ledger_facts, self._photos)
        self._inspected = ledger_counts(self._hub)["stickers"]
        self._say(f"starting the hub over {facts} facts")
        with HubProcess(self._hub) as hub:
            large = self._rounds(hub, homes.load)
            offline = self._offline(homes)
            large = replace(large, peak_bytes=hub.peak_bytes)
        self._check(homes)
        self._say("the journal's own cost")
        journal = journal_cost(
            self._folder, sizes.journal_facts, self._photos, directive_bytes=directive_bytes(self._hub)
        )
        return HubFigures(small=small, outage=outage, half=half, large=large, offline=offline, journal=journal)

    def _prepared(self, hub: HubProcess) -> Homes:
        """Enrol the devices, bring the photos, and carry the first inspections."""
        self._say("enrolling devices, bringing photos, first inspections")

        def made(kind: str, count: int, batch_facts: int = BATCH_FACTS_MAX) -> list[Path]:
            return [
                enrol(self._folder, f"{kind}-{number}", hub.address, batch_facts=batch_facts)
                for number in range(1, count + 1)
            ]

        homes = Homes(
            load=made("load", self._sizes.devices, self._sizes.batch_facts),
            outage=made("outage", OUTAGE_DEVICES),
            leading=made("lead", LEADING_DEVICES),
            returning=made("away", 1)[0],
        )
        agent, reader = open_agent(made("seed", 1)[0])
        with agent:
            agent.start()
            case, self._photos = lead(agent, reader, self._led, pictures())
            sticker_seconds(agent, case)
        self._led += 1
        self._inspected += 1
        self._full_round(hub, homes.load, self._sizes.warm)
        return homes

    def _full_round(self, hub: HubProcess, homes: list[Path], inspections: int) -> Round:
        numbers = range(self._next, self._next + inspections)
        self._next += inspections
        before = hub.processor()
        found = full_round(homes, numbers, self._photos)
        self._inspected += found.inspections
        return with_processor(found, before, hub.processor())

    def _rounds(self, hub: HubProcess, homes: list[Path]) -> Ledger:
        """Carry rounds to the bare hub, in both its ways, and to the hub in turn; return what came of them."""
        facts, sizes = ledger_counts(self._hub)["entries"], self._sizes
        load = BareLoad(devices=len(homes), inspections=sizes.inspections, batch_facts=sizes.batch_facts)
        full, sealed, journals = [], [], []
        for number in range(1, sizes.rounds + 1):
            sealed.append(bare_sealed_round(self._folder, load))
            journals.append(bare_journals_round(self._folder, load, self._photos))
            full.append(self._full_round(hub, homes, sizes.inspections))
            bare = f"{journals[-1].rate:.0f}/s, sealed beforehand {sealed[-1].rate:.0f}/s"
            self._say(f"round {number}: {full[-1].rate:.0f}/s, bare hub behind journals {bare}")
        return Ledger(
            full=Series(rounds=tuple(full), facts_before=facts),
            bare_sealed=Series(rounds=tuple(sealed)),
            bare_journals=Series(rounds=tuple(journals)),
            start_facts=hub.start_facts,
            start_seconds=hub.start_seconds,
            peak_bytes=hub.peak_bytes,
        )

    def _outage(self, hub: HubProcess, homes: list[Path]) -> Series:
        """Carry rounds of few devices that had no link for long, and send full batches."""
        facts, rounds = ledger_counts(self._hub)["entries"], []
        for number in range(1, self._sizes.rounds + 1):
            rounds.append(self._full_round(hub, homes, self._sizes.inspections))
            self._say(f"after an outage, round {number}: {rounds[-1].rate:.0f}/s")
        return Series(rounds=tuple(rounds), facts_before=facts)

    def _half_load(self, homes: Homes, rate: float) -> HalfLoad:
        """Feed the load's journals at a steady rate and lead vehicles for real meanwhile."""
        self._say(f"half load: {rate:.0f}/s")
        known = self._folder / "photos.json"
        known.write_bytes(msgspec.json.encode(self._photos))
        log = self._folder / "half.log"
        command = ["benchmarks.hub.carrying", "--rate", str(rate / LOAD_PROCESSES), "--photos", str(known)]
        with contextlib.ExitStack() as running:
            loads = []
            for turn, part in enumerate(shared_out(homes.load)):
                where = ["--late", str(turn / rate), "--first", str(_FED_FIRST + turn * _FED_EACH), *part]
                loads.append(running.enter_context(Child("load", [*command, *where], log=log)))
            leads = self._leading(running, homes, self._sizes.vehicles)
            _go(loads, leads)
            led = [child.answer(ROUND_SECONDS_MAX) for child in leads]
            for child in loads:
                child.tell("stop")
            fed = [child.answer(ROUND_SECONDS_MAX) for child in loads]
        self._inspected += sum(one["inspections"] for one in fed) + sum(len(one["seconds"]) for one in led)
        held = sum(one["inspections"] / (one["fed"] - one["begun"]) for one in fed)
        seconds = tuple(second for one in led for second in one["seconds"])
        return HalfLoad(asked=rate, held=held, seconds=seconds)

    def _leading(self, running: contextlib.ExitStack, homes: Homes, vehicles: int) -> list[Child]:
        """Start a process for each leading device; 0 vehicles: until told to stop."""
        children = []
        for home in homes.leading:
            command = ["benchmarks.hub.leading", str(home), "--first", str(self._led), "--vehicles", str(vehicles)]
            children.append(running.enter_context(Child("leading", command, log=self._folder / "leading.log")))
            self._led += 100_000
        return children

    def _offline(self, homes: Homes) -> Offline:
        """Let a device come back with all that it recorded offline, while others go on leading vehicles."""
        backlog = self._sizes.backlog
        self._say(f"offline: {backlog} inspections in one journal")
        fill_journal(homes.returning, range(_BACKLOG_FIRST, _BACKLOG_FIRST + backlog - 1), self._photos)
        command = ["benchmarks.hub.leading", str(homes.returning), "--first", str(self._led), "--returning"]
        self._led += 1
        with contextlib.ExitStack() as running:
            away = running.enter_context(Child("returning", command, log=self._folder / "returning.log"))
            others = self._leading(running, homes, 0)
            _go([away], others)
            back = away.answer(ROUND_SECONDS_MAX)
            for child in others:
                child.tell("stop")
            led = [child.answer(ROUND_SECONDS_MAX) for child in others]
        self._inspected += backlog + sum(len(one["seconds"]) for one in led)
        held, last = facts_of_device(self._hub, open_home(homes.returning).device)
        return Offline(
            inspections=backlog,
            newest_sticker_seconds=back["sticker"] - back["begun"],
            drain_seconds=back["ended"] - back["begun"],
            lost=abs(back["newest"] - held) + abs(held - last),
            others=tuple(second for one in led for second in one["seconds"]),
        )

    def _check(self, homes: Homes) -> None:
        """Nothing was lost, doubled or refused: journals and ledger agree, and each inspection has its sticker."""
        for home in (*homes.load, *homes.outage, *homes.leading, homes.returning):
            opened = open_home(home)
            with Journal(opened.journal_path, opened.device) as journal:
                newest, receipted = journal.newest, journal.receipted
            held, last = found = facts_of_device(self._hub, opened.device)
            # A device that was stopped right after its sticker may have a fact that is not receipted yet.
            if held != last or not receipted <= held <= newest or newest - held > 1:
                raise BenchmarkError(f"{opened.device}: {newest} facts, {receipted} receipted, the ledger has {found}")
        counts = ledger_counts(self._hub)
        if counts["stickers"] != self._inspected or counts["refusals"]:
            raise BenchmarkError(f"{self._inspected} inspections, but the hub has {counts}")


def _go(*groups: list[Child]) -> None:
    children = [child for group in groups for child in group]
    for child in children:
        child.answer()
    for child in children:
        child.tell()
