"""Chinese plates (号牌): their forms, the two-part key of kind and number, masking, and the province character.

Knows how the table plate_forms.toml is applied; the forms themselves, most of them provisional, stand there. Whether a
plate exists, and whose it is, only the platform knows.
"""

import re
import string
import tomllib
import unicodedata
from functools import cache
from typing import NoReturn

import msgspec
from msgspec import Struct

from inspection import InspectionError, shipped_text
from inspection.codes import table

# Width of the platform's field hphm.
PLATE_CHARACTERS_MAX = 15

SEPARATORS = "·•・.-"


class PlateError(InspectionError):
    """A text that is no plate, or no plate of that kind.

    The sentence names the position and the character, never the whole plate, so that it may be logged.
    code: "plate.full_width", "plate.lower_case", "plate.character", "plate.illegal_letter", "plate.length",
    "plate.province", "plate.form", "plate.kind_mismatch" or "plate.kind_needed".
    position: of the fault, from 1; 0 where it has none. suggestion: the text as it was likely meant, to show to the
    person who typed it. kinds: the kinds (hpzl) that the text could be of, where it has a known form.
    """

    def __init__(
        self, text: str, *, code: str, position: int = 0, suggestion: str = "", kinds: tuple[str, ...] = ()
    ) -> None:
        super().__init__(text)
        self.code = code
        self.position = position
        self.suggestion = suggestion
        self.kinds = kinds


class PlateKey(Struct, frozen=True):
    """What identifies a registered vehicle: a number alone does not, the same one may exist under several kinds.

    hpzl: plate kind (号牌种类), a code of the table hpzl. hphm: the full number (号牌号码) with its province character.
    """

    hpzl: str
    hphm: str


class PlateForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One form that plates have; the fields are described in plate_forms.toml."""

    name: str
    name_zh: str
    pattern: str
    kinds: tuple[str, ...]
    registrable: bool
    provisional: bool
    source: str


class _Forms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    open_kinds: tuple[str, ...]
    enforcement_kinds: tuple[str, ...]
    plateless_kinds: tuple[str, ...]
    plateless_words: tuple[str, ...]
    characters: dict[str, str]
    likely_digits: dict[str, str]
    forms: tuple[PlateForm, ...]


def parse_plate(text: str, hpzl: str | None = None) -> PlateKey | None:
    """Return the key of a full plate, or None where the vehicle has no plate (新车, kind 41).

    hpzl: the plate kind; without it (none or empty) the plate is taken only if its form belongs to one kind.
    Plates of the Armed Police and the military are recognised too; see `is_registrable`.
    Raises PlateError, whose `kinds` say what the text could be, and CodeError for a kind that the table does not have.
    """
    forms = _forms()
    kind = table("hpzl")[hpzl].code if hpzl else None
    if kind in forms.plateless_kinds or text in ("", *forms.plateless_words):
        return None
    possible = plate_kinds(text)
    if kind is not None:
        if kind not in possible and (kind not in forms.open_kinds or not possible):
            _refuse_for_kind(text, kind, possible)
        return PlateKey(hpzl=kind, hphm=text)
    if not possible:
        _refuse_form(text)
    if len(possible) > 1:
        said = f"the kind (hpzl) is needed: a plate of this form may be {', '.join(possible)}"
        raise PlateError(said, code="plate.kind_needed", kinds=possible)
    return PlateKey(hpzl=possible[0], hphm=text)


def plate_forms(text: str) -> tuple[PlateForm, ...]:
    """Return the forms that a full plate has, most usual first; none when it has no known form.

    Raises PlateError for too long a text and for characters that no plate has, full-width and lower-case ones included.
    """
    _refuse_characters(text)
    return tuple(form for form in _forms().forms if _patterns()[form.name].fullmatch(text))


def plate_kinds(text: str) -> tuple[str, ...]:
    """Return the kinds (hpzl) that a full plate can be of, sorted; raises PlateError as `plate_forms` does."""
    return tuple(sorted({kind for form in plate_forms(text) for kind in form.kinds}))


def is_registrable(key: PlateKey) -> bool:
    """Return whether a vehicle with this plate can be handled at a lane.

    Not so the Armed Police (31), the military (32), and the kinds that only enforcement uses: no plate, a fake one or
    somebody else's (41, 42, 43). The kinds are those of plate_forms.toml.
    """
    forms = _forms()
    barred = {kind for form in forms.forms if not form.registrable for kind in form.kinds}
    return key.hpzl not in barred.union(forms.plateless_kinds, forms.enforcement_kinds)


def normalise_plate(text: str) -> str:
    """Return what a person typed in the form that `parse_plate` wants; it may still be no plate.

    Half-width, upper case, without spaces, dots and hyphens.
    """
    shown = "".join(unicodedata.normalize("NFKC", text).upper().split())
    return "".join(character for character in shown if character not in SEPARATORS)


def full_plate(fzjg: str, hphm: str) -> str:
    """Return the full plate: the first character of the issuing office (发证机关, "京A") and the number.

    Platform messages carry the number without its province character. A number that has one already, or a form without
    one (使, 临), comes back as it is. Raises PlateError when fzjg begins with no province, when hphm is empty, and as
    `plate_forms` does.
    """
    if not hphm:
        raise PlateError("there is no number to complete", code="plate.form")
    if fzjg[:1] not in provinces():
        raise PlateError("the issuing office (fzjg) must begin with a province character", code="plate.province")
    completed = fzjg[0] + hphm
    return hphm if plate_forms(hphm) and not plate_forms(completed) else completed


def without_province(plate: str) -> str:
    """Return the number as platform messages carry it: without the province character in front, if there is one."""
    return plate[1:] if plate[:1] in provinces() else plate


@cache
def provinces() -> frozenset[str]:
    """Return the province characters (省份简称) that begin plates of the mainland."""
    return frozenset(row.name_zh for row in table("province") if row.code.isdigit())


@cache
def _forms() -> _Forms:
    return msgspec.convert(tomllib.loads(shipped_text("code_tables", "plate_forms.toml")), _Forms)


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    forms = _forms()
    classes = {
        "<P>": f"[{''.join(sorted(provinces()))}]",
        "<A>": f"[{forms.characters['agency']}]",
        "<S>": f"[{forms.characters['serial']}]",
    }
    patterns: dict[str, re.Pattern[str]] = {}
    for form in forms.forms:
        pattern = form.pattern
        for mark, characters in classes.items():
            pattern = pattern.replace(mark, characters)
        patterns[form.name] = re.compile(pattern)
    return patterns


@cache
def _characters() -> frozenset[str]:
    written = {character for form in _forms().forms for character in form.pattern if not character.isascii()}
    return provinces() | written | frozenset(string.digits + string.ascii_uppercase)


def _refuse_characters(text: str) -> None:
    if len(text) > PLATE_CHARACTERS_MAX:
        said = f"a plate has at most {PLATE_CHARACTERS_MAX} characters, this text has {len(text)}"
        raise PlateError(said, code="plate.length")
    for position, character in enumerate(text, start=1):
        if character in _characters():
            continue
        if unicodedata.normalize("NFKC", character) != character:
            said, code = f"holds the full-width character {character}; type it half-width", "plate.full_width"
        elif character.islower():
            said, code = f"holds {character} in lower case; a plate is written in upper case", "plate.lower_case"
        else:
            said, code = f"holds {character!r}, which no plate contains", "plate.character"
        normal = normalise_plate(text)
        suggestion = normal if normal != text else ""
        raise PlateError(f"position {position} {said}", code=code, position=position, suggestion=suggestion)


def _lacks_province(text: str, kind: str | None) -> bool:
    if text[:1] in provinces() or len(text) >= PLATE_CHARACTERS_MAX:
        return False
    kinds = {possible for province in provinces() for possible in plate_kinds(province + text)}
    return kind in kinds if kind is not None else bool(kinds)


def _refuse_for_kind(text: str, kind: str, possible: tuple[str, ...]) -> NoReturn:
    if not possible or _lacks_province(text, kind):
        _refuse_form(text, kind)
    said = f"a plate of kind {kind} is not written like this; it may be {', '.join(possible)}"
    raise PlateError(said, code="plate.kind_mismatch", kinds=possible)


def _refuse_form(text: str, kind: str | None = None) -> NoReturn:
    if _lacks_province(text, kind):
        raise PlateError("the province character in front is missing", code="plate.province", position=1)
    meant = _forms().likely_digits
    for position, character in enumerate(text, start=1):
        if character in meant:
            said = f"position {position} holds {character}, which plates avoid; likely the digit {meant[character]}"
            mended = "".join(meant.get(other, other) for other in text)
            raise PlateError(said, code="plate.illegal_letter", position=position, suggestion=mended)
    raise PlateError(f"no kind of plate is written like these {len(text)} characters", code="plate.form")
