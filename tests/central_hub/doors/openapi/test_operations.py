"""What follows from an operation: names in its path, its status, how it may refuse."""

import msgspec
import pytest

from central_hub.doors.openapi.office import Office
from central_hub.doors.openapi.operations import NAMES, PDF, Call, NoQuery, Operation


async def do_it(_office: Office, _call: Call) -> None:
    """Do nothing."""


def made(**changes: object) -> Operation:
    fields = {"method": "GET", "path": "/x/{case}/y/{digest}", "handler": do_it, "tag": "t", "zh": "事", "en": "it"}
    return Operation(**{**fields, **changes})  # type: ignore[arg-type]


def test_an_operation_is_called_by_its_function_and_knows_the_names_in_its_path() -> None:
    assert made().id == "do_it"
    assert made().names == ("case", "digest")


def test_the_status_says_whether_something_comes_back() -> None:
    assert made().status == 204
    assert made(answer=int).status == 200
    assert made(media=(PDF,)).status == 200


def test_refusals_follow_from_what_is_asked_for() -> None:
    assert made(path="/x", access="public").refusals == (400, 503)
    assert made(path="/x").refusals == (400, 401, 503)
    assert made(rights=("case.view",)).refusals == (400, 401, 403, 404, 503)
    assert made(path="/x", method="POST", body=NoQuery, also=(429,)).refusals == (400, 401, 409, 413, 415, 429, 503)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("case", "pda-7.12", "pda-7"),
        ("digest", "0" * 64, "0" * 63),
        ("number", "PL00000001", "PL1"),
        ("station", "ST01", ""),
        ("lease", "12", "-1"),
        ("request", "1", "0"),
        ("account", "a", "a" * 65),
        ("kind", "area", "areas"),
        ("filing", "x", ""),
        ("day", "2026-05-28", "2026-05-32"),
    ],
)
def test_a_name_in_a_path_has_its_form(name: str, right: str, wrong: str) -> None:
    msgspec.convert(right, NAMES[name], strict=False)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, NAMES[name], strict=False)
