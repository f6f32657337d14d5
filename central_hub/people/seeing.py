"""What of a case somebody may see: no auditor what others thought of it, while they may still be asked. Pure."""

from typing import Literal

from msgspec.structs import replace

from central_hub.deciding.conflicts import Person, name_of, same
from central_hub.deciding.queueing import blinded, waits_for_audit
from central_hub.people.roles import Actor, shipped_roles
from inspection.case import Case
from inspection.facts import AuditDecided, AuditOpinion


def station_of(actor: Actor) -> str:
    """Return the station whose cases alone this person sees; empty for the centre's own people."""
    book = shipped_roles()
    held = any(book.roles[role].needs_station for role in actor.roles if role in book.roles)
    return actor.station if held else ""


def hides_opinions(actor: Actor) -> bool:
    """Say whether lists and pages keep opinions from somebody: auditors may be asked, stations are judged."""
    return bool(station_of(actor)) or (actor.may("audit.decide") and not actor.may("audit.lead"))


def kept_from(case: Case, actor: Actor) -> bool:
    """Say whether this person is to see the case as if nobody had thought anything of it.

    Only where somebody did, and nothing is decided. Who gave an opinion themselves is not asked again.
    """
    undecided = case.audit is None and (waits_for_audit(case) or case.stage == "returned")
    if not undecided or not (case.opinions or case.undone):
        return False
    own = any(same(actor, opinion.auditor) for opinion in case.opinions)
    return hides_opinions(actor) and not own


def as_seen(case: Case, actor: Actor) -> tuple[Case, bool]:
    """Return the case as this person may see it, and whether it was blinded."""
    return (blinded(case, due=case.audit_due), True) if kept_from(case, actor) else (case, False)


def as_answered(case: Case, given: Literal["pass", "suspicious"], who: Person) -> Case:
    """Return a case with a known answer as it looks to somebody who answered it: as any case after such an opinion."""
    opinion = AuditOpinion(decision=given, auditor=name_of(who))
    decided = (AuditDecided(decision="pass", auditor=name_of(who)),) if given == "pass" else ()
    return replace(blinded(case, due=0), opinions=(opinion,), audits=decided)
