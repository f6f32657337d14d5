"""References to photos and video, and what a model found on a photo. Knows no file, no pixel and no network."""

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct

from inspection import InspectionError

DIGEST_PATTERN = re.compile(r"[0-9a-f]{64}\Z")

WHOLE_MAX = 2**63 - 1
Whole = Annotated[int, Meta(ge=0, le=WHOLE_MAX)]
"""A whole number that every database column takes: a greater one would pass intake and stop the hub while storing."""

Line = Annotated[str, Meta(max_length=200)]
"""A code, a name, a short line. What is longer is refused where it is written, and again where it is read."""

Words = Annotated[str, Meta(max_length=2_000)]
"""A sentence or two for a person."""

STRIP_BYTES_MAX = 24_000

SurfaceKind = Literal["stamped", "plate", "sticker", "windshield", "rubbing", "document", "unknown"]


class EvidenceError(InspectionError):
    """A reference to a photo or a video that cannot be one."""


class PhotoRef(Struct, frozen=True, kw_only=True, gc=False):
    """One photo, named by what it holds.

    digest: SHA-256 of the file's bytes, 64 lower-case hexadecimal characters.
    media: "image/jpeg" or "image/png".
    size: bytes. width, height: pixels as stored, before any EXIF rotation.
    """

    digest: Line
    media: Line
    size: Whole
    width: Whole
    height: Whole


class CharacterReading(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One position of a reading: the character chosen, its probability (0 to 1) and the next best ones.

    alternatives: (character, probability) pairs, most probable first, without the chosen one.
    corrected: the illegal letter (I, O or Q) that stood there, where the reading replaced it by the legal digit.
    """

    character: Line
    probability: float
    alternatives: tuple[tuple[Line, float], ...] = ()
    corrected: Line = ""


class VinFinding(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a model read on a photo of a VIN (车辆识别代号).

    vin: 17 characters, or empty when none was read. confidence: 0 to 1.
    box: the four corners (x, y) in pixels of the upright photo, clockwise from the reading's top left.
    kind: the surface that carries the VIN. accepted: whether no person needs to look.
    reasons: codes that say why it was not accepted, or what to know about it (e.g. "vin.none", "vin.doubtful").
    strip: the rectified line that was read, a small JPEG file, so that an auditor sees at once what the model saw.
    model: SHA-256 digests of the weights that read it, joined by "+".
    milliseconds: time spent, decoding included.
    """

    vin: Line
    confidence: float
    characters: tuple[CharacterReading, ...] = ()
    box: tuple[tuple[float, float], ...] = ()
    kind: SurfaceKind = "unknown"
    accepted: bool = False
    reasons: tuple[Line, ...] = ()
    barcode: Line = ""
    strip: Annotated[bytes, Meta(max_length=STRIP_BYTES_MAX)] = b""
    model: Line = ""
    milliseconds: float = 0.0


class VideoRef(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An interval of a recorder's footage (GB/T 28181 addressing); the footage itself stays where it was recorded.

    recorder, channel: 20-digit device ids, or a body camera's own number. start, end: Unix milliseconds.
    missing: why there is no footage, in words; empty when there is. Missing video is stated, never ignored.
    """

    recorder: Line
    channel: Line
    start: Whole
    end: Whole
    missing: Words = ""


def checked_digest(text: str) -> str:
    """Return `text` if it is a SHA-256 digest in lower-case hexadecimal.

    Raises EvidenceError otherwise.
    """
    if not DIGEST_PATTERN.match(text):
        raise EvidenceError(f"not a SHA-256 digest in lower-case hexadecimal: {text[:80]!r}")
    return text


def checked_video(video: VideoRef) -> VideoRef:
    """Return `video` if its interval runs forward.

    Raises EvidenceError when it ends before it starts.
    """
    if video.end < video.start:
        raise EvidenceError(f"the video ends before it starts: {video.start} to {video.end}")
    return video
