"""What an auditor thinks of a case."""

from collections import Counter
from random import Random

import pytest

from central_hub.deciding.auditing import SUSPICION_REASONS
from central_hub.deciding.living import RETAKE_REASONS
from passlane.day.people.judging import MISSED, SECONDS_MAX, SECONDS_MIN, Thought, think
from tests.passlane.day.test_facts import visit


def thoughts(count: int = 3_000, *, retaken: bool = False, probe: bool = False, **changes: object) -> list[Thought]:
    chance, about = Random(7), visit(**{"blurred": False, **changes})  # noqa: S311 - no secret
    return [think(about, chance, look_seconds=90, retaken=retaken, probe=probe) for _ in range(count)]


def test_half_of_the_looks_at_a_sound_case_take_less_than_the_median() -> None:
    seconds = sorted(thought.seconds for thought in thoughts())
    assert 84 <= seconds[len(seconds) // 2] <= 96
    assert seconds[0] >= SECONDS_MIN
    assert seconds[-1] <= SECONDS_MAX


@pytest.mark.parametrize("truth", MISSED)
def test_what_is_wrong_is_mostly_seen_and_named_by_a_coded_reason(truth: str) -> None:
    found = thoughts(truth=truth)
    seen = [thought for thought in found if thought.verdict == "suspicious"]
    assert abs(1 - len(seen) / len(found) - MISSED[truth]) < 0.03
    assert {thought.reason for thought in seen} <= set(SUSPICION_REASONS)


def test_a_sound_case_is_hardly_ever_suspected() -> None:
    verdicts = Counter(thought.verdict for thought in thoughts(10_000))
    assert verdicts["suspicious"] / verdicts.total() < 0.006
    assert verdicts["retake"] == 0
    assert 0 < verdicts["lost"] + verdicts["recuse"] < 150


def test_a_blurred_photo_is_asked_for_again_until_it_was_taken_again() -> None:
    asked = [thought for thought in thoughts(blurred=True) if thought.verdict == "retake"]
    assert len(asked) > 2_500
    assert {thought.reason for thought in asked} <= set(RETAKE_REASONS)
    assert not [thought for thought in thoughts(blurred=True, retaken=True) if thought.verdict == "retake"]


def test_reasons_fit_what_is_wrong() -> None:
    def reasons(**changes: object) -> set[str]:
        return {thought.reason for thought in thoughts(200, **changes) if thought.verdict == "suspicious"}  # type: ignore[arg-type]

    assert reasons(truth="absent", reuses=3) == {"photo.reused"}
    assert reasons(truth="absent") == {"vehicle.absent"}
    assert reasons(truth="missed") == {"modified"}
    assert reasons(truth="odd", corrected=True) == {"vin.tampered"}
    assert reasons(truth="odd") == {"vehicle.differs"}


def test_a_known_answer_is_answered_as_pass_or_suspicious_only() -> None:
    verdicts = {thought.verdict for thought in thoughts(10_000, blurred=True, probe=True)}
    assert verdicts == {"pass", "suspicious"}
