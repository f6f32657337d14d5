"""The second factor (第二因素): codes of an authenticator app (RFC 6238), and recovery codes for who lost it.

Decides only: secrets, randomness and time come in. What is kept of them is the store's. A code works once: whoever
keeps the last step that was used gives it here with the next code.
"""

import base64

import pyotp
from pyotp.utils import strings_equal

from central_hub.people import PeopleError
from inspection.signing import digest

SECRET_BYTES = 20
"""160 bits, as RFC 4226 §4 recommends (R6)."""
STEP_SECONDS = 30
DRIFT_STEPS_MAX = 1
"""A phone's clock may be this far off, either way: RFC 6238 §5.2 recommends one step at most."""
CODE_DIGITS = 6
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
_GROUP = 4


class SecondFactorError(PeopleError):
    """Randomness of the wrong length, or a second factor that cannot be enrolled as things stand."""


def step_of(now: int) -> int:
    """Return the number of the step that a moment (Unix milliseconds) lies in."""
    return now // (1000 * STEP_SECONDS)


def secret_of(random: bytes) -> str:
    """Return a new secret as the base32 text that apps take. random: SECRET_BYTES; raises SecondFactorError."""
    if len(random) != SECRET_BYTES:
        raise SecondFactorError("second_factor.random", f"a secret is made of {SECRET_BYTES} random bytes")
    return base64.b32encode(random).decode("ascii")


def otpauth_uri(secret: str, *, account: str, issuer: str) -> str:
    """Return the otpauth:// address that an app reads from a QR code."""
    return pyotp.TOTP(secret, digits=CODE_DIGITS, interval=STEP_SECONDS).provisioning_uri(
        name=account, issuer_name=issuer
    )


def used_step(secret: str, code: str, *, now: int, last_step: int) -> int | None:
    """Return the step whose code this is, or None where it is wrong, too old, too new, or used before.

    last_step: the newest step whose code was taken; 0 for none. Neither its code nor an older one is taken again.
    Spaces that people type between the digits do not matter.
    """
    typed = "".join(code.split())
    if len(typed) != CODE_DIGITS or not (typed.isascii() and typed.isdigit()):
        return None
    codes = pyotp.TOTP(secret, digits=CODE_DIGITS, interval=STEP_SECONDS)
    here, found = step_of(now), None
    # All of them, whichever fits: how long it takes tells nothing.
    for step in range(max(0, here - DRIFT_STEPS_MAX), here + DRIFT_STEPS_MAX + 1):
        if strings_equal(codes.generate_otp(step), typed) and step > last_step:
            found = step
    return found


def recovery_codes(random: bytes) -> tuple[str, ...]:
    """Return RECOVERY_CODES codes of 80 bits each, as four groups of four.

    random: RECOVERY_CODES * RECOVERY_BYTES; raises SecondFactorError.
    """
    if len(random) != RECOVERY_CODES * RECOVERY_BYTES:
        raise SecondFactorError(
            "second_factor.random", f"recovery codes are made of {RECOVERY_CODES * RECOVERY_BYTES} random bytes"
        )
    pieces = [random[at : at + RECOVERY_BYTES] for at in range(0, len(random), RECOVERY_BYTES)]
    texts = [base64.b32encode(piece).decode("ascii").lower() for piece in pieces]
    return tuple("-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP)) for text in texts)


def recovery_digest(code: str) -> bytes | None:
    """Return what the store keeps of a recovery code (32 bytes), or None for what cannot be one.

    A plain hash is enough: 80 random bits cannot be guessed through. Dashes, spaces and capitals do not matter.
    """
    typed = "".join(letter for letter in code.lower() if letter not in "- \t")
    length = RECOVERY_BYTES * 8 // 5
    if len(typed) != length or not typed.isascii() or not typed.isalnum():
        return None
    return digest(typed.encode("ascii"))
