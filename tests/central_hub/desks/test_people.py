import pytest

from central_hub.desks import ActError
from central_hub.desks.people import PeopleDesk
from central_hub.people.lockout import Tally
from central_hub.people.roles import Actor, RolesError
from central_hub.store.office.accounts import Account, AccountError, Accounts, SecondFactor, check_password
from inspection.facts import AccountChanged, EvidenceViewed
from inspection.wire import encode_entry
from tests.central_hub.plain_hand import NOW, PlainHand, hand

__all__ = ["hand"]

PASSWORD = "a quiet afternoon"  # noqa: S105 - made up for the tests
ADMIN = Actor("admin", "p-admin", frozenset({"administrator"}))
LI = Account(name="li", title="李", person="p-li", roles=("auditor",))


@pytest.fixture
def desk(hand: PlainHand) -> PeopleDesk:
    return PeopleDesk(hand)


@pytest.fixture
def kept(hand: PlainHand, desk: PeopleDesk) -> Accounts:
    desk.make(ADMIN, LI, password=PASSWORD)
    return Accounts(hand.db)


def found(kept: Accounts, name: str = "li") -> Account:
    account = kept.get(name)
    assert account is not None
    return account


def test_an_account_that_was_made_is_a_fact_and_takes_a_second_factor(hand: PlainHand, desk: PeopleDesk) -> None:
    plain = Account(name="li", title="李", person="p-li", roles=("auditor",), plain=True, locked=True)
    made = desk.make(ADMIN, plain, password=PASSWORD)
    assert (made.plain, made.locked, check_password(made.password, PASSWORD)) == (False, False, True)
    assert hand.facts == [
        AccountChanged(name="li", person="p-li", roles=("auditor",), station="", by="p-admin", change="made")
    ]


def test_every_change_is_a_fact_that_names_who_did_it(hand: PlainHand, desk: PeopleDesk, kept: Accounts) -> None:
    desk.change(ADMIN, Account(name="li", title="李工", person="p-li", roles=("lead_auditor", "auditor")))
    desk.lock(ADMIN, "li")
    desk.unlock(ADMIN, "li")
    desk.set_password(ADMIN, "li", password="another afternoon")  # noqa: S106 - made up
    desk.reset_second_factor(ADMIN, "li")
    assert hand.changes == [
        ("li", change, "p-admin") for change in ("made", "changed", "locked", "unlocked", "password", "second_factor")
    ]
    assert found(kept).roles == ("auditor", "lead_auditor")
    assert check_password(found(kept).password, "another afternoon")


def test_no_secret_stands_in_a_fact(hand: PlainHand, desk: PeopleDesk, kept: Accounts) -> None:
    kept.keep_factor("li", SecondFactor(secret="TOPSECRET", enrolled=True))  # noqa: S106 - made up
    desk.set_password(ADMIN, "li", password=PASSWORD)
    raw = b"".join(encode_entry(entry).raw for entry in hand.ledger.entries_of(""))
    raw += b"".join(row[0] for row in hand.db.execute("SELECT raw FROM entries"))
    assert b"AccountChanged" in raw
    for secret in (PASSWORD.encode(), b"argon2", b"TOPSECRET"):
        assert secret not in raw


@pytest.mark.parametrize("own", [Account(name="admin", title="", person="p-x", roles=("operator",)),
                                 Account(name="x", title="", person="p-admin", roles=("operator",))])  # fmt: skip
def test_nobody_makes_or_changes_an_account_of_their_own(hand: PlainHand, desk: PeopleDesk, own: Account) -> None:
    with pytest.raises(ActError, match="of their own"):
        desk.make(ADMIN, own, password=PASSWORD)
    Accounts(hand.db).keep(own)
    for act in (desk.lock, desk.unlock, desk.reset_second_factor):
        with pytest.raises(ActError, match="of their own"):
            act(ADMIN, own.name)
    with pytest.raises(ActError, match="of their own"):
        desk.set_password(ADMIN, own.name, password=PASSWORD)


def test_an_account_of_somebody_else_is_not_given_to_oneself(desk: PeopleDesk, kept: Accounts) -> None:
    with pytest.raises(ActError, match="of their own"):
        desk.change(ADMIN, Account(name="li", title="", person="p-admin", roles=("auditor",)))


def test_roles_that_exclude_each_other_are_refused_also_over_two_accounts(desk: PeopleDesk, kept: Accounts) -> None:
    with pytest.raises(RolesError, match="exclude each other"):
        desk.change(ADMIN, Account(name="li", title="", person="p-li", roles=("auditor", "inspector"), station="S1"))
    second = Account(name="li.2", title="", person="p-li", roles=("inspector",), station="S1")
    with pytest.raises(RolesError, match="exclude each other"):
        desk.make(ADMIN, second, password=PASSWORD)
    assert [account.name for account in desk.accounts()] == ["li"]


