from importlib.metadata import version

import msgspec
import pytest

from firmware_profiles import ProfileError
from firmware_profiles.files import shipped_profile, shipped_profile_names
from firmware_profiles.parsing import parse_profile
from firmware_profiles.schema import Profile
from models.vin import VinReader
from models.weights import listed_weights
from passlane.reading import FINDER, READER, SURFACES, checked_profile, vin_reader


@pytest.fixture
def profile() -> Profile:
    return parse_profile(shipped_profile("pda-basic").decode())


def with_models(profile: Profile, **digests: str) -> Profile:
    changed = tuple(
        msgspec.structs.replace(model, sha256=digests.get(model.name.replace("-", "_"), model.sha256))
        for model in profile.models
    )
    return msgspec.structs.replace(profile, models=changed)


@pytest.mark.parametrize("name", shipped_profile_names())
def test_every_shipped_profile_names_the_weights_that_this_program_carries(name: str) -> None:
    named = {model.name: model.sha256 for model in parse_profile(shipped_profile(name).decode()).models}
    carried = listed_weights()
    assert {name: carried[name].sha256 for name in (FINDER, READER, SURFACES)} == named


@pytest.mark.parametrize("software", ["0.9.2", "0.10.0", "1.0.0"])
def test_a_program_that_is_new_enough_may_run_a_profile(profile: Profile, software: str) -> None:
    needs = msgspec.structs.replace(profile, min_software="0.9.2")
    assert checked_profile(needs, software) is needs


def test_a_profile_for_a_newer_program_is_refused_and_both_versions_are_named(profile: Profile) -> None:
    needs = msgspec.structs.replace(profile, min_software="0.9.2")
    with pytest.raises(ProfileError, match=r"pda-basic version \d+ needs passlane 0\.9\.2 or newer; this is 0\.9\.1"):
        checked_profile(needs, "0.9.1")


@pytest.mark.parametrize("name", shipped_profile_names())
def test_every_shipped_profile_runs_on_this_program(name: str) -> None:
    profile = parse_profile(shipped_profile(name).decode())
    assert checked_profile(profile, version("passlane")) is profile


def test_a_profile_gives_a_reader(profile: Profile) -> None:
    assert isinstance(vin_reader(profile), VinReader)


@pytest.mark.parametrize("name", [FINDER, READER, SURFACES])
def test_a_profile_that_names_other_weights_is_refused_and_both_are_named(profile: Profile, name: str) -> None:
    other = "5" * 64
    with pytest.raises(ProfileError, match=f"wants weights 555555555555 as {name}; here are [0-9a-f]{{12}}"):
        vin_reader(with_models(profile, **{name.replace("-", "_"): other}))


@pytest.mark.parametrize("name", [FINDER, READER, SURFACES])
def test_a_profile_without_one_of_the_networks_cannot_read(profile: Profile, name: str) -> None:
    less = msgspec.structs.replace(profile, models=tuple(model for model in profile.models if model.name != name))
    with pytest.raises(ProfileError, match=f"names no model {name}"):
        vin_reader(less)
