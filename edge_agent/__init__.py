"""On the device: observe, keep, forward (边缘代理).

This module knows the room's root error. `agent` is the door that others use; a fact is committed to the journal before
anything else sees it, and is kept until the hub has said in a signed receipt that it has it.
"""


class AgentError(Exception):
    """Something that the device cannot do; the text is written for the person who stands before it."""
