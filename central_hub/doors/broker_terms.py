"""What a broker is asked for (消息服务): who may come, what each may say and hear, where it listens.

Whatever program does it, it is a wire: what it holds may be lost, and the hub's store decides. How a program is told
these terms stands in a file of its own for each; starting and stopping is `broker`'s.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from central_hub import HubError
from central_hub.installation import Tls
from inspection import topics, wire

MESSAGE_BYTES_MAX = 2 * wire.BATCH_BYTES_MAX
"""Bytes of a message. Above what the hub takes, so that it can say why; who sends more than this is cut off."""
SIGN_IN_SECONDS_MAX = 20
"""Seconds from the connection to the sign-in, handshake included: a weak mobile link needs some."""


class BrokerError(HubError):
    """The broker cannot be started."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerUser:
    """Who may connect. device: empty for the hub, which may do everything."""

    name: str
    password: str
    device: str = ""

    def says(self) -> tuple[str, ...]:
        """Return the topics on which this device may publish; nothing else reaches anybody."""
        return topics.facts(self.device), topics.contact(self.device)

    def hears(self) -> tuple[str, ...]:
        """Return the topics whose messages this device gets; no others do."""
        return topics.receipts(self.device), topics.directives(self.device)


@dataclass(frozen=True, kw_only=True, slots=True)
class Listening:
    """Where a broker is. folder: the hub's data folder, absolute. tls: None is plain."""

    folder: Path
    host: str
    port: int
    tls: Tls | None = None


class BrokerKind(Protocol):
    """A program that can be the broker, and how it is told its terms."""

    config_name: str
    """Name in the data folder of the file that the program is started with."""

    def files(self, at: Listening, users: list[BrokerUser]) -> dict[str, str]:
        """Return the texts of its files by their names in the data folder; after SIGHUP it goes by new ones."""

    def command(self, config: Path) -> list[str]:
        """Return the command that runs it in the foreground; raises BrokerError where it is not installed."""
