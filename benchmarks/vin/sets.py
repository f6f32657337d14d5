"""The photos that are measured on: real ones with labels, drawn stamped metal, and both again at a camera's size.

Everything drawn follows from its seed. The drawn metal is the demonstration's, worn and photographed badly here: no
training sees it. It says less than photos of real metal do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.random import Generator, default_rng

from benchmarks.vin.strips import has_strip_beside
from inspection.codes import table
from inspection.vin import CHECK_POSITION, VIN_ALPHABET, check_digit
from models.drawing.rendering import vin_photo
from models.measure import Label, labels_in
from models.photo import Pixels

STAMPED = "stamped"
_DRAWN_SIZE = (1280, 960)
_DRAWN_SURFACES = ("stamped", "plate", "sticker", "windshield")
_CHINA = "L"
_MIDDLE_CHARACTERS = 8

# How badly a drawn photo is taken: the range of each fault.
_TURN_DEGREES_MAX = 12.0
_WIDTH_SHARE = (0.4, 1.0)
_CONTRAST = (0.35, 1.0)
_BRIGHTNESS_LEVELS = (-45.0, 35.0)
_BLUR_SHARE_OF_WIDTH_MAX = 0.0014
_LAMP_LEVELS_MAX = 110.0
_GRAIN_LEVELS = (2.0, 9.0)
_JPEG_QUALITY = (55, 93)

_CAMERA_JPEG_QUALITY = 90
_CAMERA_GRAIN_LEVELS = 6.0
_GRAIN_TILE_PIXELS = 500

_Thing = TypeVar("_Thing")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One photo to read: where it lies, what it shows, and whether a barcode strip was found at the VIN."""

    path: Path
    label: Label
    strip: bool = False


@dataclass(frozen=True, kw_only=True)
class PictureSet:
    """Photos that are reported together. name: as the tables call them. drawn: whether the project drew them."""

    name: str
    pictures: tuple[Picture, ...]
    drawn: bool = False


def real_set(name: str, folder: Path, *, count_max: int | None = None) -> PictureSet:
    """Return the labelled photos of a folder (see `models.measure.labels_in`), at most `count_max` spread over it.

    Raises MeasureError without labels.
    """
    labels = spread(labels_in(folder), count_max)
    pictures = (Picture(path=folder / one.file, label=one, strip=_has_strip(folder / one.file, one)) for one in labels)
    return PictureSet(name=name, pictures=tuple(pictures))


def stamped_set(name: str, folder: Path, *, count: int) -> PictureSet:
    """Draw `count` photos of stamped metal, one VIN each, into a folder and return them."""
    pictures = []
    for seed in range(count):
        label = Label(file=f"{STAMPED}-{seed}.jpg", vin=made_up_vin(seed), kind=STAMPED)
        (folder / label.file).write_bytes(badly_taken(vin_photo(label.vin, "stamped", seed, _DRAWN_SIZE), seed))
        pictures.append(Picture(path=folder / label.file, label=label))
    return PictureSet(name=name, pictures=tuple(pictures), drawn=True)


def drawn_mixture(folder: Path, *, count: int) -> tuple[Picture, ...]:
    """Draw `count` clean photos, the surfaces in turn, into a folder."""
    pictures = []
    for seed in range(count):
        surface = _DRAWN_SURFACES[seed % len(_DRAWN_SURFACES)]
        label = Label(file=f"clean-{seed}.jpg", vin=made_up_vin(seed), kind=surface)
        (folder / label.file).write_bytes(vin_photo(label.vin, surface, seed, _DRAWN_SIZE))  # type: ignore[arg-type]
        pictures.append(Picture(path=folder / label.file, label=label))
    return tuple(pictures)


def enlarged_set(name: str, pictures: Sequence[Picture], folder: Path, *, size: tuple[int, int]) -> PictureSet:
    """Write photos again as a camera with `size` (width, height in pixels) stores them: grain included.

    Without grain an enlarged photo is smaller as a file, and sooner decoded, than any that a camera takes.
    """
    enlarged = []
    for seed, picture in enumerate(pictures):
        image = cv2.resize(_opened(picture.path), size, interpolation=cv2.INTER_CUBIC)
        grainy = _with_grain(image, default_rng(seed))
        path = folder / f"{size[0]}-{seed}.jpg"
        path.write_bytes(_jpeg(grainy, _CAMERA_JPEG_QUALITY))
        enlarged.append(Picture(path=path, label=picture.label))
    return PictureSet(name=name, pictures=tuple(enlarged))


