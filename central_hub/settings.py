"""What an installation of the hub is told: addresses, stations, number range. Knows the file's form, reads no file."""

import tomllib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from central_hub import HubError

Port = Annotated[int, Meta(ge=0, le=65_535)]
Limit = Annotated[int, Meta(ge=1)]
Prefix = Annotated[str, Meta(max_length=12, pattern="^[A-Z0-9]*$")]
StationId = Annotated[str, Meta(pattern="^[A-Za-z0-9-]{1,32}$")]
Seconds = Annotated[float, Meta(gt=0, le=3_600)]
StoreUrl = Annotated[str, Meta(max_length=1_000, pattern=r"^(postgres(ql)?://[^\x00-\x20\x7f]*)?$")]
FileName = Annotated[str, Meta(max_length=1_000, pattern=r"^[^\x00-\x1f\x7f]*$")]


class SettingsError(HubError):
    """A settings file that the hub does not take."""


class Station(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A station (检验机构, 登记服务站). admitted: to sticker-first. listed: on the 失信 list. city: for the digests.

    admitted and listed are how it stands at the beginning; what is decided later stands in the ledger.
    """

    id: StationId
    name: str
    admitted: bool = False
    listed: bool = False
    city: str = ""


class HubSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An installation. Ports of 0 mean a free one, kept from then on. public_url: what a sticker's QR leads to.

    device_url, device_broker_host, device_broker_port: what devices are told at their enrolment, where they reach the
    hub by another address than the one it listens on, e.g. by the TLS proxy in front of it; empty for the hub's own.

    broker: the program that carries messages, "nats" (of the installation itself) or "mosquitto" (of Debian).
    store: the PostgreSQL database with the ledger, as postgresql://USER@HOST/DATABASE; empty for the SQLite file in
    the data folder. A password is better kept in the server user's ~/.pgpass than here.
    tls_cert, tls_key: PEM files, as paths or relative to the data folder: the certificate with those above it, and its
    key. With them broker and HTTP door speak TLS and nothing else; without them both are plain.

    disk_free_bytes_min: below this much free space no photo is taken, so that there is room for facts.

    skew_seconds_max: a device clock that is further off is marked. silence_hours_max: a device that nobody heard for
    longer is reported. Neither decides anything about a case.

    practice: vehicles here are simulated, or people practise: no suspicion rests on how fast or where they are, or on a
    photo that is used again.
    province: first character of the plates of the hub's own province, e.g. "京"; empty: nobody is from elsewhere.
    rules_public_key: hexadecimal Ed25519 key that signs rulebooks of the installation's own, in `rulebooks` of the data
    folder; empty where there are none.
    """

    title: str = "Passlane"
    host: str = "127.0.0.1"
    http_port: Port = 0
    mqtt_port: Port = 0
    broker: Literal["nats", "mosquitto"] = "nats"
    store: StoreUrl = ""
    tls_cert: FileName = ""
    tls_key: FileName = ""
    public_url: str = ""
    device_url: str = ""
    device_broker_host: str = ""
    device_broker_port: Port = 0
    sticker_prefix: Prefix = "PL"
    photo_bytes_max: Limit = 16 * 1024 * 1024
    photo_pixels_max: Limit = 120_000_000
    disk_free_bytes_min: Annotated[int, Meta(ge=0)] = 512 * 1024 * 1024
    session_hours_max: Limit = 12
    overdue_check_seconds: Seconds = 5.0
    skew_seconds_max: Limit = 300
    silence_hours_max: Limit = 24
    practice: bool = False
    province: Annotated[str, Meta(max_length=1)] = ""
    rules_public_key: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")] = ""
    stations: tuple[Station, ...] = ()

    def station(self, station: str) -> Station:
        """Return the station of this id; one that is not in the file is neither admitted nor listed."""
        for known in self.stations:
            if known.id == station:
                return known
        return Station(id=station, name=station)


def parse_settings(text: str) -> HubSettings:
    """Read the settings file; raises SettingsError naming the key that is wrong, unknown or missing."""
    try:
        settings = msgspec.convert(tomllib.loads(text), HubSettings)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(f"hub.toml: {error}") from error
    if bool(settings.tls_cert) != bool(settings.tls_key):
        raise SettingsError("hub.toml: tls_cert and tls_key are given both or not at all")
    return settings
