"""Runs the demonstration: makes a data folder, starts hub, lane box and handheld, prints a line a vehicle."""

import contextlib
import json
import signal
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from central_hub.installation import public_key_of
from central_hub.verify import verify_folder
from edge_agent.visits import VisitResult
from firmware_profiles.files import shipped_profile, signature_path
from firmware_profiles.signed import sign_profile
from inspection.signing import public_key_from_hex
from passlane import UsageError
from passlane.demo.folders import RealPhoto, find_photos, write_real, write_vehicle
from passlane.demo.judging import complaints
from passlane.demo.processes import Processes
from passlane.demo.report import HEADINGS, columns, line, summary
from passlane.demo.vehicles import demo_vehicles
from passlane.enrolling import EnrolAsked, enrol_device
from passlane.profile_command import profile_key

STATION = "ST01"
DEVICES: tuple[tuple[str, Literal["pda", "lane_box"], str, str], ...] = (
    ("lane-1", "lane_box", "lane-box-basic", "lane"),
    ("pda-1", "pda", "pda-basic", "pda"),
)
SILENCE_SECONDS_MAX = 600.0
_HUB_SETTINGS = """\
practice = true
title = "Passlane 演示"

[[stations]]
id = "ST01"
name = "演示检验站"
admitted = true
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoOptions:
    """once: end after the last vehicle. photos: a folder of a person's own photos. data: keep everything there.

    results: write every vehicle's result there, one JSON object a line, VINs uncovered.
    """

    once: bool
    photos: Path | None = None
    data: Path | None = None
    results: Path | None = None


def run_demo(options: DemoOptions, say: Callable[[str], None]) -> int:
    """Run the demonstration; return its exit status: 0 when every vehicle got the decision that it should."""
    # Before the folder is made: a mistake leaves nothing behind.
    photos = None if options.photos is None else find_photos(options.photos)
    with _data_folder(options.data) as folder:
        say(f"数据 data: {folder}")
        _write_orders(folder, photos, say)
        with Processes(folder) as processes:
            status = _drive(folder, processes, options, say)
            if not options.once:
                _stay(say)
        return _verified(folder, say) or status


def _stay(say: Callable[[str], None]) -> None:
    say("按 Ctrl-C 结束 / press Ctrl-C to end")
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()


@contextlib.contextmanager
def _data_folder(asked: Path | None) -> Iterator[Path]:
    if asked is not None:
        try:
            asked.mkdir(parents=True, exist_ok=False)
        except OSError as error:
            raise UsageError(f"{asked} cannot be made: {error.strerror}") from error
        yield asked.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="passlane-demo-") as made:
        yield Path(made)


def _write_orders(folder: Path, photos: list[RealPhoto] | None, say: Callable[[str], None]) -> None:
    vehicles = demo_vehicles()
    if photos is None:
        say("绘制演示照片 drawing the demonstration's photos ...")
        for seed, vehicle in enumerate(vehicles):
            write_vehicle(folder / "orders" / vehicle.device, vehicle, seed=seed)
        return
    for number, photo in enumerate(photos):
        device = DEVICES[number % len(DEVICES)][0]
        write_real(folder / "orders" / device, photo, vehicles[0], number=number + 1)


def _drive(folder: Path, processes: Processes, options: DemoOptions, say: Callable[[str], None]) -> int:
    hub = folder / "hub"
    hub.mkdir()
    (hub / "hub.toml").write_text(_HUB_SETTINGS, encoding="utf-8")
    processes.start("hub", "hub", "--data", str(hub), "--json")
    ready = json.loads(processes.first_line("hub"))
    say(f"控制台 console: {ready['url']}")
    for name, password in ready["accounts"].items():
        say(f"  登录 sign in: {name} / {password}")
    for device, kind, profile, command in DEVICES:
        orders = folder / "orders" / device
        if orders.is_dir():
            _enrol(folder, device, kind, profile=profile, url=ready["url"], password=ready["accounts"]["operator"])
            home = str(folder / device)
            processes.start(device, command, "--home", home, "--orders", str(orders), "--json", "--stay")
    expected = sum(1 for _ in folder.glob("orders/*/*"))
    results = _watch(processes, expected, say, mask=options.photos is not None)
    if options.results is not None:
        options.results.write_bytes(b"".join(msgspec.json.encode(result) + b"\n" for result in results))
    return _judged(hub, results, expected, options=options, say=say)


def _enrol(
    folder: Path, device: str, kind: Literal["pda", "lane_box"], *, profile: str, url: str, password: str
) -> None:
    key = profile_key(folder / "profile.key")
    path = folder / f"{profile}.toml"
    path.write_bytes(shipped_profile(profile))
    signature_path(path).write_bytes(sign_profile(path.read_bytes(), key))
    asked = EnrolAsked(
        hub=url,
        user="operator",
        device=device,
        kind=kind,
        station=STATION,
        profile=path,
        profile_key=key.public.hex(),
        home=folder / device,
    )
    enrol_device(asked, password=password)


def _watch(processes: Processes, expected: int, say: Callable[[str], None], *, mask: bool) -> list[VisitResult]:
    say(columns(HEADINGS))
    results: list[VisitResult] = []
    while len(results) < expected:
        found = processes.next_line(SILENCE_SECONDS_MAX)
        if found is None or found[1] == "":
            say(f"{found[0] if found else 'every process'} went silent; its log is in the data folder")
            break
        results.append(msgspec.json.decode(found[1], type=VisitResult))
        say(line(results[-1], mask=mask))
    return results


def _judged(
    hub: Path, results: list[VisitResult], expected: int, *, options: DemoOptions, say: Callable[[str], None]
) -> int:
    total = summary(results)
    wait = "—" if total.seconds_median is None else f"{total.seconds_median:.2f}"
    say(f"{total.vehicles} 辆 vehicles, {total.stickers} 枚 stickers")
    say(f"末张照片到标志, 中位数 / last photo to sticker, median: {wait} s")
    if len(results) < expected:
        say(f"WRONG: {expected - len(results)} vehicles have no result")
        return 1
    if options.photos is not None:
        return 0
    wrong = complaints(hub, demo_vehicles())
    for text in wrong:
        say(f"WRONG: {text}")
    return 1 if wrong else 0


def _verified(folder: Path, say: Callable[[str], None]) -> int:
    hub = folder / "hub"
    counts = verify_folder(hub, public_key_from_hex(public_key_of(hub)))
    say("核验 verify: sound, " + ", ".join(f"{count} {what}" for what, count in sorted(counts.items())))
    return 0
