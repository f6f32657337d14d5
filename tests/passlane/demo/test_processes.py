import sys
import threading
from pathlib import Path

import pytest

from passlane import UsageError
from passlane.demo.processes import Processes

pytestmark = pytest.mark.real

# Says what it was told, one line an argument, then does what the first one says.
CHILD = """
import signal, subprocess, sys
what, *_ = sys.argv[1:]
if what == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
for argument in sys.argv[1:]:
    print(argument, flush=True)
print("to the log", file=sys.stderr, flush=True)
if what == "dies":
    sys.exit(3)
if what == "stays":
    sys.stdin.read()
if what == "deaf":
    while True:
        signal.pause()
"""


@pytest.fixture
def command(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "child.py").write_text(CHILD)
    return (sys.executable, str(tmp_path / "child.py"))


def lines(processes: Processes, count: int) -> list[tuple[str, str]]:
    found = [processes.next_line(20) for _ in range(count)]
    return [line for line in found if line is not None]


def test_the_lines_of_every_process_come_under_its_name(tmp_path: Path, command: tuple[str, ...]) -> None:
    with Processes(tmp_path, command=command) as processes:
        processes.start("one", "stays", "号牌")
        processes.start("two", "stays")
        found = lines(processes, 5)
    assert [text for name, text in found if name == "one"] == ["stays", "号牌", "--with-parent"]
    assert [text for name, text in found if name == "two"] == ["stays", "--with-parent"]
    assert (tmp_path / "one.log").read_text() == "to the log\n"


def test_a_process_that_ends_says_so_by_an_empty_line(tmp_path: Path, command: tuple[str, ...]) -> None:
    with Processes(tmp_path, command=command) as processes:
        processes.start("one", "dies")
        assert lines(processes, 3) == [("one", "dies"), ("one", "--with-parent"), ("one", "")]
        assert processes.next_line(0) is None


def test_the_first_line_of_a_process_is_waited_for(tmp_path: Path, command: tuple[str, ...]) -> None:
    with Processes(tmp_path, command=command) as processes:
        processes.start("hub", "stays")
        assert processes.first_line("hub") == "stays"


@pytest.mark.parametrize(
    ("program", "said"), [("import sys; sys.exit('port 1 is taken')", "port 1 is taken"), ("", "it said nothing")]
)
def test_a_process_that_does_not_start_is_told_with_the_end_of_its_log(tmp_path: Path, program: str, said: str) -> None:
    with Processes(tmp_path, command=(sys.executable, "-c", program)) as processes:
        processes.start("hub")
        with pytest.raises(UsageError, match=f"hub did not start: {said}"):
            processes.first_line("hub")


def test_nothing_is_left_behind_not_even_by_a_process_that_does_not_listen(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    with Processes(tmp_path, command=command, stop_seconds_max=0.5) as processes:
        processes.start("deaf", "deaf")
        processes.start("good", "stays")
        lines(processes, 4)
        running = [process for process, _ in processes._running]
    assert all(process.returncode is not None for process in running)
    # The child's child holds the same output: it is read to its end only when that one is gone as well.
    assert not any(thread.name.startswith("read-") for thread in threading.enumerate())


def test_an_error_inside_ends_the_processes_too(tmp_path: Path, command: tuple[str, ...]) -> None:
    processes = Processes(tmp_path, command=command)

    def fails() -> None:
        with processes:
            processes.start("one", "stays")
            raise UsageError("something went wrong")

    with pytest.raises(UsageError, match="something went wrong"):
        fails()
    assert processes._running == []


def test_a_program_that_is_not_there_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with Processes(tmp_path, command=(str(tmp_path / "no such program"),)) as processes:
        with pytest.raises(FileNotFoundError):
            processes.start("one")
        processes.stop()
