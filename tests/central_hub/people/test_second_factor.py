import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_hub.people.second_factor import (
    RECOVERY_BYTES,
    RECOVERY_CODES,
    SECRET_BYTES,
    STEP_SECONDS,
    SecondFactorError,
    otpauth_uri,
    recovery_codes,
    recovery_digest,
    secret_of,
    step_of,
    used_step,
)

SECRET = secret_of(b"12345678901234567890")
"""That of the test vectors of RFC 6238, appendix B."""
STEP_MS = 1000 * STEP_SECONDS
NOW = 1_780_000_000_000


def code_at(now: int, secret: str = SECRET) -> str:
    return str(pyotp.TOTP(secret).generate_otp(step_of(now)))


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_the_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    assert used_step(SECRET, code, now=1000 * seconds, last_step=0) == seconds // STEP_SECONDS


@given(st.integers(5 * STEP_MS, 2**43), st.integers(-5, 5))
def test_a_clock_that_is_one_step_off_is_forgiven_and_no_more(now: int, off: int) -> None:
    found = used_step(SECRET, code_at(now + off * STEP_MS), now=now, last_step=0)
    if abs(off) <= 1:
        assert found == step_of(now) + off
    else:
        # Two steps may have the same code by chance, once in a million.
        assert found is None or code_at(found * STEP_MS) == code_at(now + off * STEP_MS)


def test_a_code_works_once() -> None:
    step = used_step(SECRET, code_at(NOW), now=NOW, last_step=0)
    assert step is not None
    assert used_step(SECRET, code_at(NOW), now=NOW, last_step=step) is None
    assert used_step(SECRET, code_at(NOW), now=NOW + STEP_MS, last_step=step) is None


def test_after_a_code_an_older_one_is_not_taken_and_the_next_one_is() -> None:
    step = step_of(NOW)
    assert used_step(SECRET, code_at(NOW - STEP_MS), now=NOW, last_step=step) is None
    assert used_step(SECRET, code_at(NOW + STEP_MS), now=NOW, last_step=step) == step + 1


def test_spaces_between_the_digits_do_not_matter() -> None:
    code = code_at(NOW)
    assert used_step(SECRET, f" {code[:3]} {code[3:]}\n", now=NOW, last_step=0) == step_of(NOW)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "１２３４５６", "²²²²²²", "-12345", "\udc80" * 6])
def test_what_is_no_code_is_wrong(code: str) -> None:
    assert used_step(SECRET, code, now=NOW, last_step=0) is None


def test_the_code_of_another_secret_is_wrong() -> None:
    other = secret_of(bytes(SECRET_BYTES))
    assert used_step(SECRET, code_at(NOW, other), now=NOW, last_step=0) is None


def test_at_the_beginning_of_time_there_is_no_step_before() -> None:
    assert used_step(SECRET, code_at(STEP_MS), now=0, last_step=0) == 1


def test_an_app_reads_account_issuer_and_secret_from_the_address() -> None:
    parsed = pyotp.parse_uri(otpauth_uri(SECRET, account="王丽", issuer="测试 中心"))
    assert isinstance(parsed, pyotp.TOTP)
    assert (parsed.secret, parsed.name, parsed.issuer, parsed.interval) == (SECRET, "王丽", "测试 中心", STEP_SECONDS)


@pytest.mark.parametrize("length", [0, SECRET_BYTES - 1, SECRET_BYTES + 1])
def test_a_secret_takes_its_randomness_whole(length: int) -> None:
    with pytest.raises(SecondFactorError, match="20 random bytes"):
        secret_of(bytes(length))


@given(st.binary(min_size=RECOVERY_CODES * RECOVERY_BYTES, max_size=RECOVERY_CODES * RECOVERY_BYTES))
def test_each_recovery_code_has_a_digest_that_does_not_hang_on_how_it_is_typed(random: bytes) -> None:
    codes = recovery_codes(random)
    assert len(codes) == RECOVERY_CODES
    for code in codes:
        assert [len(group) for group in code.split("-")] == [4, 4, 4, 4]
        assert recovery_digest(code) is not None
        assert recovery_digest(f" {code.upper().replace('-', ' ')}") == recovery_digest(code)
    assert len({recovery_digest(code) for code in codes}) == len(set(codes))


@pytest.mark.parametrize("code", ["", "123456", "abcd-efgh-ijkl-mno", "abcd-efgh-ijkl-mno!", "密" * 16, "a" * 17])
def test_what_is_no_recovery_code_has_no_digest(code: str) -> None:
    assert recovery_digest(code) is None


def test_recovery_codes_take_their_randomness_whole() -> None:
    with pytest.raises(SecondFactorError, match="100 random bytes"):
        recovery_codes(bytes(99))
