"""The registered VIN (车辆识别代号) beside what was read off the photo, character by character. Pure."""

from dataclasses import dataclass
from typing import Literal

from central_hub.console.texts import Texts, percent
from inspection.case import Case
from inspection.evidence import CharacterReading, VinFinding
from inspection.facts import ReadingCorrected
from inspection.vin import check_digit_holds, differing_positions, is_vin

CHARACTER_PROBABILITY_MIN = 0.9
"""Below it a character is marked as doubtful on the screen. It decides nothing: acceptance is the model's word."""
ALTERNATIVES_SHOWN_MAX = 3
ALTERNATIVE_PROBABILITY_MIN = 0.005
CELLS_MAX = 40
"""Frame numbers (整车出厂编号) may be longer than 17 characters; a device may write anything."""


Verdict = Literal["pass", "warn", "fail"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One position, from 1. sure: whole percent as text, empty where not known. differs: from the registered VIN."""

    position: int
    registered: str
    read: str
    corrected: str
    sure: str
    doubtful: bool
    read_differs: bool
    corrected_differs: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class VinView:
    """What the comparison shows.

    verdict: "warn" where only a person's correction made the reading the registered VIN.
    digest, box: the photo and the corners "x,y x,y x,y x,y" of the reading on it.
    """

    cells: tuple[Cell, ...]
    read: bool
    corrected: bool
    verdict: Verdict
    summary: str
    doubts: tuple[str, ...]
    notes: tuple[str, ...]
    persons: tuple[str, ...]
    digest: str
    box: str


def vin_view(case: Case, texts: Texts) -> VinView:
    """Return the comparison; without a reading it shows the registered VIN alone."""
    registered = case.opened.vehicle.vin if case.opened else ""
    photo = case.vin_photo
    finding = photo.vin if photo and photo.vin else VinFinding(vin="", confidence=0.0)
    corrected = case.vin if case.vin != finding.vin else ""
    verdict, summary = _summary(case, registered, finding, texts)
    return VinView(
        cells=_cells(registered, finding, corrected),
        read=bool(finding.vin),
        corrected=bool(corrected),
        verdict=verdict,
        summary=summary,
        doubts=_doubts(finding, texts),
        notes=_notes(finding, texts) if photo else (),
        persons=tuple(_person(correction, case, texts) for correction in case.corrections),
        digest=photo.photo.digest if photo else "",
        box=" ".join(f"{x:g},{y:g}" for x, y in finding.box),
    )


def _cells(registered: str, finding: VinFinding, corrected: str) -> tuple[Cell, ...]:
    length = min(CELLS_MAX, max(len(registered), len(finding.vin), len(corrected)))
    return tuple(
        _cell(place, lines=(registered, finding.vin, corrected), readings=finding.characters)
        for place in range(1, length + 1)
    )


def _cell(place: int, *, lines: tuple[str, str, str], readings: tuple[CharacterReading, ...]) -> Cell:
    registered, read, corrected = (line[place - 1 : place] for line in lines)
    reading = readings[place - 1] if place <= len(readings) else None
    return Cell(
        position=place,
        registered=registered,
        read=read,
        corrected=corrected,
        sure=percent(reading.probability) if reading else "",
        doubtful=reading is not None and _is_doubtful(reading),
        read_differs=bool(lines[1]) and read != registered,
        corrected_differs=bool(lines[2]) and corrected != registered,
    )


def _is_doubtful(reading: CharacterReading) -> bool:
    # Written this way round, a probability that is no number counts as doubtful.
    return not reading.probability >= CHARACTER_PROBABILITY_MIN


def _summary(case: Case, registered: str, finding: VinFinding, texts: Texts) -> tuple[Verdict, str]:
    if not case.vin:
        return "fail", texts("vin.none")
    if differing := differing_positions(registered, case.vin):
        return "fail", texts("vin.differs", positions=", ".join(str(place) for place in differing[:CELLS_MAX]))
    if finding.vin != registered:
        return "warn", texts("vin.agrees_corrected")
    return "pass", texts("vin.agrees")


def _doubts(finding: VinFinding, texts: Texts) -> tuple[str, ...]:
    doubts = []
    for place, reading in enumerate(finding.characters[:CELLS_MAX], start=1):
        said = {"position": place, "character": reading.character, "percent": percent(reading.probability)}
        if _is_doubtful(reading):
            others = [other for other in reading.alternatives if other[1] >= ALTERNATIVE_PROBABILITY_MIN]
            shown = ", ".join(f"{letter} {percent(sure)}" for letter, sure in others[:ALTERNATIVES_SHOWN_MAX])
            key = "vin.doubtful_at" if shown else "vin.doubtful_alone"
            doubts.append(texts(key, alternatives=shown, **said))
        if reading.corrected:
            doubts.append(texts("vin.replaced_letter", letter=reading.corrected, **said))
    return tuple(doubts)


def _notes(finding: VinFinding, texts: Texts) -> tuple[str, ...]:
    notes = [texts("vin.accepted") if finding.accepted else texts("vin.not_accepted")]
    notes.append(texts("vin.surface", surface=texts.coded("surface", finding.kind)))
    if finding.vin:
        notes.append(texts("vin.confidence", percent=percent(finding.confidence)))
    if is_vin(finding.vin):
        notes.append(texts("vin.check_holds") if check_digit_holds(finding.vin) else texts("vin.check_fails"))
    if finding.barcode:
        notes.append(texts("vin.barcode", barcode=finding.barcode))
    notes.extend(texts.coded("finding", reason) for reason in finding.reasons)
    return tuple(notes)


def _person(correction: ReadingCorrected, case: Case, texts: Texts) -> str:
    key = "vin.confirmed_by" if correction.read == correction.corrected else "vin.changed_by"
    said = texts(
        key, by=correction.by, read=correction.read, corrected=correction.corrected, reason=correction.reason or "—"
    )
    current = case.vin_photo is not None and case.vin_photo.photo.digest == correction.photo
    return said if current else f"{said} {texts('vin.other_photo')}"
