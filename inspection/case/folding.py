"""Reads facts into a case, in whatever order they arrived.

`fold` puts the facts into one order that follows from the facts alone (device name, number; the hub last), then reads
them once. So the same set of facts always gives the same case, and a fact that comes twice changes nothing.
Where two devices wrote about the same thing, a retake names the photo that it replaces; otherwise the higher number of
the later name counts, which is arbitrary but the same everywhere. The steps of a case's life are the hub's own facts,
which have one order: what a device says of them is a report, and counts once the hub has answered it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from inspection.case.state import Case
from inspection.facts import (
    AnyFact,
    AuditDecided,
    AuditEscalated,
    AuditOpinion,
    AuditOverdue,
    CaseAbandoned,
    CaseOpened,
    CaseWithdrawn,
    Entry,
    ExaminationReviewed,
    ExemptionApplied,
    InspectionConcluded,
    ItemChecked,
    OwnerCalled,
    PhotoRefused,
    PhotoStored,
    PhotoTaken,
    ReadingCorrected,
    RecallOrdered,
    RecallOverdue,
    RecheckConcluded,
    ReprintAllowed,
    RetakeRequested,
    Retested,
    StationPenalised,
    StepUndone,
    StickerIssued,
    StickerPrinted,
    StickerWithdrawn,
    StickerWithheld,
    SuspicionRaised,
    UnknownFact,
    VehicleReturned,
    VideoReferenced,
)
from inspection.identities import HUB, case_id


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries, each once, in the order in which they are read: devices by name, the hub last, by number."""
    unique = {(entry.device == HUB, entry.device, entry.seq): entry for entry in entries}
    return [unique[key] for key in sorted(unique)]


def fold(case: str, entries: Iterable[Entry]) -> Case:
    """Return the case that these facts add up to. Entries of other cases are not asked for and must not be given."""
    return folded(case, entries).case


class Folded(Struct, frozen=True, gc=False):
    """A fold that can go on: the case, and how far of the devices' facts and of the hub's were read.

    last: name and number of the last device fact in the fold's order. last_of_hub: number of the hub's last.
    facts: how many were read.
    """

    case: Case
    last: tuple[str, int] = ("", 0)
    last_of_hub: int = 0
    facts: int = 0


def folded(case: str, entries: Iterable[Entry]) -> Folded:
    """Return the fold of these facts, to be gone on with."""
    return _gone_on(Folded(Case(case=case)), in_order(entries))


def fold_on(state: Folded, entries: Sequence[Entry]) -> Folded | None:
    """Return the fold with these facts more, in this order; many at once come to the same as one by one.

    None when one of them stands before what was read, so that all must be read anew.
    What devices write and what the hub writes touches different parts of a case: either may run ahead of the other.
    """
    return _gone_on(state, entries) if _follow(state, entries) else None


def _follow(state: Folded, entries: Sequence[Entry]) -> bool:
    last, last_of_hub = state.last, state.last_of_hub
    for entry in entries:
        if entry.device == HUB:
            if entry.seq <= last_of_hub:
                return False
            last_of_hub = entry.seq
        else:
            if (entry.device, entry.seq) <= last:
                return False
            last = entry.device, entry.seq
    return True


def _gone_on(state: Folded, entries: Sequence[Entry]) -> Folded:
    by_devices = [entry for entry in entries if entry.device != HUB]
    by_hub = [entry for entry in entries if entry.device == HUB]
    return Folded(
        case=_after_hub_facts(_after_device_facts(state.case, by_devices), by_hub),
        last=(by_devices[-1].device, by_devices[-1].seq) if by_devices else state.last,
        last_of_hub=by_hub[-1].seq if by_hub else state.last_of_hub,
        facts=state.facts + len(entries),
    )


def _after_device_facts(before: Case, entries: Sequence[Entry]) -> Case:
    if not entries:
        return before
    fields: dict[str, Any] = {}
    lists: defaultdict[str, list[Any]] = defaultdict(list)
    ended = before.concluded or before.abandoned
    for entry in entries:
        match entry.fact:
            case fact if type(fact) in _DEVICE_LISTS:
                lists[_DEVICE_LISTS[type(fact)]].append(fact)
            case VideoReferenced() as fact:
                lists["videos"].append(fact.video)
            # Who opened a case, with which fact, is the case's id: any other opening of it is not one.
            case CaseOpened() as fact if entry.case == case_id(entry.device, entry.seq):
                fields.update(opened=fact, device=entry.device)
            # The first ending counts: who tests again opens a new case, and the failed one stays as it was.
            case InspectionConcluded() | CaseAbandoned() as fact if not ended:
                ended = fact
                fields["concluded" if isinstance(fact, InspectionConcluded) else "abandoned"] = fact
            case other:
                lists["passed_over"].append(_kind(other))
    return _with_device_facts(before, len(entries), fields, lists)


_DEVICE_LISTS: dict[type[Any], str] = {
    PhotoTaken: "all_photos",
    PhotoRefused: "refused_photos",
    ItemChecked: "items",
    ReadingCorrected: "corrections",
    CaseWithdrawn: "reports",
    VehicleReturned: "reports",
    StickerPrinted: "prints",
}
"""Facts of devices that all count, and where they stand."""

_NO_EVIDENCE = ("prints", "passed_over")
"""What devices write and no auditor judges: a sticker is printed when it is out, and some facts count for nothing."""


