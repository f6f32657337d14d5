"""The registry: every operation of the API, in the order of its description."""

from central_hub.doors.openapi.audits import AUDITS
from central_hub.doors.openapi.cases import CASES
from central_hub.doors.openapi.centre import CENTRE
from central_hub.doors.openapi.lives import LIVES
from central_hub.doors.openapi.operations import Operation
from central_hub.doors.openapi.people import PEOPLE
from central_hub.doors.openapi.standings import STANDINGS
from central_hub.doors.openapi.stickers import STICKERS


def all_operations() -> tuple[Operation, ...]:
    """Return every operation."""
    return (*PEOPLE, *CASES, *AUDITS, *LIVES, *STICKERS, *STANDINGS, *CENTRE)
