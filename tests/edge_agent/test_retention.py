from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.courier import KeptPhoto, PhotoState
from edge_agent.retention import DAY_MS, facts_kept_from, freeable
from firmware_profiles.schema import Retention

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
