"""Leads a person with a handheld (PDA) through one work order, by the door (外观查验).

Knows the order of the work: the VIN first, while the vehicle can still be moved for a better picture, then the other
photos, the items, the footage and the verdict. Every case that it opens ends with a verdict or as abandoned.
"""

from dataclasses import dataclass
from typing import Literal

from edge_agent import AgentError
from edge_agent.agent import Agent, PhotoRefusalError
from edge_agent.comparing import Comparison, compare
from edge_agent.orders import Order, OrderError
from edge_agent.vault import VaultFullError
from inspection.checklist import PhotoSpec, Requirement, required_for
from inspection.directives import StickerDenied, StickerGranted
from inspection.facts import Outcome, PhotoTaken, Reason

REASON_DROVE_OFF = "drove_off"
REASON_NO_PHOTO = "photo_missing"
REASON_VAULT_FULL = "vault_full"
REASON_PERSON_LOOKED = "person_looked"


@dataclass(frozen=True, kw_only=True, slots=True)
class VisitResult:
    """How a visit went.

    plate is empty for a new vehicle. vin: as it counts at the end, read or corrected. outcome: the inspector's verdict,
    or "abandoned". decision: the hub's, "none" when it did not come in time or there was nothing to decide.
    reasons: the hub's for a refusal. seconds_photo_to_sticker: from the last photo to the sticker, None without one.
    refused_photos: how many shots gave no usable picture.
    """

    order: str
    case: str
    regime: str
    serial: str
    plate: str
    vin: str
    comparison: Comparison | None
    outcome: Outcome | Literal["abandoned"]
    abandoned: str = ""
    decision: Literal["granted", "denied", "none"] = "none"
    sticker: str = ""
    payload: str = ""
    reasons: tuple[Reason, ...] = ()
    seconds_photo_to_sticker: float | None = None
    refused_photos: int = 0


class _VisitEndedError(AgentError):
    """The visit cannot be finished; never leaves this module."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def walk_round(agent: Agent, order: Order, *, decision_seconds_max: float) -> VisitResult:
    """Do what the order says and return how it went.

    decision_seconds_max: how long to wait for the hub's decision. Raises OrderError before anything is recorded when
    the order leaves a value open; VaultFullError after the case was abandoned for it; otherwise as the door does.
    """
    opened = order.case_opened(station=agent.station, profile=agent.profile_reference)
    _check_values(order, required_for(opened))
    visit = _Visit(agent, order, agent.open_case(opened))
    try:
        visit.photos()
        visit.items()
        agent.conclude(visit.case, order.verdict(), by=order.text.inspector)
    except _VisitEndedError as left:
        agent.abandon(visit.case, left.reason)
        return visit.result(left.reason)
    except VaultFullError:
        agent.abandon(visit.case, REASON_VAULT_FULL)
        raise
    # Only 检验 has a sticker to wait for; 查验 ends with the verdict.
    if opened.regime == "jianyan":
        agent.wait_for_decision(visit.case, decision_seconds_max)
    return visit.result("")


def _check_values(order: Order, requirement: Requirement) -> None:
    known = {item.code for item in requirement.items}
    if odd := sorted(set(order.text.items) - known):
        raise OrderError(f"{order.name}: items.{odd[0]} is no item of this inspection")
    for item in requirement.items:
        if item.value_kind == "value" and item.code not in order.text.items:
            raise OrderError(f"{order.name}: items.{item.code} ({item.name_zh}) needs the determined value")


class _Visit:
    """One vehicle, from the opening of its case to its verdict."""

    def __init__(self, agent: Agent, order: Order, case: str) -> None:
        self._agent = agent
        self._order = order
        self.case = case
        self._requirement = agent.required(case)
        self._comparison: Comparison | None = None

    def photos(self) -> None:
        for spec in sorted(self._requirement.photos, key=lambda photo: photo.role != "vin"):
            taken, attempt = self._taken(spec)
            if spec.role == "vin":
                self._look_at_vin(spec, taken, attempt)
            if spec.code == self._order.text.drives_off_after:
                raise _VisitEndedError(REASON_DROVE_OFF)

    def items(self) -> None:
        for item in self._requirement.items:
            mark, value = self._order.mark(item.code)
            self._agent.check_item(self.case, item.code, mark, value=value)
        video = self._order.text.video
        if video is not None:
            self._agent.reference_video(
                self.case, recorder=video.recorder, channel=video.channel, missing=video.missing
            )

    def _taken(self, spec: PhotoSpec) -> tuple[PhotoTaken, int]:
        for attempt in range(1, self._tries_max(spec) + 1):
            data = self._order.photo(spec.code, attempt)
            if data is None:
                self._agent.refuse_photo(self.case, spec.code, code="photo.none", detail="no picture was taken")
                break
            try:
                return self._agent.take_photo(self.case, spec.code, data), attempt
            except PhotoRefusalError:
                continue
        raise _VisitEndedError(f"{REASON_NO_PHOTO}: {spec.code}")

    def _tries_max(self, spec: PhotoSpec) -> int:
        shots = self._agent.profile.shots
        # A profile names the shots of its cameras; a form may want more than those.
        named = [shot.tries_max for shot in shots if shot.role == spec.role]
        return named[0] if named else min(shot.tries_max for shot in shots)

    def _look_at_vin(self, spec: PhotoSpec, taken: PhotoTaken, attempt: int) -> None:
        comparison = self._compared(taken)
        for retry in range(attempt + 1, self._tries_max(spec) + 1):
            if comparison.verdict != "doubtful" or not self._order.has_attempt(spec.code, retry):
                break
            taken = self._retaken(spec, taken, retry)
            comparison = self._compared(taken)
        self._comparison = comparison
        seen = self._order.text.person_confirms_vin
        if comparison.ask_person and seen:
            by = self._order.text.inspector
            self._agent.correct_reading(self.case, taken.photo.digest, seen, by=by, reason=REASON_PERSON_LOOKED)

    def _compared(self, taken: PhotoTaken) -> Comparison:
        return compare(taken.vin, self._order.text.vehicle.vin)

    def _retaken(self, spec: PhotoSpec, taken: PhotoTaken, attempt: int) -> PhotoTaken:
        data = self._order.photo(spec.code, attempt) or b""
        try:
            return self._agent.take_photo(self.case, spec.code, data, replaces=taken.photo.digest)
        except PhotoRefusalError:
            return taken

    def result(self, abandoned: str) -> VisitResult:
        agent, state, text = self._agent, self._agent.case(self.case), self._order.text
        decision = agent.decision(self.case)
        granted = decision if isinstance(decision, StickerGranted) else None
        denied = decision if isinstance(decision, StickerDenied) else None
        return VisitResult(
            order=self._order.name,
            case=self.case,
            regime=text.regime,
            serial=text.serial,
            plate=text.vehicle.plate,
            vin=state.vin,
            comparison=self._comparison,
            outcome="abandoned" if abandoned else self._order.verdict(),
            abandoned=abandoned,
            decision="granted" if granted else "denied" if denied else "none",
            sticker=granted.number if granted else "",
            payload=granted.payload if granted else "",
            reasons=denied.reasons if denied else (),
            seconds_photo_to_sticker=agent.seconds_photo_to_decision(self.case) if granted else None,
            refused_photos=len(state.refused_photos),
        )
