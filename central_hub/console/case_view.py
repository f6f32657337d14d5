"""What the page of a case shows. Pure: a folded case and its facts in, sentences and marks out.

The comparison of the VIN is `vin_view`'s, the time line `timeline_view`'s.
"""

from dataclasses import dataclass

from central_hub.console.lists_view import TimeLeft, time_left
from central_hub.console.names import CaseNames, letters_of, name_of
from central_hub.console.texts import Texts, day_or, kilobytes, moment
from central_hub.console.timeline_view import (
    ROWS_SHOWN_MAX,
    Clocks,
    TimelineRow,
    before_an_audit,
    suspicion,
    timeline,
)
from central_hub.console.vin_view import VinView, vin_view
from inspection.case import Case
from inspection.checklist import missing
from inspection.evidence import VideoRef
from inspection.facts import CaseOpened, Entry, ItemChecked, PhotoTaken
from inspection.sticker import sticker_text

Pair = tuple[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """Under what a visitor may decide. token: of their lease, empty for none. why_not: why they got none, in words."""

    token: str = ""
    why_not: str = ""


NOBODY_HOLDS = Hold()


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What the store knows around a case. station: its station's name. reused: by photo digest, the other cases.

    clocks: when its facts happened. hold: whether the visitor may decide. blind: whether the case was blinded, and so
    nothing else may tell what others thought, nor of which day it is.
    """

    station: str
    reused: dict[str, tuple[str, ...]]
    clocks: Clocks
    hold: Hold = NOBODY_HOLDS
    blind: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class PhotoView:
    """A photo. here: whether its bytes are at the hub. carries_vin: whether it is the one that the VIN was read off.

    reused_in: other cases that announced the very same bytes.
    """

    digest: str
    name: str
    size: str
    here: bool
    carries_vin: bool
    reused_in: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemView:
    """An item. mark: the code of its mark, "unchecked" for a required one without. remark: what stands beside it."""

    code: str
    name: str
    mark: str
    result: str
    remark: str


@dataclass(frozen=True, kw_only=True, slots=True)
class VideoView:
    """An interval of footage; missing says why there is none."""

    recorder: str
    channel: str
    start: str
    end: str
    missing: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReasonView:
    """A clause of the decision."""

    result: str
    words: str
    text: str
    clause: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DecisionView:
    """The sticker decision. kind: "issued", "withheld", "audit_first" or "none". text: of the sticker's QR code.

    Number, last day and text are empty where the page is blind: they tell how old the case is.
    """

    kind: str
    rulebook: str
    reasons: tuple[ReasonView, ...]
    number: str = ""
    valid_until: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditView:
    """Where the audit stands. hold: under what who looks may decide. seen: the device facts that the page shows."""

    hold: Hold
    seen: int
    decision: str
    auditor: str
    reason: str
    note: str
    recalled_station: str
    overdue: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseView:
    """Everything that the page of a case shows."""

    case: str
    title: str
    plate_kind: str
    regime: str
    stage: str
    stage_code: str
    left: TimeLeft
    about: tuple[Pair, ...]
    vehicle: tuple[Pair, ...]
    vin: VinView
    photos: tuple[PhotoView, ...]
    replaced: tuple[PhotoView, ...]
    photos_missing: str
    refused: tuple[str, ...]
    items: tuple[ItemView, ...]
    verdict: str
    verdict_remark: str
    outcome: str
    videos: tuple[VideoView, ...]
    decision: DecisionView
    audit: AuditView
    timeline: tuple[TimelineRow, ...]
    timeline_cut: int
    unknown: str


def case_view(
    case: Case, entries: list[tuple[int, Entry]], around: Surroundings, *, now: int, texts: Texts
) -> CaseView:
    """Return what the page shows.

    case: blinded where `around` says so. entries: its facts with their time of receipt. now: hub time.
    """
    opened = case.opened
    told = before_an_audit(entries) if around.blind else entries
    names = CaseNames(opened, texts)
    current = _in_list_order(case, names)
    replaced = [photo for photo in case.all_photos if photo not in current]
    return CaseView(
        case=case.case,
        title=(opened.vehicle.plate or opened.serial if opened else "") or case.case,
        plate_kind=name_of("hpzl", opened.vehicle.plate_kind, texts) if opened and opened.vehicle.plate else "",
        regime=texts(f"regime.{opened.regime}") if opened else "",
        stage=texts(f"stage.{case.stage}"),
        stage_code=case.stage,
        left=time_left(0 if case.audit else case.audit_due, now=now, texts=texts),
        about=_about(case, opened, around.station, names, texts) if opened else (),
        vehicle=_vehicle(opened, texts) if opened else (),
        vin=vin_view(case, texts),
        photos=tuple(_photo(photo, case, around, names, texts) for photo in current),
        replaced=tuple(_photo(photo, case, around, names, texts) for photo in replaced),
        photos_missing=_photos_missing(case, names, texts),
        refused=tuple(f"{names.photo(r.kind)}: {texts.coded('shot', r.code)}" for r in case.refused_photos),
        items=_items(case, names, texts),
        verdict=_verdict(case, texts),
        verdict_remark=case.concluded.remark if case.concluded else "",
        outcome=case.concluded.outcome if case.concluded else "",
        videos=tuple(_video(video) for video in case.videos),
        decision=_decision(case, texts, blind=around.blind),
        audit=_audit(case, around, texts),
        timeline=timeline(told, around.clocks, names=names, texts=texts, blind=around.blind),
        timeline_cut=max(0, len(told) - ROWS_SHOWN_MAX),
        unknown=", ".join(case.passed_over if around.blind else case.unknown),
    )


def _about(case: Case, opened: CaseOpened, station: str, names: CaseNames, texts: Texts) -> tuple[Pair, ...]:
    pairs = (
        ("case.serial", opened.serial),
        ("case.business", names.business(opened)),
        ("queue.station", station),
        ("case.lane", opened.lane),
        ("case.inspector", opened.inspector),
        ("case.device", case.device),
        ("case.id", case.case),
        ("case.due", moment(case.audit_due) if case.audit_due else ""),
    )
    return tuple((texts(key), value) for key, value in pairs if value)


def _vehicle(opened: CaseOpened, texts: Texts) -> tuple[Pair, ...]:
    vehicle = opened.vehicle
    unknown = texts("case.not_known")
    classed = name_of("cllx", vehicle.vehicle_class, texts)
    pairs = (
        ("case.class", f"{vehicle.vehicle_class} {classed}" if classed != vehicle.vehicle_class else classed),
        ("case.bread_van", texts("case.yes") if vehicle.bread_van else ""),
        ("case.use", name_of("syxz", vehicle.use, texts)),
        ("case.colours", letters_of("csys", vehicle.colours, texts)),
        ("case.states", letters_of("zt", vehicle.states, texts)),
        ("case.seats", str(vehicle.seats or "")),
        ("case.registered_on", day_or(vehicle.registered_on, unknown)),
        ("case.insured_until", day_or(vehicle.insured_until, unknown)),
    )
    return tuple((texts(key), value) for key, value in pairs if value)


def _in_list_order(case: Case, names: CaseNames) -> list[PhotoTaken]:
    # The VIN first, since it is what the audit turns on; then in the order in which a person walks round the vehicle.
    wanted = [photo.code for photo in names.requirement.photos] if names.requirement else []
    places = {code: place for place, code in enumerate(wanted)}
    return sorted(case.photos, key=lambda photo: (photo.vin is None, places.get(photo.kind, len(places)), photo.kind))


def _photo(photo: PhotoTaken, case: Case, around: Surroundings, names: CaseNames, texts: Texts) -> PhotoView:
    ref = photo.photo
    return PhotoView(
        digest=ref.digest,
        name=names.photo(photo.kind),
        size=texts("photos.size", width=ref.width, height=ref.height, kilobytes=kilobytes(ref.size)),
        here=ref.digest in case.stored,
        carries_vin=photo is case.vin_photo,
        reused_in=around.reused.get(ref.digest, ()),
    )


def _photos_missing(case: Case, names: CaseNames, texts: Texts) -> str:
    if names.requirement is None:
        return ""
    photos = missing(names.requirement, [photo.kind for photo in case.photos], ()).photos
    return ", ".join(texts.either(photo.name_zh, photo.name_en) for photo in photos)


def _items(case: Case, names: CaseNames, texts: Texts) -> tuple[ItemView, ...]:
    checked = {item.item: item for item in case.items}
    required = [item.code for item in names.requirement.items] if names.requirement else []
    listed = [_item(code, checked.get(code), names, texts) for code in required]
    beyond = [_item(code, item, names, texts) for code, item in checked.items() if code not in required]
    return (*listed, *beyond)


def _item(code: str, item: ItemChecked | None, names: CaseNames, texts: Texts) -> ItemView:
    if item is None:
        return ItemView(code=code, name=names.item(code), mark="unchecked", result=texts("items.unchecked"), remark="")
    words = f"{texts(f'mark.{item.mark}')} {texts(f'mark_word.{item.mark}')}"
    result = item.value if item.mark == "value" else words.strip()
    return ItemView(code=code, name=names.item(code), mark=item.mark, result=result, remark=item.remark)


def _verdict(case: Case, texts: Texts) -> str:
    if case.concluded:
        return texts("verdict.by", outcome=texts(f"outcome.{case.concluded.outcome}"), by=case.concluded.by)
    return texts("verdict.abandoned", reason=case.abandoned.reason) if case.abandoned else texts("verdict.none")


def _video(video: VideoRef) -> VideoView:
    return VideoView(
        recorder=video.recorder,
        channel=video.channel,
        start=moment(video.start),
        end=moment(video.end),
        missing=video.missing,
    )


def _decision(case: Case, texts: Texts, *, blind: bool) -> DecisionView:
    fact = case.issued or case.withheld
    if fact is None:
        return DecisionView(kind="none", rulebook="", reasons=())
    reasons = tuple(
        ReasonView(
            result=reason.result,
            words=texts(f"result.{reason.result}"),
            text=texts.either(reason.zh, reason.en),
            clause=reason.clause,
        )
        # What stands in the way comes first; the order of the rulebook is kept among equals.
        for reason in sorted(fact.reasons, key=lambda reason: reason.result == "passed")
    )
    if case.issued is None:
        kind = "audit_first" if case.withheld and case.withheld.audit_first else "withheld"
        return DecisionView(kind=kind, rulebook=fact.rulebook, reasons=reasons)
    if blind:
        return DecisionView(kind="issued", rulebook=fact.rulebook, reasons=reasons)
    return DecisionView(
        kind="issued",
        rulebook=fact.rulebook,
        reasons=reasons,
        number=case.issued.number,
        valid_until=case.issued.valid_until.isoformat(),
        text=sticker_text(case.issued.payload),
    )


def _audit(case: Case, around: Surroundings, texts: Texts) -> AuditView:
    audit = case.audit
    return AuditView(
        hold=around.hold,
        seen=case.device_facts,
        decision=audit.decision if audit else "",
        auditor=audit.auditor if audit else "",
        reason=suspicion(audit.reason, texts) if audit else "",
        note=audit.note if audit else "",
        recalled_station=around.station if case.recall else "",
        overdue=case.overdue is not None,
    )
