"""What leaves and reaches the device without a network, on a stick (离线摆渡). Knows the room's errors about it."""

from edge_agent import AgentError


class CarryError(AgentError):
    """A file that cannot be written, or that this device does not take; code says why, as in `inspection.carried`."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
