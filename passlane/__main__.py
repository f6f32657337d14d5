"""`passlane`: one command, a subcommand for each job.

Exit status: 0 done, 1 it could not be done, 2 asked for wrongly. A user's mistake is one plain line, never a traceback.
"""

import argparse
import logging
import os
import sys
from typing import NoReturn

from central_hub import HubError
from edge_agent import AgentError
from firmware_profiles import ProfileError
from inspection import InspectionError
from lane_controller import LaneError
from models import ModelError
from passlane import UsageError, demo_command, device_commands, hub_commands, profile_command

COMMANDS = (hub_commands, device_commands, profile_command, demo_command)
ROOM_ERRORS = (AgentError, HubError, InspectionError, LaneError, ModelError, ProfileError)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # argparse would print the whole usage first; one line that says what is wrong is enough.
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    top = _Parser(
        prog="passlane",
        description="Vehicle inspection at the edge: from shutter to sticker to audit.",
        epilog="example: passlane demo --once",
    )
    subcommands = top.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    for module in COMMANDS:
        module.add(subcommands)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        return int(options.run(options))
    except UsageError as error:
        print(f"passlane: {error}", file=sys.stderr)
        return 2
    except ROOM_ERRORS as error:
        print(f"passlane: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of our output went away, as `head` does; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
