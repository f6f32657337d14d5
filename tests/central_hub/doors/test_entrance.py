import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import pyotp
import pytest

from central_hub import HubError
from central_hub.desks import ActError
from central_hub.desks.people import PeopleDesk
from central_hub.desks.signing_in import SignInDesk
from central_hub.doors.entrance import VIEWS_REMEMBERED_MAX, Entrance, SignInError
from central_hub.people.lockout import FIRST_WAIT_SECONDS, FREE_FAILURES_MAX
from central_hub.people.roles import Actor
from central_hub.people.second_factor import STEP_SECONDS, step_of
from central_hub.reading import Reading
from central_hub.store.office.accounts import SESSION_IDLE_MS_MAX, SESSION_SEEN_MS, Account, AccountError, Accounts
from central_hub.store.office.acts import VIEW_MS
from inspection.facts import EvidenceViewed
from tests.central_hub.plain_hand import PlainHand, hand

__all__ = ["hand"]

PASSWORD = "a quiet afternoon"  # noqa: S105 - made up for the tests
HERE, THERE = "192.0.2.1", "192.0.2.2"
STEP_MS = 1000 * STEP_SECONDS
LI = Actor("li", "p-li", frozenset({"auditor"}))

_T = TypeVar("_T")


class AtOnce:
    """Stands for the writer: runs work when it is asked for. asked: how often; broken: takes no more work."""

    def __init__(self) -> None:
        self.asked = 0
        self.broken = False

    def submit(self, work: Callable[[], _T]) -> "Future[_T]":
        if self.broken:
            raise HubError("the hub's store takes no more work")
        self.asked += 1
        future: Future[_T] = Future()
        try:
            future.set_result(work())
        except HubError as error:
            future.set_exception(error)
        return future


@pytest.fixture
def writer() -> AtOnce:
    return AtOnce()


@pytest.fixture
def entrance(hand: PlainHand, tmp_path: Path, writer: AtOnce) -> Iterator[Entrance]:
    reading = Reading(tmp_path / "hub")
    admin = Actor("admin", "p-admin", frozenset({"administrator"}))
    people = PeopleDesk(hand)
    people.make(admin, Account(name="li", title="李", person="p-li", roles=("auditor",)), password=PASSWORD)
    Accounts(hand.db).put("wu", title="吴", role="operator", password=PASSWORD)
    hand.facts.clear()
    yield Entrance(reading, writer=writer, desk=SignInDesk(hand), people=people, now=hand.now)
    reading.close()


async def refused(attempt: Callable[[], object]) -> SignInError:
    with pytest.raises(SignInError) as error:
        await attempt()  # type: ignore[misc]
    return error.value


async def enrolled(entrance: Entrance, hand: PlainHand) -> pyotp.TOTP:
    """Enrol li's second factor; return what the phone then shows."""
    first = await entrance.sign_in("li", PASSWORD, address=HERE)
    assert first.stage == "enrol"
    phone = pyotp.TOTP((await entrance.begin_enrolment(first.token)).secret)
    came = await entrance.confirm_enrolment(first.token, phone.generate_otp(step_of(hand.time)))
    assert entrance.actor(came.signed_in.token) == LI
    hand.time += STEP_MS
    return phone


async def test_who_signs_in_acts_with_the_token(entrance: Entrance) -> None:
    signed_in = await entrance.sign_in("wu", PASSWORD, address=HERE)
    assert entrance.actor(signed_in.token) == Actor("wu", "wu", frozenset({"operator"}))
    present = entrance.present(signed_in.token)
    assert present is not None
    assert (present.title, present.stage) == ("吴", "whole")


async def test_a_wrong_password_and_an_unknown_name_are_refused_alike(entrance: Entrance) -> None:
    wrong = await refused(lambda: entrance.sign_in("wu", "not this one", address=HERE))
    unknown = await refused(lambda: entrance.sign_in("nobody", "not this one", address=HERE))
    assert (wrong.code, str(wrong)) == (unknown.code, str(unknown)) == ("sign_in.wrong", str(wrong))


