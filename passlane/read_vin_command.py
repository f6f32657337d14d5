"""`passlane read-vin`: read the VINs (车辆识别代号) on photos, in lines for people or as JSON for programs.

It knows which files are meant, and how a reading is put into a line. What stands on a photo, how sure that is and
whether a person has to look is decided in `models`; reasons are worded as on the hub's console.
"""

import argparse
import io
import math
import os
import stat
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

import msgspec

from central_hub.console.texts import LANGUAGES, texts_in
from inspection.evidence import CharacterReading, VinFinding
from inspection.vin import VinError, is_vin, parse_vin
from passlane import UsageError

if TYPE_CHECKING:
    from models.photo import Photo

DEFAULT_PROFILE = "lane-box-basic"
PHOTO_ENDINGS = (".jpg", ".jpeg", ".png")
CHARACTER_PROBABILITY_MIN = 0.9
"""A character below it is marked. It decides nothing: acceptance is the model's word."""
ALTERNATIVE_PROBABILITY_MIN = 0.005
ALTERNATIVES_SHOWN_MAX = 3

_NOTHING_READ = VinFinding(vin="", confidence=0.0)
_NO_VIN = "—"
_GAP = "  "
_GREEN, _YELLOW, _RED = "32", "1;33", "31"


class ShownVin(Protocol):
    """Whether a photo shows an expected VIN."""

    @property
    def probability(self) -> float:
        """How probable it is, 0 to 1."""

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions, from 1, at which the photo shows something else."""


class ReadsVins(Protocol):
    """What this command asks of a reader; `models.vin.VinReader` is one. Both raise models.ModelError."""

    def read(self, photo: "Photo", /) -> VinFinding:
        """Return what stands on the photo."""

    def matches(self, photo: "Photo", expected: str, /) -> ShownVin:
        """Return whether the photo shows this VIN."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """Why there is no VIN. code: for programs. sentence: in English. zh: the same in Chinese."""

    code: str
    sentence: str
    zh: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came of one file. A photo on which no VIN was found has a finding and a fault."""

    file: str
    finding: VinFinding = _NOTHING_READ
    fault: Fault | None = None
    shown: ShownVin | None = None


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand to the parser."""
    reading = subcommands.add_parser(
        "read-vin",
        help="read the VINs on photos",
        description="Read the VIN on each photo (JPEG or PNG) and say how sure it is and whether a person has to look. "
        "A ^ stands under each doubtful character, with what else it may be. A folder is searched for .jpg, .jpeg and "
        ".png. Status 0: a VIN was read on every photo; 1: not on all; 2: asked for wrongly.",
        epilog="example: passlane read-vin --expected LZZZ5ABC8RA000017 photos/",
    )
    reading.add_argument("files", metavar="FILE", nargs="+", help="a photo, or a folder of photos")
    reading.add_argument("--json", action="store_true", help="one JSON object a photo")
    reading.add_argument("--expected", metavar="VIN", help="say as well how probably each photo shows this VIN")
    reading.add_argument(
        "--profile",
        metavar="FILE",
        type=Path,
        help=f"the device profile that names the models; its signature is not asked (default: {DEFAULT_PROFILE})",
    )
    reading.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Read the photos."""
    expected = None if options.expected is None else _checked_expected(options.expected)
    reader = _loaded_reader(options.profile)
    _make_writable(as_json=options.json)
    asked = [one for name in options.files for one in offered(name)]
    answers = (one if isinstance(one, Answer) else read_file(one, reader, expected=expected) for one in asked)
    coloured = wants_colours(sys.stdout, os.environ)

    def shown(answer: Answer) -> str:
        return json_line(answer, expected) if options.json else lines(answer, expected, coloured=coloured)

    return _say_each(answers, shown, total=len(asked))


def _checked_expected(text: str) -> str:
    try:
        return parse_vin(text)
    except VinError as error:
        meant = f"; did you mean {error.suggestion}?" if is_vin(error.suggestion) else ""
        raise UsageError(f"--expected: {error}{meant}") from error


