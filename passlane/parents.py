"""Lets a process end when it is told to: by a signal, or with the one that started it, however that one ended."""

import asyncio
import os
import signal
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


def told_to_stop(*, with_parent: bool) -> asyncio.Event:
    """Return an event of the running loop that SIGINT and SIGTERM set, and with_parent the parent's end as well."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if with_parent:
        stop_with_parent(lambda: loop.call_soon_threadsafe(stop.set))
    return stop