async def test_failures_make_that_address_wait_and_no_other(entrance: Entrance, hand: PlainHand) -> None:
    for _ in range(FREE_FAILURES_MAX):
        await refused(lambda: entrance.sign_in("wu", "wrong", address=HERE))
    waits = await refused(lambda: entrance.sign_in("wu", PASSWORD, address=HERE))
    assert (waits.code, waits.seconds) == ("sign_in.wait", FIRST_WAIT_SECONDS)
    assert (await refused(lambda: entrance.vouch("wu", PASSWORD, address=HERE))).code == "sign_in.wait"
    await entrance.sign_in("wu", PASSWORD, address=THERE)
    entrance.forget_failures("wu")
    await entrance.sign_in("wu", PASSWORD, address=HERE)


async def test_a_session_that_still_waits_acts_for_nobody(entrance: Entrance, hand: PlainHand) -> None:
    await enrolled(entrance, hand)
    waiting = await entrance.sign_in("li", PASSWORD, address=HERE)
    present = entrance.present(waiting.token)
    assert present is not None
    assert (waiting.stage, present.stage, entrance.actor(waiting.token)) == ("code", "code", None)


async def test_password_first_and_then_the_code(entrance: Entrance, hand: PlainHand) -> None:
    phone = await enrolled(entrance, hand)
    waiting = await entrance.sign_in("li", PASSWORD, address=HERE)
    assert (await refused(lambda: entrance.enter_code(waiting.token, "no code", address=HERE))).code == (
        "sign_in.code_wrong"
    )
    whole = await entrance.enter_code(waiting.token, phone.generate_otp(step_of(hand.time)), address=HERE)
    assert entrance.actor(whole.token) == LI


async def test_a_program_gives_both_at_once(entrance: Entrance, hand: PlainHand) -> None:
    phone = await enrolled(entrance, hand)
    code = phone.generate_otp(step_of(hand.time))
    whole = await entrance.sign_in("li", PASSWORD, code=code, address=HERE)
    assert entrance.actor(whole.token) == LI
    again = await refused(lambda: entrance.sign_in("li", PASSWORD, code=code, address=HERE))
    assert again.code == "sign_in.code_wrong"


async def test_codes_are_not_tried_out_without_a_wait(entrance: Entrance, hand: PlainHand) -> None:
    await enrolled(entrance, hand)
    waiting = await entrance.sign_in("li", PASSWORD, address=HERE)
    codes = [
        (await refused(lambda: entrance.enter_code(waiting.token, "no code", address=HERE))).code
        for _ in range(FREE_FAILURES_MAX + 1)
    ]
    assert codes == ["sign_in.code_wrong"] * FREE_FAILURES_MAX + ["sign_in.wait"]


async def test_a_wrong_code_stays_counted(entrance: Entrance, hand: PlainHand) -> None:
    await enrolled(entrance, hand)
    await refused(lambda: entrance.sign_in("li", PASSWORD, code="no code", address=HERE))
    factor = Accounts(hand.db).factor("li")
    assert factor is not None
    assert factor.failures.count == 1


@pytest.mark.parametrize("token", ["", "unknown", "é", "\udc80"])
async def test_what_is_no_token_opens_nothing(entrance: Entrance, token: str) -> None:
    assert (entrance.present(token), entrance.actor(token)) == (None, None)


async def test_a_code_without_a_session_is_too_late(entrance: Entrance) -> None:
    assert (await refused(lambda: entrance.enter_code("unknown", "123456", address=HERE))).code == "sign_in.ended"
    assert (await refused(lambda: entrance.begin_enrolment("unknown"))).code == "sign_in.ended"
    assert (await refused(lambda: entrance.confirm_enrolment("unknown", "1"))).code == "sign_in.ended"


async def test_a_single_request_is_vouched_for(entrance: Entrance, hand: PlainHand) -> None:
    assert (await entrance.vouch("wu", PASSWORD, address=HERE)).account == "wu"
    assert (await refused(lambda: entrance.vouch("li", PASSWORD, address=HERE))).code == "sign_in.enrol_needed"
    phone = await enrolled(entrance, hand)
    assert (await refused(lambda: entrance.vouch("li", PASSWORD, address=HERE))).code == "sign_in.code_needed"
    code = phone.generate_otp(step_of(hand.time))
    assert await entrance.vouch("li", PASSWORD, code=code, address=HERE) == LI