def test_an_account_can_change_from_one_role_to_one_that_its_old_one_excludes(desk: PeopleDesk, kept: Accounts) -> None:
    changed = desk.change(ADMIN, Account(name="li", title="", person="p-li", roles=("inspector",), station="S1"))
    assert (changed.roles, changed.station) == (("inspector",), "S1")


@pytest.mark.parametrize(
    ("account", "told"),
    [
        (LI, "there is an account li already"),
        (Account(name="he", title="", person="p-he", roles=("chief",)), "no role 'chief'"),
        (Account(name="he", title="", person="p-he", roles=()), "needs a role"),
        (Account(name="he", title="", person="p-he", roles=("driver",)), "name the station"),
        (Account(name="he", title="", person="p-he", roles=("driver",), station="S" * 33), "at most 32"),
        (Account(name="h e", title="", person="p-he", roles=("auditor",)), "cannot name an account"),
        (Account(name="he", title="", person="", roles=("auditor",)), "cannot name an account"),
    ],
)
def test_an_account_that_cannot_be_is_refused(desk: PeopleDesk, kept: Accounts, account: Account, told: str) -> None:
    with pytest.raises((ActError, RolesError, AccountError), match=told):
        desk.make(ADMIN, account, password=PASSWORD)
    assert [account.name for account in desk.accounts()] == ["li"]


def test_a_password_that_is_too_short_makes_no_account(hand: PlainHand, desk: PeopleDesk) -> None:
    with pytest.raises(AccountError, match="10 to 200"):
        desk.make(ADMIN, LI, password="short")  # noqa: S106 - made up
    assert hand.facts == []


def test_a_change_ends_the_sessions_and_keeps_password_and_lock(desk: PeopleDesk, kept: Accounts) -> None:
    token = kept.open_session("li", now=NOW, hours_max=1)
    before = found(kept)
    after = desk.change(ADMIN, Account(name="li", title="李工", person="p-li", roles=("auditor",), plain=True))
    assert (after.password, after.title, after.plain) == (before.password, "李工", False)
    assert kept.session(token, now=NOW) is None


def test_that_the_password_alone_is_enough_can_be_taken_away(desk: PeopleDesk, kept: Accounts) -> None:
    kept.put("wu", title="", role="auditor", password=PASSWORD)
    same = Account(name="wu", title="", person="wu", roles=("auditor",), plain=True)
    assert desk.change(ADMIN, same).plain
    assert not desk.change(ADMIN, Account(name="wu", title="", person="wu", roles=("auditor",))).plain


def test_an_account_is_locked_and_unlocked_once(desk: PeopleDesk, kept: Accounts) -> None:
    with pytest.raises(ActError, match="is not locked"):
        desk.unlock(ADMIN, "li")
    assert desk.lock(ADMIN, "li").locked
    with pytest.raises(ActError, match="is locked already"):
        desk.lock(ADMIN, "li")


def test_unlocking_forgets_the_wrong_codes(desk: PeopleDesk, kept: Accounts) -> None:
    kept.keep_factor("li", SecondFactor(secret="S", enrolled=True, failures=Tally(count=10, since=NOW)))  # noqa: S106
    desk.lock(ADMIN, "li")
    desk.unlock(ADMIN, "li")
    factor = kept.factor("li")
    assert factor is not None
    assert (factor.failures, factor.enrolled) == (Tally(), True)


def test_a_reset_forgets_the_second_factor(desk: PeopleDesk, kept: Accounts) -> None:
    kept.keep_factor("li", SecondFactor(secret="S", enrolled=True))  # noqa: S106 - made up
    desk.reset_second_factor(ADMIN, "li")
    assert kept.factor("li") is None


def test_an_account_that_is_not_there_is_refused(desk: PeopleDesk) -> None:
    with pytest.raises(ActError, match="no account 'li'"):
        desk.lock(ADMIN, "li")


def test_what_the_command_changed_becomes_facts_once(hand: PlainHand, desk: PeopleDesk) -> None:
    kept = Accounts(hand.db)
    kept.put("wu", title="", role="operator", password=PASSWORD)
    kept.note("nobody", "made")
    assert (desk.write_notes(), desk.write_notes()) == (2, 0)
    assert hand.changes == [("wu", "made", "command")]


def test_a_view_is_a_fact_and_looking_again_a_moment_later_is_none(hand: PlainHand, desk: PeopleDesk) -> None:
    assert desk.viewed(ADMIN, "pda-1.1", what="ab" * 32)
    assert not desk.viewed(ADMIN, "pda-1.1", what="ab" * 32)
    assert hand.facts == [EvidenceViewed(case="pda-1.1", what="ab" * 32, by="p-admin")]


@pytest.mark.parametrize(("case", "what"), [("", "x"), ("no case", "x"), ("pda-1.1", ""), ("pda-1.1", "x" * 201),
                                            ("pda-1.1", "a\nb")])  # fmt: skip
def test_a_view_of_what_cannot_be_is_refused(hand: PlainHand, desk: PeopleDesk, case: str, what: str) -> None:
    with pytest.raises(ActError):
        desk.viewed(ADMIN, case, what=what)
    assert hand.facts == []
