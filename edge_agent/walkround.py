"""Leads a person with a handheld (PDA) through one work order, by the door (外观查验).

Knows the order of the work: the VIN first, while the vehicle can still be moved for a better picture, then the other
photos, the items, the footage and the verdict. Every case that it opens ends with a verdict or as abandoned.
"""

from edge_agent import AgentError
from edge_agent.agent import Agent, PhotoRefusalError
from edge_agent.orders import Order
from edge_agent.vault import VaultFullError
from edge_agent.visits import Visit, VisitResult
from inspection.checklist import PhotoSpec

REASON_DROVE_OFF = "drove_off"
REASON_NO_PHOTO = "photo_missing"
REASON_VAULT_FULL = "vault_full"


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
    visit = Visit(agent, order.case_opened(station=agent.station, profile=agent.profile_reference))
    order.check_items(visit.requirement)
    visit.open()
    try:
        _take_photos(agent, order, visit)
        visit.check_items(order.mark)
        video = order.text.video
        footage = (video.recorder, video.channel, video.missing) if video else None
        visit.conclude(footage, verdict=order.text.verdict)
    except _VisitEndedError as left:
        visit.abandon(left.reason)
        return visit.result(order.name)
    except VaultFullError:
        visit.abandon(REASON_VAULT_FULL)
        raise
    # Only 检验 has a sticker to wait for; 查验 ends with the verdict.
    if order.text.regime == "jianyan":
        agent.wait_for_decision(visit.case, decision_seconds_max)
    return visit.result(order.name)


def _take_photos(agent: Agent, order: Order, visit: Visit) -> None:
    for spec in sorted(visit.requirement.photos, key=lambda photo: photo.role != "vin"):
        _take(agent, order, visit, spec)
        if visit.vin_asks_person(spec.code) and order.text.person_confirms_vin:
            visit.person_reads(order.text.person_confirms_vin)
        if spec.code == order.text.drives_off_after:
            raise _VisitEndedError(REASON_DROVE_OFF)


def _take(agent: Agent, order: Order, visit: Visit, spec: PhotoSpec) -> None:
    """Take one photo, again where it was refused, or read in doubt and a better one is to be had."""
    taken = False
    for attempt in range(1, _tries_max(agent, spec) + 1):
        if taken and not order.has_attempt(spec.code, attempt):
            return
        data = order.photo(spec.code, attempt)
        if data is None:
            agent.refuse_photo(visit.case, spec.code, code="photo.none", detail="no picture was taken")
            break
        try:
            if visit.take_photo(spec.code, data):
                return
        except PhotoRefusalError:
            continue
        taken = True
    if not taken:
        raise _VisitEndedError(f"{REASON_NO_PHOTO}: {spec.code}")


def _tries_max(agent: Agent, spec: PhotoSpec) -> int:
    shots = agent.profile.shots
    # A profile names the shots of its cameras; a form may want more than those.
    named = [shot.tries_max for shot in shots if shot.role == spec.role]
    return named[0] if named else min(shot.tries_max for shot in shots)
