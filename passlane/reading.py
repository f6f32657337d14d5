"""Whether this program may run a profile, and the VIN reader that it names.

The weights are those listed in `models`, and only with the profile's digests.
"""

import time

from firmware_profiles import ProfileError
from firmware_profiles.schema import Profile
from models.calibrating import load_calibration
from models.vin import ReaderNetworks, VinReader
from models.weights import OnnxNetwork, listed_weights, load_network

FINDER = "line-finder"
READER = "character-reader"
SURFACES = "surface-teller"


def checked_profile(profile: Profile, software: str) -> Profile:
    """Return `profile` if this program, whose version is `software`, is new enough for it.

    Raises ProfileError when it is not, or when `software` is no version of three numbers.
    """
    if not profile.runs_on(software):
        raise ProfileError(
            f"profile {profile.id} version {profile.version} needs passlane {profile.min_software} or newer; "
            f"this is {software}"
        )
    return profile


def vin_reader(profile: Profile) -> VinReader:
    """Return the reader; raises ProfileError when the profile names other weights than this program carries."""
    networks = ReaderNetworks(
        finder=_network(profile, FINDER), reader=_network(profile, READER), surfaces=_network(profile, SURFACES)
    )
    return VinReader(networks, load_calibration(), clock=time.perf_counter)


def _network(profile: Profile, name: str) -> OnnxNetwork:
    for model in profile.models:
        if model.name == name:
            carried = listed_weights()[name].sha256
            if model.sha256 != carried:
                raise ProfileError(
                    f"profile {profile.id} wants weights {model.sha256[:12]} as {name}; here are {carried[:12]}"
                )
            return load_network(name, threads=model.threads)
    raise ProfileError(f"profile {profile.id} names no model {name}, which reading a VIN needs")
