"""A signed profile, and an invented operator's password, for commands that ask for them."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from firmware_profiles.files import shipped_profile, signature_path
from firmware_profiles.schema import Profile
from firmware_profiles.signed import sign_profile
from inspection.signing import SigningKey
from passlane import reading
from tests.passlane.doors import PASSWORD
from tests.passlane.readings_shown import FakeReader

PROFILE_KEY = SigningKey(bytes(range(64, 96)))


@dataclass
class SignedProfile:
    path: Path
    key: str = PROFILE_KEY.public.hex()


@pytest.fixture
def signed_profile(tmp_path: Path) -> SignedProfile:
    path = tmp_path / "pda-basic.toml"
    path.write_bytes(shipped_profile("pda-basic"))
    signature_path(path).write_bytes(sign_profile(path.read_bytes(), PROFILE_KEY))
    return SignedProfile(path)


@pytest.fixture(autouse=True)
def operators_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSLANE_PASSWORD", PASSWORD)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> FakeReader:
    """The reader that the command is given in place of the real one."""
    fake = FakeReader()

    def reader_for(profile: Profile) -> FakeReader:
        assert profile.id in {"lane-box-basic", "pda-basic"}
        return fake

    monkeypatch.setattr(reading, "vin_reader", reader_for)
    return fake
