"""The only reader of clocks in this room.

It knows wall time, the monotonic clock and the boot that it counts from. What a moment means is left to others: no
device clock decides anything, it is only written down.
"""

import secrets
import time
from dataclasses import dataclass
from pathlib import Path

BOOT_ID_CHARACTERS = 8
_BOOT_ID_FILE = Path("/proc/sys/kernel/random/boot_id")
_NANOSECONDS_PER_MILLISECOND = 1_000_000
# A handheld sleeps in a pocket between two vehicles; CLOCK_MONOTONIC would leave that time out.
_SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """One reading of the device's clocks.

    wall: Unix milliseconds. mono: milliseconds since the boot that `boot` names (8 characters).
    """

    wall: int
    mono: int
    boot: str


class Clock:
    """The device's clocks. boot_file: where the system names its boot; a random name serves where there is none."""

    def __init__(self, boot_file: Path = _BOOT_ID_FILE) -> None:
        self.boot = _boot_id(boot_file)

    def wall_ms(self) -> int:
        """Return the device's wall clock, Unix milliseconds."""
        return time.time_ns() // _NANOSECONDS_PER_MILLISECOND

    def mono_ms(self) -> int:
        """Return milliseconds since boot, time asleep included."""
        return time.clock_gettime_ns(_SINCE_BOOT) // _NANOSECONDS_PER_MILLISECOND

    def seconds(self) -> float:
        """Return monotonic seconds for waits and back-off; only differences mean anything."""
        return time.monotonic()

    def now(self) -> Moment:
        """Return one reading of all that a fact carries."""
        return Moment(wall=self.wall_ms(), mono=self.mono_ms(), boot=self.boot)


def _boot_id(boot_file: Path) -> str:
    try:
        found = boot_file.read_text(encoding="ascii").strip()[:BOOT_ID_CHARACTERS]
    except (OSError, UnicodeDecodeError):
        found = ""
    return found or secrets.token_hex(BOOT_ID_CHARACTERS // 2)
