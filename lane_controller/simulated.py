"""Simulated drivers: a vehicle, cameras and people as a work order describes them. They keep what they were asked."""

from collections.abc import Callable

from edge_agent.orders import Order
from inspection.checklist import required_for
from inspection.facts import CaseOpened, Mark
from lane_controller.signals import MessageCode


class SimulatedVehicle:
    """One vehicle's passage, following its order. It leaves when the barrier opens, or earlier if the order says so."""

    def __init__(self, order: Order, *, station: str, profile: str, pause: Callable[[float], None]) -> None:
        self._order = order
        self._pause = pause
        self._opened = order.case_opened(station=station, profile=profile)
        order.check_items(required_for(self._opened))
        self._gone = False
        self.shown: list[MessageCode] = []

    def identity(self) -> CaseOpened:
        """Return the order's opening."""
        return self._opened

    def shot(self, code: str, attempt: int) -> bytes | None:
        """Return what that attempt gives; a camera that was given no better picture has none."""
        self._drive_off_after(code)
        return self._order.photo(code, attempt) if self._order.has_attempt(code, attempt) else None

    def shot_by_hand(self, code: str) -> bytes | None:
        """Return the picture that a person takes: the same view as the first attempt of the camera."""
        self._drive_off_after(code)
        return self._order.photo(code, 1)

    def _drive_off_after(self, code: str) -> None:
        self._gone = self._gone or code == self._order.text.drives_off_after

    def vin_read_by_person(self) -> str:
        """Return what the order's person reads."""
        return self._order.text.person_confirms_vin

    def mark(self, item: str) -> tuple[Mark, str]:
        """Return the order's mark."""
        return self._order.mark(item)

    def footage(self) -> tuple[str, str, str] | None:
        """Return the order's recorder."""
        video = self._order.text.video
        return (video.recorder, video.channel, video.missing) if video else None

    def show(self, message: MessageCode) -> None:
        """Keep what was shown; staff who are called see the vehicle out."""
        self.shown.append(message)
        self._gone = self._gone or message == "call_staff"

    def open_barrier(self) -> None:
        """Let the vehicle go."""
        self._gone = True

    def wait(self, seconds: float) -> None:
        """Let the time pass: what happens in a simulated lane has happened when it was asked for."""
        self._pause(seconds)

    def has_left(self) -> bool:
        """Say whether it has gone."""
        return self._gone
