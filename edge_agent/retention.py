"""Which photos may be freed, up to when receipted facts are let go (留存期), and how much room is left (剩余空间).

Decided from plain values. Time here is the hub's, as its receipts gave it; a device clock that is wrong by years frees
nothing.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from edge_agent.courier import KeptPhoto
from firmware_profiles.schema import Limits, Retention

DAY_MS = 24 * 60 * 60 * 1000
_MEGABYTE = 1_000_000


class Room(NamedTuple):
    """How much room there is. level: "ok"; "low", photos will stop; "no_photos", they have; "no_facts", all has.

    free_bytes: on the disk. zh, en: a sentence for the screen, empty when all is well.
    """

    level: Literal["ok", "low", "no_photos", "no_facts"]
    free_bytes: int
    zh: str = ""
    en: str = ""


def room(free_bytes: int, limits: Limits) -> Room:
    """Return what a disk with so many free bytes means for the work. Nothing that has no receipt is ever freed."""
    free = f"{free_bytes // _MEGABYTE} MB"
    if free_bytes < limits.journal_free_bytes_min:
        zh = f"存储空间已满（剩余 {free}），无法记录。"
        return Room("no_facts", free_bytes, zh, f"{free} free: nothing can be recorded until room is made.")
    if free_bytes - limits.photo_bytes_max < limits.vault_free_bytes_min:
        zh = f"存储空间不足（剩余 {free}），已停止拍照，请恢复网络以上传照片。"
        return Room("no_photos", free_bytes, zh, f"{free} free: no photo is taken until photos have been sent.")
    if free_bytes < limits.warning_bytes_min:
        left = (free_bytes - limits.vault_free_bytes_min) // limits.photo_bytes_max
        zh = f"存储空间将满（剩余 {free}），约 {left} 张后停止拍照，请恢复网络以上传照片。"
        return Room("low", free_bytes, zh, f"{free} free: photos stop after about {left} more; bring the link back.")
    return Room("ok", free_bytes)


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
