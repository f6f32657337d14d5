import pytest

from central_hub.desks import ActError
from central_hub.desks.acts import ActsDesk
from central_hub.people.roles import Actor
from central_hub.people.two_person import HOUR_MS, TwoPersonError
from central_hub.store.office.accounts import Account, Accounts
from inspection.facts import ActRequested, ActSettled
from tests.central_hub.plain_hand import PlainHand, hand

__all__ = ["hand"]

LI = Actor("li", "p-li", frozenset({"auditor"}))
WU = Actor("wu", "p-wu", frozenset({"lead_auditor"}))


class Withdrawing:
    """Stands for the desk that withdraws stickers."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str, str, str]] = []
        self.refuses = False

    def __call__(self, about: str, /, *, by: Actor, confirmed_by: Actor, reason: str) -> str:
        if self.refuses:
            raise ActError("sticker.gone", "it was withdrawn already")
        self.done.append((about, by.person, confirmed_by.person, reason))
        return "done"


@pytest.fixture
def withdrawing() -> Withdrawing:
    return Withdrawing()


@pytest.fixture
def desk(hand: PlainHand, withdrawing: Withdrawing) -> ActsDesk:
    kept = Accounts(hand.db)
    for actor in (LI, WU):
        kept.keep(Account(name=actor.account, title="", person=actor.person, roles=tuple(actor.roles)))
    return ActsDesk(hand, {"sticker.withdraw": withdrawing})


def asked(desk: ActsDesk, actor: Actor = LI, about: str = "PL0001") -> int:
    return desk.request(actor, "sticker.withdraw", about=about, reason=" proven ")


def test_an_act_is_done_when_a_second_person_confirms_it(
    hand: PlainHand, desk: ActsDesk, withdrawing: Withdrawing
) -> None:
    number = asked(desk)
    assert withdrawing.done == []
    assert desk.confirm(WU, number) == "done"
    assert withdrawing.done == [("PL0001", "p-li", "p-wu", "proven")]
    assert hand.facts == [
        ActRequested(number=1, act="sticker.withdraw", about="PL0001", by="p-li", reason="proven"),
        ActSettled(number=1, confirmed=True, by="p-wu"),
    ]


def test_nobody_confirms_their_own_request(desk: ActsDesk, withdrawing: Withdrawing) -> None:
    number = asked(desk, WU)
    with pytest.raises(TwoPersonError, match="second person"):
        desk.confirm(WU, number)
    with pytest.raises(TwoPersonError, match="second person"):
        desk.confirm(Actor("wu.2", "p-wu", WU.roles), number)
    assert withdrawing.done == []


def test_a_request_that_waited_too_long_is_not_confirmed_and_can_be_asked_again(
    hand: PlainHand, desk: ActsDesk, withdrawing: Withdrawing
) -> None:
    number = asked(desk)
    hand.time += 72 * HOUR_MS
    with pytest.raises(TwoPersonError, match="waited for 72 hours"):
        desk.confirm(WU, number)
    assert desk.waiting() == []
    assert asked(desk) == number + 1
    assert withdrawing.done == []


def test_the_same_act_about_the_same_thing_waits_once(desk: ActsDesk) -> None:
    asked(desk)
    with pytest.raises(ActError, match="request 1 for the same thing waits"):
        asked(desk, WU)
    assert asked(desk, about="PL0002") == 2


def test_a_refused_request_is_not_confirmed_any_more(hand: PlainHand, desk: ActsDesk, withdrawing: Withdrawing) -> None:
    number = asked(desk)
    desk.refuse(WU, number, reason=" not proven ")
    with pytest.raises(TwoPersonError, match="settled already"):
        desk.confirm(WU, number)
    assert hand.written(ActSettled) == [ActSettled(number=1, confirmed=False, by="p-wu", reason="not proven")]
    assert withdrawing.done == []


def test_who_asked_takes_it_back(desk: ActsDesk) -> None:
    desk.refuse(LI, asked(desk), reason="asked too early")
    assert desk.waiting() == []


def test_what_waits_is_listed_with_its_end(hand: PlainHand, desk: ActsDesk) -> None:
    asked(desk)
    [(request, end)] = desk.waiting()
    assert (request.number, request.about, end) == (1, "PL0001", hand.time + 72 * HOUR_MS)


def test_a_request_of_somebody_who_was_locked_since_is_not_confirmed(hand: PlainHand, desk: ActsDesk) -> None:
    number = asked(desk)
    hand.db.execute("UPDATE accounts SET locked = 1 WHERE name = 'li'")
    with pytest.raises(TwoPersonError, match="may no longer ask"):
        desk.confirm(WU, number)


def test_a_request_of_an_account_that_nobody_knows_is_not_confirmed(hand: PlainHand, desk: ActsDesk) -> None:
    number = asked(desk)
    hand.db.execute("DELETE FROM accounts WHERE name = 'li'")
    with pytest.raises(TwoPersonError, match="may no longer ask"):
        desk.confirm(WU, number)


def test_what_the_act_itself_refuses_comes_through(desk: ActsDesk, withdrawing: Withdrawing) -> None:
    number = asked(desk)
    withdrawing.refuses = True
    with pytest.raises(ActError, match="withdrawn already"):
        desk.confirm(WU, number)


def test_an_act_that_this_hub_cannot_do_is_not_asked_for(desk: ActsDesk) -> None:
    with pytest.raises(ActError, match=r"cannot do recheck\.undo"):
        desk.request(WU, "recheck.undo", about="pda-1.1", reason="wrong vehicle")


def test_a_number_that_nobody_asked_for_is_refused(desk: ActsDesk) -> None:
    with pytest.raises(ActError, match="no request 9"):
        desk.confirm(WU, 9)
    with pytest.raises(ActError, match="no request 9"):
        desk.refuse(WU, 9, reason="no")
