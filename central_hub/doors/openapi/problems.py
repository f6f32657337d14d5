"""What is answered when something is refused (拒绝): one shape, a stable code, Chinese and English. Decides only.

The sentences that the hub's own errors lack in Chinese stand in `problems.toml`.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from msgspec import Struct

from central_hub import HubError
from central_hub.doors.openapi import ApiError
from central_hub.papers import PaperError
from central_hub.writer import WriterStoppedError
from inspection import InspectionError

GARBLED = "request.garbled"
REFUSED = "hub.refused"
UNAVAILABLE = "hub.unavailable"

_STATUS: Mapping[str, int] = {
    **dict.fromkeys(
        ("sign_in.wrong", "sign_in.code_wrong", "sign_in.code_needed", "sign_in.enrol_needed", "sign_in.ended"), 401
    ),
    **dict.fromkeys(("sign_in.locked", "act.not_allowed", "act.no_right"), 403),
    **dict.fromkeys(
        (
            *("account.none", "act.none", "filing.none", "sticker.none", "rules.unknown", "standing.unknown"),
            *("case.not_opened", "call.no_case", "audit.no_lease"),
        ),
        404,
    ),
    **dict.fromkeys(
        ("account.name", "account.title", "account.station", "account.password", "view.case", "view.what"), 400
    ),
    **dict.fromkeys(("sign_in.wait", "tip.too_many", "tip.wait"), 429),
}
"""Where it is not 409: the request was understood, and the rules refuse it."""


class Problem(Struct, frozen=True, kw_only=True):
    """Why something was refused (application/problem+json). code: stable; zh, en: for a person. status: of HTTP.

    seconds: how long to wait before the next try; 0 where waiting does not help.
    """

    status: int
    code: str
    zh: str
    en: str
    seconds: int = 0


def problem_of(error: HubError | InspectionError) -> Problem:
    """Return what is answered to an error of the hub or of the language."""
    if isinstance(error, ApiError):
        return Problem(status=error.status, code=error.code, zh=error.zh, en=str(error))
    if isinstance(error, (WriterStoppedError, PaperError)):
        return problem(503, UNAVAILABLE, str(error))
    code = str(getattr(error, "code", ""))
    if not code:
        return problem(400, GARBLED, str(error)) if isinstance(error, InspectionError) else _refused(REFUSED, error)
    return _refused(code, error)


def problem(status: int, code: str, text: str) -> Problem:
    """Return a problem whose Chinese sentence stands in the file."""
    return Problem(status=status, code=code, zh=chinese(code), en=text)


def _refused(code: str, error: Exception) -> Problem:
    return Problem(
        status=_STATUS.get(code, 409),
        code=code,
        zh=str(getattr(error, "zh", "")) or chinese(code),
        en=str(error),
        seconds=int(getattr(error, "seconds", 0)),
    )


def chinese(code: str) -> str:
    """Return the Chinese sentence of a code; a general one for a code that has none."""
    return sentences().get(code) or f"未能办理 ({code})"


@cache
def sentences() -> Mapping[str, str]:
    """Return the Chinese sentences by code."""
    text = (files(__package__) / "problems.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text)["zh"])
