"""What an operation of the API is, what a call of one brings, and the names that stand in paths.

Holds no operation itself, and knows no HTTP server.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from central_hub.doors.openapi.office import Office
from central_hub.people.roles import Actor
from central_hub.store.office.accounts import Stage
from inspection.evidence import WHOLE_MAX, Line

PREFIX = "/api/v1"
JSON = "application/json"
PROBLEM = "application/problem+json"
PDF = "application/pdf"
CSV = "text/csv"
BYTES = "application/octet-stream"
JPEG, PNG = "image/jpeg", "image/png"

ROWS_MAX = 500
"""So many lines at most are answered at once; who wants more asks for the next page."""

NOBODY = Actor("", "", frozenset())
"""Acts where no sign-in is asked for."""

Access = Literal["public", "half", "whole"]
"""public: anybody. half: a sign-in that still waits for its code will do. whole: a sign-in that is done."""

Limit = Annotated[int, Meta(ge=1, le=ROWS_MAX)]
Name = Annotated[str, Meta(min_length=1, max_length=64)]
StationId = Annotated[str, Meta(min_length=1, max_length=32)]
Moment = Annotated[int, Meta(ge=0, le=WHOLE_MAX)]
"""Unix milliseconds of the hub."""

NAMES: Mapping[str, Any] = {
    "case": Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{1,31}\.[1-9][0-9]{0,17}$", max_length=51)],
    "digest": Annotated[str, Meta(pattern="^[0-9a-f]{64}$", max_length=64)],
    "number": Annotated[str, Meta(pattern="^[A-Z0-9]{0,12}[0-9]{8}$", max_length=20)],
    "station": StationId,
    "lease": Annotated[str, Meta(pattern="^[0-9]{1,18}$", max_length=18)],
    "request": Annotated[int, Meta(ge=1, le=WHOLE_MAX)],
    "account": Name,
    "kind": Literal["inspector", "area", "terminal"],
    "filing": Annotated[Line, Meta(min_length=1)],
    "day": date,
}
"""What may stand in a path, by its name: the same name means the same everywhere."""


class NoQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing may stand behind the question mark."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One call of an operation, checked. actor: NOBODY where no sign-in is asked for; title: how to call them.

    stage: what of the sign-in is still missing. address: of the other end of the connection.
    names: what stood in the path. query, body: of the types that the operation names.
    """

    actor: Actor
    title: str = ""
    stage: Stage = "whole"
    token: str = field(default="", repr=False)
    address: str = ""
    names: Mapping[str, Any] = field(default_factory=dict)
    query: Any = None
    body: Any = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Blob:
    """An answer that is not JSON: bytes, or a file of the disk. etag: by which a caller asks for nothing but news."""

    media: str
    data: bytes = b""
    file: Path | None = None
    etag: str = ""
    name: str = ""


Handler = Callable[[Office, Call], Awaitable[object]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """An operation. path: behind PREFIX, with names of NAMES in braces. zh, en: what it does, in a line.

    rights: one of them is needed, none for everybody who is signed in. body, query, answer: types; an answer of None is
    empty (204), or bytes where `media` says so. also: what it may answer beside what follows from the rest.
    """

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    handler: Handler
    tag: str
    zh: str
    en: str
    rights: tuple[str, ...] = ()
    access: Access = "whole"
    body: Any = None
    query: type[Struct] = NoQuery
    answer: Any = None
    media: tuple[str, ...] = (JSON,)
    also: tuple[int, ...] = ()

    @property
    def id(self) -> str:
        """The operation's id: the name of the function that does it."""
        return str(getattr(self.handler, "__name__", self.path))

    @property
    def names(self) -> tuple[str, ...]:
        """The names in its path, in their order."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))

    @property
    def status(self) -> int:
        """What it answers when all is well."""
        return 200 if self.answer is not None or self.media != (JSON,) else 204

    @property
    def refusals(self) -> tuple[int, ...]:
        """With which statuses it may refuse."""
        found = {400, 503, *self.also}
        if self.access != "public":
            found |= {401}
        if self.rights:
            found |= {403}
        if self.names:
            found |= {404}
        if self.body is not None:
            found |= {413, 415}
        if self.method != "GET":
            found |= {409}
        return tuple(sorted(found))
