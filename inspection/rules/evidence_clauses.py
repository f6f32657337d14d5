"""What an inspection has to show for itself: items, photos and the VIN of a folded case, clause by clause."""

from inspection.case import Case
from inspection.case.contradicting import contradictions
from inspection.rules.circumstances import Circumstances
from inspection.rules.judging import Found, held, held_all
from inspection.rules.rulebook import Rulebook


def concluded(case: Case, book: Rulebook, _around: Circumstances) -> Found:
    """Judge that the inspection passed."""
    if case.concluded:
        return held(case.concluded.outcome in book.sticker_first.outcomes, case.concluded.outcome)
    return held(False, case.abandoned.reason) if case.abandoned else ("pending", "")


def items(case: Case, _book: Rulebook, around: Circumstances) -> Found:
    """Judge that every required item was checked and none failed."""
    marks = {item.item: item.mark for item in case.items}
    failed = sorted(item for item, mark in marks.items() if mark == "fail")
    unchecked = [item.code for item in around.requirement.items if item.code not in marks]
    if failed:
        return "failed", ", ".join(failed)
    return _unfinished(case, unchecked)


def items_done(case: Case, _book: Rulebook, around: Circumstances) -> Found:
    """Judge that no required item was passed over as not required."""
    required = {item.code for item in around.requirement.items}
    return held_all(item.item for item in case.items if item.mark == "not_required" and item.item in required)


def photos(case: Case, _book: Rulebook, around: Circumstances) -> Found:
    """Judge that every required photo was taken."""
    taken = {photo.kind for photo in case.photos}
    return _unfinished(case, [photo.code for photo in around.requirement.photos if photo.code not in taken])


def photos_at_hub(case: Case, book: Rulebook, _around: Circumstances) -> Found:
    """Judge that the photos' bytes are at the hub."""
    waiting = len(case.missing_bytes)
    if not book.sticker_first.photos_at_hub or not waiting:
        return "passed", ""
    return "pending", str(waiting)


def photos_differ(case: Case, _book: Rulebook, _around: Circumstances) -> Found:
    """Judge that no picture stands for two photos."""
    kinds: dict[str, list[str]] = {}
    for photo in case.photos:
        kinds.setdefault(photo.photo.digest, []).append(photo.kind)
    alike = next((of_one for of_one in kinds.values() if len(of_one) > 1), [])
    return held(not alike, " = ".join(alike))


def vin_read(case: Case, _book: Rulebook, _around: Circumstances) -> Found:
    """Judge that the VIN was read, and confirmed by a person where the reading was doubtful."""
    photo = case.vin_photo
    if photo is None or photo.vin is None:
        return _unfinished(case, ["VIN"])
    if case.vin and (case.vin_seen_by_person or photo.vin.accepted):
        return "passed", ""
    return ("failed" if case.concluded else "pending"), ", ".join(photo.vin.reasons)


def vin_matches(case: Case, _book: Rulebook, _around: Circumstances) -> Found:
    """Judge that the VIN on the vehicle is the registered one; says the places that differ, and never the VIN."""
    if case.opened is None or not case.vin:
        return ("failed" if case.concluded else "pending"), ""
    registered, read = case.opened.vehicle.vin, case.vin
    if len(registered) != len(read):
        return "failed", f"{len(registered)} / {len(read)}"
    places = [f"#{place}" for place, (a, b) in enumerate(zip(registered, read, strict=True), start=1) if a != b]
    return held(not places, " ".join(places))


def _unfinished(case: Case, missing: list[str]) -> Found:
    # Facts of a device arrive in order, so what is missing once the verdict is there will not come by itself.
    if not missing:
        return "passed", ""
    return ("failed" if case.concluded or case.abandoned else "pending"), ", ".join(missing)


_SAID_ELSEWHERE = frozenset({"verdict.items", "sticker.failed"})
"""Contradictions that a clause of its own speaks about."""


def facts_agree(case: Case, _book: Rulebook, _around: Circumstances) -> Found:
    """Whether nothing that was written about the case contradicts the rest of it."""
    found = [one.code for one in contradictions(case) if one.code not in _SAID_ELSEWHERE]
    return held(not found, ", ".join(found))
