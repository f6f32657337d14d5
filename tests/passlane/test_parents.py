import io
import os
import signal
import subprocess
import sys
import threading

import pytest

from passlane.parents import stop_with_parent, told_to_stop


def test_the_process_is_told_to_stop_once_its_parent_lets_go(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    told = threading.Event()
    with os.fdopen(read) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        stop_with_parent(told.set)
        [thread] = [thread for thread in threading.enumerate() if thread.name == "parent"]
        os.write(write, b"what a parent writes means nothing\n")
        assert not told.is_set()
        os.close(write)
        assert told.wait(300)
        thread.join(10)


def test_without_a_real_standard_input_nothing_is_watched_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(OSError, match="fileno"):
        stop_with_parent(lambda: None)


@pytest.mark.real
def test_a_process_that_is_done_before_its_parent_lets_go_ends_well() -> None:
    program = "from passlane.parents import stop_with_parent; stop_with_parent(lambda: None); print('done')"
    # The pipe stays open until the program has ended by itself.
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.wait(300) == 0, process.stderr.read()
        assert process.stdout.read() == b"done\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_tells_the_process_to_stop(number: signal.Signals) -> None:
    stop = told_to_stop(with_parent=False)
    os.kill(os.getpid(), number)
    await stop.wait()


async def test_the_parents_end_tells_it_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    with os.fdopen(read) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        stop = told_to_stop(with_parent=True)
        [thread] = [thread for thread in threading.enumerate() if thread.name == "parent"]
        os.close(write)
        await stop.wait()
        thread.join(10)
