import pyotp
import pytest

from central_hub.desks.people import PeopleDesk
from central_hub.desks.signing_in import (
    CODE_NEEDED,
    CODE_WRONG,
    ENDED,
    ENROL_NEEDED,
    ENROLLED_ALREADY,
    LOCKED,
    WRONG,
    Enrolled,
    Enrolment,
    Refused,
    SignedIn,
    SignInDesk,
)
from central_hub.people.lockout import CODE_FAILURES_MAX, DAY_MS
from central_hub.people.roles import Actor
from central_hub.people.second_factor import RECOVERY_CODES, STEP_SECONDS, step_of
from central_hub.store.office.accounts import SIGN_IN_MS_MAX, Account, Accounts
from inspection.identities import HUB
from tests.central_hub.plain_hand import PlainHand, hand

__all__ = ["hand"]

HASH = "the hash of a password"
STEP_MS = 1000 * STEP_SECONDS
ADMIN = Actor("admin", "p-admin", frozenset({"administrator"}))


@pytest.fixture
def desk(hand: PlainHand) -> SignInDesk:
    kept = Accounts(hand.db)
    kept.keep(Account(name="li", title="李", person="p-li", roles=("auditor",), password=HASH))
    kept.keep(Account(name="wu", title="吴", person="p-wu", roles=("auditor",), password=HASH, plain=True))
    kept.keep(Account(name="he", title="何", person="p-he", roles=("driver",), station="S1", password=HASH))
    return SignInDesk(hand)


def entered(desk: SignInDesk, name: str = "li", code: str = "") -> SignedIn:
    came = desk.enter(name, hashed=HASH, code=code)
    assert isinstance(came, SignedIn), came
    return came


def code_of(enrolment: Enrolment, now: int) -> str:
    return str(pyotp.TOTP(enrolment.secret).generate_otp(step_of(now)))


class Phone:
    """An enrolled second factor of an account."""

    def __init__(self, desk: SignInDesk, hand: PlainHand, name: str = "li") -> None:
        self.hand = hand
        token = entered(desk, name).token
        enrolment = desk.begin_enrolment(token)
        assert isinstance(enrolment, Enrolment)
        self.enrolment = enrolment
        came = desk.confirm_enrolment(token, code_of(enrolment, hand.time))
        assert isinstance(came, Enrolled)
        self.came = came
        hand.time += STEP_MS

    def code(self, *, steps: int = 0) -> str:
        return code_of(self.enrolment, self.hand.time + steps * STEP_MS)


@pytest.fixture
def phone(desk: SignInDesk, hand: PlainHand) -> Phone:
    return Phone(desk, hand)


def opens(hand: PlainHand, signed_in: SignedIn) -> str:
    """The stage of a session as the store has it; empty when it ended."""
    found = Accounts(hand.db).session(signed_in.token, now=hand.time)
    return found[1] if found else ""


def test_a_role_without_a_second_factor_is_in_by_the_password(hand: PlainHand, desk: SignInDesk) -> None:
    assert entered(desk, "he").stage == "whole"


def test_an_account_of_the_first_start_is_in_by_the_password(hand: PlainHand, desk: SignInDesk) -> None:
    assert opens(hand, entered(desk, "wu")) == "whole"


def test_who_has_to_enrol_gets_a_session_for_that_alone(hand: PlainHand, desk: SignInDesk) -> None:
    signed_in = entered(desk)
    assert (signed_in.stage, opens(hand, signed_in)) == ("enrol", "enrol")
    assert desk.enter_code(signed_in.token, "123456") == ENDED
    assert desk.take_password(signed_in.token, hashed=HASH, new="other") == ENDED
    hand.time += SIGN_IN_MS_MAX
    assert desk.begin_enrolment(signed_in.token) == ENDED


def test_the_first_code_enrols_and_opens_the_session(hand: PlainHand, phone: Phone) -> None:
    assert opens(hand, phone.came.signed_in) == "whole"
    assert len(set(phone.came.recovery)) == RECOVERY_CODES == Accounts(hand.db).recovery_codes_left("li")
    assert hand.changes == [("li", "second_factor", "p-li")]


def test_the_first_code_does_not_work_again(hand: PlainHand, desk: SignInDesk, phone: Phone) -> None:
    hand.time -= STEP_MS
    assert desk.enter("li", hashed=HASH, code=phone.code()) == CODE_WRONG


def test_the_address_for_the_app_names_account_and_installation(phone: Phone) -> None:
    parsed = pyotp.parse_uri(phone.enrolment.uri)
    assert (parsed.name, parsed.issuer, parsed.secret) == ("li", "测试中心", phone.enrolment.secret)


