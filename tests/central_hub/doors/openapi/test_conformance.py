"""The API does what its description says: each operation is tried with what fits the description, and what does not."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from central_hub.doors.openapi.document import document
from central_hub.doors.openapi.operations import NAMES, Operation
from central_hub.doors.openapi.registry import all_operations
from central_hub.people.roles import shipped_roles
from tests.central_hub.doors.openapi.served_hub import PEOPLE, ServedHub
from tests.central_hub.simulated_device import STATION

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 8
BY_ID = {operation.id: operation for operation in all_operations()}


def person_for(operation: Operation) -> str:
    """Return an account that may do this."""
    for name, (roles, _) in PEOPLE.items():
        if not operation.rights or set(operation.rights) & shipped_roles().rights_of(roles):
            return name
    raise AssertionError(operation.id)


def takes_something(operation: Operation) -> bool:
    return bool(operation.names or operation.body is not None or operation.query.__struct_fields__)


class Tried:
    """A hub with something in it, and a session for each operation: signing out ends one."""

    def __init__(self, served: ServedHub) -> None:
        self.served = served
        self.sessions = {operation.id: served.person(person_for(operation)).token for operation in all_operations()}
        device = served.device()
        self.case = served.inspected(device)
        city, auditor = served.person("city-1"), served.person("auditor-1")
        view = auditor.done("GET", f"/cases/{self.case}")
        terminal = {"t": "terminal", "id": "pda-7", "valid_until": "2030-01-01"}
        city.done("PUT", "/filings/terminal/pda-7", terminal)
        asked = {"act": "sticker.withdraw", "about": view["sticker"]["number"], "reason": "procedure"}
        number = auditor.done("POST", "/acts", asked)["number"]
        self.names = {
            "case": self.case,
            "digest": view["photos"][0]["digest"],
            "number": view["sticker"]["number"],
            "station": STATION,
            "lease": "1",
            "request": number,
            "account": "inspector-1",
            "kind": "terminal",
            "filing": "pda-7",
            "day": "2026-05-28",
        }
        description = document(all_operations())
        self.schema = schemathesis.openapi.from_dict(description)
        self.schema.config.update(base_url=f"http://127.0.0.1:{served.port}")

    def operations(self) -> Iterator[Any]:
        for found in self.schema.get_all_operations():
            assert isinstance(found, Ok)
            yield found.ok()

    def run(self, found: Any, mode: schemathesis.GenerationMode, names: dict[str, object]) -> int:
        """Try an operation; return how often all was well."""
        operation = BY_ID[found.definition.raw["operationId"]]
        headers = {"Authorization": f"Bearer {self.sessions[operation.id]}"}
        well = 0

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=found.as_strategy(generation_mode=mode, path_parameters=names or None))
        def attempt(case: Any) -> None:
            nonlocal well
            came = case.call(headers=headers)
            case.validate_response(came, checks=CHECKS)
            well += came.status_code < 300

        attempt()
        return well


@pytest.fixture
def tried(served: ServedHub) -> Tried:
    return Tried(served)


def test_names_of_paths_are_all_tried() -> None:
    assert {name for operation in all_operations() for name in operation.names} == set(NAMES)


def test_every_operation_answers_as_described(tried: Tried) -> None:
    well = {}
    for operation in tried.operations():
        names = {name: tried.names[name] for name in BY_ID[operation.definition.raw["operationId"]].names}
        well[operation.label] = tried.run(operation, schemathesis.GenerationMode.POSITIVE, names)
        if takes_something(BY_ID[operation.definition.raw["operationId"]]):
            tried.run(operation, schemathesis.GenerationMode.NEGATIVE, {})
    assert len(well) == len(all_operations())
    assert sum(count > 0 for count in well.values()) > len(well) // 2, well


def test_an_answer_that_is_not_as_described_is_found(tried: Tried) -> None:
    wrong = document(all_operations())
    wrong["components"]["schemas"]["RoleView"]["properties"]["zh"] = {"type": "integer"}
    tried.schema = schemathesis.openapi.from_dict(wrong)
    tried.schema.config.update(base_url=f"http://127.0.0.1:{tried.served.port}")
    roles = next(one for one in tried.operations() if one.definition.raw["operationId"] == "list_roles")
    with pytest.raises(FailureGroup):
        tried.run(roles, schemathesis.GenerationMode.POSITIVE, {})
