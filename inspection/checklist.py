"""The checklist: which items and photos an inspection needs, by regime, business, vehicle class and use.

Knows how a versioned checklist file is validated and applied; what it demands stands in `checklists/*.toml`. The full
matrix of GA 801 is not public, so rows say whether they are provisional, and a vehicle of which the file says nothing
gets its default rows, marked so. Whether an item holds is for the person who checks it.
"""

import tomllib
from collections.abc import Collection, Container, Iterator
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from typing import Literal, NoReturn

import msgspec
from msgspec import Struct

from inspection import InspectionError, shipped_names, shipped_text
from inspection.codes import CodeError, CodeTable, table
from inspection.facts import CaseOpened
from inspection.identities import REGIMES, Regime

ValueKind = Literal["mark", "value"]
"""mark: √, × or —. value: the determined value is written, e.g. the colour (GA 801, items 4 to 6 at 注册登记)."""

PhotoRole = Literal[
    "vin",
    "left_front",
    "right_rear",
    "rear",
    "interior",
    "seat_belt",
    "equipment",
    "certificate",
    "nameplate",
    "signature",
]
"""What a photo shows, in words that both regimes share."""

CHECKLIST_CHARACTERS_MAX = 200_000
FOLDER = "checklists"
CURRENT = "1"
DEFAULT = "default"
REQUIREMENTS_KEPT_MAX = 1_000
"""Few kinds of vehicles come, but a device may name any: so many answers are kept."""

_BUSINESS_TABLES: dict[Regime, tuple[str, ...]] = {"chayan": ("chayan_form_business", "ywlx"), "jianyan": ("jylb",)}


class ChecklistError(InspectionError):
    """A checklist that does not hold; the text names the row and the key."""


class ItemSpec(Struct, frozen=True, kw_only=True):
    """An item to check.

    form: the code table that numbers it, e.g. "chayan_items_20"; code: its number there. A number means nothing without
    its form.
    """

    form: str
    code: str
    name_zh: str
    name_en: str
    value_kind: ValueKind


class PhotoSpec(Struct, frozen=True, kw_only=True):
    """A photo to take. code: photo code of the regime, e.g. "L45" or "0111"; role: what it shows."""

    code: str
    name_zh: str
    name_en: str
    role: PhotoRole


class Requirement(Struct, frozen=True, kw_only=True):
    """What one inspection needs, in the order of the file; all items are of one form.

    version: of the checklist. provisional: whether any row that led to it is unconfirmed.
    """

    version: str
    items: tuple[ItemSpec, ...]
    photos: tuple[PhotoSpec, ...]
    provisional: bool


class Missing(Struct, frozen=True, kw_only=True):
    """What is still to be done."""

    items: tuple[ItemSpec, ...]
    photos: tuple[PhotoSpec, ...]

    @property
    def nothing(self) -> bool:
        """Whether all is done."""
        return not self.items and not self.photos


class FormRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A form (记录表) and the vehicles it is for: those of one of the classes or of one of the uses."""

    regime: Regime
    table: str
    classes: tuple[str, ...] = ("*",)
    uses: tuple[str, ...] = ("*",)
    source: str
    provisional: bool


class PhotoRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A photo code, the table that names it, and what it shows."""

    regime: Regime
    table: str
    code: str
    role: PhotoRole


class DemandRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is demanded of the vehicles that fit: the form, one business, one class and one use each have to match.

    kind: "base" rows make a business known for a vehicle; "extra" rows add to them.
    business, classes, uses: patterns with * ? and [ ]; business "default" stands for whatever has no base row.
    value_items: those of the items that hold a value.
    """

    id: str
    kind: Literal["base", "extra"] = "extra"
    form: str
    business: tuple[str, ...]
    classes: tuple[str, ...] = ("*",)
    uses: tuple[str, ...] = ("*",)
    items: tuple[str, ...] = ()
    value_items: tuple[str, ...] = ()
    photos: tuple[str, ...] = ()
    source: str
    provisional: bool

    def fits(self, business: str, vehicle_class: str, use: str) -> bool:
        """Return whether the row speaks about such a vehicle at such a business."""
        asked = ((business, self.business), (vehicle_class, self.classes), (use, self.uses))
        return all(_matches(value, patterns) for value, patterns in asked)


class Checklist(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version of the checklist, as its file states it. Build it with `load_checklist`, which validates it."""

    version: str
    forms: tuple[FormRow, ...]
    photos: tuple[PhotoRow, ...]
    demands: tuple[DemandRow, ...]

    def required(self, regime: Regime, *, business: str, vehicle_class: str, use: str) -> Requirement:
        """Return what the inspection of such a vehicle needs.

        business: for chayan a number of the form (chayan_form_business) or a ywlx code, for jianyan a jylb code.
        vehicle_class: cllx; use: syxz. Codes that no base row knows get the default rows, marked provisional.
        Raises ChecklistError for a regime that does not exist.
        """
        form = self._form(regime, vehicle_class, use)
        known = _named(vehicle_class, use) and any(
            row.kind == "base" for row in self._fitting(form, business, vehicle_class, use)
        )
        asked = business if known else DEFAULT
        rows = tuple(self._fitting(form, asked, vehicle_class, use))
        return Requirement(
            version=self.version,
            items=_items(form.table, rows),
            photos=self._photos(regime, rows),
            provisional=not known or form.provisional or any(row.provisional for row in rows),
        )

    def _form(self, regime: Regime, vehicle_class: str, use: str) -> FormRow:
        for form in self.forms:
            if form.regime == regime and (_matches(vehicle_class, form.classes) or _matches(use, form.uses)):
                return form
        raise ChecklistError(f"checklist {self.version} has no form for the regime {regime!r}")

    def _fitting(self, form: FormRow, business: str, vehicle_class: str, use: str) -> Iterator[DemandRow]:
        return (row for row in self.demands if row.form == form.table and row.fits(business, vehicle_class, use))

    def _photos(self, regime: Regime, rows: tuple[DemandRow, ...]) -> tuple[PhotoSpec, ...]:
        wanted = {code for row in rows for code in row.photos}
        return tuple(_photo(photo) for photo in self.photos if photo.regime == regime and photo.code in wanted)


def load_checklist(text: str) -> Checklist:
    """Return the checklist written in `text` (TOML).

    Raises ChecklistError naming the row and the key: no TOML, a missing, unknown or mistyped key, a code that its table
    does not have, an empty or doubled row, or a form that leaves some vehicle without a default.
    """
    if len(text) > CHECKLIST_CHARACTERS_MAX:
        raise ChecklistError(f"a checklist has at most {CHECKLIST_CHARACTERS_MAX} characters, this one has {len(text)}")
    try:
        checklist = msgspec.convert(tomllib.loads(text), Checklist)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ChecklistError(f"the checklist cannot be read: {error}") from error
    for position, form in enumerate(checklist.forms):
        _check_form(form, f"forms[{position}]", checklist)
    for position, photo in enumerate(checklist.photos):
        _check_photo(photo, f"photos[{position}]", checklist)
    for position, row in enumerate(checklist.demands):
        _check_demand(row, f"demands[{position}] {row.id!r}", checklist)
    _check_coverage(checklist)
    return checklist


@cache
def shipped_checklist(version: str) -> Checklist:
    """Return a checklist that this program carries, e.g. "1"; records name the version they were made under.

    Raises ChecklistError when there is none of that version.
    """
    name = f"checklist-{version}.toml"
    if name not in shipped_names(FOLDER):
        raise ChecklistError(f"this program carries no checklist of version {version[:40]!r}")
    return load_checklist(shipped_text(FOLDER, name))


def current_checklist() -> Checklist:
    """Return the shipped checklist that new inspections follow."""
    return shipped_checklist(CURRENT)


def required_for(opened: CaseOpened, version: str = CURRENT) -> Requirement:
    """Return what a shipped checklist demands of an opened case: by ywlx at 查验, by jylb at 检验.

    Raises ChecklistError when there is none of that version.
    """
    business = opened.business if opened.regime == "chayan" else opened.inspection_kind
    vehicle = opened.vehicle
    return _shipped_requirement(
        version, opened.regime, business=business, vehicle_class=vehicle.vehicle_class, use=vehicle.use
    )


@lru_cache(maxsize=REQUIREMENTS_KEPT_MAX)
def _shipped_requirement(version: str, regime: Regime, *, business: str, vehicle_class: str, use: str) -> Requirement:
    return shipped_checklist(version).required(regime, business=business, vehicle_class=vehicle_class, use=use)


def is_vin_item(item: ItemSpec) -> bool:
    """Say whether an item is the comparison of the VIN (车辆识别代号), which a device can answer itself."""
    return item.name_zh.startswith("车辆识别代号")


