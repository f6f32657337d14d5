"""Steps of a case's life by HTTP: who may take them, and the codes that they need."""

import pytest

from central_hub.doors.openapi.lives import LIVES
from tests.central_hub.doors.openapi.served_hub import ServedHub


def test_every_list_of_codes_has_words_in_two_languages(served: ServedHub) -> None:
    codes = served.stranger().done("GET", "/codes")
    assert set(codes) == {"suspicion", "clearing", "retake", "withdrawal", "call", "listing", "penalty", "stage"}
    assert all(row["code"] and row["zh"] and row["en"] for rows in codes.values() for row in rows)


@pytest.mark.parametrize("operation", [one for one in LIVES if one.rights], ids=lambda operation: operation.id)
def test_no_step_is_taken_without_its_right_or_about_no_case(served: ServedHub, operation: object) -> None:
    path = operation.path  # type: ignore[attr-defined]
    came = served.person("operator-1").post(path.replace("{case}", "pda-7.1"), {})
    assert (came.status, came.code) == (403, "right.missing")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("retakes", {"reason": "photo.blurred", "kind": "L41"}),
        ("withdrawal", {"reason": "applicant"}),
        ("vehicle-return", {"station": "ST01"}),
        ("recheck", {"result": "cleared", "reason": "vehicle.right"}),
        ("penalties", {"measure": "warned", "reason": "procedure"}),
        ("undoing", {"step": "audit", "reason": "wrong"}),
        ("review", {"decision": "pass", "seen": 1}),
        ("calls", {"result": "supports"}),
    ],
)
def test_a_step_of_a_case_that_there_is_not_is_refused(served: ServedHub, path: str, body: dict[str, object]) -> None:
    name = "city-1" if path in {"penalties", "undoing"} else "lead-1"
    assert served.person(name).post(f"/cases/pda-7.1/{path}", body).code == "case.none"


def test_a_wrong_step_says_in_which_stage_the_case_is(served: ServedHub) -> None:
    case = served.inspected(served.device())
    came = served.person("lead-1").post(f"/cases/{case}/recheck", {"result": "proven", "reason": "procedure"})
    assert (came.status, came.code) == (409, "life.illegal")
    assert "audit_pending" in came.said["en"]
    assert "已发标志待审核" in came.said["zh"]
