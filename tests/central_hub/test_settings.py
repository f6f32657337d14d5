import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_hub.settings import HubSettings, SettingsError, Station, parse_settings

WHOLE = """
title = "市车辆检验监管中心"
host = "0.0.0.0"
http_port = 8080
mqtt_port = 1883
broker = "mosquitto"
tls_cert = "hub.crt"
tls_key = "hub.key"
public_url = "https://hub.example"
sticker_prefix = "JA"
photo_bytes_max = 1000
photo_pixels_max = 2000
session_hours_max = 8
overdue_check_seconds = 1
skew_seconds_max = 60
silence_hours_max = 2

[[stations]]
id = "ST01"
name = "北环检测站"
admitted = true

[[stations]]
id = "ST02"
name = "Station 2"
listed = true
"""


def test_an_empty_file_is_the_defaults() -> None:
    assert parse_settings("") == HubSettings()


def test_every_key_is_read() -> None:
    read = parse_settings(WHOLE)
    assert (read.title, read.http_port, read.mqtt_port) == ("市车辆检验监管中心", 8080, 1883)
    assert (read.photo_bytes_max, read.photo_pixels_max, read.session_hours_max) == (1000, 2000, 8)
    assert (read.broker, read.tls_cert, read.tls_key) == ("mosquitto", "hub.crt", "hub.key")
    assert read.overdue_check_seconds == 1.0
    assert (read.skew_seconds_max, read.silence_hours_max) == (60, 2)
    assert read.station("ST01") == Station(id="ST01", name="北环检测站", admitted=True)
    assert read.station("ST02").listed


def test_a_station_that_is_not_in_the_file_has_no_privilege() -> None:
    stranger = parse_settings(WHOLE).station("ST99")
    assert (stranger.id, stranger.name, stranger.admitted, stranger.listed) == ("ST99", "ST99", False, False)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("titel = 'a'", "titel"),
        ("http_port = 'x'", "http_port"),
        ("http_port = 70000", "http_port"),
        ("mqtt_port = -1", "mqtt_port"),
        ("broker = 'rabbit'", "broker"),
        ("tls_cert = 'hub.crt'", "tls_cert and tls_key"),
        ("tls_key = 'hub.key'", "tls_cert and tls_key"),
        ('tls_cert = "a\\nb"\ntls_key = "c"', "tls_cert"),
        ("photo_bytes_max = 0", "photo_bytes_max"),
        ("overdue_check_seconds = 0", "overdue_check_seconds"),
        ("overdue_check_seconds = nan", "overdue_check_seconds"),
        ("[[stations]]\nid = 'a'", "name"),
        ("[[stations]]\nid = 'a'\nname = 'b'\nadmited = true", "admited"),
        ("stations = 3", "stations"),
        ("\na = ?", "line 2"),
    ],
)
def test_a_wrong_key_is_named(text: str, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        parse_settings(text)


@given(st.text(max_size=80))
def test_no_text_whatsoever_does_more_than_be_refused(text: str) -> None:
    with contextlib.suppress(SettingsError):
        assert isinstance(parse_settings(text), HubSettings)


def test_the_other_store_is_named_by_an_address_and_nothing_else_is_taken_for_one() -> None:
    assert parse_settings("").store == ""
    assert parse_settings('store = "postgresql://passlane@db/hub"').store == "postgresql://passlane@db/hub"
    for text in ("mysql://x@y/z", "/var/lib/passlane", "postgresql://a b"):
        with pytest.raises(SettingsError, match="store"):
            parse_settings(f'store = "{text}"')