def _loaded_reader(profile: Path | None) -> ReadsVins:
    from firmware_profiles.files import shipped_profile  # noqa: PLC0415 - other commands need no model
    from firmware_profiles.parsing import PROFILE_BYTES_MAX, parse_profile  # noqa: PLC0415
    from passlane.reading import checked_profile, vin_reader  # noqa: PLC0415

    try:
        content = _content(profile, bytes_max=PROFILE_BYTES_MAX) if profile else shipped_profile(DEFAULT_PROFILE)
        text = content.decode() if isinstance(content, bytes) else ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{profile} cannot be read: {error}") from error
    if isinstance(content, Fault):
        raise UsageError(f"{profile} cannot be read: {content.sentence}")
    return vin_reader(checked_profile(parse_profile(text), version("passlane")))


def _make_writable(*, as_json: bool) -> None:
    """Let no terminal's encoding stop a line: JSON is UTF-8 (RFC 8259), other text is escaped where it must be."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8" if as_json else None, errors="backslashreplace")


def _say_each(answers: Iterable[Answer], shown: Callable[[Answer], str], *, total: int) -> int:
    """Say each answer as it comes, and a terminal how far it is; return 1 where a VIN is missing, else 0."""
    from tqdm import tqdm  # type: ignore[import-untyped]  # noqa: PLC0415 - other commands show no progress

    status = 0
    quiet = total < 2 or not sys.stderr.isatty()  # noqa: PLR2004 - one photo is no progress
    with tqdm(answers, total=total, unit="photo", file=sys.stderr, disable=quiet, dynamic_ncols=True) as progress:
        for answer in progress:
            # Clears the bar, writes above it and draws it again, where both are on one terminal.
            progress.write(shown(answer), file=sys.stdout)
            sys.stdout.flush()
            status = 1 if answer.fault else status
    return status


def offered(name: str) -> Iterator[str | Answer]:
    """Yield the files meant by a name, those of a folder sorted, and an answer for what cannot be gone through."""
    try:
        is_folder = Path(name).is_dir()
    except OSError:
        # What stands in the way is said when it is opened.
        is_folder = False
    if not is_folder:
        yield name
        return
    barred: list[OSError] = []
    photos = [
        str(Path(folder, file))
        for folder, _, files in os.walk(name, onerror=barred.append)
        for file in files
        if file.lower().endswith(PHOTO_ENDINGS)
    ]
    yield from sorted(photos, key=lambda photo: Path(photo).parts)
    for error in barred:
        yield Answer(file=str(error.filename), fault=_system_fault("folder", error))
    if not photos and not barred:
        zh, en = "文件夹中没有照片", f"The folder holds no photo ({', '.join(PHOTO_ENDINGS)})."
        yield Answer(file=name, fault=Fault(code="folder.empty", sentence=en, zh=zh))


def read_file(name: str, reader: ReadsVins, *, expected: str | None = None) -> Answer:
    """Return what the reader finds on one photo; whatever is wrong with the file is a fault, never an exception."""
    from models import ModelError  # noqa: PLC0415 - as above
    from models.photo import PhotoError, PhotoLimits, open_photo  # noqa: PLC0415

    limits = PhotoLimits()
    try:
        content = _content(Path(name), bytes_max=limits.photo_bytes_max)
        if isinstance(content, Fault):
            return Answer(file=name, fault=content)
        photo = open_photo(content, limits)
        finding = reader.read(photo)
        shown = reader.matches(photo, expected) if expected else None
    except OSError as error:
        return Answer(file=name, fault=_system_fault("file", error))
    except ModelError as error:
        code = error.code if isinstance(error, PhotoError) else "photo.unreadable"
        zh = texts_in("zh").coded("shot", code)
        return Answer(file=name, fault=Fault(code=code, sentence=str(error), zh=zh))
    return Answer(file=name, finding=finding, fault=None if finding.vin else _no_vin(finding), shown=shown)


def _content(path: Path, *, bytes_max: int) -> bytes | Fault:
    status = path.stat()
    # A pipe could keep everybody waiting for ever.
    if not stat.S_ISREG(status.st_mode):
        return Fault(code="file.special", sentence="It is no regular file.", zh="不是普通文件")
    if status.st_size > bytes_max:
        sentence = f"The file has {status.st_size} bytes; at most {bytes_max} are accepted."
        return Fault(code="photo.too_large", sentence=sentence, zh=texts_in("zh").coded("shot", "photo.too_large"))
    with path.open("rb") as file:
        return file.read(bytes_max)


def _system_fault(what: str, error: OSError) -> Fault:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return Fault(code=f"{what}.missing", sentence="There is no such file or folder.", zh="没有这个文件或文件夹")
    return Fault(code=f"{what}.unreadable", sentence=f"It cannot be read: {error.strerror}.", zh="无法读取")


def _no_vin(finding: VinFinding) -> Fault:
    """Say why no VIN was read in the words of the first reason; there always is one."""
    code = finding.reasons[0] if finding.reasons else "vin.none"
    zh, en = (texts_in(language).coded("finding", code) for language in LANGUAGES)
    return Fault(code=code, sentence=f"{en[:1].upper()}{en[1:]}.", zh=zh)


def json_line(answer: Answer, expected: str | None) -> str:
    """Return one JSON object in one line; `expected` stands in it only where a VIN was expected.

    A photo that could not be used has the same keys, with nothing read; error is null where a VIN was read.
    """
    finding, fault, shown = answer.finding, answer.fault, answer.shown
    said: dict[str, object] = {
        "file": _name(answer.file),
        "vin": finding.vin,
        "confidence": finding.confidence,
        "accepted": finding.accepted,
        "kind": finding.kind,
        "box": finding.box,
        # As builtins: a struct leaves out what has its default, and a program wants the same keys every time.
        "characters": [msgspec.structs.asdict(reading) for reading in finding.characters],
        "barcode": finding.barcode,
        "milliseconds": finding.milliseconds,
        "error": {"code": fault.code, "sentence": fault.sentence} if fault else None,
    }
    if expected:
        said["expected"] = {
            "vin": expected,
            "probability": shown.probability if shown else None,
            "positions": shown.positions if shown else [],
        }
    return msgspec.json.encode(said).decode()


def lines(answer: Answer, expected: str | None = None, *, coloured: bool = False) -> str:
    """Return what people are told: a line, one under it that marks doubtful characters, and one for what was expected.

    All that stands under the VIN is aligned by spaces, so that it can be copied as text.
    """
    name = _printable(_name(answer.file))
    indent = " " * _columns(name) + _GAP
    said = [f"{name}{_GAP}{_verdict(answer, coloured=coloured)}"]
    if marks := _marks(answer.finding):
        said.append(indent + marks)
    if expected and answer.shown:
        said.append(indent + _expectation(expected, answer.shown))
    return "\n".join(said)


def _verdict(answer: Answer, *, coloured: bool) -> str:
    finding, fault = answer.finding, answer.fault
    if fault:
        barcode = f"{_GAP}{_barcode(finding)}" if finding.barcode else ""
        why = f"{fault.zh} {_printable(fault.sentence)} [{fault.code}]"
        return f"{_NO_VIN}{_GAP}{_painted(why, _RED, coloured=coloured)}{barcode}"
    doubtful = set(_doubtful_positions(finding))
    vin = "".join(
        _painted(character, _YELLOW, coloured=coloured and position in doubtful)
        for position, character in enumerate(finding.vin, start=1)
    )
    reasons = [_in_words("finding", reason) for reason in finding.reasons]
    replaced = [(n, one) for n, one in enumerate(finding.characters, start=1) if one.corrected]
    reasons.extend(f"#{position} {reading.corrected} → {reading.character}" for position, reading in replaced)
    if finding.barcode and finding.barcode != finding.vin:
        reasons.append(_barcode(finding))
    words = _in_words("vin", "accepted" if finding.accepted else "not_accepted")
    why = f": {'; '.join(reasons)}" if reasons else ""
    colour = _GREEN if finding.accepted else _YELLOW
    return f"{vin}{_GAP}{percent(finding.confidence)}{_GAP}{_painted(words, colour, coloured=coloured)}{why}"


def _barcode(finding: VinFinding) -> str:
    return f"条码 barcode {_printable(finding.barcode)}"


def _marks(finding: VinFinding) -> str:
    """Return the line under a VIN: ^ under each doubtful character, then what else each of them may be."""
    positions = _doubtful_positions(finding)
    if not positions:
        return ""
    carets = "".join("^" if place in positions else " " for place in range(1, len(finding.vin) + 1))
    readings = finding.characters
    return carets + _GAP + "; ".join(f"#{position} {_choices(readings[position - 1])}" for position in positions)


def _doubtful_positions(finding: VinFinding) -> tuple[int, ...]:
    """Return the doubtful positions, from 1.

    Where a reading is doubtful and no character is by itself, it is the weakest one, if it may be another at all.
    """
    readings = finding.characters[: len(finding.vin)]
    # Written this way round, a probability that is no number counts as doubtful.
    doubtful = [n for n, one in enumerate(readings, start=1) if not one.probability >= CHARACTER_PROBABILITY_MIN]
    if not doubtful and readings and "vin.doubtful" in finding.reasons:
        weakest, reading = min(enumerate(readings, start=1), key=lambda one: one[1].probability)
        doubtful = [weakest] if _others(reading) else []
    return tuple(doubtful)


def _others(reading: CharacterReading) -> list[tuple[str, float]]:
    others = [other for other in reading.alternatives if other[1] >= ALTERNATIVE_PROBABILITY_MIN]
    return others[:ALTERNATIVES_SHOWN_MAX]


def _choices(reading: CharacterReading) -> str:
    choices = [(reading.character, reading.probability), *_others(reading)]
    return ", ".join(f"{character} {percent(probability)}" for character, probability in choices)


def _expectation(expected: str, shown: ShownVin) -> str:
    places = " ".join(f"#{position}" for position in shown.positions)
    differs = f"不同位 differs at {places}" if places else "各位相符 no position differs"
    return f"{expected}{_GAP}{percent(shown.probability)}{_GAP}应为此号 expected; {differs}"


def percent(probability: float) -> str:
    """Return a probability (0 to 1) in percent, one decimal, rounded down: what is not certain is never called 100 %.

    What is no probability, as NaN, is "?".
    """
    return f"{math.floor(round(probability * 1000, 6)) / 10:.1f}%" if 0 <= probability <= 1 else "?"


def wants_colours(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Return whether colours may be written: to a terminal that knows them, unless NO_COLOR says otherwise."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def _painted(text: str, colour: str, *, coloured: bool) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m" if coloured else text


def _in_words(family: str, code: str) -> str:
    """Return the words for a code in Chinese and English; a code that nobody knows is itself the word."""
    zh, en = (texts_in(language).coded(family, code) for language in LANGUAGES)
    return zh if zh == en else f"{zh} {en}"


def _name(file: str) -> str:
    """Return a file's name as text that can be encoded, whatever bytes it consists of."""
    return os.fsencode(file).decode("utf-8", "backslashreplace")


def _printable(text: str) -> str:
    """Return a text of one line that cannot steer a terminal."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _columns(text: str) -> int:
    """Return how many columns of a terminal a text takes: a Chinese character takes two, a combining mark none."""
    return sum(0 if unicodedata.combining(one) else 1 + (unicodedata.east_asian_width(one) in "WF") for one in text)
