import json
import ssl
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge_agent.home import open_home
from firmware_profiles import ProfileError
from firmware_profiles.files import signature_path
from inspection.identities import IdentityError
from passlane import UsageError, enrolling
from passlane.enrolling import EnrolAsked, enrol_device
from tests.made_certificates import make_certificate
from tests.passlane.conftest import SignedProfile
from tests.passlane.doors import HUB_KEY, PASSWORD, EnrolDoor, closed_port, enrol_door, raw_door


@pytest.fixture
def door() -> Iterator[EnrolDoor]:
    with enrol_door() as made:
        yield made


@pytest.fixture
def asked(tmp_path: Path, signed_profile: SignedProfile, door: EnrolDoor) -> EnrolAsked:
    return EnrolAsked(
        hub=door.url,
        user="operator",
        device="pda-9",
        kind="pda",
        station="ST01",
        profile=signed_profile.path,
        profile_key=signed_profile.key,
        home=tmp_path / "deep" / "home",
    )


def test_the_home_holds_what_the_hub_said_and_the_key_that_the_hub_was_told(asked: EnrolAsked, door: EnrolDoor) -> None:
    home = open_home(enrol_device(asked, password=PASSWORD))
    [told] = door.asked
    assert told == {"device": "pda-9", "kind": "pda", "station": "ST01", "public_key": home.key.public.hex()}
    enrolment = home.enrolment
    assert (enrolment.hub_public_key, enrolment.broker_host, enrolment.broker_port) == (HUB_KEY, "127.0.0.1", 1883)
    assert (enrolment.broker_user, enrolment.broker_password) == ("pda-9", "from the hub")
    assert (enrolment.http_url, enrolment.broker_tls) == (door.url, False)
    assert home.profile_path.read_bytes() == asked.profile.read_bytes()
    assert signature_path(home.profile_path).is_file()


def test_a_hub_with_a_certificate_of_its_own_is_trusted_by_the_file_that_the_home_keeps(
    asked: EnrolAsked, tmp_path: Path
) -> None:
    made = make_certificate(tmp_path)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(made.certificate, made.key)
    with enrol_door(serving) as door:
        door.broker_tls = True
        wanted = replace(asked, hub=door.url, ca_file=made.authority)
        home = open_home(enrol_device(wanted, password=PASSWORD))
    assert home.enrolment.broker_tls is True
    assert Path(home.ca_file).parent == home.path
    assert Path(home.ca_file).read_bytes() == made.authority.read_bytes()


def test_a_hub_whose_certificate_nobody_vouches_for_is_not_told_the_password(asked: EnrolAsked, tmp_path: Path) -> None:
    made, other = make_certificate(tmp_path), make_certificate(tmp_path, "other")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(made.certificate, made.key)
    with enrol_door(serving) as door:
        for ca_file in (None, other.authority):
            with pytest.raises(UsageError, match=r"cannot be reached.*certificate"):
                enrol_device(replace(asked, hub=door.url, ca_file=ca_file), password=PASSWORD)
        assert door.asked == []


def test_a_file_of_certificates_that_holds_none_is_told_before_the_home_is_made(
    asked: EnrolAsked, tmp_path: Path
) -> None:
    (tmp_path / "empty.pem").touch()
    for name in ("empty.pem", "missing.pem"):
        with pytest.raises(UsageError, match="--ca-file"):
            enrol_device(replace(asked, ca_file=tmp_path / name), password=PASSWORD)
    assert not asked.home.exists()


def test_a_plain_broker_elsewhere_is_left_to_what_the_profile_says(asked: EnrolAsked, door: EnrolDoor) -> None:
    door.broker_tls = False
    elsewhere = {**json.loads(door.good("pda-9")), "broker_host": "hub.example"}
    door.answers.append((200, json.dumps(elsewhere).encode()))
    assert open_home(enrol_device(asked, password=PASSWORD)).enrolment.broker_tls is None


def test_nobody_else_may_look_into_the_home(asked: EnrolAsked) -> None:
    home = enrol_device(asked, password=PASSWORD)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_an_address_with_a_slash_at_its_end_is_the_same(asked: EnrolAsked, door: EnrolDoor) -> None:
    enrol_device(replace(asked, hub=door.url + "/"), password=PASSWORD)
    assert len(door.asked) == 1


def test_a_profile_that_lies_in_the_home_already_stays_there(asked: EnrolAsked, signed_profile: SignedProfile) -> None:
    home = signed_profile.path.parent
    assert open_home(enrol_device(replace(asked, home=home), password=PASSWORD)).profile_path == signed_profile.path


def test_a_wrong_password_is_said_in_the_hubs_own_words_and_makes_no_home(asked: EnrolAsked) -> None:
    with pytest.raises(UsageError, match="the hub refused: an operator has to sign in"):
        enrol_device(asked, password="another password")  # noqa: S106 - invented
    assert not (asked.home / "enrolment.toml").exists()


def test_after_a_refusal_the_same_device_may_try_again_with_the_same_key(asked: EnrolAsked, door: EnrolDoor) -> None:
    # An answer that was lost on the way leaves the device written down at the hub: another key would be refused.
    door.answers.append((200, b""))
    with pytest.raises(UsageError):
        enrol_device(asked, password=PASSWORD)
    enrol_device(asked, password=PASSWORD)
    first, second = door.asked
    assert first == second


