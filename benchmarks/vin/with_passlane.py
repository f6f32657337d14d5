"""The process that reads with this project's own reader, as a device with the handheld's profile runs it."""

import sys
from pathlib import Path

import msgspec

from benchmarks.vin.reading import Reads, Said, serve
from firmware_profiles.files import shipped_profile
from firmware_profiles.parsing import parse_profile
from models.photo import PhotoError, PhotoLimits, open_photo
from passlane.reading import vin_reader

PROFILE = "pda-basic"


def own_reader() -> Reads:
    """Return the reader that the handheld's profile names, each of its networks on one thread."""
    profile = parse_profile(shipped_profile(PROFILE).decode("utf-8"))
    single = tuple(msgspec.structs.replace(model, threads=1) for model in profile.models)
    reader = vin_reader(msgspec.structs.replace(profile, models=single))

    def reads(data: bytes) -> Said:
        try:
            finding = reader.read(open_photo(data, PhotoLimits()))
        except PhotoError:
            return Said()
        return Said(vin=finding.vin, confidence=finding.confidence, accepted=finding.accepted)

    return reads


if __name__ == "__main__":
    serve(own_reader(), Path(sys.argv[1]), Path(sys.argv[2]))