def test_a_wrong_first_code_enrols_nothing_and_the_same_secret_can_be_tried_again(
    hand: PlainHand, desk: SignInDesk
) -> None:
    token = entered(desk).token
    first = desk.begin_enrolment(token)
    assert isinstance(first, Enrolment)
    assert desk.confirm_enrolment(token, "12345") == CODE_WRONG
    assert desk.begin_enrolment(token, anew=False) == first
    assert isinstance(desk.confirm_enrolment(token, code_of(first, hand.time)), Enrolled)


def test_a_secret_that_was_shown_before_is_no_more_when_another_one_is_made(hand: PlainHand, desk: SignInDesk) -> None:
    token = entered(desk).token
    first = desk.begin_enrolment(token)
    second = desk.begin_enrolment(token)
    assert isinstance(first, Enrolment)
    assert isinstance(second, Enrolment)
    assert desk.confirm_enrolment(token, code_of(first, hand.time)) == CODE_WRONG


def test_nothing_is_enrolled_before_a_secret_was_made(desk: SignInDesk) -> None:
    assert desk.confirm_enrolment(entered(desk).token, "123456") == ENDED
    assert desk.confirm_enrolment("no token", "123456") == ENDED


def test_an_enrolled_second_factor_is_not_replaced_by_who_is_signed_in(desk: SignInDesk, phone: Phone) -> None:
    token = phone.came.signed_in.token
    assert desk.begin_enrolment(token) == ENROLLED_ALREADY
    assert desk.confirm_enrolment(token, phone.code()) == ENROLLED_ALREADY


def test_enrolling_ends_all_other_sessions_of_the_account(hand: PlainHand, desk: SignInDesk) -> None:
    elsewhere = entered(desk, "wu")
    Phone(desk, hand, "wu")
    assert opens(hand, elsewhere) == ""


def test_password_and_code_together_open_a_session(hand: PlainHand, desk: SignInDesk, phone: Phone) -> None:
    assert opens(hand, entered(desk, code=phone.code())) == "whole"


def test_the_password_alone_opens_a_session_that_waits_for_the_code(
    hand: PlainHand, desk: SignInDesk, phone: Phone
) -> None:
    waiting = entered(desk)
    assert (waiting.stage, opens(hand, waiting)) == ("code", "code")
    assert desk.begin_enrolment(waiting.token) == ENDED
    came = desk.enter_code(waiting.token, phone.code())
    assert isinstance(came, SignedIn)
    assert (opens(hand, came), opens(hand, waiting)) == ("whole", "")


def test_a_code_comes_too_late_for_a_session_that_waited_too_long(
    hand: PlainHand, desk: SignInDesk, phone: Phone
) -> None:
    waiting = entered(desk)
    hand.time += SIGN_IN_MS_MAX
    assert desk.enter_code(waiting.token, phone.code()) == ENDED


def test_a_code_works_once(desk: SignInDesk, phone: Phone) -> None:
    code = phone.code()
    entered(desk, code=code)
    assert desk.enter("li", hashed=HASH, code=code) == CODE_WRONG
    assert desk.enter_code(entered(desk).token, code) == CODE_WRONG