async def test_use_keeps_a_session_and_costs_a_write_a_minute_at_most(
    entrance: Entrance, hand: PlainHand, writer: AtOnce
) -> None:
    token = (await entrance.sign_in("wu", PASSWORD, address=HERE)).token
    asked = writer.asked
    hand.time += SESSION_SEEN_MS - 1
    assert entrance.actor(token)
    assert writer.asked == asked
    hand.time += 1
    assert entrance.actor(token)
    assert entrance.actor(token)
    assert writer.asked == asked + 1
    hand.time += SESSION_IDLE_MS_MAX - 1
    assert entrance.present(token, used=False) is not None
    hand.time += 1
    assert entrance.actor(token) is None


async def test_a_page_is_still_shown_when_the_writer_takes_no_more_work(
    entrance: Entrance, hand: PlainHand, writer: AtOnce
) -> None:
    token = (await entrance.sign_in("wu", PASSWORD, address=HERE)).token
    hand.time += SESSION_SEEN_MS
    writer.broken = True
    assert entrance.actor(token) is not None


async def test_another_password_ends_every_session(entrance: Entrance) -> None:
    elsewhere = await entrance.sign_in("wu", PASSWORD, address=THERE)
    here = await entrance.sign_in("wu", PASSWORD, address=HERE)
    new = "a louder afternoon"
    came = await entrance.change_password(here.token, PASSWORD, new=new, address=HERE)
    assert [bool(entrance.actor(session.token)) for session in (elsewhere, here, came)] == [False, False, True]
    await entrance.sign_in("wu", new, address=HERE)


async def test_a_password_is_not_changed_without_the_old_one_or_to_a_short_one(entrance: Entrance) -> None:
    here = (await entrance.sign_in("wu", PASSWORD, address=HERE)).token
    wrong = await refused(lambda: entrance.change_password(here, "wrong", new="long enough!", address=HERE))
    assert wrong.code == "sign_in.wrong"
    with pytest.raises(AccountError, match="10 to 200"):
        await entrance.change_password(here, PASSWORD, new="short", address=HERE)
    ended = await refused(lambda: entrance.change_password("unknown", PASSWORD, new="long enough!", address=HERE))
    assert ended.code == "sign_in.ended"


async def test_who_signed_out_acts_no_more(entrance: Entrance) -> None:
    token = (await entrance.sign_in("wu", PASSWORD, address=HERE)).token
    await entrance.sign_out(token)
    assert entrance.actor(token) is None


async def test_a_view_is_written_down_before_it_is_shown_and_once_in_ten_minutes(
    entrance: Entrance, hand: PlainHand, writer: AtOnce
) -> None:
    for _ in range(3):
        await entrance.viewed(LI, "pda-1.1", what="photo")
    assert writer.asked == 1
    hand.time += VIEW_MS
    await entrance.viewed(LI, "pda-1.1", what="photo")
    assert hand.written(EvidenceViewed) == [EvidenceViewed(case="pda-1.1", what="photo", by="p-li")] * 2


async def test_two_views_at_the_same_moment_are_one_fact(entrance: Entrance, hand: PlainHand) -> None:
    await asyncio.gather(*(entrance.viewed(LI, "pda-1.1", what="photo") for _ in range(2)))
    assert len(hand.written(EvidenceViewed)) == 1


async def test_a_view_that_could_not_be_written_down_is_tried_again(
    entrance: Entrance, hand: PlainHand, writer: AtOnce
) -> None:
    writer.broken = True
    with pytest.raises(HubError):
        await entrance.viewed(LI, "pda-1.1", what="photo")
    writer.broken = False
    with pytest.raises(ActError):
        await entrance.viewed(LI, "no case", what="photo")
    await entrance.viewed(LI, "pda-1.1", what="photo")
    assert len(hand.written(EvidenceViewed)) == 1


async def test_views_are_remembered_up_to_a_limit(
    entrance: Entrance, hand: PlainHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert VIEWS_REMEMBERED_MAX > 1
    monkeypatch.setattr("central_hub.doors.entrance.VIEWS_REMEMBERED_MAX", 1)
    for what in ("a", "b", "a"):
        await entrance.viewed(LI, "pda-1.1", what=what)
    # What was forgotten here the store still knows.
    assert len(hand.written(EvidenceViewed)) == 2
