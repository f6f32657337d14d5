from dataclasses import FrozenInstanceError

import pytest

from central_hub.console.desk import Visitor
from central_hub.people.roles import Actor


def test_who_sits_at_a_browser_cannot_be_given_another_role_later() -> None:
    visitor = Visitor(name="wu", title="Wu", role="operator", actor=Actor("wu", "wu", frozenset({"operator"})))
    with pytest.raises(FrozenInstanceError):
        visitor.role = "auditor"  # type: ignore[misc]
