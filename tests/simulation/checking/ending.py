"""The end of a schedule: when it is drained, and what must be true then."""

import tempfile
from pathlib import Path

from central_hub.verify import VerifyError, verify_folder
from inspection.directives import StickerGranted
from tests.simulation.actors.device import SimDevice
from tests.simulation.actors.hub import SimHub
from tests.simulation.actors.inspector import Inspector
from tests.simulation.actors.vehicles import Inspection
from tests.simulation.actors.world import HUB_KEY, World
from tests.simulation.checking.book import BrokenInvariantError
from tests.simulation.faults import Faults


class Ending:
    """Looks at a world in which nothing goes wrong any more."""

    def __init__(
        self,
        world: World,
        hub: SimHub,
        devices: dict[str, SimDevice],
        inspectors: dict[str, Inspector],
        faults: Faults,
        vehicles: dict[str, list[Inspection]],
    ) -> None:
        self._world = world
        self._hub = hub
        self._devices = devices
        self._inspectors = inspectors
        self._faults = faults
        self._vehicles = vehicles

    def drained(self) -> bool:
        """Return whether nothing is on its way any more."""
        return self._open_end() == ""

    def check(self) -> None:
        """Raise BrokenInvariantError unless everything came through, once, in order, and can be verified."""
        left = self._open_end()
        if left:
            raise BrokenInvariantError("it drains", left)
        self._check_stickers()
        self._check_folder()

    def _open_end(self) -> str:
        """Return what is still open, in words; empty when nothing is."""
        if not self._hub.power.alive:
            return "the hub is down"
        for name, device in self._devices.items():
            found = self._open_at(name, device)
            if found:
                return found
        ids = self._ids()
        missing = [case for case in ids if ids[case].worthy and case not in self._world.book.hub.stickers]
        return f"no sticker for {missing}" if missing else ""

    def _ids(self) -> dict[str, Inspection]:
        """Return the vehicles that were inspected to their end, by the id of their case."""
        found = {}
        for name, inspector in self._inspectors.items():
            for vehicle in self._vehicles[name]:
                case = inspector.cases.get(vehicle.opened.serial)
                if case is not None:
                    found[case] = vehicle
        return found

    def _open_at(self, name: str, device: SimDevice) -> str:
        if not device.ready:
            return f"{name} is not up"
        if not self._inspectors[name].done:
            return f"the inspector at {name} is not done"
        book, hub = self._world.book.device(name), self._world.book.hub
        chain = hub.ledger.get(name, [])
        if book.put_back:
            return self._open_after_restore(name, chain)
        if chain != book.facts:
            return f"the ledger has {len(chain)} of {len(book.facts)} facts of {name}"
        missing = sorted(book.photos - hub.stored)
        if missing:
            return f"photos {missing} of {name} are not at the hub"
        journal = device.journal
        if journal.receipted != len(book.facts) or journal.photos("kept"):
            return f"{name} has no receipt for all of its {len(book.facts)} facts and photos"
        if self._hub.database.execute("SELECT 1 FROM directives WHERE device = ? AND settled = 0", (name,)).fetchone():
            return f"{name} has not settled every directive"
        return ""

    def _open_after_restore(self, name: str, chain: list[bytes]) -> str:
        """A device that was put back either lost nothing that matters, or is shut out until a person has looked."""
        facts = self._world.book.device(name).facts
        row = self._hub.database.execute("SELECT quarantined FROM devices WHERE device = ?", (name,)).fetchone()
        if row[0] or chain[: len(facts)] == facts:
            return ""
        return f"{name} was put back, and is neither in step nor quarantined"

    def _check_stickers(self) -> None:
        if self._faults.hub_was_put_back:
            # What the hub itself decided after its backup is lost with its disk and decided anew: nobody can replay it.
            return
        stickers, devices = self._world.book.hub.stickers, self._devices
        for case in self._ids():
            journal = devices[case.rpartition(".")[0]].journal
            told = [it.numbered.directive for it in journal.directives_for(case)]
            numbers = {it.number for it in told if isinstance(it, StickerGranted)}
            wanted = {stickers[case]} if case in stickers else set()
            if numbers != wanted:
                raise BrokenInvariantError("one sticker a case", f"{case} has {wanted}, its device was told {numbers}")

    def _check_folder(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "ledger.db").write_bytes(self._hub.disk.image)
            for path in self._hub.files.under("/photos"):
                target = folder / path.lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(self._hub.files.look(path) or b"")
            try:
                verify_folder(folder, HUB_KEY.public)
            except VerifyError as error:
                raise BrokenInvariantError("the ledger verifies", str(error)) from error