def test_a_home_of_a_device_is_never_overwritten_and_the_hub_not_even_asked(asked: EnrolAsked, door: EnrolDoor) -> None:
    enrol_device(asked, password=PASSWORD)
    with pytest.raises(UsageError, match="already; it is never overwritten"):
        enrol_device(replace(asked, device="pda-10"), password=PASSWORD)
    assert len(door.asked) == 1


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, b"", "the hub refused: HTTP Error 401"),
        (400, b'{"text": "device pda-9 is enrolled with another key"}', "enrolled with another key"),
        (500, b"<html>", "the hub refused: HTTP Error 500"),
        (503, b"[1]", "the hub refused: HTTP Error 503"),
        (200, b"", "does not answer as a hub does"),
        (200, b"<html>a router's page</html>", "does not answer as a hub does"),
        (200, b"[1, 2]", "does not answer as a hub does"),
        (200, b"5", "does not answer as a hub does"),
        (200, b"\xff\xfe", "does not answer as a hub does"),
        (200, b"{}", "does not answer as a hub does.*hub_public_key"),
    ],
)
def test_what_no_hub_would_say_is_told_plainly(
    asked: EnrolAsked, door: EnrolDoor, status: int, body: bytes, said: str
) -> None:
    door.answers.append((status, body))
    with pytest.raises(UsageError, match=said):
        enrol_device(asked, password=PASSWORD)


@pytest.mark.parametrize(
    ("name", "value"),
    [("broker_port", "1883"), ("broker_tls", "yes"), ("broker_port", 70_000), ("http_url", ""), ("broker_host", None)],
)
def test_an_answer_with_a_value_that_cannot_be_makes_no_home(
    asked: EnrolAsked, door: EnrolDoor, name: str, value: object
) -> None:
    door.answers.append((200, json.dumps({**json.loads(door.good("pda-9")), name: value}).encode()))
    with pytest.raises(UsageError, match=name):
        enrol_device(asked, password=PASSWORD)
    assert not (asked.home / "enrolment.toml").exists()


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"])
def test_a_port_that_speaks_no_http_is_told_plainly(asked: EnrolAsked, answer: bytes) -> None:
    with raw_door(answer) as url, pytest.raises(UsageError, match=r"cannot be reached|does not answer"):
        enrol_device(replace(asked, hub=url), password=PASSWORD)


def test_a_hub_that_never_answers_is_waited_for_only_so_long(
    asked: EnrolAsked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enrolling, "ANSWER_SECONDS_MAX", 0.05)
    with raw_door(None) as url, pytest.raises(UsageError, match="cannot be reached: timed out"):
        enrol_device(replace(asked, hub=url), password=PASSWORD)


def test_a_hub_that_is_not_there_is_told_plainly(asked: EnrolAsked) -> None:
    with pytest.raises(UsageError, match="cannot be reached"):
        enrol_device(replace(asked, hub=f"http://127.0.0.1:{closed_port()}"), password=PASSWORD)


@pytest.mark.parametrize(
    "hub", ["127.0.0.1:8080", "ftp://hub", "", "http://", "http://[::1", "http://a:b", "http://a b"]
)
def test_an_address_that_is_none_is_told_plainly(asked: EnrolAsked, hub: str) -> None:
    with pytest.raises(UsageError, match=r"is no address of a hub|cannot be reached"):
        enrol_device(replace(asked, hub=hub), password=PASSWORD)


@pytest.mark.parametrize("device", ["", "Lane 1", "../x"])
def test_a_name_that_cannot_be_is_refused_before_the_hub_is_asked(
    asked: EnrolAsked, door: EnrolDoor, device: str
) -> None:
    with pytest.raises(IdentityError):
        enrol_device(replace(asked, device=device), password=PASSWORD)
    assert door.asked == []


def test_without_a_station_the_hub_is_not_asked(asked: EnrolAsked, door: EnrolDoor) -> None:
    with pytest.raises(UsageError, match="--station is empty"):
        enrol_device(replace(asked, station=" "), password=PASSWORD)
    assert door.asked == []


def test_a_profile_for_another_kind_of_device_is_refused(asked: EnrolAsked) -> None:
    with pytest.raises(UsageError, match="profile pda-basic is for a pda, not a lane_box"):
        enrol_device(replace(asked, kind="lane_box"), password=PASSWORD)


@pytest.mark.parametrize("key", ["", "zz", "ab"])
def test_a_profile_key_that_is_none_is_named_by_its_option(asked: EnrolAsked, key: str) -> None:
    with pytest.raises(UsageError, match="--profile-key: "):
        enrol_device(replace(asked, profile_key=key), password=PASSWORD)


def test_a_profile_that_somebody_else_signed_is_refused(asked: EnrolAsked, door: EnrolDoor) -> None:
    with pytest.raises(ProfileError, match="not by the expected"):
        enrol_device(replace(asked, profile_key=HUB_KEY), password=PASSWORD)
    assert door.asked == []


def test_a_home_that_is_a_file_is_told_before_the_hub_is_asked(
    asked: EnrolAsked, door: EnrolDoor, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("x")
    for home in (tmp_path / "file", tmp_path / "file" / "home"):
        with pytest.raises(UsageError, match="cannot be made"):
            enrol_device(replace(asked, home=home), password=PASSWORD)
    assert door.asked == []


def test_a_key_file_that_is_damaged_is_not_replaced(asked: EnrolAsked, door: EnrolDoor) -> None:
    asked.home.mkdir(parents=True)
    (asked.home / "device.key").write_text("half a k")
    with pytest.raises(UsageError, match=r"key file .* cannot be used"):
        enrol_device(asked, password=PASSWORD)
    assert door.asked == []
