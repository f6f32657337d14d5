import pytest

from firmware_profiles import ProfileError
from firmware_profiles.files import shipped_profile
from firmware_profiles.parsing import parse_profile
from firmware_profiles.schema import Addresses, Profile

HUB_KEY = "ab" * 32


def profile(name: str, *changes: tuple[str, str]) -> Profile:
    text = shipped_profile(name).decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return parse_profile(text)


def test_an_installation_sets_its_own_addresses_and_the_rest_stays() -> None:
    before = profile("lane-box-basic")
    after = before.with_addresses(
        Addresses(
            broker_host="10.1.2.3",
            broker_port=8884,
            http_url="https://hub.example:8443/passlane",
            public_key=HUB_KEY,
            camera_urls={"front": "rtsp://10.1.2.10/stream"},
        )
    )
    assert (after.hub.broker_host, after.hub.broker_port, after.hub.broker_tls) == ("10.1.2.3", 8884, True)
    assert after.hub.http_url == "https://hub.example:8443/passlane"
    assert after.hub.public_key == HUB_KEY
    assert after.cameras[0].url == "rtsp://10.1.2.10/stream"
    assert after.cameras[1:] == before.cameras[1:]
    assert after.limits == before.limits


def test_no_addresses_change_nothing() -> None:
    before = profile("pda-basic")
    assert before.with_addresses(Addresses()) == before


def test_this_very_machine_may_be_reached_without_encryption() -> None:
    plain = Addresses(broker_host="127.0.0.1", broker_port=1883, broker_tls=False, http_url="http://[::1]:8080")
    hub = profile("pda-basic").with_addresses(plain).hub
    assert (hub.broker_tls, hub.http_url) == (False, "http://[::1]:8080")


def test_a_profile_signed_for_plain_links_may_be_moved_to_a_plain_address() -> None:
    plain = profile("pda-basic", ("broker_tls = true", "broker_tls = false"), ("https://hub.in", "http://hub.in"))
    moved = plain.with_addresses(Addresses(broker_host="10.0.0.8", http_url="http://10.0.0.8"))
    assert moved.hub.http_url == "http://10.0.0.8"


@pytest.mark.parametrize(
    ("addresses", "words"),
    [
        (Addresses(broker_tls=False), "broker_tls cannot be switched off"),
        (Addresses(http_url="http://hub.example"), "must stay https"),
        (Addresses(http_url="http://localhost.example"), "must stay https"),
        (Addresses(http_url="https://name:secret@hub.example"), "hub at start"),
        (Addresses(broker_port=0), "hub at start"),
        (Addresses(broker_host="host with space"), "hub at start"),
        (Addresses(public_key="abc"), "hub at start"),
        (Addresses(camera_urls={"frnt": "rtsp://10.0.0.1"}), "no camera named 'frnt'; there are front"),
        (Addresses(camera_urls={"front": "file:///etc"}), "camera front at start"),
    ],
)
def test_an_installation_cannot_weaken_or_break_what_was_signed(addresses: Addresses, words: str) -> None:
    with pytest.raises(ProfileError, match=words):
        profile("lane-box-basic").with_addresses(addresses)


def test_a_pinned_hub_key_cannot_be_replaced_but_may_be_repeated() -> None:
    pinned = profile("pda-basic", ("[hub]\n", f'[hub]\npublic_key = "{HUB_KEY}"\n'))
    assert pinned.with_addresses(Addresses(public_key=HUB_KEY)) == pinned
    with pytest.raises(ProfileError, match="pinned"):
        pinned.with_addresses(Addresses(public_key="cd" * 32))


def test_a_camera_that_is_given_an_address_has_no_channel_any_more() -> None:
    channel = 'name = "rear"\ngb28181_channel = "34020000001320000002"'
    lane = profile("lane-box-basic", ('name = "rear"', channel))
    moved = lane.with_addresses(Addresses(camera_urls={"rear": "rtsp://10.0.0.1"}))
    assert (moved.cameras[1].url, moved.cameras[1].gb28181_channel) == ("rtsp://10.0.0.1", None)


def test_software_is_compared_by_number_and_not_by_letter() -> None:
    needs = profile("pda-basic", ('min_software = "0.1.0"', 'min_software = "0.9.2"'))
    assert needs.runs_on("0.10.0")
    assert needs.runs_on("0.9.2")
    assert not needs.runs_on("0.9.1")


@pytest.mark.parametrize("software", ["", "1.2", "1.2.x", "1.2.3.4"])
def test_what_is_no_software_version_is_refused(software: str) -> None:
    with pytest.raises(ProfileError, match="three numbers"):
        profile("pda-basic").runs_on(software)
