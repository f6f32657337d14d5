"""Trains everything that the manifest lists, in steps that may each be cut off and started again.

    python -m models.training STEP [--round N] --frames DIR --measured DIR [--base DIR] [--kinds FILE] [--work DIR]

Steps, in order: label and reader with --round 1; label (again: the second round reads with what the first trained),
reader, finder, surfaces, export, calibrate. Each reads what those before it wrote into the work folder. frames: photos
with boxes.tsv; measured: the labelled photos that figures are measured on, to be kept out; base: the stock networks of
PP-OCRv6 small; kinds: a file with a frame and a letter (w, s, p, m, r, d) in each line, its surface as seen by eye.
"""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from numpy.random import Generator, default_rng

from models import ModelError
from models.calibrating import load_calibration
from models.characters import CharacterReader
from models.deciding import DecisionSettings, best_of, doubts_of, features
from models.lines import FinderSettings, LineFinder
from models.photo import Photo, PhotoLimits, Pixels, open_photo
from models.training.calibration_fitting import Seen, fitted
from models.training.exporting import export, write_calibration
from models.training.finder_training import finder_from, finder_trained
from models.training.frames import (
    Frame,
    FrameLabel,
    Labels,
    digest_of,
    frames_in,
    is_checked_on,
    is_measured,
    kinds_in,
    labels_from,
    labels_to,
    measured_digests,
    measured_vins,
    mirrored,
    parted,
    picture_of,
)
from models.training.labelling import Labeller, framed_quad
from models.training.pictures.drawn import some_surface, some_vin
from models.training.pictures.scenes import Framed, covered, set_in
from models.training.pictures.strips import Place
from models.training.reader_training import SCHEDULE as READER_SCHEDULE
from models.training.reader_training import cut_down, reader_from, reader_trained
from models.training.surface_training import Shown, evened, teller_from, teller_trained
from models.vin import ReaderNetworks, VinReader
from models.weights import OnnxNetwork, load_network

_HERE = Path(__file__).parent
_ROUNDS = (1, 2)
_FIRST_ROUND_STEPS = 1000
_SAVED_EVERY_FRAMES = 50
# The stock finder marks all text; what it misses at its usual bounds is mostly VINs on bad photos.
_STOCK_FINDER = FinderSettings(
    side_pixels=640,
    mark_probability_min=0.15,
    line_probability_min=0.25,
    growth=0.8,
    core_pixels_min=3.0,
    lines_max=60,
)
_DRAWN_PHOTOS = 400
_DRAWN_SIDE_PIXELS = 480
_DRAWN_QUALITY = 90
_SEED_DRAWN = 20_264
_WRONG_SHARE_MAX = 0.003


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line says; round: which round of labels the step works with, 1 or 2."""

    frames: Path
    measured: Path
    base: Path
    kinds: Path
    work: Path
    round: int

    @property
    def folder(self) -> Path:
        """Where the round's labels and checkpoints lie."""
        return self.work / f"round-{self.round}"

    @property
    def before(self) -> Path:
        """Where those of the round before lie."""
        return self.work / f"round-{self.round - 1}"


def label(options: Options) -> None:
    """Say what stands on the frames, and which of them must be left out."""
    path = options.folder / "labels.json"
    first = options.round == _ROUNDS[0]
    earlier = Labels() if first else labels_from(options.before / "labels.json")
    labels = labels_from(path) if path.is_file() else earlier.again()
    vins, digests = measured_vins(options.measured), measured_digests(options.measured)
    labeller = _labeller(options)
    for place, frame in enumerate(frames_in(options.frames)):
        if frame.file in labels:
            continue
        if digest_of(options.frames / frame.file) in digests:
            labels.measured.add(frame.file)
            continue
        _note(labels, frame, labeller, vins=vins, known=earlier.unsure.get(frame.file, ()))
        if place % _SAVED_EVERY_FRAMES == 0:
            labels_to(path, labels)
    labels_to(path, labels)
    _say(labelled=len(labels.sure), unsure=len(labels.unsure), left_out=len(labels.measured))


def reader(options: Options) -> None:
    """Train the character reader on the round's labels, going on from the round before."""
    places = tuple([_place(options, one) for one in part] for part in parted(_labels(options).sure.values()))
    checkpoint, earlier = options.folder / "reader.pt", options.before / "reader.pt"
    if options.round > _ROUNDS[0] and not checkpoint.is_file() and earlier.is_file():
        shutil.copyfile(earlier, checkpoint)
    schedule = replace(READER_SCHEDULE, stop_at=_FIRST_ROUND_STEPS if options.round == _ROUNDS[0] else None)
    reader_trained(_stock_reader(options), (places[0], places[1]), folder=options.folder, schedule=schedule)


