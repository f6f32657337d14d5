"""Lets a process end with the one that started it, however that one ended."""

import os
import sys
import threading
from collections.abc import Callable


def stop_with_parent(stop: Callable[[], object]) -> None:
    """Call `stop` once, from a thread, when standard input is closed: the parent holds its other end."""
    # Not by the buffered reader: Python aborts at its end when a thread still holds that one's lock.
    descriptor = sys.stdin.fileno()

    def wait() -> None:
        while os.read(descriptor, 1):
            pass
        stop()

    threading.Thread(target=wait, name="parent", daemon=True).start()
