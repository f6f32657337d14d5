"""The door: who gets in, what is garbled, and how it is answered."""

import pytest

from central_hub.doors.openapi.server import BODY_BYTES_MAX, token_of
from tests.central_hub.doors.openapi.served_hub import PASSWORD, Person, ServedHub
from tests.central_hub.simulated_device import VIN


def test_the_description_is_there_without_a_sign_in(served: ServedHub) -> None:
    came = served.stranger().get("/api/openapi.json")
    assert came.status == 200
    assert came.said["openapi"] == "3.1.0"
    assert "/api/v1/cases/{case}" in came.said["paths"]


def test_nobody_gets_in_without_a_token_or_with_a_wrong_one(served: ServedHub) -> None:
    came = served.stranger().get("/cases")
    assert (came.status, came.code) == (401, "sign_in.needed")
    assert came.headers["www-authenticate"] == "Bearer"
    assert came.said["zh"] == "请先登录"
    assert Person(served.port, "wrong").get("/cases").code == "sign_in.needed"


def test_a_missing_right_is_named(served: ServedHub) -> None:
    came = served.person("operator-1").get("/cases")
    assert (came.status, came.code) == (403, "right.missing")
    assert "case.view" in came.said["en"]
    assert "case.view" in came.said["zh"]


def test_a_session_that_waits_for_its_code_opens_nothing_else(served: ServedHub) -> None:
    served.account("careful", ("auditor",), plain=False)
    half = served.stranger().done("POST", "/sign-in", {"name": "careful", "password": PASSWORD})
    assert half["stage"] == "enrol"
    careful = Person(served.port, half["token"])
    assert careful.get("/cases").code == "sign_in.unfinished"
    assert careful.get("/me").said["stage"] == "enrol"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/cases/no-case", "case:"),
        ("/cases?limit=0", "query:"),
        ("/cases?wrong=1", "query:"),
        ("/cases?limit=1&limit=2", "twice"),
        ("/cases?station=%00", "zero"),
        ("/cases?page=%21", "next"),
        ("/rules/days/1066-01-01", "years"),
    ],
)
def test_what_is_garbled_in_an_address_is_named(served: ServedHub, path: str, said: str) -> None:
    came = served.person("auditor-1").get(path)
    assert came.status == 400
    assert said in came.said["en"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b'{"vin": "X", "wrong": 1}', 400),
        (b'{"vin": "\\u0000"}', 400),
        (b'{"vin": "\xff"}', 400),
        (b"[" * 100_000, 400),
        (b" " * (BODY_BYTES_MAX + 1), 413),
        (b" " * (2 * 1024 * 1024), 413),
    ],
)
def test_a_garbled_body_is_refused(served: ServedHub, body: bytes, status: int) -> None:
    assert served.person("auditor-1").post("/cases/search", body).status == status


def test_a_body_has_to_be_json(served: ServedHub) -> None:
    came = served.person("auditor-1").ask("POST", "/cases/search", b"vin=X", Content_Type="text/plain")
    assert (came.status, came.code) == (415, "request.media")


def test_a_store_that_cannot_be_read_is_said(served: ServedHub, caplog: pytest.LogCaptureFixture) -> None:
    auditor = served.person("auditor-1")
    served.db.execute("ALTER TABLE cases RENAME TO away")
    came = auditor.post("/cases/search", {"vin": VIN})
    assert (came.status, came.code) == (503, "hub.unavailable")
    assert VIN not in caplog.text
    assert "find_cases" in caplog.text
    served.db.execute("ALTER TABLE away RENAME TO cases")


def test_only_a_bearer_token_is_one() -> None:
    assert token_of("Bearer abc") == "abc"
    assert token_of("bearer  abc ") == "abc"
    assert token_of("Basic abc") == ""
    assert token_of("Bearer é") == ""
    assert token_of("Bearer " + "a" * 300) == ""
