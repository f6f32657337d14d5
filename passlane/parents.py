"""Lets a process end with the one that started it, however that one ended."""

import sys
import threading
from collections.abc import Callable


def stop_with_parent(stop: Callable[[], object]) -> None:
    """Call `stop` once, from a thread, when standard input is closed: the parent holds its other end."""

    def wait() -> None:
        while sys.stdin.buffer.read(1):
            pass
        stop()

    threading.Thread(target=wait, name="parent", daemon=True).start()
