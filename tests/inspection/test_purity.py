"""The language is pure: a fresh interpreter that imports all of it opens nothing and loads nothing that could act."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import inspection

_ROOM = Path(inspection.__file__).parent
MODULES = sorted(
    ".".join(file.relative_to(_ROOM).with_suffix("").parts)
    for file in _ROOM.rglob("*.py")
    if file.name != "__init__.py"
)

# Modules that act: databases, event loops, logs, brokers, browsers, pixels, other programs. The standard library's own
# imports bring in socket, random and time under the libraries that the room needs, so those are watched by what they do
# below and by what the room's files name.
ACTING = {
    "sqlite3",
    "asyncio",
    "logging",
    "concurrent.futures",
    "multiprocessing",
    "aiohttp",
    "paho",
    "http.client",
    "cv2",
    "numpy",
    "onnxruntime",
    "edge_agent",
    "lane_controller",
    "central_hub",
    "models",
    "firmware_profiles",
}
NAMED = {
    "socket",
    "random",
    "secrets",
    "uuid",
    "time",
    "logging",
    "sqlite3",
    "asyncio",
    "os",
    "subprocess",
    "threading",
}
EVENTS = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.mkdir", "os.remove", "os.rename", "sqlite3.")

PROBE = f"""
import importlib, json, sys
events = []
def watch(event, arguments):
    writes = event == "open" and (arguments[1] or "r").strip("rb") != ""
    if writes or event.startswith({EVENTS!r}):
        events.append(event)
sys.addaudithook(watch)
for name in {MODULES!r}:
    importlib.import_module("inspection." + name)
acting = sorted(name for name in {sorted(ACTING)!r} if name in sys.modules)
print(json.dumps([events, acting]))
"""


@pytest.fixture(scope="module")
def outcome() -> tuple[list[str], list[str]]:
    root = Path(inspection.__file__).parent.parent
    # -B: the interpreter itself must not write compiled files, which would look like the room's own writing.
    command = [sys.executable, "-B", "-c", PROBE]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True, timeout=600)
    events, acting = json.loads(done.stdout)
    return events, acting


def test_there_are_modules_to_import() -> None:
    assert {"case.folding", "rules.judging", "standing.chain", "wire", "signing", "topics"} <= set(MODULES)


def test_importing_the_room_opens_no_socket_starts_no_program_and_writes_no_file(
    outcome: tuple[list[str], list[str]],
) -> None:
    assert outcome[0] == []


def test_importing_the_room_loads_nothing_that_acts_and_no_other_room(outcome: tuple[list[str], list[str]]) -> None:
    assert outcome[1] == []


@pytest.mark.parametrize("module", MODULES)
def test_a_file_of_the_room_names_no_clock_no_randomness_and_no_log(module: str) -> None:
    text = (_ROOM / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
    imported = {
        line.split()[1].partition(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))
    }
    assert not imported & NAMED
    assert not any(call in text for call in ("date.today(", "datetime.now(", "utcnow(", "print(", "open("))