@pytest.mark.parametrize(("steps", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_one_step_of_drift_is_forgiven(
    hand: PlainHand, desk: SignInDesk, phone: Phone, *, steps: int, right: bool
) -> None:
    hand.time += 10 * STEP_MS
    assert isinstance(desk.enter("li", hashed=HASH, code=phone.code(steps=steps)), SignedIn) == right


def test_a_recovery_code_works_once_and_its_use_is_a_fact(hand: PlainHand, desk: SignInDesk, phone: Phone) -> None:
    code = phone.came.recovery[3]
    assert opens(hand, entered(desk, code=code.upper())) == "whole"
    assert desk.enter("li", hashed=HASH, code=code) == CODE_WRONG
    assert Accounts(hand.db).recovery_codes_left("li") == RECOVERY_CODES - 1
    assert hand.changes == [("li", "second_factor", "p-li")] * 2


def test_wrong_codes_after_the_right_password_lock_the_account_and_that_is_a_fact(
    hand: PlainHand, desk: SignInDesk, phone: Phone
) -> None:
    wrong = [desk.enter("li", hashed=HASH, code="no code") for _ in range(CODE_FAILURES_MAX)]
    assert wrong == [CODE_WRONG] * (CODE_FAILURES_MAX - 1) + [LOCKED]
    assert hand.changes[-1] == ("li", "locked", HUB)
    assert desk.enter("li", hashed=HASH, code=phone.code()) == LOCKED
    assert opens(hand, phone.came.signed_in) == ""


def test_a_locked_account_stays_so_until_an_administrator_unlocks_it(
    hand: PlainHand, desk: SignInDesk, phone: Phone
) -> None:
    for _ in range(CODE_FAILURES_MAX):
        desk.enter("li", hashed=HASH, code="no code")
    hand.time += 30 * DAY_MS
    assert desk.enter("li", hashed=HASH, code=phone.code()) == LOCKED
    PeopleDesk(hand).unlock(ADMIN, "li")
    assert desk.enter("li", hashed=HASH, code="no code") == CODE_WRONG
    assert entered(desk, code=phone.code()).stage == "whole"


def test_a_right_code_or_a_day_makes_the_count_begin_anew(hand: PlainHand, desk: SignInDesk, phone: Phone) -> None:
    for _ in range(3):
        for _ in range(CODE_FAILURES_MAX - 1):
            assert desk.enter("li", hashed=HASH, code="no code") == CODE_WRONG
        entered(desk, code=phone.code())
        hand.time += STEP_MS
    for _ in range(2):
        for _ in range(CODE_FAILURES_MAX - 1):
            assert desk.enter("li", hashed=HASH, code="no code") == CODE_WRONG
        hand.time += DAY_MS


def test_a_password_that_was_changed_since_it_was_checked_opens_nothing(desk: SignInDesk) -> None:
    assert desk.enter("li", hashed="the hash of before", code="") == WRONG
    assert desk.vouch("wu", hashed="the hash of before", code="") == WRONG
    assert desk.enter("nobody", hashed=HASH, code="") == WRONG


def test_a_single_request_is_vouched_for_without_a_session(hand: PlainHand, desk: SignInDesk, phone: Phone) -> None:
    before = hand.db.execute("SELECT count(*) FROM sessions").fetchone()
    assert desk.vouch("wu", hashed=HASH, code="") == Actor("wu", "p-wu", frozenset({"auditor"}))
    assert desk.vouch("li", hashed=HASH, code="") == CODE_NEEDED
    code = phone.code()
    assert desk.vouch("li", hashed=HASH, code=code) == Actor("li", "p-li", frozenset({"auditor"}))
    assert desk.vouch("li", hashed=HASH, code=code) == CODE_WRONG
    assert hand.db.execute("SELECT count(*) FROM sessions").fetchone() == before


def test_who_has_to_enrol_first_makes_no_single_request(desk: SignInDesk) -> None:
    assert desk.vouch("li", hashed=HASH, code="123456") == ENROL_NEEDED


def test_another_password_ends_every_session_and_opens_one(hand: PlainHand, desk: SignInDesk) -> None:
    elsewhere, here = entered(desk, "wu"), entered(desk, "wu")
    came = desk.take_password(here.token, hashed=HASH, new="another hash")
    assert isinstance(came, SignedIn)
    assert [opens(hand, session) for session in (elsewhere, here, came)] == ["", "", "whole"]
    assert hand.changes == [("wu", "password", "p-wu")]
    assert desk.enter("wu", hashed=HASH, code="") == WRONG
    assert isinstance(desk.enter("wu", hashed="another hash", code=""), SignedIn)


def test_a_password_is_not_changed_against_one_that_was_changed_meanwhile(desk: SignInDesk) -> None:
    here = entered(desk, "wu")
    assert desk.take_password(here.token, hashed="the hash of before", new="another hash") == ENDED


def test_a_session_is_used_and_left(hand: PlainHand, desk: SignInDesk) -> None:
    here = entered(desk, "wu")
    hand.time += 1
    desk.use(here.token)
    assert hand.db.execute("SELECT seen FROM sessions").fetchone() == (hand.time,)
    desk.leave(here.token)
    assert opens(hand, here) == ""


def test_nothing_secret_shows_when_an_answer_is_printed(phone: Phone) -> None:
    shown = repr((phone.came, phone.enrolment))
    secrets = (*phone.came.recovery, phone.enrolment.secret, phone.came.signed_in.token)
    assert not any(secret in shown for secret in secrets)
    assert "wrong" in repr(Refused(code="sign_in.wrong", text="wrong"))


def test_a_second_factor_that_was_reset_while_the_code_was_typed_ends_the_sign_in(
    hand: PlainHand, desk: SignInDesk, phone: Phone
) -> None:
    waiting = entered(desk)
    Accounts(hand.db).drop_factor("li")
    assert desk.enter_code(waiting.token, phone.code()) == ENDED
