from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.courier import KeptPhoto, PhotoState
from edge_agent.retention import DAY_MS, facts_kept_from, freeable, room
from firmware_profiles.files import shipped_profile
from firmware_profiles.parsing import parse_profile
from firmware_profiles.schema import Limits, Retention

POLICY = Retention(receipted_photo_days_min=3, receipted_fact_days_min=30)
NOW = 1_700_000_000_000


def photo(*, state: PhotoState = "receipted", receipted_at: int = NOW - 3 * DAY_MS, seq: int = 5) -> KeptPhoto:
    return KeptPhoto(
        digest=f"{seq:064x}",
        media="image/jpeg",
        size=10,
        case="pda-7.1",
        seq=seq,
        created=0,
        state=state,
        receipted_at=receipted_at,
    )


def test_a_photo_whose_days_are_over_may_be_freed() -> None:
    assert freeable([photo()], POLICY, hub_time=NOW, receipted=5) == (f"{5:064x}",)


def test_a_photo_stays_until_its_last_day_is_over() -> None:
    assert freeable([photo(receipted_at=NOW - 3 * DAY_MS + 1)], POLICY, hub_time=NOW, receipted=5) == ()


def test_a_photo_whose_fact_has_no_receipt_stays() -> None:
    assert freeable([photo(seq=6)], POLICY, hub_time=NOW, receipted=5) == ()


def test_a_photo_whose_receipt_has_no_hub_time_stays() -> None:
    assert freeable([photo(receipted_at=0)], POLICY, hub_time=NOW, receipted=5) == ()


photos = st.lists(
    st.builds(
        photo,
        state=st.sampled_from(get_args(PhotoState)),
        receipted_at=st.integers(0, 2 * NOW),
        seq=st.integers(1, 20),
    )
)


@given(photos, st.integers(0, 3 * NOW), st.integers(0, 20))
def test_never_a_photo_without_a_receipt_is_freed(kept: list[KeptPhoto], hub_time: int, receipted: int) -> None:
    freed = set(freeable(kept, POLICY, hub_time=hub_time, receipted=receipted))
    for one in kept:
        if one.digest in freed:
            assert any(
                same.state == "receipted" and same.seq <= receipted for same in kept if same.digest == one.digest
            )


def test_facts_are_kept_for_their_days_in_hub_time() -> None:
    assert facts_kept_from(POLICY, NOW) == NOW - 30 * DAY_MS
    assert facts_kept_from(POLICY, 0) == 0


def limits(**changes: int) -> Limits:
    floors = {"photo_bytes_max": 10_000_000, "vault_free_bytes_min": 500_000_000, "journal_free_bytes_min": 100_000_000}
    profile = parse_profile(shipped_profile("pda-basic").decode())
    return msgspec.structs.replace(profile.limits, **{**floors, "vault_warning_bytes_min": 1_000_000_000, **changes})


@pytest.mark.parametrize(
    ("free_bytes", "level"),
    [
        (1_000_000_000, "ok"),
        (999_999_999, "low"),
        (510_000_000, "low"),
        (509_999_999, "no_photos"),
        (100_000_000, "no_photos"),
        (99_999_999, "no_facts"),
    ],
)
def test_the_warning_comes_before_photos_stop_and_photos_stop_before_facts(free_bytes: int, level: str) -> None:
    found = room(free_bytes, limits())
    assert found.level == level
    assert bool(found.zh) == bool(found.en) == (level != "ok")


def test_the_warning_says_about_how_many_photos_are_left() -> None:
    assert "约 20 张" in room(700_000_000, limits()).zh
    assert "about 20 more" in room(700_000_000, limits()).en


def test_a_profile_that_names_no_warning_warns_at_twice_the_floor() -> None:
    quiet = msgspec.structs.replace(limits(), vault_warning_bytes_min=None)
    assert room(999_999_999, quiet).level == "low"
    assert room(1_000_000_000, quiet).level == "ok"


@given(st.integers(0, 2_000_000_000))
def test_while_there_is_no_word_of_it_a_photo_fits_above_the_floor(free_bytes: int) -> None:
    if room(free_bytes, limits()).level in {"ok", "low"}:
        assert free_bytes - limits().photo_bytes_max >= limits().vault_free_bytes_min
