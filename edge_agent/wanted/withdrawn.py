"""Which stickers are withdrawn (撤销名单), as far as this device was told: from the directives in its journal.

The journal is what is kept: a list is only ever what its directives say together, so a power cut between the two can
lose nothing. Writes that as a file, for a check on another machine. Knows no network.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from edge_agent import AgentError
from inspection.directives import AnyDirective, WithdrawalsPublished
from inspection.withdrawals import Withdrawals, WithdrawalsError, covers, join, open_withdrawals, pack

_UNFINISHED = ".part"


class WithdrawnError(AgentError):
    """A list of withdrawn stickers that cannot be written."""


def pieces_of(directives: Iterable[AnyDirective], hub_public: bytes) -> list[tuple[bytes, Withdrawals]]:
    """Return the lists that are worth keeping, as they came and opened: those that no later one covers.

    hub_public: the hub's key, 32 bytes. What this program cannot read is left out: from there on the list counts as
    incomplete, and its date stays the older one.
    """
    kept: list[tuple[bytes, Withdrawals]] = []
    for directive in directives:
        if isinstance(directive, WithdrawalsPublished):
            try:
                piece = open_withdrawals(directive.payload, hub_public)
            except WithdrawalsError:
                continue
            kept = [(data, before) for data, before in kept if not covers(piece, before)]
            kept.append((directive.payload, piece))
    return kept


def withdrawn_stickers(directives: Iterable[AnyDirective], hub_public: bytes) -> Withdrawals:
    """Return which stickers are withdrawn; issued_at 0 where nobody told this device anything."""
    return join(piece for _, piece in pieces_of(directives, hub_public))


def write_withdrawn(path: Path, directives: Iterable[AnyDirective], hub_public: bytes) -> Withdrawals:
    """Write what is known as a file of lists signed by the hub, whole or not at all; return what it says.

    Raises WithdrawnError when it cannot be written.
    """
    pieces = pieces_of(directives, hub_public)
    unfinished = path.with_name(path.name + _UNFINISHED)
    try:
        with unfinished.open("wb") as file:
            file.write(pack(data for data, _ in pieces))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except (OSError, WithdrawalsError) as error:
        raise WithdrawnError(f"{path.name} cannot be written: {error}") from error
    return join(piece for _, piece in pieces)
