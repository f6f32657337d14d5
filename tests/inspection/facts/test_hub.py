import inspect
from typing import get_args

import pytest

from inspection.facts import CaseFact, hub
from inspection.facts.base import Fact

KINDS = [kind for _, kind in inspect.getmembers(hub, inspect.isclass) if issubclass(kind, Fact) and kind is not Fact]


def test_every_kind_of_this_file_is_listed() -> None:
    assert set(KINDS) == set(get_args(CaseFact))


@pytest.mark.parametrize("kind", KINDS)
def test_a_fact_is_frozen_and_says_what_it_means(kind: type[Fact]) -> None:
    assert kind.__struct_config__.frozen
    assert kind.__doc__
