"""What a lane is wired to: cameras, people, screen and barrier, as the lane sees them. Shapes only."""

from typing import Protocol

from inspection.facts import CaseOpened, Mark
from lane_controller.signals import MessageCode


class Drivers(Protocol):
    """The equipment and the people of a lane, for one vehicle after another."""

    def identity(self) -> CaseOpened:
        """Return what the platform says about the vehicle at the entry."""

    def shot(self, code: str, attempt: int) -> bytes | None:
        """Take the photo of that code with the lane's camera (attempt from 1); None when there is no new picture."""

    def shot_by_hand(self, code: str) -> bytes | None:
        """Ask a person for the photo; None when nobody can take it."""

    def vin_read_by_person(self) -> str:
        """Ask a person what VIN the newest photo shows; empty when nobody is there."""

    def mark(self, item: str) -> tuple[Mark, str]:
        """Ask a person for an item: its mark, and the value where it is one."""

    def footage(self) -> tuple[str, str, str] | None:
        """Return recorder, channel and why footage is missing (empty when it is not); None where nothing records."""

    def show(self, message: MessageCode) -> None:
        """Show a message to the vehicle's driver."""

    def open_barrier(self) -> None:
        """Open the exit barrier."""

    def wait(self, seconds: float) -> None:
        """Return when something may have happened in the lane, or that time is over."""

    def has_left(self) -> bool:
        """Say whether the exit has seen the vehicle go."""
