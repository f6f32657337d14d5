"""A lane in a temporary folder, closed when its test is over."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from firmware_profiles.schema import Profile
from tests.lane_controller.lane_bench import Bench

MakeBench = Callable[..., Bench]


@pytest.fixture
def make_bench(tmp_path: Path) -> Iterator[MakeBench]:
    with ExitStack() as stack:

        def make(profile: Profile | None = None) -> Bench:
            bench = Bench(tmp_path, profile)
            stack.enter_context(bench.agent)
            return bench

        yield make


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    return make_bench()
