"""A device that leads vehicles for real: photos with bytes of their own, by the agent's door, one after another.

    python -m benchmarks.hub.leading HOME --first 100000 --vehicles 60             until all have their sticker
    python -m benchmarks.hub.leading HOME --first 100000 --vehicles 0              until told to stop
    python -m benchmarks.hub.leading HOME --first 100000 --returning               one vehicle offline, then the link

The reading of the VIN is given, since no model is measured here. The photos come last, so that nothing but the verdict
is between the last of them and the sticker.
"""

import argparse
import io
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageChops

from benchmarks.hub.devices import loaded_profile
from benchmarks.hub.inspections import CHANNEL, PHOTO_KINDS, RECORDER, finding, item_facts, opening
from benchmarks.hub.processes import BenchmarkError, say, told_to_stop, wait_for_word
from edge_agent.agent import Agent, Equipment
from edge_agent.clock import Clock
from edge_agent.home import open_home
from inspection.directives import StickerGranted
from inspection.evidence import PhotoRef, VinFinding
from models.photo import Photo

STICKER_SECONDS_MAX = 300.0
VEHICLE_SECONDS_MIN = 1.0
_SIZE = (1600, 1200)
_GRAINS = (8, 30)
_QUALITY = 70
_START_BYTES = 2
_COMMENT = b"\xff\xfe"
_LOOK_SECONDS = 0.05


class GivenReader:
    """Reads off every photo what the vehicle's VIN is."""

    def __init__(self) -> None:
        self.number = 0

    def read(self, _photo: Photo) -> VinFinding:
        """Return the reading of the vehicle that stands there."""
        return finding(self.number)


def pictures() -> list[bytes]:
    """Return eight different JPEG files of some 100 to 400 kilobytes: a gradient with more and more grain."""
    low, high = _GRAINS
    ground = Image.linear_gradient("L").resize(_SIZE)
    made = []
    for step in range(len(PHOTO_KINDS)):
        grain = Image.effect_noise(_SIZE, low + step * (high - low) / len(PHOTO_KINDS))
        file = io.BytesIO()
        Image.merge("RGB", [ImageChops.add(ground, grain, 2)] * 3).save(file, "JPEG", quality=_QUALITY)
        made.append(file.getvalue())
    return made


def stamped(picture: bytes, number: int) -> bytes:
    """Return the same picture as another file: with a comment that holds the vehicle's number."""
    text = f"{number}".encode()
    comment = _COMMENT + (len(text) + 2).to_bytes(2, "big") + text
    return picture[:_START_BYTES] + comment + picture[_START_BYTES:]


def open_agent(home: Path) -> tuple[Agent, GivenReader]:
    """Open the device of a home."""
    opened, reader = open_home(home), GivenReader()
    equipment = Equipment(profile=loaded_profile(opened), reader=reader, software="bench", clock=Clock())
    return Agent(opened, equipment), reader


def lead(agent: Agent, reader: GivenReader, number: int, photos: Sequence[bytes]) -> tuple[str, list[PhotoRef]]:
    """Lead one vehicle; return its case and its photos."""
    reader.number = number
    opened = opening(agent.device, number)
    case = agent.open_case(opened)
    for item in item_facts():
        agent.check_item(case, item.item, item.mark)
    agent.reference_video(case, recorder=RECORDER, channel=CHANNEL)
    taken = [agent.take_photo(case, kind, data).photo for kind, data in zip(PHOTO_KINDS, photos, strict=True)]
    agent.conclude(case, "pass", by=opened.inspector)
    return case, taken


def sticker_seconds(agent: Agent, case: str) -> float:
    """Wait for the sticker of a case; return the seconds since its last photo. Raises BenchmarkError without one."""
    decision = agent.wait_for_decision(case, STICKER_SECONDS_MAX)
    seconds = agent.seconds_photo_to_decision(case)
    if not isinstance(decision, StickerGranted) or seconds is None:
        raise BenchmarkError(f"{case} has no sticker: {decision}; {agent.status()}")
    return seconds


def lead_many(agent: Agent, reader: GivenReader, *, first: int, vehicles: int, told: threading.Event) -> list[float]:
    """Lead one vehicle after another until that many are done or `told` is set; return the seconds of each.

    None begins sooner than VEHICLE_SECONDS_MIN after the one before: the devices that measure must not be the load.
    """
    photos = pictures()
    seconds: list[float] = []
    while len(seconds) < vehicles and not told.is_set():
        number, begun = first + len(seconds), time.monotonic()
        case, _ = lead(agent, reader, number, [stamped(picture, number) for picture in photos])
        seconds.append(sticker_seconds(agent, case))
        told.wait(max(0.0, begun + VEHICLE_SECONDS_MIN - time.monotonic()))
    return seconds


def come_back(agent: Agent, reader: GivenReader, first: int) -> None:
    """Lead one vehicle offline, then forward all that the journal holds; say when the sticker came, and when all was.

    The sticker's seconds count from the link's return.
    """
    case, _ = lead(agent, reader, first, [stamped(picture, first) for picture in pictures()])
    say(ready=agent.status().counts.newest)
    wait_for_word()
    begun = time.monotonic()
    agent.start()
    sticker_seconds(agent, case)
    sticker = time.monotonic()
    while not _empty(agent):
        time.sleep(_LOOK_SECONDS)
    say(begun=begun, sticker=sticker, ended=time.monotonic(), newest=agent.status().counts.newest)


def _empty(agent: Agent) -> bool:
    counts = agent.status().counts
    return counts.receipted == counts.newest and not counts.photos_waiting


def main() -> None:
    """Open the device, wait for the word, lead, say how long each sticker took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--first", type=int, required=True, help="number of the first vehicle")
    parser.add_argument("--vehicles", type=int, default=0)
    parser.add_argument("--returning", action="store_true")
    options = parser.parse_args()
    agent, reader = open_agent(options.home)
    with agent:
        if options.returning:
            come_back(agent, reader, options.first)
            return
        agent.start()
        say(ready=1)
        wait_for_word()
        told = told_to_stop()
        enough = options.vehicles or sys.maxsize
        say(seconds=lead_many(agent, reader, first=options.first, vehicles=enough, told=told))


if __name__ == "__main__":
    main()
