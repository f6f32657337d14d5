"""What must hold between the values of a profile, each of which is right on its own.

It decides and returns faults; it raises nothing and knows neither text nor lines.
"""

from collections.abc import Iterable, Iterator

from firmware_profiles.faults import Fault, nearest, shown
from firmware_profiles.schema import Profile


def inconsistencies(profile: Profile) -> Iterator[Fault]:
    """Yield what contradicts itself in a profile; nothing when all is well."""
    yield from _twice("camera", "name", [camera.name for camera in profile.cameras])
    yield from _twice("shot", "role", [shot.role for shot in profile.shots])
    yield from _twice("model", "name", [model.name for model in profile.models])
    yield from _none_at_all(profile)
    yield from _unknown_cameras(profile)
    yield from _camera_faults(profile)
    yield from _limit_faults(profile)
    yield from _sequence_faults(profile)


def _twice(table: str, key: str, names: Iterable[str]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if name in first:
            yield Fault((table, index, key), f"{shown(name)} is taken by [[{table}]] {first[name] + 1}")
        first.setdefault(name, index)


def _none_at_all(profile: Profile) -> Iterator[Fault]:
    if not profile.cameras:
        yield Fault(("camera",), "is an empty array; a device needs at least one camera")
    if not profile.shots:
        yield Fault(("shot",), "is an empty array; a device needs at least one shot")


def _unknown_cameras(profile: Profile) -> Iterator[Fault]:
    names = {camera.name for camera in profile.cameras}
    for index, shot in enumerate(profile.shots):
        if shot.camera not in names:
            hint = nearest(shot.camera, sorted(names))
            yield Fault(("shot", index, "camera"), f"{shown(shot.camera)} is no [[camera]] of this profile{hint}")


def _camera_faults(profile: Profile) -> Iterator[Fault]:
    pixels_max = profile.limits.photo_pixels_max
    for index, camera in enumerate(profile.cameras):
        pixels = camera.width * camera.height
        if pixels > pixels_max:
            text = f"makes frames of {pixels} pixels, above [limits] photo_pixels_max {pixels_max}"
            yield Fault(("camera", index, "width"), text)
        for key in ("url", "gb28181_channel"):
            if profile.kind == "pda" and getattr(camera, key) is not None:
                yield Fault(("camera", index, key), "is for a lane_box; the cameras of a pda are its own")
        if camera.url is not None and camera.gb28181_channel is not None:
            yield Fault(("camera", index, "gb28181_channel"), "stands beside url; one camera has one address")


def _limit_faults(profile: Profile) -> Iterator[Fault]:
    limits, upload = profile.limits, profile.upload
    # A filling disk has to stop the camera while there is still room to write down that it did.
    if limits.vault_free_bytes_min < limits.journal_free_bytes_min + limits.photo_bytes_max:
        text = "must be at least journal_free_bytes_min plus photo_bytes_max, so that photos stop before facts do"
        yield Fault(("limits", "vault_free_bytes_min"), text)
    if limits.warning_bytes_min < limits.vault_free_bytes_min:
        text = f"is below vault_free_bytes_min {limits.vault_free_bytes_min}; a warning comes before what it warns of"
        yield Fault(("limits", "vault_warning_bytes_min"), text)
    if upload.metered_bytes_per_hour_max is not None and not upload.metered:
        yield Fault(("upload", "metered_bytes_per_hour_max"), "is for a metered link; metered is false")
    if limits.case_photos_max < len(profile.shots):
        yield Fault(("limits", "case_photos_max"), f"is below the {len(profile.shots)} shots of this profile")
    if upload.retry_seconds_max < upload.retry_seconds_min:
        yield Fault(("upload", "retry_seconds_max"), f"is below retry_seconds_min {upload.retry_seconds_min}")


def _sequence_faults(profile: Profile) -> Iterator[Fault]:
    sequence = profile.sequence
    if profile.kind == "pda" and sequence is not None:
        yield Fault(("sequence",), "is for a lane_box; a person leads the work with a pda")
    if profile.kind == "lane_box" and sequence is None:
        yield Fault(("sequence",), "is missing; a lane_box needs this table")
    if sequence is not None and sequence.presence_seconds_max > profile.limits.case_seconds_max:
        text = f"is above [limits] case_seconds_max {profile.limits.case_seconds_max}"
        yield Fault(("sequence", "presence_seconds_max"), text)
