"""Which photos may be freed, and up to when receipted facts are let go (留存期): decided from plain values.

Time here is the hub's, as its receipts gave it; a device clock that is wrong by years frees nothing.
"""

from collections.abc import Iterable

from edge_agent.courier import KeptPhoto
from firmware_profiles.schema import Retention

DAY_MS = 24 * 60 * 60 * 1000


def freeable(photos: Iterable[KeptPhoto], policy: Retention, *, hub_time: int, receipted: int) -> tuple[str, ...]:
    """Return the digests of the photos whose time is over.

    hub_time: the newest time that the hub told, Unix milliseconds. receipted: number of the last receipted fact.
    A photo without a receipt, or whose announcing fact has none, is never among them.
    """
    oldest = hub_time - policy.receipted_photo_days_min * DAY_MS
    return tuple(
        photo.digest
        for photo in photos
        if photo.state == "receipted" and photo.seq <= receipted and 0 < photo.receipted_at <= oldest
    )


def facts_kept_from(policy: Retention, hub_time: int) -> int:
    """Return the hub time (Unix milliseconds) from which on receipted facts are kept; never negative."""
    return max(0, hub_time - policy.receipted_fact_days_min * DAY_MS)
