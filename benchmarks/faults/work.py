"""What a device of the fault run does all day (查验员的工作): one made-up vehicle after another, by the device's door.

Knows vehicles, photos and their order. No model is asked: the reader says what the paper says. What is written down of
it as promised, and when the work rests, is `device`'s.
"""

import io
import random
import zlib
from collections.abc import Callable
from datetime import date

from PIL import Image

from edge_agent.agent import Agent
from inspection.evidence import VinFinding
from inspection.facts import CaseOpened, Vehicle
from inspection.vin import CHECK_POSITION, check_digit
from models.photo import Photo

STATION = "ST01"
INSPECTOR = "inspector-1"
FAILING_SHARE, ABANDONED_SHARE, RETAKEN_SHARE, LARGE_SHARE, AGAIN_SHARE = 0.1, 0.1, 0.15, 0.05, 0.05
_SMALL, _LARGE = (48, 36), (320, 240)
_RECORDER, _CHANNEL = "11010100001180000001", "11010100001320000007"


class SayingReader:
    """Reads every photo as the VIN that it was told last."""

    def __init__(self) -> None:
        self.vin = ""

    def read(self, photo: Photo) -> VinFinding:
        """Return that VIN."""
        return VinFinding(vin=self.vin, confidence=0.99, accepted=True, model=photo.media)


def made_up_vin(device: str, number: int) -> str:
    """Return a VIN that is nobody's, with a right check digit; each device has its own ones. number: 0 to 99 999."""
    which = zlib.crc32(device.encode()) % 100
    draft = f"LZZAA1A20R{which:02d}{number % 100_000:05d}"
    return draft[: CHECK_POSITION - 1] + check_digit(draft) + draft[CHECK_POSITION:]


def picture(chance: random.Random, size: tuple[int, int]) -> bytes:
    """Return a JPEG of noise that no other call returns. size: pixels."""
    width, height = size
    image = Image.frombytes("RGB", size, chance.randbytes(3 * width * height))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80)
    return file.getvalue()


class Work:
    """The vehicles of one device. after_each: called when the door has returned from one fact."""

    def __init__(
        self, agent: Agent, reader: SayingReader, chance: random.Random, *, after_each: Callable[[], None]
    ) -> None:
        self._agent = agent
        self._reader = reader
        self._chance = chance
        self._after_each = after_each
        self._last_photo = b""

    def one_vehicle(self) -> None:
        """Inspect one vehicle to its end; raises what the door raises, and then the rest of it is not done."""
        agent, chance = self._agent, self._chance
        number = agent.status().counts.newest
        opened = self._opened(number)
        self._reader.vin = opened.vehicle.vin
        case = agent.open_case(opened)
        self._after_each()
        required = agent.required(case)
        if chance.random() < ABANDONED_SHARE:
            self._done(agent.abandon(case, "drove_off"))
            return
        for spec in required.photos:
            self._photo(case, spec.code)
        fails = chance.random() < FAILING_SHARE
        for item in required.items:
            self._done(agent.check_item(case, item.code, "fail" if fails and item is required.items[-1] else "pass"))
        self._done(agent.reference_video(case, recorder=_RECORDER, channel=_CHANNEL))
        self._done(agent.conclude(case, "fail" if fails else "pass", by=INSPECTOR))

    def _photo(self, case: str, code: str) -> None:
        chance = self._chance
        data = picture(chance, _LARGE if chance.random() < LARGE_SHARE else _SMALL)
        if self._last_photo and chance.random() < AGAIN_SHARE:
            # The same bytes in another case: their receipt may be here already.
            data = self._last_photo
        self._last_photo = data
        taken = self._agent.take_photo(case, code, data)
        self._done(taken)
        if chance.random() < RETAKEN_SHARE:
            better = picture(chance, _SMALL)
            self._done(self._agent.take_photo(case, code, better, replaces=taken.photo.digest))

    def _opened(self, number: int) -> CaseOpened:
        vehicle = Vehicle(
            vin=made_up_vin(self._agent.device, number),
            plate_kind="02",
            plate=f"京A{number % 100_000:05d}",
            vehicle_class="K33",
            use="A",
            colours="A",
            states="A",
            seats=5,
            registered_on=date(2019, 6, 3),
            insured_until=date(2099, 12, 31),
        )
        return CaseOpened(
            regime="jianyan",
            serial=f"{self._agent.device}-{number}",
            vehicle=vehicle,
            station=self._agent.station,
            inspector=INSPECTOR,
            inspection_kind="01",
            profile=self._agent.profile_reference,
        )

    def _done(self, _fact: object) -> None:
        self._after_each()