def finder(options: Options) -> None:
    """Train the finder on all frames but those that are measured on, whether their text is known or not."""
    training, checked = _framed(options)
    finder_trained(_stock_finder(options), (training, checked), folder=options.folder)


def surfaces(options: Options) -> None:
    """Train the teller of surfaces on the frames whose kind is known."""
    labels, kinds = _labels(options), kinds_in(options.kinds)
    parts: tuple[list[Shown], list[Shown]] = ([], [])
    for frame, framed in _usable(options, labels):
        kind = kinds.get(Path(frame.file).stem)
        if kind:
            parts[is_checked_on(_vehicle(labels, frame))].append(Shown(framed.picture, framed.quad, kind))
    teller_trained((evened(parts[0]), parts[1]), folder=options.folder)


def export_all(options: Options) -> None:
    """Put what the round's checkpoints hold where the product loads it from."""
    networks = {
        "line-finder": finder_from(_stock_finder(options), options.folder / "finder.pt"),
        "character-reader": reader_from(_stock_reader(options), options.folder / "reader.pt"),
        "surface-teller": teller_from(options.folder / "surfaces.pt"),
    }
    _say(**export({name: network.SerializeToString() for name, network in networks.items()}))


def calibrate(options: Options) -> None:
    """Fit the confidence on vehicles that nothing was trained on, and on drawn photos."""
    networks = ReaderNetworks(
        finder=load_network("line-finder"),
        reader=load_network("character-reader"),
        surfaces=load_network("surface-teller"),
    )
    vin_reader = VinReader(networks, load_calibration(), clock=time.perf_counter)
    checked = parted(_labels(options).sure.values())[1]
    photos = [(_photo(_unmirrored(options, one), ".png"), one.vin) for one in checked]
    grounds, chances = _framed(options)[1], default_rng(_SEED_DRAWN)
    drawn = (_drawn_photo(grounds, chances) for _ in range(_DRAWN_PHOTOS))
    seen = [one for part in (photos, drawn) for one in _votes(vin_reader, part)]
    calibration = fitted(seen, wrong_share_max=_WRONG_SHARE_MAX)
    wrong = sum(not one.right for one in seen)
    fitted_on = f"{len(photos)} frames of vehicles not trained on and {_DRAWN_PHOTOS} drawn photos"
    write_calibration(calibration, fitted_on=f"{fitted_on}: {len(seen)} readings, {wrong} wrong.")
    _say(readings=len(seen), wrong=wrong, accepted_min=calibration.accepted_min)


STEPS: dict[str, Callable[[Options], None]] = {
    "label": label,
    "reader": reader,
    "finder": finder,
    "surfaces": surfaces,
    "export": export_all,
    "calibrate": calibrate,
}


