"""What the hub wants done at the station (待办): photos to take again, vehicles to call back. Decides only.

A duty begins with a directive and ends with a fact of this device's own, or with a later directive.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from inspection.directives import AnyDirective, NumberedDirective, RecallLifted, RetakeWanted, VehicleRecalled
from inspection.facts import AnyFact, CaseWithdrawn, ItemChecked, PhotoTaken, StickerPrinted, VehicleReturned

Report = CaseWithdrawn | VehicleReturned | StickerPrinted
"""What a person at the station says about a case, for the hub to answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Duty:
    """One thing to do. what: "retake" 补拍/补检, or "recall" 追回.

    kind: photo code, photo: digest of the photo that does not do; or item: code of the form. reason: coded. due: hub
    time, Unix milliseconds, 0 where none was set.
    """

    what: Literal["retake", "recall"]
    case: str
    reason: str
    kind: str = ""
    photo: str = ""
    item: str = ""
    note: str = ""
    due: int = 0

    def wants(self, *, kind: str = "", item: str = "") -> bool:
        """Say whether this photo or item is what is to be done again."""
        return self.what == "retake" and (self.kind, self.item) == (kind, item)


Settled = tuple[NumberedDirective, int]
"""A directive, and the number of the fact by which this device said that it has it."""

Own = tuple[int, str, AnyFact]
"""A fact of this device: its number and its case."""


def open_duties(wanted: Iterable[Settled], done: Iterable[Own]) -> list[Duty]:
    """Return what was wanted and is not done, oldest first. A fact before the directive does not settle it."""
    facts = list(done)
    duties: list[tuple[Duty, int]] = []
    for numbered, since in wanted:
        directive = numbered.directive
        if isinstance(directive, RecallLifted):
            duties = [(duty, at) for duty, at in duties if (duty.what, duty.case) != ("recall", directive.case)]
        elif (duty := _duty(directive)) is not None:
            duties.append((duty, since))
    return [duty for duty, since in duties if not any(_settles(own, duty, since) for own in facts)]


def _duty(directive: AnyDirective) -> Duty | None:
    match directive:
        case RetakeWanted():
            return Duty(
                what="retake",
                case=directive.case,
                reason=directive.reason,
                kind=directive.kind,
                photo=directive.photo,
                item=directive.item,
                note=directive.note,
            )
        case VehicleRecalled():
            return Duty(what="recall", case=directive.case, reason=directive.reason, due=directive.due)
        case _:
            return None


def _settles(own: Own, duty: Duty, since: int) -> bool:
    number, case, fact = own
    if number < since or case != duty.case:
        return False
    match fact:
        case PhotoTaken():
            return duty.wants(kind=fact.kind) and fact.photo.digest != duty.photo
        case ItemChecked():
            return duty.wants(item=fact.item)
        case VehicleReturned():
            return duty.what == "recall"
        case _:
            return False
