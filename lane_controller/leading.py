"""Carries out what the sequence orders: by the device's door, and by the lane's drivers. Decides nothing itself.

Events are handled one after the other; what an action brings about comes back as an event with the monotonic time.
"""

import logging
from collections import deque
from collections.abc import Callable

from edge_agent.agent import Agent, PhotoRefusalError
from edge_agent.vault import VaultFullError
from edge_agent.visits import Visit
from firmware_profiles.schema import Profile
from inspection.checklist import Requirement, required_for
from inspection.directives import StickerDenied, StickerGranted
from inspection.facts import CaseOpened as CaseOpenedFact
from lane_controller import LaneError
from lane_controller.drivers import Drivers
from lane_controller.sequence import step
from lane_controller.signals import (
    Abandon,
    Action,
    AskChecks,
    AskShot,
    CaseOpened,
    ClearFault,
    Conclude,
    Event,
    Identify,
    ItemsChecked,
    LaneSettings,
    NotePassage,
    OpenBarrier,
    OpenCase,
    Outcome,
    RaiseFault,
    ShotRefused,
    ShotSettings,
    ShotTaken,
    Show,
    State,
    TakeShot,
    Tick,
    VehicleArrived,
    VehicleIdentified,
    VehicleLeft,
    Verdict,
    Withhold,
)

TICK_SECONDS = 0.5
_log = logging.getLogger(__name__)


def lane_settings(profile: Profile, requirement: Requirement) -> LaneSettings:
    """Return the waits of the profile, and the photos that its cameras can take of what this vehicle needs, by code.

    Raises LaneError when the profile is not for a lane.
    """
    waits = profile.sequence
    if waits is None:
        raise LaneError(f"profile {profile.id} has no [sequence]: it is not for a lane")
    cameras = {shot.role: shot for shot in profile.shots}
    shots = {
        photo.code: ShotSettings(
            tries_max=cameras[photo.role].tries_max, seconds_max=cameras[photo.role].timeout_seconds_max
        )
        for photo in requirement.photos
        if photo.role in cameras
    }
    return LaneSettings(
        identify_seconds_max=waits.identify_seconds_max,
        open_seconds_max=waits.open_seconds_max,
        person_seconds_max=waits.person_seconds_max,
        check_seconds_max=waits.check_seconds_max,
        verdict_seconds_max=waits.verdict_seconds_max,
        leave_seconds_max=waits.leave_seconds_max,
        presence_seconds_max=waits.presence_seconds_max,
        shots=shots,
    )


class Lane:
    """A lane at work. now: monotonic seconds."""

    def __init__(self, agent: Agent, *, now: Callable[[], float]) -> None:
        self._agent = agent
        self._now = now
        self._state = State()

    def lead(self, drivers: Drivers) -> Visit:
        """Lead one vehicle through, from its arrival until the lane is empty again; return its visit.

        What is done for a vehicle ends at `presence_seconds_max`. A lane that is not seen empty by then is faulted, and
        waits, by `drivers.wait`, until somebody has seen to it: a vehicle may stand in it.
        Raises LaneError when the profile is not for a lane; otherwise as the door does.
        """
        passage = _Passage(self._agent, drivers, self._now)
        if self._state.phase != "waiting":
            # An error ended the last passage half way; whoever sends the next vehicle in says that the lane is empty.
            self._state = State(passage=self._state.passage)
        events: deque[Event] = deque([VehicleArrived(self._now())])
        while True:
            event = events.popleft() if events else passage.wait(self._state)
            self._state, actions = step(self._state, event, passage.settings)
            for action in actions:
                events.extend(passage.carry_out(action))
            if drivers.has_left() and not isinstance(event, VehicleLeft):
                events.appendleft(VehicleLeft(self._now()))
            if self._state.phase == "waiting":
                # What was still to be told is about a vehicle that is gone.
                return passage.visit


class _Passage:
    """One vehicle in the lane: the sequence's opaque case on one side, the door's case on the other."""

    def __init__(self, agent: Agent, drivers: Drivers, now: Callable[[], float]) -> None:
        self._agent = agent
        self._drivers = drivers
        self._now = now
        self._opened: CaseOpenedFact = drivers.identity()
        self._requirement = required_for(self._opened)
        self.settings = lane_settings(agent.profile, self._requirement)
        self.visit = Visit(agent, self._opened)
        self._answered = False
        self._vault_full = False

    def wait(self, state: State) -> Event:
        """Return the next event when nothing is under way: the hub's answer if it comes, else that time has passed."""
        # An answer that comes when the barrier is open already is still shown.
        if state.phase in {"concluding", "leaving"} and state.case and not self._answered:
            decision = self._agent.wait_for_decision(self.visit.case, TICK_SECONDS)
            if decision is not None:
                self._answered = True
                return Verdict(self._now(), state.case, self._answer(decision))
        else:
            self._drivers.wait(TICK_SECONDS)
        return Tick(self._now())

    def _answer(self, decision: StickerGranted | StickerDenied) -> Outcome:
        if isinstance(decision, StickerGranted):
            return "passed"
        return "failed" if self.visit.outcome == "fail" else "pending"

    def carry_out(self, action: Action) -> list[Event]:
        """Do what the sequence orders; return what came of it."""
        match action:
            case Identify(passage):
                codes = tuple(photo.code for photo in self._requirement.photos)
                return [VehicleIdentified(self._now(), passage, f"passage-{passage}", codes)]
            case OpenCase(case):
                self.visit.open()
                return [CaseOpened(self._now(), case)]
            case TakeShot() | AskShot():
                return [self._shot(action)]
            case Withhold(_, code, reason):
                self.visit.withhold(code, reason)
            case AskChecks(case):
                self.visit.check_items(self._drivers.mark)
                return [ItemsChecked(self._now(), case)]
            case Conclude():
                self.visit.conclude(self._drivers.footage())
            case Abandon(_, reason):
                self.visit.abandon(reason)
            case NotePassage(_, reason):
                self._agent.note_passage(self._opened.lane, reason)
            case Show(message):
                self._drivers.show(message)
            case OpenBarrier():
                self._drivers.open_barrier()
            case RaiseFault() | ClearFault():
                _log.error("%s", action)
        return []

    def _shot(self, action: TakeShot | AskShot) -> Event:
        by_hand = isinstance(action, AskShot)
        code, attempt = action.role, 0 if isinstance(action, AskShot) else action.attempt
        if by_hand and self.visit.vin_doubtful(code):
            return self._look(action.case, code)
        data = self._drivers.shot_by_hand(code) if by_hand else self._drivers.shot(code, attempt)
        if data is None:
            return ShotRefused(self._now(), action.case, code, attempt, "no_picture")
        try:
            accepted = self.visit.take_photo(code, data)
        except PhotoRefusalError as error:
            return ShotRefused(self._now(), action.case, code, attempt, error.code)
        except VaultFullError as error:
            if not self._vault_full:
                _log.critical("%s", error)
            self._vault_full = True
            return ShotRefused(self._now(), action.case, code, attempt, "vault_full")
        if by_hand and not accepted:
            # Whoever took the picture is there to read it; nobody else will say more about this photo.
            return self._look(action.case, code)
        return ShotTaken(self._now(), action.case, code, attempt, accepted)

    def _look(self, case: str, code: str) -> Event:
        """Let a person read the VIN on the photo that the model is in doubt about."""
        seen = self._drivers.vin_read_by_person()
        if not seen:
            return ShotRefused(self._now(), case, code, 0, "nobody_there")
        self.visit.person_reads(seen)
        return ShotTaken(self._now(), case, code, 0, accepted=True)
