"""Writes the folders of work orders that a demonstration's devices work through: drawn photos, or a person's own."""

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec
import tomli_w

from edge_agent.orders import ORDER_FILE, OrderText, VehicleOnPaper
from inspection.checklist import PhotoRole, PhotoSpec, required_for
from inspection.vin import is_vin
from models.drawing.rendering import damage, vin_photo
from models.drawing.vehicles import View, vehicle_photo
from passlane import UsageError
from passlane.demo.vehicles import INSURED_UNTIL, DemoVehicle

LABELS_FILE = "labels.tsv"
PHOTO_ENDINGS = (".jpg", ".jpeg", ".png")
_VIEWS: dict[PhotoRole, View] = {
    "left_front": "left_front",
    "right_rear": "right_rear",
    "interior": "cabin",
    "seat_belt": "cabin",
    "signature": "signature",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class RealPhoto:
    """A person's own photo of a VIN, and the VIN that its label file says, empty where it says none."""

    path: Path
    vin: str


def write_order(folder: Path, order: OrderText) -> None:
    """Write `order.toml` into a new folder."""
    folder.mkdir(parents=True)
    plain = msgspec.to_builtins(order, builtin_types=(date,))
    (folder / ORDER_FILE).write_text(tomli_w.dumps(_without_none(plain)), encoding="utf-8")


def _without_none(table: dict[str, object]) -> dict[str, object]:
    kept = {key: value for key, value in table.items() if value is not None}
    return {key: _without_none(value) if isinstance(value, dict) else value for key, value in kept.items()}


def _photos_of(order: OrderText) -> tuple[PhotoSpec, ...]:
    from edge_agent.orders import Order  # noqa: PLC0415

    opened = Order(name="", folder=Path(), text=order).case_opened(station="", profile="")
    return required_for(opened).photos


def write_vehicle(folder: Path, vehicle: DemoVehicle, *, seed: int) -> None:
    """Write a demonstration vehicle's order and draw its photos."""
    target = folder / vehicle.name
    write_order(target, vehicle.order)
    paper = vehicle.order.vehicle
    for spec in _photos_of(vehicle.order):
        if spec.role == "vin":
            good = vin_photo(vehicle.vin_on_car or paper.vin, vehicle.surface, seed)
            spoilt = damage(good, vehicle.spoilt_first, seed) if vehicle.spoilt_first else good
            (target / f"{spec.code}.jpg").write_bytes(spoilt)
            (target / f"{spec.code}-2.jpg").write_bytes(good)
        else:
            (target / f"{spec.code}.jpg").write_bytes(_view(spec, paper, vehicle.colour, seed))


def _view(spec: PhotoSpec, paper: VehicleOnPaper, colour: str, seed: int) -> bytes:
    return vehicle_photo(_VIEWS.get(spec.role, "other"), paper.plate or "新车", colour, seed)


def find_photos(folder: Path) -> list[RealPhoto]:
    """Return the photos in a folder, with the VINs of its labels.tsv (columns file, vin) where there is one.

    Raises UsageError when there is no photo, or the label file cannot be read or has other columns.
    """
    labels = _labels(folder / LABELS_FILE)
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in PHOTO_ENDINGS and path.is_file())
    except OSError as error:
        raise UsageError(f"{folder} cannot be read: {error.strerror}") from error
    if not paths:
        raise UsageError(f"{folder} holds no photo (.jpg, .jpeg or .png)")
    return [RealPhoto(path=path, vin=labels.get(path.name, "")) for path in paths]


def _labels(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
        if not {"file", "vin"} <= set(rows.fieldnames or ()):
            raise UsageError(f"{path} needs the columns file and vin, separated by tabs")
        # A row that is cut short has None where its VIN would be.
        return {row["file"]: row["vin"] or "" for row in rows}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error


def write_real(folder: Path, photo: RealPhoto, template: DemoVehicle, *, number: int) -> None:
    """Write an order around a real VIN photo; its other photos are the template's, drawn. Nobody is there to ask."""
    target = folder / f"{number:04d}-{photo.path.stem}"
    paper = msgspec.structs.replace(
        template.order.vehicle,
        vin=photo.vin or "unknown",
        frame_number=not is_vin(photo.vin),
        plate="",
        plate_kind="",
        insured_until=INSURED_UNTIL,
    )
    order = msgspec.structs.replace(template.order, serial=f"JY2611220000{number:05d}", vehicle=paper)
    write_order(target, order)
    for spec in _photos_of(order):
        data = photo.path.read_bytes() if spec.role == "vin" else _view(spec, paper, "white", 1)
        (target / f"{spec.code}.jpg").write_bytes(data)
