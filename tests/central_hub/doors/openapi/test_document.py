"""The description: whole, the same each time, and of the operations that there are."""

import json

import msgspec
import pytest

from central_hub.doors.openapi.document import document
from central_hub.doors.openapi.operations import PREFIX, Operation
from central_hub.doors.openapi.registry import all_operations
from central_hub.people.roles import shipped_roles

OPERATIONS = all_operations()


def test_the_description_names_every_operation_and_no_other() -> None:
    paths = document(OPERATIONS)["paths"]
    described = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert described == {(operation.method, PREFIX + operation.path) for operation in OPERATIONS}


def test_the_description_is_the_same_each_time_and_leads_nowhere_else() -> None:
    text = msgspec.json.encode(document(OPERATIONS))
    assert text == msgspec.json.encode(document(all_operations()))
    known = document(OPERATIONS)["components"]["schemas"]
    references = {part.split('"')[0] for part in text.decode().split("#/components/schemas/")[1:]}
    assert references <= known.keys()
    assert json.loads(text)["openapi"] == "3.1.0"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_an_operation_is_described_in_two_languages_with_rights_that_exist(operation: Operation) -> None:
    said = document(OPERATIONS)["paths"][PREFIX + operation.path][operation.method.lower()]
    assert operation.zh in said["summary"]
    assert operation.en in said["summary"]
    assert set(operation.rights) <= shipped_roles().rights.keys()
    assert all(right in said.get("description", "") for right in operation.rights)
    assert ("401" in said["responses"]) >= bool(operation.rights)
    assert (said["security"] == []) == (operation.access == "public")
    assert str(operation.status) in said["responses"]


def test_nothing_is_open_to_anybody_but_what_is_meant_for_them() -> None:
    public = {operation.id for operation in OPERATIONS if operation.access == "public"}
    assert public == {
        "sign_in",
        "list_samples",
        "list_codes",
        "check_sticker",
        "list_withdrawals",
        "give_tip",
        "read_ledger",
        "list_keys",
    }


def test_no_known_answer_and_no_round_stands_in_what_an_auditor_is_told() -> None:
    schemas = document(OPERATIONS)["components"]["schemas"]
    assert not {"probe", "round"} & schemas["LeaseView"]["properties"].keys()
    assert "password" not in schemas["AccountView"]["properties"]
