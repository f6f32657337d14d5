import pytest

from firmware_profiles import ProfileError
from firmware_profiles.consistency import inconsistencies
from firmware_profiles.files import shipped_profile
from firmware_profiles.parsing import PROFILE_BYTES_MAX, parse_profile


def refusal_of(name: str, *changes: tuple[str, str]) -> str:
    text = shipped_profile(name).decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(ProfileError) as refused:
        parse_profile(text)
    return str(refused.value)


@pytest.mark.parametrize("name", ["pda-basic", "lane-box-basic"])
def test_a_shipped_profile_does_not_contradict_itself(name: str) -> None:
    text = shipped_profile(name)
    assert len(text) < PROFILE_BYTES_MAX
    assert list(inconsistencies(parse_profile(text.decode()))) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('name = "rear"', 'name = "front"'), '[[camera]] 2 name "front" is taken by [[camera]] 1'),
        (('role = "seat_belt"      ', 'role = "vin"'), '[[shot]] 3 role "vin" is taken by [[shot]] 2'),
        (('"character-reader"', '"line-finder"'), "[[model]] 2 name"),
        (
            ('camera = "side"', 'camera = "sid"'),
            '[[shot]] 3 camera "sid" is no [[camera]] of this profile; did you mean',
        ),
        (
            ("photo_pixels_max = 16_000_000", "photo_pixels_max = 4_000_000"),
            "[[camera]] 3 width makes frames of 8294400",
        ),
        (
            ("vault_free_bytes_min = 5_000_000_000", "vault_free_bytes_min = 1_000_000_000"),
            "so that photos stop before",
        ),
        (
            ("vault_warning_bytes_min = 20_000_000_000", "vault_warning_bytes_min = 4_999_999_999"),
            "a warning comes before what it warns of",
        ),
        (
            ("metered = false", "metered = false\nmetered_bytes_per_hour_max = 100_000_000"),
            "metered_bytes_per_hour_max is for a metered link",
        ),
        (("case_photos_max = 60", "case_photos_max = 3"), "[limits] case_photos_max is below the 4 shots"),
        (
            ("retry_seconds_min = 1", "retry_seconds_min = 500"),
            "[upload] retry_seconds_max is below retry_seconds_min 500",
        ),
        (('kind = "lane_box"', 'kind = "pda"'), "[sequence] is for a lane_box"),
        (("case_seconds_max = 3_600", "case_seconds_max = 600"), "[sequence] presence_seconds_max is above [limits]"),
    ],
)
def test_a_contradiction_is_refused_with_its_key(change: tuple[str, str], words: str) -> None:
    told = refusal_of("lane-box-basic", change)
    assert words.removeprefix("[sequence]") in told
    assert told.startswith("line ")


def test_a_lane_box_needs_its_sequence() -> None:
    assert "sequence is missing; a lane_box" in refusal_of("pda-basic", ('kind = "pda"', 'kind = "lane_box"'))


@pytest.mark.parametrize("key", ["url", "gb28181_channel"])
def test_the_camera_of_a_pda_has_no_address(key: str) -> None:
    value = {"url": "rtsp://10.0.0.1", "gb28181_channel": "34020000001320000002"}[key]
    told = refusal_of("pda-basic", ('name = "back"', f'name = "back"\n{key} = "{value}"'))
    assert told == f"line 14: [[camera]] 1 {key} is for a lane_box; the cameras of a pda are its own"


def test_one_camera_has_one_address() -> None:
    both = 'name = "rear"\nurl = "rtsp://10.0.0.1"\ngb28181_channel = "34020000001320000002"'
    assert "one camera has one address" in refusal_of("lane-box-basic", ('name = "rear"', both))


def test_a_device_without_cameras_or_shots_is_refused() -> None:
    text = shipped_profile("pda-basic").decode()
    head, rest = text.split("# 12 megapixels", 1)
    models = rest[rest.index("# Finds lines") :]
    with pytest.raises(ProfileError) as refused:
        parse_profile(f"{head}camera = []\nshot = []\n{models}")
    assert "camera is an empty array" in str(refused.value)
    assert "shot is an empty array" in str(refused.value)