def spread(things: Sequence[_Thing], count_max: int | None) -> list[_Thing]:
    """Return at most `count_max` of some things, evenly spread over them; all for None."""
    if count_max is None or len(things) <= count_max:
        return list(things)
    return [things[place * len(things) // count_max] for place in range(count_max)]


def made_up_vin(seed: int) -> str:
    """Return a VIN of a maker in China, the rest by chance: a right check digit, six digits at the end."""
    chances = default_rng(seed)
    makers = sorted(code for code in table("vin_maker").by_code if code.startswith(_CHINA))
    middle = "".join(VIN_ALPHABET[place] for place in chances.integers(0, len(VIN_ALPHABET), _MIDDLE_CHARACTERS))
    draft = f"{makers[int(chances.integers(0, len(makers)))]}{middle}{int(chances.integers(0, 1_000_000)):06d}"
    return draft[: CHECK_POSITION - 1] + check_digit(draft) + draft[CHECK_POSITION:]


def badly_taken(data: bytes, seed: int) -> bytes:
    """Return a photo (JPEG) as taken in a hurry: turned, from afar, flat, dark or bright, under a lamp, soft."""
    chances = default_rng([seed, 1])
    image = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), dtype=np.uint8)
    image = _from_afar(_turned(image, chances), chances)
    height, width = image.shape[:2]
    seen = image.astype(np.float32)
    seen = (seen - seen.mean()) * chances.uniform(*_CONTRAST) + seen.mean() + chances.uniform(*_BRIGHTNESS_LEVELS)
    seen += _lamp(width, height, chances)[:, :, None]
    blur = max(0.1, width * chances.uniform(0, _BLUR_SHARE_OF_WIDTH_MAX))
    seen = cv2.GaussianBlur(seen, (0, 0), blur).astype(np.float32)
    seen += chances.normal(0, chances.uniform(*_GRAIN_LEVELS), seen.shape)
    return _jpeg(np.clip(seen, 0, 255).astype(np.uint8), int(chances.integers(*_JPEG_QUALITY)))


def _turned(image: Pixels, chances: Generator) -> Pixels:
    height, width = image.shape[:2]
    degrees = float(chances.uniform(-_TURN_DEGREES_MAX, _TURN_DEGREES_MAX))
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 0.98)
    return np.asarray(cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT), dtype=np.uint8)


def _from_afar(image: Pixels, chances: Generator) -> Pixels:
    share = float(chances.uniform(*_WIDTH_SHARE))
    return np.asarray(cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _lamp(width: int, height: int, chances: Generator) -> np.ndarray:
    """Return the light of a lamp's reflection, in levels, somewhere in the picture."""
    x, y = chances.uniform(0, width), chances.uniform(0, height)
    reach = width * chances.uniform(0.05, 0.25)
    across, down = np.meshgrid(np.arange(width) - x, np.arange(height) - y)
    light = np.exp(-(across**2 + down**2) / (2 * reach**2)) * chances.uniform(0, _LAMP_LEVELS_MAX)
    return np.asarray(light, dtype=np.float32)


def _with_grain(image: np.ndarray, chances: Generator) -> Pixels:
    """Add a tile of grain all over: chance for every pixel of a large photo would take seconds."""
    height, width = image.shape[:2]
    tile = chances.normal(0, _CAMERA_GRAIN_LEVELS, (_GRAIN_TILE_PIXELS, _GRAIN_TILE_PIXELS, 3)).astype(np.int16)
    times = (-(-height // _GRAIN_TILE_PIXELS), -(-width // _GRAIN_TILE_PIXELS), 1)
    grain = np.tile(tile, times)[:height, :width]
    return np.asarray(np.clip(image.astype(np.int16) + grain, 0, 255), dtype=np.uint8)


def _opened(path: Path) -> Pixels:
    return np.asarray(cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR), dtype=np.uint8)


def _jpeg(image: Pixels, quality: int) -> bytes:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return bytes(data)


def _has_strip(path: Path, label: Label) -> bool:
    grey = cv2.cvtColor(_opened(path), cv2.COLOR_BGR2GRAY) if label.box else None
    return label.box is not None and grey is not None and has_strip_beside(np.asarray(grey, dtype=np.uint8), label.box)
