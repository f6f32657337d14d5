"""Pixels to findings: neural networks and image processing, with no network access, no download and no clock of its own.

This module knows the room's root error only.
"""


class ModelError(ValueError):
    """A photo, a weights file or a setting that this room refuses; its text is written for the person concerned."""