def main(arguments: Sequence[str]) -> int:
    """Run one step; return 0, or 1 with a line on stderr where a folder or a file cannot be used."""
    values = vars(_parser().parse_args(arguments))
    step = STEPS[values.pop("step")]
    options = Options(**values)
    options.folder.mkdir(parents=True, exist_ok=True)
    # Drawing and learning are two processes on two cores: more threads would only wait for each other.
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    try:
        step(options)
    except (ModelError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models.training", description="Train the reader's own weights.")
    parser.add_argument("step", choices=list(STEPS))
    parser.add_argument("--round", type=int, choices=_ROUNDS, default=_ROUNDS[-1], help="of labels; 1 is the first")
    parser.add_argument("--frames", type=Path, required=True, help="folder of photos with boxes.tsv")
    parser.add_argument("--measured", type=Path, required=True, help="folder of photos with labels.tsv, to be kept out")
    parser.add_argument("--base", type=Path, default=_wheel(), help="folder of the stock networks (rapidocr's wheel)")
    parser.add_argument("--kinds", type=Path, default=_HERE / "kinds.tsv", help="surfaces of the frames, seen by eye")
    parser.add_argument("--work", type=Path, default=_HERE / "work", help="folder of labels and checkpoints")
    return parser


def _wheel() -> Path:
    """Return the folder in which rapidocr's wheel carries its networks, without importing it."""
    found = find_spec("rapidocr")
    return Path(found.origin).parent / "models" if found and found.origin else Path("models")


def _labeller(options: Options) -> Labeller:
    content = (options.base / "PP-OCRv6_rec_small.onnx").read_bytes()
    if options.round > _ROUNDS[0]:
        content = reader_from(_stock_reader(options), options.before / "reader.pt").SerializeToString()
    stock = OnnxNetwork((options.base / "PP-OCRv6_det_small.onnx").read_bytes(), threads=1)
    return Labeller(finder=LineFinder(stock, _STOCK_FINDER), reader=CharacterReader(OnnxNetwork(content, threads=1)))


def _note(labels: Labels, frame: Frame, labeller: Labeller, *, vins: frozenset[str], known: Sequence[str]) -> None:
    survey = labeller.survey(frame, known=known)
    labels.angles[frame.file] = survey.angle
    if is_measured((*survey.texts, *known), vins):
        labels.measured.add(frame.file)
    elif survey.label:
        labels.sure[frame.file] = survey.label
    else:
        labels.unsure[frame.file] = survey.texts


def _labels(options: Options) -> Labels:
    return labels_from(options.folder / "labels.json")


def _stock_reader(options: Options) -> onnx.ModelProto:
    model = onnx.load(str(options.base / "PP-OCRv6_rec_small.onnx"))
    characters = next(entry.value for entry in model.metadata_props if entry.key == "character")
    return cut_down(model, characters.split("\n"))


def _stock_finder(options: Options) -> onnx.ModelProto:
    return onnx.load(str(options.base / "PP-OCRv6_det_small.onnx"))


def _unmirrored(options: Options, one: FrameLabel) -> Pixels:
    picture = picture_of(options.frames / one.file)
    return mirrored(picture) if one.mirrored else picture


def _place(options: Options, one: FrameLabel) -> Place:
    return Place(frame=_unmirrored(options, one), quad=np.array(one.quad), text=one.vin)


def _usable(options: Options, labels: Labels) -> Iterator[tuple[Frame, Framed]]:
    """Go through the frames that are not measured on, with the corners of their VINs."""
    for frame in frames_in(options.frames):
        quad = None if frame.file in labels.measured else framed_quad(frame.box, labels.angles.get(frame.file, 0.0))
        if quad is not None:
            yield frame, Framed(picture=frame.picture, quad=quad)


def _framed(options: Options) -> tuple[list[Framed], list[Framed]]:
    labels = _labels(options)
    parts: tuple[list[Framed], list[Framed]] = ([], [])
    for frame, framed in _usable(options, labels):
        parts[is_checked_on(_vehicle(labels, frame))].append(framed)
    return parts


def _vehicle(labels: Labels, frame: Frame) -> str:
    """Return what tells a frame's vehicle from others: its VIN, or the file's name where no text is known."""
    known = labels.sure.get(frame.file)
    return known.vin if known else frame.file


def _photo(picture: Pixels, ending: str) -> Photo:
    _, data = cv2.imencode(ending, picture, [cv2.IMWRITE_JPEG_QUALITY, _DRAWN_QUALITY] if ending == ".jpg" else [])
    return open_photo(bytes(data), PhotoLimits())


def _drawn_photo(grounds: Sequence[Framed], chances: Generator) -> tuple[Photo, str]:
    """Return a photo with a drawn VIN in the place of its own, 30 to 95 % as wide as the photo."""
    ground = covered(grounds[int(chances.integers(0, len(grounds)))], chances)
    scale = _DRAWN_SIDE_PIXELS / max(ground.shape[:2])
    larger = np.asarray(cv2.resize(ground, None, fx=scale, fy=scale), dtype=np.uint8)
    vin, share = some_vin(chances), float(chances.uniform(0.3, 0.95))
    picture, _ = set_in(larger, (vin, some_surface(chances)), chances, share=share, down=0.0)
    return _photo(picture, ".jpg"), vin


def _votes(vin_reader: VinReader, photos: Iterator[tuple[Photo, str]] | Sequence[tuple[Photo, str]]) -> Iterator[Seen]:
    settings = DecisionSettings()
    for photo, vin in photos:
        readings = vin_reader.readings(photo)
        vote = best_of(readings, settings)
        if vote:
            doubted = bool(doubts_of(readings, vote, settings))
            yield Seen(features=features(vote), right=vote.text == vin, doubted=doubted)


def _say(**figures: float) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
