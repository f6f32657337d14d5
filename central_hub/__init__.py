"""At the centre: takes in facts, issues stickers, leads the audit. This module knows the room's root error."""


class HubError(Exception):
    """Something that the hub cannot do; its text is written for the operator."""
