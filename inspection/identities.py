"""Names of devices, stations, cases and people, and the two regimes. Knows their form, not who exists."""

import re
from functools import lru_cache
from typing import Literal, get_args

from inspection import InspectionError

Regime = Literal["chayan", "jianyan"]
"""chayan 查验: is this the vehicle on paper (GA 801). jianyan 检验: is it roadworthy (GB 38900)."""

REGIMES: tuple[Regime, ...] = get_args(Regime)

DEVICE_CHARACTERS_MAX = 32
HUB = "hub"
"""The hub writes facts of its own into the same ledger, under this device name."""

_NAMES_KEPT_MAX = 10_000
_DEVICE = re.compile(r"[a-z0-9][a-z0-9-]{1,31}\Z")
_CASE = re.compile(r"([a-z0-9][a-z0-9-]{1,31})\.([1-9][0-9]{0,18})\Z")


class IdentityError(InspectionError):
    """A name that does not have the form of its kind."""


@lru_cache(maxsize=_NAMES_KEPT_MAX)
def checked_device(text: str) -> str:
    """Return `text` if it can name a device: 2 to 32 of a-z, 0-9 and "-", not starting with "-".

    Raises IdentityError otherwise. The form keeps a name safe inside an MQTT topic and a file name.
    """
    if not _DEVICE.match(text):
        raise IdentityError(
            f"{text[:40]!r} cannot name a device: use 2 to {DEVICE_CHARACTERS_MAX} of a-z, 0-9 and -, no - first"
        )
    return text


def case_id(device: str, opened_at_seq: int) -> str:
    """Return the id of the case that `device` opened with its fact number `opened_at_seq` (from 1).

    (device, sequence number) is unique for ever, so the id can be minted offline and never collides.
    Raises IdentityError when the device or the number cannot be one.
    """
    return checked_case(f"{checked_device(device)}.{opened_at_seq}")


@lru_cache(maxsize=_NAMES_KEPT_MAX)
def checked_case(text: str) -> str:
    """Return `text` if it has the form DEVICE.NUMBER of a case id; raises IdentityError otherwise."""
    if not _CASE.match(text):
        raise IdentityError(f"{text[:60]!r} is no case id: expected DEVICE.NUMBER")
    return text


@lru_cache(maxsize=_NAMES_KEPT_MAX)
def case_device(case: str) -> str:
    """Return the device that opened the case; raises IdentityError when `case` is no case id."""
    return checked_case(case).rpartition(".")[0]
