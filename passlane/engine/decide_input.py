"""The form of CASE.json, of which `passlane decide` explains the decision, and the folded case that it stands for.

Pure: text in, values out. What is left out is as it has to be: every item passed, every photo taken and stored, the
VIN read as it is registered.
"""

from datetime import date
from typing import Literal

import msgspec
from msgspec import Struct

from central_hub.deciding.permitting import filings_of, kind_of
from inspection.case import Case, fold
from inspection.checklist import Requirement
from inspection.evidence import PhotoRef, VinFinding, Whole
from inspection.facts import (
    AnyFact,
    AuditDecided,
    CaseAbandoned,
    CaseOpened,
    Entry,
    InspectionConcluded,
    ItemChecked,
    Mark,
    Outcome,
    PhotoStored,
    PhotoTaken,
    Position,
    ReadingCorrected,
    Vehicle,
)
from inspection.filings import Filing
from inspection.identities import HUB, Regime, case_id, checked_device
from inspection.rules import Circumstances, Judgement, Rulebook, Standing, judge_permission, required_by
from inspection.signing import CHAIN_START, digest
from passlane import UsageError

_MEDIA = "image/jpeg"


class PaperVehicle(Vehicle, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The vehicle on paper, with the names that the facts use."""


class StationText(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The station, how it stands, and the character of its province, e.g. "京" (empty: not judged)."""

    id: str = "station"
    admitted: bool = True
    listed: bool = False
    suspended: bool = False
    province: str = ""


class StickerText(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another sticker of the vehicle: its number and its last day."""

    number: str
    valid_until: date


class VinText(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the VIN was read. read: none for the registered one, empty for nothing. accepted: no person need look.

    confirmed: what a person read on the photo.
    """

    read: str | None = None
    accepted: bool = True
    confirmed: str = ""


class CaseText(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A case as CASE.json tells it.

    day: on which it is decided, YYYY-MM-DD. exempt: whether it is an application without an inspection (免检); channel
    and last_test belong to that. filings: all that is filed; of what nothing is, nothing is judged. outcome: none while
    the inspection goes on. abandoned: why it ended without a verdict. items: mark by item; photos: codes of those
    taken; photos_waiting: of them, those not yet at the hub. audit: what an auditor decided. The rest as in
    `Circumstances`.
    """

    vehicle: PaperVehicle
    day: date | None = None
    regime: Regime = "jianyan"
    inspection_kind: str = "01"
    business: str = ""
    serial: str = "offline"
    attempt: Whole = 1
    station: StationText = StationText()
    inspector: str = "inspector"
    area: str = ""
    device: str = "offline"
    position: Position | None = None
    outcome: Outcome | None = "pass"
    abandoned: str = ""
    items: dict[str, Mark] | None = None
    photos: tuple[str, ...] | None = None
    photos_waiting: tuple[str, ...] = ()
    vin: VinText = VinText()
    audit: Literal["", "pass", "suspicious"] = ""
    earlier_sticker: str = ""
    valid_sticker: StickerText | None = None
    open_recall: str = ""
    earlier_attempt: str = ""
    filings: tuple[Filing, ...] = ()
    exempt: bool = False
    channel: str = ""
    last_test: date | None = None


def parse_case(text: str) -> CaseText:
    """Read CASE.json; raises UsageError naming the key that is wrong, unknown or missing."""
    try:
        return msgspec.json.decode(text, type=CaseText)
    except msgspec.DecodeError as error:
        raise UsageError(f"CASE.json: {error}") from error


def opened_by(told: CaseText) -> CaseOpened:
    """Return the fact that opens the case."""
    return CaseOpened(
        regime=told.regime,
        serial=told.serial,
        vehicle=told.vehicle,
        station=told.station.id,
        inspector=told.inspector,
        business=told.business,
        inspection_kind=told.inspection_kind,
        attempt=told.attempt,
        area=told.area,
        position=told.position,
    )


def permission_of(told: CaseText, book: Rulebook, day: date) -> Judgement:
    """Return what the filings say about it."""
    opened, kept = opened_by(told), {kind_of(filing) for filing in told.filings}
    filings = filings_of(opened, told.device, told.filings, kept=kept)
    return judge_permission(opened, told.device, filings, book, day)


def circumstances_of(told: CaseText, book: Rulebook, day: date) -> Circumstances:
    """Return what the decision needs beside the case."""
    station, other = told.station, told.valid_sticker
    return Circumstances(
        today=day,
        standing=Standing(admitted=station.admitted, listed=station.listed, suspended=station.suspended),
        requirement=required_by(opened_by(told), book),
        earlier_sticker=told.earlier_sticker,
        open_recall=told.open_recall,
        permission=permission_of(told, book, day),
        valid_sticker=(other.number, other.valid_until) if other else None,
        earlier_attempt=told.earlier_attempt,
        province=station.province,
    )


def case_of(told: CaseText, requirement: Requirement) -> Case:
    """Return the folded case. requirement: what has to be done, for what CASE.json leaves out."""
    device = checked_device(told.device)
    kinds = tuple(photo.code for photo in requirement.photos) if told.photos is None else told.photos
    vin_kinds = [photo.code for photo in requirement.photos if photo.role == "vin"]
    photos = [_photo(kind, told if kind in vin_kinds else None) for kind in kinds]
    facts: list[AnyFact] = [opened_by(told), *photos, *_marks(told, requirement), *_confirmed(told, photos)]
    if told.outcome is not None and not told.abandoned:
        facts.append(InspectionConcluded(outcome=told.outcome, by=told.inspector))
    if told.abandoned:
        facts.append(CaseAbandoned(reason=told.abandoned))
    of_hub: list[AnyFact] = [
        PhotoStored(digest=photo.photo.digest, size=photo.photo.size)
        for photo in photos
        if photo.kind not in told.photos_waiting
    ]
    if told.audit:
        of_hub.append(AuditDecided(decision=told.audit, auditor="auditor", seen=len(facts)))
    case = case_id(device, 1)
    return fold(case, [*_entries(case, device, facts), *_entries(case, HUB, of_hub)])


def _photo(kind: str, told: CaseText | None) -> PhotoTaken:
    finding = None
    if told is not None:
        read = told.vehicle.vin if told.vin.read is None else told.vin.read
        finding = VinFinding(vin=read, confidence=1.0, accepted=told.vin.accepted)
    photo = PhotoRef(digest=digest(kind.encode()).hex(), media=_MEDIA, size=1, width=1, height=1)
    return PhotoTaken(kind=kind, photo=photo, vin=finding)


def _marks(told: CaseText, requirement: Requirement) -> list[ItemChecked]:
    marks: dict[str, Mark] = dict.fromkeys((item.code for item in requirement.items), "pass")
    return [ItemChecked(item=item, mark=mark) for item, mark in (marks if told.items is None else told.items).items()]


def _confirmed(told: CaseText, photos: list[PhotoTaken]) -> list[ReadingCorrected]:
    if not told.vin.confirmed:
        return []
    return [
        ReadingCorrected(
            photo=photo.photo.digest, read=photo.vin.vin, corrected=told.vin.confirmed, by=told.inspector, reason=""
        )
        for photo in photos
        if photo.vin is not None
    ]


def _entries(case: str, device: str, facts: list[AnyFact]) -> list[Entry]:
    return [
        Entry(device=device, seq=seq, before=CHAIN_START, wall=0, mono=0, boot="", case=case, fact=fact)
        for seq, fact in enumerate(facts, start=1)
    ]