def _with_device_facts(before: Case, facts: int, fields: dict[str, Any], lists: dict[str, list[Any]]) -> Case:
    evidence = facts - sum(len(lists.get(name, ())) for name in _NO_EVIDENCE)
    changes = fields | {name: (*getattr(before, name), *added) for name, added in lists.items()}
    if "items" in lists:
        changes["items"] = _newest(changes["items"])
        changes["checked"] = (*before.checked, *(item.item for item in lists["items"]))
    return replace(before, **changes, device_facts=before.device_facts + evidence)


def _newest(items: Iterable[ItemChecked]) -> tuple[ItemChecked, ...]:
    newest: dict[str, ItemChecked] = {}
    for item in items:
        # Taken out first: what was checked again stands where it was checked last.
        newest.pop(item.item, None)
        newest[item.item] = item
    return tuple(newest.values())


def _listed(state: Case, name: str, fact: AnyFact) -> Case:
    changes: dict[str, Any] = {name: (*getattr(state, name), fact)}
    return replace(state, **changes)


def _after_hub_facts(before: Case, entries: Sequence[Entry]) -> Case:
    # That bytes are here stands on nothing and nothing stands on it; an inspection has it once for each photo.
    stored = {entry.fact.digest for entry in entries if isinstance(entry.fact, PhotoStored)}
    state = replace(before, stored=before.stored | stored) if stored else before
    for entry in entries:
        if not isinstance(entry.fact, PhotoStored):
            state = _after_hub_fact(state, entry)
    return state


def _after_hub_fact(state: Case, entry: Entry) -> Case:
    fact = entry.fact
    match fact:
        case _ if not _STANDS.get(type(fact), _always)(state, fact):
            return _passed_over_of_hub(state, fact)
        case ExemptionApplied():
            # As with a device's: who opened a case, with which fact, is the case's id.
            own = entry.case == case_id(HUB, entry.seq)
            return replace(state, applied=fact, device=HUB) if own else _passed_over_of_hub(state, fact)
        case StepUndone():
            return _undone(state, fact)
        case _ if type(fact) in _FIELDS:
            return replace(state, **{_FIELDS[type(fact)]: fact})
        case _ if type(fact) in _LISTS:
            return _listed(state, _LISTS[type(fact)], fact)
        case other:
            return _passed_over_of_hub(state, other)


_FIELDS: dict[type[Any], str] = {
    StickerIssued: "issued",
    StickerWithheld: "withheld",
    AuditOverdue: "overdue",
    RecallOrdered: "recall",
    RecallOverdue: "recall_overdue",
    VehicleReturned: "returned",
    RecheckConcluded: "recheck",
    StickerWithdrawn: "sticker_withdrawn",
    ExaminationReviewed: "review",
    Retested: "retested",
    CaseWithdrawn: "withdrawn",
}
"""Hub facts of which the newest counts, and where it stands."""

_LISTS: dict[type[Any], str] = {
    SuspicionRaised: "suspicions",
    AuditOpinion: "opinions",
    AuditDecided: "audits",
    ReadingCorrected: "audit_corrections",
    AuditEscalated: "escalations",
    RetakeRequested: "retakes",
    StationPenalised: "penalties",
    ReprintAllowed: "reprints",
    StickerPrinted: "prints",
    OwnerCalled: "calls",
}
"""Hub facts that all count, and where they stand."""

_UNDONE_NEEDS: dict[str, Callable[[Case], object]] = {
    "audit": lambda state: state.opinions or state.audits,
    "recall": lambda state: state.recall,
    "recheck": lambda state: state.recheck,
    "review": lambda state: state.review,
    "withdrawal": lambda state: state.withdrawn,
}
_STANDS: dict[type[Any], Callable[[Case, Any], object]] = {
    # A case has one sticker, whatever is written about a second one.
    StickerIssued: lambda state, _: state.issued is None,
    RecallOverdue: lambda state, _: state.recall,
    VehicleReturned: lambda state, _: state.recall,
    RecheckConcluded: lambda state, _: state.returned,
    StickerWithdrawn: lambda state, fact: state.issued and state.issued.number == fact.number,
    StationPenalised: lambda state, _: state.recheck and state.recheck.result == "proven",
    StepUndone: lambda state, fact: _UNDONE_NEEDS[fact.step](state),
}
"""What a hub fact stands on. One that stands on nothing contradicts the facts before it: it is shown, and no more."""


def _always(_state: Case, _fact: Any) -> bool:
    return True


_NO_AUDIT: dict[str, Any] = {"opinions": (), "audits": ()}
_UNDOING: dict[str, dict[str, Any]] = {
    "audit": _NO_AUDIT,
    # The recall followed from an audit: without it, that one does not stand either.
    "recall": {**_NO_AUDIT, "recall": None, "recall_overdue": None, "returned": None},
    "recheck": {"recheck": None},
    "review": {"review": None},
    "withdrawal": {"withdrawn": None},
}
"""What a case looks like after a step was undone."""


def _undone(state: Case, fact: StepUndone) -> Case:
    changes: Callable[..., Case] = replace
    return changes(state, undone=(*state.undone, fact), **_UNDOING[fact.step])


def _passed_over_of_hub(state: Case, fact: AnyFact) -> Case:
    return replace(state, hub_passed_over=(*state.hub_passed_over, _kind(fact)))


def _kind(fact: AnyFact) -> str:
    return fact.kind if isinstance(fact, UnknownFact) else type(fact).__name__
