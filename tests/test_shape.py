"""The shape of the code: lengths, depth, arguments, file counts. The figures are the project's style."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("inspection", "models", "firmware_profiles", "edge_agent", "lane_controller", "central_hub", "passlane")
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50
FUNCTION_LINES_P90_MAX = 25
DEPTH_MAX = 3
ARGUMENTS_MAX = 6
POSITIONAL_MAX = 2
FOLDER_FILES_MAX = 15
READS_A_CLOCK = {"time.time", "time.time_ns", "time.monotonic", "time.perf_counter", "datetime.now", "date.today"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
NESTING = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)


def sources() -> list[Path]:
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(function: Function) -> int:
    body = function.body[1:] if ast.get_docstring(function) and len(function.body) > 1 else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


def depth(node: ast.AST) -> int:
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        # An elif stands in its if's orelse, but no deeper on the page.
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and child in node.orelse
        deepest = max(deepest, depth(child) + (isinstance(child, NESTING) and not is_elif))
    return deepest


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_and_its_functions_keep_within_the_measure(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= FILE_LINES_MAX
    for function in functions(path):
        where = f"{path.name}:{function.lineno} {function.name}"
        arguments = [a.arg for a in (*function.args.posonlyargs, *function.args.args) if a.arg not in {"self", "cls"}]
        assert body_lines(function) <= FUNCTION_LINES_MAX, where
        assert depth(function) <= DEPTH_MAX, where
        assert len(arguments) + len(function.args.kwonlyargs) <= ARGUMENTS_MAX, where


def test_nine_of_ten_functions_are_short() -> None:
    lengths = [body_lines(function) for path in sources() for function in functions(path)]
    assert quantiles(lengths, n=10)[-1] <= FUNCTION_LINES_P90_MAX


@pytest.mark.parametrize("room", ROOMS)
def test_a_folder_of_code_holds_few_files(room: str) -> None:
    for folder in {path.parent for path in (ROOT / room).rglob("*.py")}:
        count = sum(1 for path in folder.glob("*.py"))
        assert count <= FOLDER_FILES_MAX, f"{folder.relative_to(ROOT)} holds {count} files"


def test_every_room_is_named_in_the_import_contracts() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages == set(ROOMS) == set(settings["tool"]["importlinter"]["root_packages"])


def test_every_folder_of_code_has_layers_that_name_each_of_its_files() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = [contract for contract in settings["tool"]["importlinter"]["contracts"] if contract.get("exhaustive")]
    layered = [container for contract in contracts for container in contract["containers"]]
    assert sorted(layered) == sorted({".".join(path.parent.relative_to(ROOT).parts) for path in sources()})


def test_every_folder_of_code_is_packaged() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    folders = {".".join(path.parent.relative_to(ROOT).parts) for path in sources()}
    assert folders == set(settings["tool"]["setuptools"]["packages"])


def test_only_clock_modules_and_assemblies_read_a_clock() -> None:
    allowed = {"clock.py"}
    for path in sources():
        if path.name in allowed or path.is_relative_to(ROOT / "passlane"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in READS_A_CLOCK:
                pytest.fail(f"{path.relative_to(ROOT)}:{node.lineno} reads a clock")


def catches_everything(handler: ast.ExceptHandler) -> bool:
    caught = [ast.unparse(node) for node in ast.walk(handler.type)] if handler.type else ["BaseException"]
    return bool({"Exception", "BaseException"} & set(caught))


def test_only_the_hubs_writer_catches_every_error_and_in_one_place() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and catches_everything(node)
    ]
    assert found == ["central_hub/committing.py"]


def test_a_source_file_has_a_test_file_of_its_name() -> None:
    for path in sources():
        if path.name in {"__init__.py", "__main__.py"}:
            continue
        room = path.relative_to(ROOT).parts[0]
        found = list((ROOT / "tests" / room).rglob(f"test_{path.stem}*.py"))
        assert found, f"{path.relative_to(ROOT)} has no test file"
