"""Readings to show, a reader that answers with them, and a terminal: what the tests of read-vin share."""

import json
import weakref
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

import cv2
import numpy as np

from inspection.evidence import CharacterReading, VinFinding
from models.photo import Photo

VIN = "LZZZ5ABC8RA000017"
OTHER = "LZZZ5ABCXRA000018"

KEYS = ["file", "vin", "confidence", "accepted", "kind", "box", "characters", "barcode", "milliseconds", "error"]
SURE = 0.998


def characters(vin: str, **doubtful: float) -> tuple[CharacterReading, ...]:
    """Every character sure but those at the named positions, as p3=0.62, which may be a B as well."""
    return tuple(
        CharacterReading(character=one, probability=SURE)
        if f"p{place}" not in doubtful
        else CharacterReading(
            character=one,
            probability=doubtful[f"p{place}"],
            alternatives=(("B", round(1 - doubtful[f"p{place}"], 4)), ("8", 0.001)),
        )
        for place, one in enumerate(vin, start=1)
    )


READ = VinFinding(
    vin=VIN,
    confidence=0.9876,
    characters=characters(VIN),
    box=((1.0, 2.0), (90.0, 2.0), (90.0, 12.0), (1.0, 12.0)),
    kind="stamped",
    accepted=True,
    model="ab+cd",
    milliseconds=31.5,
)
DOUBTFUL = VinFinding(
    vin=VIN,
    confidence=0.41,
    characters=characters(VIN, p3=0.62, p12=0.55),
    reasons=("vin.check_digit", "vin.doubtful"),
    barcode=OTHER,
)
NONE = VinFinding(vin="", confidence=0.0, reasons=("vin.short",), milliseconds=20.0)


@dataclass(frozen=True)
class Shown:
    probability: float
    positions: tuple[int, ...] = ()


@dataclass
class FakeReader:
    """Answers by a photo's width, in pixels; every other photo is read without doubt."""

    by_width: dict[int, VinFinding | BaseException] = field(default_factory=dict)
    shown: Shown = Shown(0.125, (9, 17))
    expected: list[str] = field(default_factory=list)
    seen: list["weakref.ref[Photo]"] = field(default_factory=list)
    held_max: int = 0

    def read(self, photo: Photo) -> VinFinding:
        self.held_max = max(self.held_max, sum(one() is not None for one in self.seen))
        self.seen.append(weakref.ref(photo))
        answer = self.by_width.get(photo.width, READ)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def matches(self, _photo: Photo, expected: str) -> Shown:
        self.expected.append(expected)
        return self.shown


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def a_photo(path: Path, width: int = 32) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    ending = path.suffix.lower() if path.suffix.lower() in {".jpg", ".png"} else ".jpg"
    done, data = cv2.imencode(ending, np.full((16, width, 3), 90, dtype=np.uint8))
    assert done
    path.write_bytes(bytes(data))
    return path


def objects(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]
