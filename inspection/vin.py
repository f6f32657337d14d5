"""The vehicle identification number (车辆识别代号, VIN): its alphabet, check character, model year and masking.

Knows ISO 3779 and GB 16735-2019 as far as the shipped tables state them. Reading a VIN off a photo is left to models;
whether a doubtful one may pass is left to rules. Not every registered vehicle has a VIN: frame numbers (整车出厂编号)
are refused here and handled as text by whoever holds them.
"""

import unicodedata
from datetime import date
from functools import cache
from itertools import zip_longest

from inspection import InspectionError
from inspection.codes import table

VIN_CHARACTERS = 17
CHECK_POSITION = 9
YEAR_POSITION = 10
VIN_ALPHABET = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"

# A model year may begin in the calendar year before it.
MODEL_YEAR_LEAD_YEARS_MAX = 1

SURROUNDING_MARKS = "*#"
MASK = "*"
MASK_KEEPS_FIRST = 3
MASK_KEEPS_LAST = 2


class VinError(InspectionError):
    """A text that is no VIN.

    The sentence names the position and the character, never the whole text, so that it may be logged.
    code: "vin.full_width", "vin.lower_case", "vin.illegal_letter", "vin.character", "vin.length" or "vin.repeated".
    position: of the first fault, from 1; 0 where the fault has no position.
    suggestion: the text as it was likely meant, to show to the person who typed it; empty when there is none.
    """

    def __init__(self, text: str, *, code: str, position: int = 0, suggestion: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.position = position
        self.suggestion = suggestion


def parse_vin(text: str) -> str:
    """Return `text` if it is 17 legal characters that are not all the same one.

    The check character is not looked at: a genuine VIN need not hold it (see `check_digit_is_mandatory`).
    Raises VinError otherwise; of several faults the one that a person should mend first.
    """
    vin = _legal(text)
    # A row of one character can pass the weighted sum: seventeen times 1 does.
    if len(set(vin)) == 1:
        raise VinError(f"a VIN is not one character ({vin[0]}) repeated", code="vin.repeated")
    return vin


def normalise_vin(text: str) -> str:
    """Return what a person typed or a barcode held in the form that `parse_vin` wants; it may still be no VIN.

    Half-width, upper case, without spaces and without the marks * and # that surround a stamped VIN.
    """
    shown = unicodedata.normalize("NFKC", text).upper()
    return "".join(shown.split()).strip(SURROUNDING_MARKS)


def is_vin(text: str) -> bool:
    """Return whether `parse_vin` takes `text`."""
    try:
        parse_vin(text)
    except VinError:
        return False
    return True


def check_digit(vin: str) -> str:
    """Return the check character that position 9 of `vin` should hold, "0" to "9" or "X"; what stands there is ignored.

    The weighted sum of GB 16735-2019 appendix A modulo 11, where 10 is written X. Raises VinError when `vin` has
    another length or an illegal character.
    """
    values, weights = _values(), _weights()
    total = sum(values[character] * weight for character, weight in zip(_legal(vin), weights, strict=True))
    return "0123456789X"[total % 11]


def check_digit_holds(vin: str) -> bool:
    """Return whether position 9 holds the right check character; raises VinError as `check_digit` does."""
    return check_digit(vin) == vin[CHECK_POSITION - 1]


def check_digit_is_mandatory(vin: str) -> bool:
    """Return whether the maker's region obliges this VIN to hold its check character (China and North America).

    Where it does not, a failing check says nothing. The regions are the rows of the table vin_check_region.
    Raises VinError.
    """
    return wmi_region(vin) in table("vin_check_region")


def wmi(vin: str) -> str:
    """Return the world manufacturer identifier (世界制造厂识别代号), positions 1 to 3; raises VinError."""
    return parse_vin(vin)[:3]


def maker_is_known(vin: str) -> bool:
    """Return whether the manufacturer identifier is in the table vin_maker; no list is complete. Raises VinError."""
    return wmi(vin) in table("vin_maker")


def wmi_region(vin: str) -> str:
    """Return the maker's region: "china", "north_america", "europe" and so on, by the table wmi_region.

    Raises VinError.
    """
    return table("wmi_region")[parse_vin(vin)[0]].name_en


def model_years(vin: str) -> tuple[int, ...]:
    """Return the years that position 10 may mean, earliest first; none when it holds no year code.

    The code repeats after 30 years, so that one VIN has several. Many makers outside China and North America do not
    write a year there at all. Raises VinError.
    """
    code = parse_vin(vin)[YEAR_POSITION - 1]
    years = table("vin_year")
    return tuple(int(year) for year in years[code].name_zh.split("/")) if code in years else ()


def model_year(vin: str, registered: date | None) -> int | None:
    """Return the model year: the latest possible one that a vehicle registered on that day can have.

    registered: day of first registration (注册登记), or None when it is not known. Returns None when the VIN leaves
    the year open. Raises VinError.
    """
    years = model_years(vin)
    if registered is not None:
        years = tuple(year for year in years if year <= registered.year + MODEL_YEAR_LEAD_YEARS_MAX)[-1:]
    return years[0] if len(years) == 1 else None


def masked_vin(vin: str) -> str:
    """Return `vin` for logs and reports: the first 3 and the last 2 characters kept, the others as stars.

    Takes any text; one that is too short to hide anything in is starred whole.
    """
    kept = MASK_KEEPS_FIRST + MASK_KEEPS_LAST
    if len(vin) <= kept:
        return MASK * len(vin)
    return vin[:MASK_KEEPS_FIRST] + MASK * (len(vin) - kept) + vin[-MASK_KEEPS_LAST:]


def differing_positions(a: str, b: str) -> tuple[int, ...]:
    """Return the positions, from 1, at which two readings differ; positions that only the longer one has differ."""
    return tuple(position for position, (x, y) in enumerate(zip_longest(a, b), start=1) if x != y)


def _legal(text: str) -> str:
    _refuse_width(text)
    _refuse_case(text)
    _refuse_characters(text)
    if len(text) != VIN_CHARACTERS:
        raise VinError(f"a VIN has {VIN_CHARACTERS} characters, this text has {len(text)}", code="vin.length")
    return text


def _refuse_width(text: str) -> None:
    for position, character in enumerate(text, start=1):
        if unicodedata.normalize("NFKC", character) != character:
            said = f"position {position} holds the full-width character {character}; type it half-width"
            half_width = unicodedata.normalize("NFKC", text)
            raise VinError(said, code="vin.full_width", position=position, suggestion=half_width)


def _refuse_case(text: str) -> None:
    for position, character in enumerate(text, start=1):
        if character.islower():
            said = f"position {position} holds {character} in lower case; a VIN is written in upper case"
            raise VinError(said, code="vin.lower_case", position=position, suggestion=text.upper())


def _refuse_characters(text: str) -> None:
    meant = table("vin_illegal_letter")
    for position, character in enumerate(text, start=1):
        if character in meant:
            digit = meant[character].name_zh
            said = f"position {position} holds the letter {character}, which no VIN contains; likely the digit {digit}"
            mended = "".join(meant[other].name_zh if other in meant else other for other in text)
            raise VinError(said, code="vin.illegal_letter", position=position, suggestion=mended)
        if character not in VIN_ALPHABET:
            said = f"position {position} holds {character!r}; a VIN has only digits and the letters A to Z"
            raise VinError(said, code="vin.character", position=position)


@cache
def _values() -> dict[str, int]:
    return {row.code: int(row.name_zh) for row in table("vin_char_value")}


@cache
def _weights() -> tuple[int, ...]:
    return tuple(int(row.name_zh) for row in table("vin_weight"))
