"""On the lane box (通道机): lead one vehicle after another through an inspection lane (查验通道).

This module knows the room's root error. The order of things is in `sequence`, its words in `signals`.
"""


class LaneError(ValueError):
    """A value that the lane refuses; its text is written for the person who has to mend it."""
