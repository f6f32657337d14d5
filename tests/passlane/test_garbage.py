"""That a process which takes in messages looks for garbage less often, and still does."""

import subprocess
import sys

from passlane import garbage

_CUT_OFF = """
import gc, weakref
from passlane import garbage

garbage.look_less()

class Upload:
    def __init__(self):
        self.body, self.itself = bytearray(1_000), self

cut = [weakref.ref(Upload()) for _ in range(garbage.OBJECTS_MIN)]
print(gc.isenabled(), gc.get_threshold()[0], sum(one() is None for one in cut) > 0)
"""


def test_garbage_is_looked_for_less_often_and_still_is() -> None:
    # In a process of its own: it holds for the whole of it.
    said = subprocess.run([sys.executable, "-c", _CUT_OFF], check=True, capture_output=True, text=True).stdout
    assert said.split() == ["True", str(garbage.OBJECTS_MIN), "True"]
