"""`passlane enrol`, `passlane status`, `passlane pda` and `passlane lane`: the device's side."""

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from passlane import UsageError
from passlane.hub_commands import PRIVATE_UMASK, asked_password
from passlane.parents import stop_with_parent

if TYPE_CHECKING:
    from edge_agent.agent import Agent
    from edge_agent.home import Home
    from edge_agent.orders import Order
    from edge_agent.visits import VisitResult

DECISION_SECONDS_MAX = 60.0
_LOOK_SECONDS = 0.2
_MEGABYTE = 1_000_000


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommands to the parser."""
    _add_enrol(subcommands)
    _add_revoke(subcommands)
    _add_status(subcommands)
    _add_worker(
        subcommands,
        "pda",
        "lead a person with a handheld through work orders",
        run_pda,
        "passlane pda --home /var/lib/passlane-pda --orders orders/",
    )
    _add_worker(
        subcommands,
        "lane",
        "lead vehicles through a lane, with simulated drivers",
        run_lane,
        "passlane lane --home /var/lib/passlane-lane --orders orders/",
    )


def _add_revoke(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    revoke = subcommands.add_parser(
        "revoke",
        help="shut a device out, e.g. a stolen one",
        description="From now on the hub takes nothing of this device, and the broker does not let it in; what it "
        "wrote before stands. The operator's password is asked for, or read from PASSLANE_PASSWORD.",
        epilog="example: passlane revoke --hub http://127.0.0.1:8080 --device pda-7 --reason stolen",
    )
    revoke.add_argument("--hub", metavar="URL", required=True, help="the hub's address")
    revoke.add_argument("--user", metavar="NAME", default="operator", help="an operator's name (default: operator)")
    revoke.add_argument("--device", metavar="ID", required=True, help="the device's name")
    revoke.add_argument("--reason", metavar="TEXT", required=True, help="why; it is kept in the ledger")
    _add_ca_file(revoke)
    revoke.set_defaults(run=run_revoke)


def _add_status(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    status = subcommands.add_parser(
        "status",
        help="say what waits on a device, how much room it has, and what the hub refused",
        description="Read a device's home and say what has not been receipted yet, how old the newest receipt is, how "
        "much room is left, and what the hub refused and why. May be asked while the device works.",
        epilog="example: passlane status --home /var/lib/passlane-lane",
    )
    status.add_argument("--home", metavar="DIR", type=Path, required=True, help="the device's home")
    status.add_argument("--json", action="store_true", help="one JSON object with all of it")
    status.set_defaults(run=run_status)


def _add_enrol(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    enrol = subcommands.add_parser(
        "enrol",
        help="make a device's home and enrol it at a hub",
        description="Make the device's key and home folder and write it down at the hub. The operator's password is "
        "asked for, or read from the environment variable PASSLANE_PASSWORD.",
        epilog="example: passlane enrol --hub http://127.0.0.1:8080 --user operator --device lane-1 --kind lane_box "
        "--station ST01 --profile lane-box.toml --profile-key 8f3c... --home /var/lib/passlane-lane",
    )
    enrol.add_argument("--hub", metavar="URL", required=True, help="the hub's address")
    enrol.add_argument("--user", metavar="NAME", default="operator", help="an operator's name (default: operator)")
    enrol.add_argument("--device", metavar="ID", required=True, help="the device's name: a-z, 0-9 and -")
    enrol.add_argument("--kind", choices=["pda", "lane_box"], required=True, help="the device's kind")
    enrol.add_argument("--station", metavar="ID", required=True, help="the station that it works at")
    enrol.add_argument("--profile", metavar="FILE", type=Path, required=True, help="its signed profile")
    enrol.add_argument("--profile-key", metavar="HEX", required=True, help="the public key that signed the profile")
    enrol.add_argument("--home", metavar="DIR", type=Path, required=True, help="the device's home, made here")
    _add_ca_file(enrol)
    enrol.set_defaults(run=run_enrol)


def _add_ca_file(command: argparse.ArgumentParser) -> None:
    about = "certificates (PEM) to trust at the hub instead of the system's, for a hub with a certificate of its own"
    command.add_argument("--ca-file", metavar="FILE", type=Path, help=about)


def _add_worker(
    subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    what: str,
    run: Callable[[argparse.Namespace], int],
    example: str,
) -> None:
    worker = subcommands.add_parser(
        name,
        help=what,
        description=f"{what.capitalize()}. Each finished vehicle is one line; what the hub has not yet receipted waits "
        "in the home's journal and goes out at the next start.",
        epilog=f"example: {example}",
    )
    worker.add_argument("--home", metavar="DIR", type=Path, required=True, help="the device's home")
    worker.add_argument("--orders", metavar="DIR", type=Path, required=True, help="a folder of work orders")
    worker.add_argument("--json", action="store_true", help="one JSON object a vehicle")
    worker.add_argument("--stay", action="store_true", help="go on forwarding after the last vehicle, until stopped")
    worker.add_argument("--with-parent", action="store_true", help="stop when standard input is closed")
    worker.set_defaults(run=run)


def run_enrol(options: argparse.Namespace) -> int:
    """Enrol a device."""
    from passlane.enrolling import EnrolAsked, enrol_device  # noqa: PLC0415 - other commands need no HTTP client

    asked = EnrolAsked(**{name: getattr(options, name) for name in EnrolAsked.__slots__})
    home = enrol_device(asked, password=asked_password(f"password of {options.user}: "))
    print(f"{options.device} is enrolled; its home is {home}")
    return 0


def run_revoke(options: argparse.Namespace) -> int:
    """Shut a device out."""
    from passlane.enrolling import revoke_device  # noqa: PLC0415 - as above

    sign_in = (options.user, asked_password(f"password of {options.user}: "))
    revoke_device(options.hub, options.device, options.reason, sign_in=sign_in, ca_file=options.ca_file)
    print(f"{options.device} is revoked: nothing of it is taken any more")
    return 0


class ShownRoom(msgspec.Struct, frozen=True, kw_only=True):
    """How much room there is: a Room of `edge_agent.retention`.

    level: also "unknown", where the profile, which says how much has to stay free, cannot be read.
    """

    level: str
    free_bytes: int
    zh: str
    en: str


class DeviceState(msgspec.Struct, frozen=True, kw_only=True):
    """How a device stands, as far as its home shows it; `passlane status --json` prints one.

    newest, receipted: numbers of facts. receipt_at: when the hub gave the newest receipt, by its clock, Unix
    milliseconds; 0 before the first. receipt_age_seconds: since then, by this machine's clock. refusals: about (number
    of a fact or digest of a photo), code, text.
    """

    device: str
    station: str
    newest: int
    receipted: int
    facts_waiting: int
    photos_waiting: int
    photo_bytes_waiting: int
    receipt_at: int
    receipt_age_seconds: int | None
    room: ShownRoom
    refusals: list[tuple[str, str, str]]


def run_status(options: argparse.Namespace) -> int:
    """Say how a device stands."""
    state = _state(opened_home(options.home))
    for line in [msgspec.json.encode(state).decode()] if options.json else _lines(state):
        print(line)
    return 0


def _state(home: "Home") -> DeviceState:
    from edge_agent.clock import Clock  # noqa: PLC0415 - as below
    from edge_agent.journal import Journal  # noqa: PLC0415

    with Journal(home.journal_path, home.device) as journal:
        counts, refusals, receipt_at = journal.counts(), journal.refusals(), journal.hub_time
    return DeviceState(
        device=home.device,
        station=home.enrolment.station,
        newest=counts.newest,
        receipted=counts.receipted,
        facts_waiting=counts.newest - counts.receipted,
        photos_waiting=counts.photos_waiting,
        photo_bytes_waiting=counts.photo_bytes_waiting,
        receipt_at=receipt_at,
        receipt_age_seconds=(Clock().wall_ms() - receipt_at) // 1000 if receipt_at else None,
        room=_room(home),
        refusals=[(refusal.about, refusal.code, refusal.text) for refusal in refusals],
    )


def _room(home: "Home") -> ShownRoom:
    from edge_agent.retention import room  # noqa: PLC0415
    from edge_agent.store import free_bytes_at  # noqa: PLC0415
    from firmware_profiles import ProfileError  # noqa: PLC0415
    from firmware_profiles.files import load  # noqa: PLC0415

    free_bytes = free_bytes_at(home.vault_path)
    try:
        found = room(free_bytes, load(home.profile_path, home.profile_public).profile.limits)
    except ProfileError as error:
        return ShownRoom(level="unknown", free_bytes=free_bytes, zh="设备配置无法使用。", en=str(error))
    return ShownRoom(level=found.level, free_bytes=found.free_bytes, zh=found.zh, en=found.en)


def _lines(state: DeviceState) -> list[str]:
    megabytes = state.photo_bytes_waiting / _MEGABYTE
    room = state.room
    refused = [f"refused: {about}: {text} [{code}]; it is kept here" for about, code, text in state.refusals]
    return [
        f"{state.device} ({state.station}): {state.newest} facts, {state.receipted} receipted by the hub",
        f"waiting: {state.facts_waiting} facts, {state.photos_waiting} photos ({megabytes:.1f} MB)",
        f"newest receipt: {_age(state.receipt_age_seconds)}",
        f"room: {room.free_bytes // _MEGABYTE} MB free" + (f"; {room.level}: {room.zh}{room.en}" if room.en else ""),
        *refused,
    ]


def _age(seconds: int | None) -> str:
    if seconds is None:
        return "never"
    if seconds < 0:
        return "in the future, by this machine's clock"
    minutes, hours, days = seconds // 60, seconds // 3_600, seconds // 86_400
    if not minutes:
        return f"{seconds} s ago"
    return f"{days} days ago" if days > 1 else f"{hours} h ago" if hours else f"{minutes} min ago"


def run_pda(options: argparse.Namespace) -> int:
    """Walk round one vehicle after another."""
    from edge_agent.walkround import walk_round  # noqa: PLC0415

    return _work(options, lambda agent, order: walk_round(agent, order, decision_seconds_max=DECISION_SECONDS_MAX))


def run_lane(options: argparse.Namespace) -> int:
    """Lead one vehicle after another through the lane."""
    from lane_controller.leading import Lane  # noqa: PLC0415
    from lane_controller.simulated import SimulatedVehicle  # noqa: PLC0415

    lanes: dict[str, Lane] = {}

    def visit(agent: "Agent", order: "Order") -> "VisitResult":
        lane = lanes.setdefault(agent.device, Lane(agent, now=time.monotonic))
        vehicle = SimulatedVehicle(order, station=agent.station, profile=agent.profile_reference, pause=time.sleep)
        return lane.lead(vehicle).result(order.name)

    return _work(options, visit)


def _work(options: argparse.Namespace, visit: "Callable[[Agent, Order], VisitResult]") -> int:
    from edge_agent.orders import OrderError, load_order, order_folders  # noqa: PLC0415

    if not options.orders.is_dir():
        raise UsageError(f"{options.orders} is not a folder")
    try:
        folders = order_folders(options.orders)
    except OrderError as error:
        raise UsageError(str(error)) from error
    os.umask(PRIVATE_UMASK)
    passed_over = 0
    with _stoppable(options) as told, open_agent(options.home) as agent:
        agent.start()
        agent.abandon_interrupted()
        for folder in folders:
            if told.is_set():
                break
            try:
                _follow(agent, load_order(folder), visit, as_json=options.json)
            except OrderError as error:
                passed_over += 1
                print(f"passlane: {error}; this order is passed over", file=sys.stderr, flush=True)
        while options.stay and not told.wait(_LOOK_SECONDS):
            pass
    return 1 if passed_over else 0


def _follow(agent: "Agent", order: "Order", visit: "Callable[[Agent, Order], VisitResult]", *, as_json: bool) -> None:
    # After a restart the same folder is given again: what was concluded is not done twice.
    if case := agent.concluded_case(order.text.serial, order.text.attempt):
        print(f"passlane: {order.name} was inspected before, in case {case}", file=sys.stderr, flush=True)
        return
    _say(visit(agent, order), as_json=as_json)


@contextmanager
def _stoppable(options: argparse.Namespace) -> Iterator[threading.Event]:
    """Give an event that is set when the process is told to stop, so that work ends between two vehicles."""
    told = threading.Event()
    numbers = (signal.SIGTERM, signal.SIGINT)
    handlers = [signal.signal(number, lambda _number, _frame: told.set()) for number in numbers]
    if options.with_parent:
        stop_with_parent(told.set)
    try:
        yield told
    finally:
        for number, handler in zip(numbers, handlers, strict=True):
            signal.signal(number, handler)


def opened_home(path: Path) -> "Home":
    """Return a device's home; raises UsageError where there is none."""
    from edge_agent.home import HomeError, open_home  # noqa: PLC0415

    try:
        return open_home(path)
    except HomeError as error:
        raise UsageError(f"{path}: {error}") from error


def open_agent(home_path: Path) -> "Agent":
    """Return the device's agent with its profile and its VIN reader; raises the rooms' errors."""
    from edge_agent.agent import Agent, Equipment  # noqa: PLC0415
    from edge_agent.clock import Clock  # noqa: PLC0415
    from firmware_profiles.files import load  # noqa: PLC0415
    from passlane.reading import checked_profile, vin_reader  # noqa: PLC0415

    home = opened_home(home_path)
    profile = load(home.profile_path, home.profile_public)
    checked_profile(profile.profile, version("passlane"))
    equipment = Equipment(
        profile=profile, reader=vin_reader(profile.profile), software=version("passlane"), clock=Clock()
    )
    return Agent(home, equipment)


def _say(result: "VisitResult", *, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.encode(result).decode(), flush=True)
        return
    sticker = result.sticker or ", ".join(reason.zh for reason in result.reasons) or result.decision
    print(f"{result.order}\t{result.outcome}\t{sticker}", flush=True)
