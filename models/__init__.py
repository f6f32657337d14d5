"""Pixels to findings: networks and image processing, offline, without a download and without a clock of its own.

This module knows the room's root error only.
"""


class ModelError(ValueError):
    """A photo, a weights file or a setting that this room refuses; its text is written for the person concerned."""