def missing(requirement: Requirement, taken_photos: Collection[str], checked_items: Collection[str]) -> Missing:
    """Return what is still to be done, in the requirement's order.

    taken_photos: photo codes; checked_items: item codes of the requirement's form. Codes beyond it are no fault.
    """
    return Missing(
        items=tuple(item for item in requirement.items if item.code not in checked_items),
        photos=tuple(photo for photo in requirement.photos if photo.code not in taken_photos),
    )


def _named(vehicle_class: str, use: str) -> bool:
    return vehicle_class in table("cllx") and use in table("syxz")


def _matches(value: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(value, pattern) for pattern in patterns)


def _items(form: str, rows: tuple[DemandRow, ...]) -> tuple[ItemSpec, ...]:
    wanted = {code for row in rows for code in row.items}
    valued = {code for row in rows for code in row.value_items}
    return tuple(
        ItemSpec(
            form=form,
            code=item.code,
            name_zh=item.name_zh,
            name_en=item.name_en,
            value_kind="value" if item.code in valued else "mark",
        )
        for item in table(form)
        if item.code in wanted
    )


def _photo(photo: PhotoRow) -> PhotoSpec:
    named = table(photo.table)[photo.code]
    return PhotoSpec(code=photo.code, name_zh=named.name_zh, name_en=named.name_en, role=photo.role)


def _refuse(where: str, key: str, said: str) -> NoReturn:
    raise ChecklistError(f"{where}, key {key!r}: {said}")


def _table(name: str, where: str, key: str) -> CodeTable:
    try:
        return table(name)
    except CodeError as error:
        _refuse(where, key, str(error))


def _check_codes(codes: tuple[str, ...], known: Container[str], where: str, key: str) -> None:
    for code in codes:
        if code not in known:
            _refuse(where, key, f"there is no {code!r}")


def _check_patterns(patterns: tuple[str, ...], names: tuple[str, ...], where: str, key: str) -> None:
    for pattern in patterns:
        if not any(fnmatchcase(row.code, pattern) for name in names for row in table(name)):
            _refuse(where, key, f"{pattern!r} fits no code of {' or '.join(names)}")


def _check_form(form: FormRow, where: str, checklist: Checklist) -> None:
    _table(form.table, where, "table")
    _check_patterns(form.classes, ("cllx",), where, "classes")
    _check_patterns(form.uses, ("syxz",), where, "uses")
    if [other.table for other in checklist.forms].count(form.table) > 1:
        _refuse(where, "table", f"{form.table} stands in several rows")


def _is_default(row: DemandRow) -> bool:
    everything = "*" in row.classes and "*" in row.uses
    return everything and row.kind == "base" and row.provisional and DEFAULT in row.business


def _check_photo(photo: PhotoRow, where: str, checklist: Checklist) -> None:
    _check_codes((photo.code,), _table(photo.table, where, "table"), where, "code")
    if [(other.regime, other.code) for other in checklist.photos].count((photo.regime, photo.code)) > 1:
        _refuse(where, "code", f"{photo.code} stands in several rows of {photo.regime}")


def _check_demand(row: DemandRow, where: str, checklist: Checklist) -> None:
    regimes = {form.table: form.regime for form in checklist.forms}
    _check_codes((row.form,), regimes, where, "form")
    regime = regimes[row.form]
    _check_codes(row.items, table(row.form), where, "items")
    _check_codes(row.value_items, row.items, where, "value_items")
    photos = {photo.code for photo in checklist.photos if photo.regime == regime}
    _check_codes(row.photos, photos, where, "photos")
    coded = tuple(pattern for pattern in row.business if pattern != DEFAULT)
    _check_patterns(coded, _BUSINESS_TABLES[regime], where, "business")
    _check_patterns(row.classes, ("cllx",), where, "classes")
    _check_patterns(row.uses, ("syxz",), where, "uses")
    if not row.items and not row.photos:
        _refuse(where, "items", "the row demands neither an item nor a photo")
    if [other.id for other in checklist.demands].count(row.id) > 1:
        _refuse(where, "id", "it stands in several rows")


def _check_coverage(checklist: Checklist) -> None:
    # Whatever vehicle and business is asked for, there has to be an answer.
    for position, form in enumerate(checklist.forms):
        if not any(_is_default(row) for row in checklist.demands if row.form == form.table):
            said = f"{form.table} needs a provisional base row of business {DEFAULT!r} for every vehicle"
            _refuse(f"forms[{position}]", "table", said)
    for regime in REGIMES:
        if not any("*" in form.classes for form in checklist.forms if form.regime == regime):
            _refuse("forms", "classes", f"no form of {regime} is for every vehicle; one needs '*'")
