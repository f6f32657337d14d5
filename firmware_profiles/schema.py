"""The shape of a profile: which cameras, shots, models, limits and addresses a kind of device has.

It knows types and the range of each single value, and what an installation may change at start. What must hold
between values is in `consistency`; reading TOML, with line numbers, is in `parsing`. Whether a shot's role means
anything to a business is left to the checklists of the language.

Every limit has its unit last. Figures are whole numbers: bytes, pixels, seconds, days or pieces; only
`gather_seconds_max` may have a fraction.
"""

import re
from datetime import date
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from firmware_profiles import ProfileError

_Checked = TypeVar("_Checked", bound=Struct)

DeviceKind = Literal["pda", "lane_box"]
CameraRole = Literal["handheld", "screen", "overview", "vin", "cabin"]

_AUTHORITY = r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?"
_URL_HOST = re.compile(r"[a-z]+://(\[[^\]]*\]|[^/:]+)")
_LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})

Name = Annotated[
    str,
    Meta(
        pattern=r"\A[a-z][a-z0-9_-]{0,39}\Z",
        description="a name of at most 40 lower-case letters, digits, - and _, a letter first",
    ),
]
Title = Annotated[str, Meta(min_length=1, max_length=80, description="a text of 1 to 80 characters")]
SoftwareVersion = Annotated[
    str,
    Meta(pattern=r"\A[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}\Z", description="a version of three numbers such as 0.1.0"),
]
Hex32 = Annotated[
    str, Meta(pattern=r"\A[0-9a-f]{64}\Z", description="32 bytes as 64 lower-case hexadecimal characters")
]
Host = Annotated[
    str,
    Meta(pattern=r"\A[A-Za-z0-9._:-]{1,253}\Z", description="a host name or an IP address, without scheme or port"),
]
HttpUrl = Annotated[
    str,
    Meta(pattern=rf"\Ahttps?://{_AUTHORITY}(/\S*)?\Z", description="an http or https address without name or password"),
]
CameraUrl = Annotated[
    str,
    Meta(
        pattern=rf"\A(rtsps?|https?)://{_AUTHORITY}(/\S*)?\Z",
        description="an rtsp, rtsps, http or https address without name or password",
    ),
]
Gb28181Channel = Annotated[
    str, Meta(pattern=r"\A[0-9]{20}\Z", description="the 20 digits of a channel (GB/T 28181 国标编码)")
]
WaitSeconds = Annotated[int, Meta(ge=1, le=86_400)]


