"""`passlane`: one command, a subcommand for each job.

Exit status: 0 done, 1 it could not be done, 2 asked for wrongly. A mistake is one plain line, never a traceback.
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
from passlane import (
    UsageError,
    carry_command,
    demo_command,
    device_commands,
    hub_commands,
    operations_command,
    profile_command,
    read_vin_command,
    worker_command,
)
from passlane.engine import (
    check_sticker_command,
    decide_command,
    duty_command,
    life_command,
    ranges_command,
    rulebook_command,
    samples_command,
    simulate_day_command,
)

COMMANDS = (
    hub_commands,
    worker_command,
    operations_command,
    device_commands,
    carry_command,
    profile_command,
    read_vin_command,
    duty_command,
    decide_command,
    rulebook_command,
    check_sticker_command,
    ranges_command,
    samples_command,
    life_command,
    simulate_day_command,
    demo_command,
)
# What a person wrote or named is wrong. Texts of the rooms below are for the person who has to mend it.
MISTAKES = (UsageError, InspectionError, LaneError, ProfileError)
FAILURES = (AgentError, HubError, ModelError, OSError)


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
        status = int(options.run(options))
        # Here, where a reader that went away can still be dealt with.
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output went away, as `head` does; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except MISTAKES as error:
        return _said(error, 2)
    except FAILURES as error:
        return _said(error, 1)
    except KeyboardInterrupt:
        return 130
    return status


def _said(error: Exception, status: int) -> int:
    lines = (line.strip() for line in str(error).splitlines())
    print("passlane: " + "; ".join(line for line in lines if line), file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
