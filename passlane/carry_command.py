"""`passlane export` and `passlane import`: facts and photos to the hub, and receipts back, without a network."""

import argparse
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from passlane import UsageError
from passlane.hub_commands import PRIVATE_UMASK, asked_password

if TYPE_CHECKING:
    from edge_agent.carrying.exporting import Exported
    from edge_agent.home import Home
    from passlane.carrying import Outcome

SHOWN_MAX = 20
"""So many of what was not taken are named, of each file."""

_SIZE = re.compile(r"([1-9][0-9]{0,11})([KMG]?)\Z")
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}
_MEGABYTE = 1_000_000


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommands to the parser."""
    _add_export(subcommands)
    _add_import(subcommands)


def _add_export(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    export = subcommands.add_parser(
        "export",
        help="write what waits on a device to files that a person carries to the hub",
        description="Write the facts and photos of a device that the hub has not receipted to signed files in a "
        "folder, e.g. on a stick. May be done while the device works, and again: nothing counts as sent until its "
        "receipts come back, by the network or by `passlane import`.",
        epilog="example: passlane export --home /var/lib/passlane-pda --to /media/stick",
    )
    export.add_argument("--home", metavar="DIR", type=Path, required=True, help="the device's home")
    export.add_argument("--to", metavar="FOLDER", type=Path, required=True, help="where the files go; made if need be")
    export.add_argument(
        "--split", metavar="SIZE", type=_size, default="2G", help="size of one file, e.g. 500M (default: 2G)"
    )
    export.set_defaults(run=run_export)


def _add_import(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    bring = subcommands.add_parser(
        "import",
        help="bring exported files to the hub, or the hub's receipts back to a device",
        description="With --hub: bring files that `passlane export` wrote to the hub, in any order; its receipts are "
        "kept beside each, as FILE.receipts. The operator's password is asked for, or read from PASSLANE_PASSWORD. "
        "With --home: have a device take receipts that were brought back. Importing twice is harmless.",
        epilog="example: passlane import /media/stick/*.passlane --hub http://127.0.0.1:8080",
    )
    bring.add_argument("files", metavar="FILE", type=Path, nargs="+", help="what was carried here")
    where = bring.add_mutually_exclusive_group(required=True)
    where.add_argument("--hub", metavar="URL", help="the hub's address")
    where.add_argument("--home", metavar="DIR", type=Path, help="the device's home")
    bring.add_argument("--user", metavar="NAME", default="operator", help="an operator's name (default: operator)")
    about = "certificates (PEM) to trust at the hub instead of the system's, for a hub with a certificate of its own"
    bring.add_argument("--ca-file", metavar="FILE", type=Path, help=about)
    bring.set_defaults(run=run_import)


def _size(text: str) -> int:
    from edge_agent.carrying.exporting import SPLIT_BYTES_MIN  # noqa: PLC0415 - other commands need no device
    from inspection.carried.form import FILE_BYTES_MAX  # noqa: PLC0415 - as above

    found = _SIZE.match(text.upper())
    size = int(found[1]) * _UNITS[found[2]] if found else 0
    if not SPLIT_BYTES_MIN <= size <= FILE_BYTES_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is no size from {SPLIT_BYTES_MIN // 1024**2}M to just below 4G")
    return size


def run_export(options: argparse.Namespace) -> int:
    """Write what waits on a device to files."""
    from edge_agent.carrying.exporting import ExportOrder, LookingOn, export  # noqa: PLC0415 - as above
    from edge_agent.clock import Clock  # noqa: PLC0415
    from edge_agent.journal import Journal  # noqa: PLC0415
    from edge_agent.vault import Vault  # noqa: PLC0415

    home = _opened_home(options.home)
    os.umask(PRIVATE_UMASK)
    order = ExportOrder(
        device=home.device,
        key=home.key,
        written=Clock().wall_ms(),
        split_bytes_max=options.split,
        tell=lambda path: print(f"{path}: {path.stat().st_size / _MEGABYTE:.1f} MB", flush=True),
    )
    with Journal(home.journal_path, home.device) as journal:
        done = export(journal, Vault(home.vault_path, free_bytes_min=0, files=LookingOn()), options.to, order)
    return _say_exported(home.device, done)


def _say_exported(device: str, done: "Exported") -> int:
    for left in done.left_out[:SHOWN_MAX]:
        print(f"left out: {left.text}")
    if len(done.left_out) > SHOWN_MAX:
        print(f"left out: {len(done.left_out) - SHOWN_MAX} photos more")
    if done.files:
        print(f"{device}: {done.facts} facts and {done.photos} photos; they wait on the device until receipts come")
    elif not done.left_out:
        print(f"{device}: nothing waits; no file was written")
    return 1 if done.left_out else 0


def run_import(options: argparse.Namespace) -> int:
    """Bring files to a hub, or receipts to a device."""
    return _import_receipts(options) if options.hub is None else _import_at_hub(options)


def _import_at_hub(options: argparse.Namespace) -> int:
    from passlane.carrying import Brought, HubDoor, bring  # noqa: PLC0415 - other commands need no HTTP client

    whole = []

    def tell(path: Path, outcome: "Outcome") -> None:
        _say_brought(path, outcome)
        whole.append(isinstance(outcome, Brought) and not outcome.not_taken)

    password = asked_password(f"password of {options.user}: ")
    door = HubDoor(url=options.hub, user=options.user, password=password, ca_file=options.ca_file)
    bring(options.files, door, tell=tell)
    return 0 if all(whole) else 1


def _say_brought(path: Path, outcome: "Outcome") -> None:
    from passlane.carrying import Refused  # noqa: PLC0415 - as above

    if isinstance(outcome, Refused):
        print(f"{path.name}: nothing was taken: {outcome.text} [{outcome.code}]", flush=True)
        return
    tally = outcome.tally
    print(f"{path.name}: {tally.facts_taken} facts taken, {tally.facts_present} already there")
    print(f"  {tally.photos_taken} photos taken, {tally.photos_present} already there")
    for item in outcome.not_taken[:SHOWN_MAX]:
        print(f"  not taken: {item.about}: {item.text} [{item.code}]")
    if len(outcome.not_taken) > SHOWN_MAX:
        print(f"  not taken: {len(outcome.not_taken) - SHOWN_MAX} more")
    print(f"  receipts for the device: {outcome.receipts}", flush=True)


def _import_receipts(options: argparse.Namespace) -> int:
    from edge_agent.carrying import CarryError  # noqa: PLC0415 - as above
    from edge_agent.carrying.settling import settle_file  # noqa: PLC0415
    from edge_agent.journal import Journal  # noqa: PLC0415

    home = _opened_home(options.home)
    refused = 0
    with Journal(home.journal_path, home.device) as journal:
        for path in options.files:
            try:
                settled = settle_file(journal, path, device=home.device, hub_public=home.hub_public)
            except CarryError as error:
                refused += 1
                print(f"nothing was taken of {error} [{error.code}]", flush=True)
                continue
            print(f"{path.name}: the hub has {settled.receipted} facts, and {settled.photos} photos of this file")
        counts = journal.counts()
    waiting = counts.newest - counts.receipted
    print(f"{home.device}: {waiting} facts and {counts.photos_waiting} photos wait")
    return 1 if refused else 0


def _opened_home(path: Path) -> "Home":
    from edge_agent.home import HomeError, open_home  # noqa: PLC0415

    try:
        return open_home(path)
    except HomeError as error:
        raise UsageError(f"{path}: {error}") from error
