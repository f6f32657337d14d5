"""Work orders (检验任务单): what the platform says about a vehicle, and what the person who walks round it will see.

    NN-name/order.toml
    NN-name/0111.jpg       the photo of that code; 0111-2.jpg, 0111-3.jpg: what a second, third attempt gives

Knows how an order is written and read. What is done with it is `walkround`'s.
"""

import re
import tomllib
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from edge_agent import AgentError
from inspection.checklist import Requirement
from inspection.facts import CaseOpened, Mark, Outcome, Vehicle
from inspection.identities import Regime
from inspection.vin import VinError, parse_vin

ORDER_FILE = "order.toml"
ORDER_BYTES_MAX = 64 * 1024
ORDERS_MAX = 10_000

_MARKS: tuple[Mark, ...] = ("pass", "fail", "not_required")
_PHOTO_CODE = re.compile(r"[A-Za-z0-9_]{1,20}\Z")


class OrderError(AgentError):
    """An order that cannot be followed; the text names the folder and the key."""


class VehicleOnPaper(Vehicle, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The vehicle as the platform has it.

    frame_number: what stands as `vin` is a 整车出厂编号 and follows no rule of VINs.
    """

    frame_number: bool = False


class Footage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which recorder and channel film the place, or why there is no footage."""

    recorder: str
    channel: str
    missing: str = ""


class OrderText(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands in `order.toml`.

    items: by item code, "fail", "not_required", "pass" or the determined value; what is not named passes.
    person_confirms_vin: what a person reads when the reading is doubtful, empty when nobody is there.
    drives_off_after: photo code after which the vehicle leaves. verdict: what the inspector says whatever was found,
    empty for what follows from the items.
    """

    regime: Regime
    serial: str
    inspector: str
    vehicle: VehicleOnPaper
    business: str = ""
    inspection_kind: str = ""
    lane: str = ""
    attempt: int = 1
    person_confirms_vin: str = ""
    drives_off_after: str = ""
    verdict: Literal["", "pass", "fail", "pass_advised"] = ""
    items: dict[str, str] = {}
    video: Footage | None = None


class Order(Struct, frozen=True, kw_only=True):
    """One order. name: of its folder. text: what it says."""

    name: str
    folder: Path
    text: OrderText

    def case_opened(self, *, station: str, profile: str) -> CaseOpened:
        """Return the fact that opens the case of this order at that station, under that profile."""
        text = self.text
        return CaseOpened(
            regime=text.regime,
            serial=text.serial,
            vehicle=Vehicle(**{name: getattr(text.vehicle, name) for name in Vehicle.__struct_fields__}),
            station=station,
            inspector=text.inspector,
            lane=text.lane,
            business=text.business,
            inspection_kind=text.inspection_kind,
            attempt=text.attempt,
            profile=profile,
        )

    def check_items(self, requirement: Requirement) -> None:
        """Raise OrderError unless the order's items are items of this inspection, with a value where one is wanted."""
        known = {item.code for item in requirement.items}
        if odd := sorted(set(self.text.items) - known):
            raise OrderError(f"{self.name}: items.{odd[0]} is no item of this inspection")
        for item in requirement.items:
            if item.value_kind == "value" and item.code not in self.text.items:
                raise OrderError(f"{self.name}: items.{item.code} ({item.name_zh}) needs the determined value")

    def mark(self, item: str) -> tuple[Mark, str]:
        """Return how the person marks an item, and the value where it is one."""
        said = self.text.items.get(item, "pass")
        for mark in _MARKS:
            if said == mark:
                return mark, ""
        return "value", said

    def verdict(self) -> Outcome:
        """Return what the inspector says at the end."""
        if self.text.verdict:
            return self.text.verdict
        return "fail" if "fail" in self.text.items.values() else "pass"

    def has_attempt(self, code: str, attempt: int) -> bool:
        """Return whether that attempt (from 1) at a photo gives a picture of its own."""
        return self._photo_path(code, attempt).is_file()

    def photo(self, code: str, attempt: int) -> bytes | None:
        """Return what an attempt (from 1) at a photo gives: its own file or the last before it; None without any.

        Raises OrderError when the file cannot be read.
        """
        for number in range(attempt, 0, -1):
            if self.has_attempt(code, number):
                return _read(self._photo_path(code, number), None)
        return None

    def _photo_path(self, code: str, attempt: int) -> Path:
        if not _PHOTO_CODE.match(code):
            raise OrderError(f"{self.name}: {code[:40]!r} is no photo code")
        return self.folder / (f"{code}.jpg" if attempt == 1 else f"{code}-{attempt}.jpg")


def load_order(folder: Path) -> Order:
    """Return the order in `folder`; raises OrderError naming the folder, and the key that is wrong."""
    data = _read(folder / ORDER_FILE, ORDER_BYTES_MAX)
    try:
        return Order(name=folder.name, folder=folder, text=parse_order(data.decode("utf-8")))
    except UnicodeDecodeError as error:
        raise OrderError(f"{folder.name}/{ORDER_FILE} is not UTF-8") from error
    except OrderError as error:
        raise OrderError(f"{folder.name}/{ORDER_FILE}: {error}") from error


def order_folders(folder: Path) -> tuple[Path, ...]:
    """Return the subfolders of `folder` that hold an order, by name; raises OrderError when there is none.

    A subfolder without `order.toml` is no order and is passed over. One that is wrong stops none of the others.
    """
    try:
        found = sorted(entry for entry in folder.iterdir() if (entry / ORDER_FILE).is_file())
    except OSError as error:
        raise OrderError(f"the folder of orders {folder.name} cannot be read: {error.strerror}") from error
    if not 1 <= len(found) <= ORDERS_MAX:
        raise OrderError(f"{folder.name} holds {len(found)} orders; 1 to {ORDERS_MAX} are expected")
    return tuple(found)


def parse_order(text: str) -> OrderText:
    """Return what an order says; raises OrderError naming the key."""
    try:
        order = msgspec.convert(_toml(text), OrderText)
    except msgspec.ValidationError as error:
        raise OrderError(str(error)) from error
    for key, value in (("serial", order.serial), ("inspector", order.inspector), ("vehicle.vin", order.vehicle.vin)):
        if not value.strip():
            raise OrderError(f"{key} is empty")
    if not order.vehicle.frame_number:
        _check_vin("vehicle.vin", order.vehicle.vin)
    if order.attempt < 1:
        raise OrderError(f"attempt is {order.attempt}; the first is 1")
    for code, said in order.items.items():
        if not said.strip():
            raise OrderError(f"items.{code} is empty; write fail, not_required, pass or the value")
    return order


def _check_vin(key: str, vin: str) -> None:
    try:
        parse_vin(vin)
    except VinError as error:
        raise OrderError(f"{key}: {error} (frame_number = true if it is no VIN)") from error


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise OrderError(str(error)) from error


def _read(path: Path, bytes_max: int | None) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read() if bytes_max is None else file.read(bytes_max + 1)
    except OSError as error:
        raise OrderError(f"{path.parent.name}/{path.name} cannot be read: {error.strerror}") from error
    if bytes_max is not None and len(data) > bytes_max:
        raise OrderError(f"{path.parent.name}/{path.name} has more than {bytes_max} bytes")
    return data
