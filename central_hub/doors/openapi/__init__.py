"""The door for programs (开放接口): everything that people do at the hub, over HTTP, described by OpenAPI 3.1.

Each act is one operation: what it takes, who may do it, what it answers and refuses stands in the registry, and both
the description and what the door checks come from there. Rules are the desks'.
"""

from central_hub import HubError


class ApiError(HubError):
    """A request that the door itself refuses. status: of HTTP; code: stable; the text is English, zh the same."""

    def __init__(self, status: int, code: str, text: str, *, zh: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.zh = zh
