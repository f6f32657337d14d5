"""How refusals are answered, and that each code that the hub's desks refuse with has a Chinese sentence."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from central_hub import HubError
from central_hub.deciding.conflicts import StepError
from central_hub.desks import ActError
from central_hub.doors.entrance import SignInError
from central_hub.doors.openapi import ApiError
from central_hub.doors.openapi.problems import chinese, problem_of, sentences
from central_hub.papers import PaperError
from central_hub.writer import WriterStoppedError
from inspection import InspectionError
from inspection.identities import IdentityError
from inspection.rules.rulebook import RulebookError

ROOT = Path(__file__).parents[4]
WITHOUT_CHINESE = {
    "ActError", "AccountError", "RolesError", "TwoPersonError", "SecondFactorError", "NumberingError", "FilingError",
    "Refused", "RulebookError",
}  # fmt: skip


def codes() -> Iterator[str]:
    """Yield the codes that stand in the code where such an error is made."""
    folders = [ROOT / "central_hub" / name for name in ("desks", "people", "deciding", "store")]
    for path in [path for folder in (*folders, ROOT / "inspection" / "rules") for path in folder.rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in WITHOUT_CHINESE:
                named = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
                given = named or ([] if node.func.id == "RulebookError" else node.args[:1])
                yield from (str(one.value) for one in given if isinstance(one, ast.Constant))


def test_every_code_has_a_chinese_sentence() -> None:
    found = set(codes())
    assert len(found) > 60
    assert found - sentences().keys() == set()


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ApiError(404, "case.none", "none", zh="没有"), 404, "case.none"),
        (StepError("audit.held", "held", "由他人持有"), 409, "audit.held"),
        (ActError("sticker.none", "none"), 404, "sticker.none"),
        (SignInError("sign_in.wrong", "wrong"), 401, "sign_in.wrong"),
        (SignInError("sign_in.wait", "wait", seconds=5), 429, "sign_in.wait"),
        (RulebookError("a gap", code="rulebook.gap"), 409, "rulebook.gap"),
        (IdentityError("no case id"), 400, "request.garbled"),
        (InspectionError("odd"), 400, "request.garbled"),
        (HubError("device is not enrolled"), 409, "hub.refused"),
        (WriterStoppedError("stopped"), 503, "hub.unavailable"),
        (PaperError("no font"), 503, "hub.unavailable"),
    ],
)
def test_an_error_is_answered_by_its_kind(error: HubError | InspectionError, status: int, code: str) -> None:
    said = problem_of(error)
    assert (said.status, said.code) == (status, code)
    assert said.en == str(error)
    assert said.zh
    assert said.seconds == getattr(error, "seconds", 0)


def test_an_errors_own_chinese_goes_before_the_file() -> None:
    assert problem_of(StepError("audit.held", "held", "他人")).zh == "他人"
    assert problem_of(ActError("audit.held", "held")).zh == sentences()["audit.held"]


def test_a_code_without_a_sentence_is_at_least_named() -> None:
    assert chinese("nobody.knows") == "未能办理 (nobody.knows)"
