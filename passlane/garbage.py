"""How often a process that takes in messages looks for garbage which counting references does not free."""

import gc

OBJECTS_MIN = 2_000
"""So many more objects are made than freed before it looks again: Python's own 700 are ten inspections' worth.

Not more: an upload that was cut off is such garbage, some 50 objects that hold all the bytes which had come.
"""


def look_less() -> None:
    """Pass over what stands now, the program itself, for ever; look through the rest less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_MIN)
