import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks.faults.children import Child

SECONDS_MAX = 20.0
pytestmark = [pytest.mark.real, pytest.mark.timeout(60)]

# Says its process id, then repeats what it is told until its input ends.
ECHO = "import json, os, sys\nprint(json.dumps({'pid': os.getpid()}), flush=True)\nfor line in sys.stdin:\n"
ECHO += "    print(json.dumps({'told': line.strip()}), flush=True)\n"
FAILING = "import sys\nprint('no JSON', flush=True)\nsys.exit('it cannot be')\n"


@asynccontextmanager
async def child(folder: Path, program: str) -> AsyncIterator[tuple[Child, "asyncio.Queue[dict[str, Any]]"]]:
    said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    made = Child("child", [sys.executable, "-c", program], log=folder / "log", heard=said.put_nowait)
    made.start()
    try:
        async with asyncio.timeout(SECONDS_MAX):
            yield made, said
    finally:
        await made.stop(SECONDS_MAX)


async def test_a_killed_process_comes_back_and_that_is_not_its_own_fault(tmp_path: Path) -> None:
    async with child(tmp_path, ECHO) as (it, said):
        first = (await said.get())["pid"]
        assert it.pid == first
        it.kill()
        second = (await said.get())["pid"]
        assert second != first
        assert (it.starts, it.ended_by_itself) == (2, [])


async def test_it_is_told_lines_and_ends_with_its_input(tmp_path: Path) -> None:
    async with child(tmp_path, ECHO) as (it, said):
        await said.get()
        it.tell("rest")
        assert (await said.get())["told"] == "rest"
    assert it.pid is None


async def test_held_down_it_stays_down_and_comes_back_afterwards(tmp_path: Path) -> None:
    async with child(tmp_path, ECHO) as (it, said):
        await said.get()
        async with it.held_down():
            assert it.pid is None
            it.tell("nobody is there")
        assert "pid" in await said.get()
        assert it.starts == 2


async def test_one_that_ends_by_itself_is_started_again_and_its_last_words_are_kept(tmp_path: Path) -> None:
    async with child(tmp_path, FAILING) as (it, _):
        while len(it.ended_by_itself) < 2:
            await it.gone()
            await asyncio.sleep(0)
        assert it.ended_by_itself[:2] == [1, 1]
        assert "it cannot be" in it.log_end()
    assert json.dumps(it.ended_by_itself)
