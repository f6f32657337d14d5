"""One vehicle's visit to a device, as its lane or its handheld takes it: what both do in the same way, by the door.

Knows what is kept of a visit while it lasts, and how it is told when it is over. The order of the steps is left to the
lane's sequence, or to `walkround`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from edge_agent.agent import Agent
from edge_agent.comparing import Comparison, compare
from inspection.checklist import Requirement, is_vin_item, required_for
from inspection.directives import StickerDenied, StickerGranted
from inspection.facts import CaseOpened, ItemChecked, Mark, Outcome, PhotoTaken, Reason

REASON_PERSON_LOOKED = "person_looked"
REASON_WITHHELD = "photo.withheld"


@dataclass(frozen=True, kw_only=True, slots=True)
class VisitResult:
    """How a visit went.

    plate is empty for a new vehicle. vin: as it counts at the end, read or corrected. outcome: the inspector's verdict,
    or "abandoned", and then why. decision: the hub's, "none" when it did not come in time. reasons: the hub's for a
    refusal. seconds_photo_to_sticker: from the last photo to the sticker, None without one. refused_photos: how many
    shots gave no usable picture.
    """

    order: str
    case: str
    regime: str
    serial: str
    plate: str
    vin: str
    comparison: str
    outcome: Outcome | Literal["abandoned"]
    abandoned: str = ""
    decision: Literal["granted", "denied", "none"] = "none"
    sticker: str = ""
    payload: str = ""
    reasons: tuple[Reason, ...] = ()
    seconds_photo_to_sticker: float | None = None
    refused_photos: int = 0


class Visit:
    """A visit from before its case is opened until the hub has answered."""

    def __init__(self, agent: Agent, opened: CaseOpened) -> None:
        self._agent = agent
        self._opened = opened
        self._roles = {photo.code: photo.role for photo in required_for(opened).photos}
        self._taken: dict[str, PhotoTaken] = {}
        self._marks: list[Mark] = []
        self._seen_by_person = ""
        self.requirement: Requirement = required_for(opened)
        self.comparison: Comparison | None = None
        self.case = ""

    def open(self) -> None:
        """Record that the vehicle is here."""
        self.case = self._agent.open_case(self._opened)

    def take_photo(self, code: str, data: bytes) -> bool:
        """Keep a photo, as a retake where there was one of that code; return whether it can be used as it is.

        A VIN photo that was read in doubt is kept, but a better one or a person is wanted. Raises as the door does.
        """
        earlier = self._taken.get(code)
        taken = self._agent.take_photo(self.case, code, data, replaces=earlier.photo.digest if earlier else "")
        self._taken[code] = taken
        if self._roles.get(code) != "vin":
            return True
        self.comparison = compare(taken.vin, self._opened.vehicle.vin)
        return self.comparison.verdict != "doubtful"

    def vin_doubtful(self, code: str) -> bool:
        """Say whether the photo of that code was taken, and its VIN read in doubt."""
        comparison = self.comparison
        is_vin = self._roles.get(code) == "vin" and code in self._taken
        return is_vin and comparison is not None and comparison.verdict == "doubtful"

    def vin_asks_person(self, code: str) -> bool:
        """Say whether the photo of that code was taken and its VIN is not, beyond doubt, the registered one."""
        comparison = self.comparison
        is_vin = self._roles.get(code) == "vin" and code in self._taken
        return is_vin and comparison is not None and comparison.ask_person

    def person_reads(self, seen: str) -> None:
        """Record what a person reads on the newest VIN photo."""
        photo = next(taken for code, taken in self._taken.items() if self._roles.get(code) == "vin")
        self._seen_by_person = seen
        self._agent.correct_reading(
            self.case, photo.photo.digest, seen, by=self._opened.inspector, reason=REASON_PERSON_LOOKED
        )

    def withhold(self, code: str, reason: str) -> None:
        """Record that a photo is not there, unless one is, though a doubtful one."""
        if code not in self._taken:
            self._agent.refuse_photo(self.case, code, code=REASON_WITHHELD, detail=reason)

    def check_items(self, marked: Callable[[str], tuple[Mark, str]]) -> None:
        """Record every item of the form. marked: what a person says of an item, its mark and its value."""
        checked = []
        for item in self.requirement.items:
            mark, value = marked(item.code)
            if is_vin_item(item) and self._vin_differs():
                mark, value = "fail", ""
            checked.append(ItemChecked(item=item.code, mark=mark, value=value))
        self._agent.check_items(self.case, checked)
        self._marks.extend(item.mark for item in checked)

    def _vin_differs(self) -> bool:
        # A person who looked has the last word; else a reading that the model is sure of decides the item.
        if self._seen_by_person:
            return self._seen_by_person != self._opened.vehicle.vin
        return self.comparison is not None and self.comparison.verdict == "differs"

    @property
    def outcome(self) -> Outcome:
        """What follows from the items."""
        return "fail" if "fail" in self._marks else "pass"

    def conclude(self, footage: tuple[str, str, str] | None, *, verdict: Outcome | Literal[""] = "") -> None:
        """Record the footage (recorder, channel, why missing) and the verdict; without one, what the items say."""
        if footage is not None:
            recorder, channel, missing = footage
            self._agent.reference_video(self.case, recorder=recorder, channel=channel, missing=missing)
        self._agent.conclude(self.case, verdict or self.outcome, by=self._opened.inspector)

    def abandon(self, reason: str) -> None:
        """Record that the visit ended without a verdict."""
        self._agent.abandon(self.case, reason)

    def result(self, order: str) -> VisitResult:
        """Return how the visit went, by what is on record here."""
        state = self._agent.case(self.case)
        decision = self._agent.decision(self.case)
        granted = decision if isinstance(decision, StickerGranted) else None
        denied = decision if isinstance(decision, StickerDenied) else None
        return VisitResult(
            order=order,
            case=self.case,
            regime=self._opened.regime,
            serial=self._opened.serial,
            plate=self._opened.vehicle.plate,
            vin=state.vin,
            comparison=self.comparison.verdict if self.comparison else "",
            outcome=state.concluded.outcome if state.concluded else "abandoned",
            abandoned=state.abandoned.reason if state.abandoned else "",
            decision="granted" if granted else "denied" if denied else "none",
            sticker=granted.number if granted else "",
            payload=granted.payload if granted else "",
            reasons=denied.reasons if denied else (),
            seconds_photo_to_sticker=self._agent.seconds_photo_to_decision(self.case) if granted else None,
            refused_photos=len(state.refused_photos),
        )
