"""A load process: devices whose journals are full, or fill at a steady rate, send to the hub, all in one thread.

    python -m benchmarks.hub.carrying --inspections 200 --stickers 200 HOME ...     all that the journals hold, at once
    python -m benchmarks.hub.carrying --inspections 200 HOME ...                    the same to a hub without directives
    python -m benchmarks.hub.carrying --rate 60 --photos FILE HOME ...              so many a second until told to stop

Done is a device when the hub has receipted every inspection's facts and every directive that it waits for is committed.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from benchmarks.hub.devices import Device
from benchmarks.hub.inspections import facts_of
from benchmarks.hub.processes import BenchmarkError, say, told_to_stop, wait_for_word
from benchmarks.hub.threadless import Fleet
from inspection.evidence import PhotoRef

DRAIN_SECONDS_MAX = 300.0


def drain(fleet: Fleet[Device], done: Callable[[Device], bool]) -> None:
    """Go on until every device is done; raises BenchmarkError when that lasts too long."""
    until = time.monotonic() + DRAIN_SECONDS_MAX
    going = [device for device in fleet.peers if not done(device)]
    while going:
        stepped = fleet.turn(1.0)
        going = [device for device in going if device not in stepped or not done(device)]
        if going and time.monotonic() > until:
            raise BenchmarkError(going[0].standing())


def feed(fleet: Fleet[Device], photos: Sequence[PhotoRef], *, rate: float, late: float, first: int) -> int:
    """Record `rate` inspections a second, evenly, the devices in turn, until told to stop; return how many.

    late: seconds after which the first comes, so that several such processes do not record at the same moments.
    """
    told = told_to_stop()
    begun, made = time.monotonic() + late, 0
    while not told.is_set():
        wait = begun + made / rate - time.monotonic()
        fleet.turn(max(0.0, wait))
        if wait > 0:
            continue
        device = fleet.peers[made % len(fleet.peers)]
        # In one commit: the disk of one machine does not bear as many as the devices of a city would do.
        device.journal.record_all(facts_of(device.home.device, first + made, photos), device.clock.now())
        device.expect(1)
        device.step()
        made += 1
    return made


def main() -> None:
    """Say ready, wait for the word, carry, say when it began and ended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("homes", type=Path, nargs="+")
    parser.add_argument("--inspections", type=int, default=0, help="how many of them each journal holds unsent")
    parser.add_argument("--stickers", type=int, default=0, help="how many directives each device waits for")
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--late", type=float, default=0.0, help="seconds after which the first of them comes")
    parser.add_argument("--first", type=int, default=0, help="number of the first inspection that is made here")
    parser.add_argument("--photos", type=Path, help="references of the photos that the hub has, as JSON")
    options = parser.parse_args()
    fleet = Fleet([Device(home) for home in options.homes])
    say(ready=len(fleet.peers))
    wait_for_word()
    begun, before = time.monotonic(), time.process_time()
    fleet.start()
    made = options.inspections * len(fleet.peers)
    for device in fleet.peers:
        device.expect(options.stickers)
    if options.rate:
        photos = msgspec.json.decode(options.photos.read_bytes(), type=list[PhotoRef])
        made = feed(fleet, photos, rate=options.rate, late=options.late, first=options.first)
    fed = time.monotonic()
    drain(fleet, lambda device: device.done)
    ended, processor = time.monotonic(), time.process_time() - before
    drain(fleet, lambda device: device.empty)
    say(begun=begun, fed=fed, ended=ended, inspections=made, processor=processor)
    fleet.stop()
    for device in fleet.peers:
        device.close()


if __name__ == "__main__":
    main()
