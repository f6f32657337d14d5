"""What an installation of the hub is told: addresses, stations, number range. Knows the file's form, reads no file."""

import tomllib
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from central_hub import HubError

Port = Annotated[int, Meta(ge=0, le=65_535)]
Limit = Annotated[int, Meta(ge=1)]
Prefix = Annotated[str, Meta(max_length=12, pattern="^[A-Z0-9]*$")]
StationId = Annotated[str, Meta(pattern="^[A-Za-z0-9-]{1,32}$")]
Seconds = Annotated[float, Meta(gt=0, le=3_600)]


class SettingsError(HubError):
    """A settings file that the hub does not take."""


class Station(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A station (检验机构, 登记服务站). admitted: to sticker-first. listed: on the 失信 list."""

    id: StationId
    name: str
    admitted: bool = False
    listed: bool = False


class HubSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An installation. Ports of 0 mean a free one, kept from then on. public_url: what a sticker's QR leads to.

    device_url, device_broker_host, device_broker_port: what devices are told at their enrolment, where they reach the
    hub by another address than the one it listens on, e.g. by the TLS proxy in front of it; empty for the hub's own.
    """

    title: str = "Passlane"
    host: str = "127.0.0.1"
    http_port: Port = 0
    mqtt_port: Port = 0
    public_url: str = ""
    device_url: str = ""
    device_broker_host: str = ""
    device_broker_port: Port = 0
    sticker_prefix: Prefix = "PL"
    photo_bytes_max: Limit = 16 * 1024 * 1024
    photo_pixels_max: Limit = 120_000_000
    session_hours_max: Limit = 12
    overdue_check_seconds: Seconds = 5.0
    stations: tuple[Station, ...] = ()

    def station(self, station: str) -> Station:
        """Return the station of this id; one that is not in the file is neither admitted nor listed."""
        for known in self.stations:
            if known.id == station:
                return known
        return Station(id=station, name=station)


def parse_settings(text: str) -> HubSettings:
    """Read the settings file; raises SettingsError naming the key that is wrong or unknown."""
    try:
        return msgspec.convert(tomllib.loads(text), HubSettings)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(f"hub.toml: {error}") from error