class Camera(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One camera (摄像机), or the screen on which a signature (签名) is drawn.

    width, height: pixels of a frame. jpeg_quality: 50 to 100; below that, blocks eat the strokes of a stamped VIN.
    timeout_seconds_max: after so long without a frame the shot has failed.
    url, gb28181_channel: where a lane box finds it; None when each installation says so at start.
    """

    name: Name
    role: CameraRole
    width: Annotated[int, Meta(ge=160, le=16_384)]
    height: Annotated[int, Meta(ge=120, le=16_384)]
    jpeg_quality: Annotated[int, Meta(ge=50, le=100)]
    timeout_seconds_max: Annotated[int, Meta(ge=1, le=120)]
    url: CameraUrl | None = None
    gb28181_channel: Gb28181Channel | None = None


class Shot(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One photo of a vehicle (照片) that the device can take; the order in the file is the order in the lane.

    role: what it shows, e.g. "vin", "left_front" (左前45°), "right_rear" (右后45°), "cabin", "signature".
    tries_max: automatic attempts before a person is asked. timeout_seconds_max: one attempt, reading included.
    """

    role: Name
    camera: Name
    tries_max: Annotated[int, Meta(ge=1, le=20)]
    timeout_seconds_max: Annotated[int, Meta(ge=1, le=600)]


class Model(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Weights (模型权重) that the device runs, named by the SHA-256 of the file. threads: CPU threads, 1 to 32."""

    name: Name
    sha256: Hex32
    threads: Annotated[int, Meta(ge=1, le=32)]


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the device refuses to exceed.

    photo_*: one photo. case_*: one vehicle. batch_*: one MQTT message of facts. upload_chunk_bytes: one HTTP request.
    vault_free_bytes_min: below it no photo is taken. journal_free_bytes_min: below it no fact is written.
    vault_warning_bytes_min: below it the device says that photos will stop; None is twice vault_free_bytes_min.
    """

    photo_bytes_max: Annotated[int, Meta(ge=10_000, le=64_000_000)]
    photo_pixels_max: Annotated[int, Meta(ge=19_200, le=268_435_456)]
    case_photos_max: Annotated[int, Meta(ge=1, le=500)]
    case_seconds_max: WaitSeconds
    batch_facts_max: Annotated[int, Meta(ge=1, le=10_000)]
    batch_bytes_max: Annotated[int, Meta(ge=1_000, le=1_000_000)]
    upload_chunk_bytes: Annotated[int, Meta(ge=1_000, le=16_000_000)]
    vault_free_bytes_min: Annotated[int, Meta(ge=0, le=1_000_000_000_000)]
    journal_free_bytes_min: Annotated[int, Meta(ge=0, le=1_000_000_000_000)]
    vault_warning_bytes_min: Annotated[int, Meta(ge=0, le=2_000_000_000_000)] | None = None

    @property
    def warning_bytes_min(self) -> int:
        """Free bytes below which the device says that photos will stop."""
        given = self.vault_warning_bytes_min
        return 2 * self.vault_free_bytes_min if given is None else given


class Hub(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the central hub (中心) is, and the Ed25519 key that its receipts and directives are checked with.

    public_key: None when each installation gives its own at start.
    """

    broker_host: Host
    broker_port: Annotated[int, Meta(ge=1, le=65_535)]
    broker_tls: bool
    http_url: HttpUrl
    public_key: Hex32 | None = None


class Upload(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How results travel.

    policy: "facts_first", no photo is sent while a fact waits. metered: the link is paid by volume.
    metered_bytes_per_hour_max: of photos and footage on such a link, never of facts; None is no budget.
    bytes_per_second_max: for photos; None is no cap. retry_seconds_*: the pause between two attempts grows from the
    one to the other and never ends: nothing is given up.
    gather_seconds_max: so long a fact may wait for others to travel with it in one message, unless somebody waits for
    what the hub makes of it; 0 sends each at once.
    """

    policy: Literal["facts_first"]
    metered: bool
    retry_seconds_min: WaitSeconds
    retry_seconds_max: WaitSeconds
    bytes_per_second_max: Annotated[int, Meta(ge=1_000, le=1_000_000_000)] | None = None
    metered_bytes_per_hour_max: Annotated[int, Meta(ge=100_000, le=1_000_000_000_000)] | None = None
    gather_seconds_max: Annotated[float, Meta(ge=0, le=60)] = 0.0


class Retention(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long the device keeps what the hub has receipted (回执). What has no receipt is kept without end."""

    receipted_photo_days_min: Annotated[int, Meta(ge=0, le=3_650)]
    receipted_fact_days_min: Annotated[int, Meta(ge=0, le=3_650)]


class Sequence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a lane (查验通道) waits for each step of one vehicle.

    identify: until the vehicle is known. open: until the case is on disk. person: for somebody who was asked to help.
    check: for the items that people check. verdict: for the answer of the hub. leave: after the barrier has opened.
    presence: a vehicle in the lane altogether; longer means that a photo-eye (光电) is stuck.
    """

    identify_seconds_max: WaitSeconds
    open_seconds_max: WaitSeconds
    person_seconds_max: WaitSeconds
    check_seconds_max: WaitSeconds
    verdict_seconds_max: WaitSeconds
    leave_seconds_max: WaitSeconds
    presence_seconds_max: WaitSeconds


class Addresses(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one installation sets at start; None leaves what the profile says. camera_urls: by camera name."""

    broker_host: str | None = None
    broker_port: int | None = None
    broker_tls: bool | None = None
    http_url: str | None = None
    public_key: str | None = None
    camera_urls: dict[str, str] = {}


class Profile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one kind of device is and runs. version: from 1, rises with each issue. issued: the day, for people."""

    id: Name
    version: Annotated[int, Meta(ge=1, le=1_000_000)]
    kind: DeviceKind
    title: Title
    issued: date
    min_software: SoftwareVersion
    limits: Limits
    hub: Hub
    upload: Upload
    retention: Retention
    cameras: tuple[Camera, ...] = msgspec.field(name="camera")
    shots: tuple[Shot, ...] = msgspec.field(name="shot")
    models: tuple[Model, ...] = msgspec.field(name="model", default=())
    sequence: Sequence | None = None

    def runs_on(self, software: str) -> bool:
        """Return whether `software`, a version of three numbers, is at least `min_software`.

        Raises ProfileError when it is no such version.
        """
        try:
            return _numbers(software) >= _numbers(self.min_software)
        except ValueError:
            raise ProfileError(f"not a version of three numbers such as 0.1.0: {software[:40]!r}") from None

    def with_addresses(self, addresses: Addresses) -> "Profile":
        """Return the profile with the addresses of one installation.

        An installation may move what was signed, never weaken it. Raises ProfileError when a value is outside its
        range, names a camera that is not there, switches encryption off for anything but this very machine, or
        replaces a hub key that the profile pins.
        """
        hub = _moved_hub(self.hub, addresses)
        names = {camera.name for camera in self.cameras}
        for name in addresses.camera_urls:
            if name not in names:
                raise ProfileError(f"no camera named {name[:40]!r}; there are {', '.join(sorted(names))}")
        cameras = tuple(_moved_camera(camera, addresses.camera_urls) for camera in self.cameras)
        return msgspec.structs.replace(self, hub=hub, cameras=cameras)


def _numbers(version: str) -> tuple[int, int, int]:
    major, minor, patch = version.split(".")
    return int(major), int(minor), int(patch)


def _moved_camera(camera: Camera, urls: dict[str, str]) -> Camera:
    if camera.name not in urls:
        return camera
    moved = msgspec.structs.replace(camera, url=urls[camera.name], gb28181_channel=None)
    return _within_ranges(moved, where=f"camera {camera.name}")


def _moved_hub(hub: Hub, addresses: Addresses) -> Hub:
    wanted = {name: getattr(addresses, name) for name in Hub.__struct_fields__}
    changes = {name: value for name, value in wanted.items() if value is not None}
    moved = _within_ranges(msgspec.structs.replace(hub, **changes), where="hub")
    if hub.public_key is not None and moved.public_key != hub.public_key:
        raise ProfileError("hub public_key is pinned by the signed profile and cannot be replaced at start")
    if hub.broker_tls and not moved.broker_tls and moved.broker_host not in _LOOPBACK_HOSTS:
        raise ProfileError(f"hub broker_tls cannot be switched off at start for {moved.broker_host}")
    if hub.http_url.startswith("https:") and not _is_private_url(moved.http_url):
        raise ProfileError(f"hub http_url must stay https: {moved.http_url[:80]}")
    return moved


def _is_private_url(url: str) -> bool:
    found = _URL_HOST.match(url)
    return url.startswith("https:") or (found is not None and found.group(1).strip("[]") in _LOOPBACK_HOSTS)


def _within_ranges(value: _Checked, *, where: str) -> _Checked:
    try:
        return msgspec.convert(msgspec.to_builtins(value), type(value))
    except msgspec.ValidationError as error:
        raise ProfileError(f"{where} at start: {error}") from None
