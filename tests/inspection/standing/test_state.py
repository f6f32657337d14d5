from datetime import date

from inspection.facts import (
    AnyFact,
    AppealDecided,
    AppealFiled,
    StationAdmitted,
    StationListed,
    StationRestored,
    StationSuspended,
    StationUnlisted,
    TipReceived,
    WarningRaised,
)
from inspection.standing.state import StationStanding, standing_of

LISTED = StationListed(station="ST01", reason="fraud", by="zhao", note="absent cars", ends=date(2026, 12, 31))
UNLISTED = StationUnlisted(station="ST01", by="zhao", confirmed_by="qian", reason="made good")
SUSPENDED = StationSuspended(station="ST01", rule="suspicions.stop", by="rules", reason="6 / 9")
RESTORED = StationRestored(station="ST01", by="zhao", confirmed_by="qian", reason="checked")
FILED = AppealFiled(station="ST01", text="it was not us", by="boss")


def stands(*facts: AnyFact, admitted: bool = True, listed: bool = False) -> StationStanding:
    return standing_of("ST01", list(enumerate(facts, start=1)), admitted=admitted, listed=listed)


def warned(level: str, name: str = "ST01", subject: str = "station") -> WarningRaised:
    return WarningRaised(subject=subject, name=name, rule="r", level=level, rules="s", figures="1")  # type: ignore[arg-type]


def test_a_station_begins_as_its_settings_say() -> None:
    assert stands().sticker_first
    assert not stands(admitted=False).sticker_first
    assert not stands(listed=True).sticker_first
    assert stands().since == 0


def test_a_listing_takes_sticker_first_away_from_that_moment() -> None:
    standing = stands(LISTED)
    assert not standing.sticker_first
    assert standing.since == 1
    assert standing.listing is not None
    assert (standing.listing.code, standing.listing.ends) == ("fraud", date(2026, 12, 31))


def test_only_an_unlisting_ends_a_listing() -> None:
    assert stands(LISTED, RESTORED, StationAdmitted(station="ST01", admitted=True, by="z", reason="r")).listed
    standing = stands(LISTED, UNLISTED)
    assert (standing.sticker_first, standing.since, standing.listing) == (True, 2, None)
    assert standing.steps[-1].confirmed_by == "qian"


def test_a_suspension_is_ended_by_a_restoration_and_not_by_an_unlisting() -> None:
    assert stands(SUSPENDED).suspended
    assert stands(SUSPENDED).check
    assert stands(SUSPENDED, UNLISTED).suspended
    restored = stands(SUSPENDED, RESTORED)
    assert (restored.sticker_first, restored.check, restored.suspension) == (True, False, None)


def test_who_is_listed_and_suspended_needs_both_undone() -> None:
    assert not stands(LISTED, SUSPENDED, UNLISTED).sticker_first
    standing = stands(LISTED, SUSPENDED, UNLISTED, RESTORED)
    assert standing.sticker_first
    assert standing.since == 4


def test_since_is_when_what_it_may_do_last_changed() -> None:
    assert stands(LISTED, SUSPENDED).since == 1


def test_an_admission_can_be_given_and_taken() -> None:
    given = StationAdmitted(station="ST01", admitted=True, by="zhao", reason="r")
    taken = StationAdmitted(station="ST01", admitted=False, by="zhao", reason="r")
    assert stands(given, admitted=False).sticker_first
    assert not stands(taken).sticker_first


def test_an_appeal_is_open_until_it_is_decided_and_changes_nothing_by_itself() -> None:
    assert stands(LISTED, FILED).appeal is not None
    for granted in (True, False):
        decided = AppealDecided(station="ST01", granted=granted, by="sun", reason="r")
        standing = stands(LISTED, FILED, decided)
        assert standing.appeal is None
        assert standing.listed
        assert standing.steps[-1].kind == ("appeal_granted" if granted else "appeal_refused")


def test_a_check_that_was_ordered_is_kept_and_a_warning_alone_is_none() -> None:
    assert stands(warned("check")).check
    assert not stands(warned("warning")).check
    assert not stands(warned("stop")).suspended


def test_what_is_about_others_or_nobody_changes_nothing() -> None:
    others = (
        StationListed(station="ST02", reason="fraud", by="zhao"),
        warned("check", "ST02"),
        warned("check", "ST01", "inspector"),
        TipReceived(text="look there", station="ST01"),
    )
    assert stands(*others) == stands()
