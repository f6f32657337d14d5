"""Reads the TOML text of a profile, strictly: what is unknown, missing, of a wrong type or out of range is refused.

It knows how a text becomes a `Profile`. The shape and the ranges are in `schema`, what must hold between values in
`consistency`, the words of a refusal in `faults`. Files and signatures are left to `files` and `signed`.
"""

import tomllib
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo

from firmware_profiles import ProfileError
from firmware_profiles.consistency import inconsistencies
from firmware_profiles.faults import Fault, expectation, nearest, refusal, shown
from firmware_profiles.positions import KeyPath, key_lines
from firmware_profiles.schema import Profile

PROFILE_BYTES_MAX = 65_536
LINE_CHARACTERS_MAX = 1_000


def parse_profile(text: str) -> Profile:
    """Return the profile that a TOML text describes.

    1. TOML itself. 2. Each key and each value alone. 3. What must hold between values. A later step is taken only
    when the one before found no fault; the faults of one step are reported together.

    Raises ProfileError naming the line, the key's full path and the nearest right name.
    """
    table = _toml_table(text)
    lines = key_lines(text)
    faults = list(_table_faults(Profile, table, ()))
    if faults:
        raise refusal(faults, lines)
    profile = msgspec.convert(table, Profile)
    faults = list(inconsistencies(profile))
    if faults:
        raise refusal(faults, lines)
    return profile


def _toml_table(text: str) -> dict[str, Any]:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > PROFILE_BYTES_MAX:
        raise ProfileError(f"too large: {size} bytes, a profile has at most {PROFILE_BYTES_MAX}")
    if not text.strip():
        raise ProfileError("line 1: the profile is empty")
    for line, content in enumerate(text.split("\n"), start=1):
        # tomllib takes time by the square of the parts of one dotted key: 18 s for 60 kB of it.
        if len(content) > LINE_CHARACTERS_MAX:
            raise ProfileError(f"line {line}: longer than {LINE_CHARACTERS_MAX} characters")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ProfileError("not TOML that can be read: values are nested too deeply") from None
    except ValueError as error:
        raise ProfileError(f"not TOML: {error}") from None


def _table_faults(kind: type[Struct], value: object, path: KeyPath) -> Iterator[Fault]:
    """Yield the faults of one table: its unknown keys, its missing keys, and those of each value."""
    if not isinstance(value, dict):
        yield Fault(path, f"must be a table, not {shown(value)}")
        return
    fields = {info.encode_name: info for info in msgspec.structs.fields(kind)}
    hints = {key: nearest(key, fields) for key in value if key not in fields}
    for key, hint in hints.items():
        yield Fault((*path, key), f"is not a known key{hint}")
    for key, info in fields.items():
        # A key that was only misspelt is not reported a second time, as missing.
        if key in value:
            yield from _value_faults(info.type, value[key], (*path, key))
        elif info.required and nearest(key, [key]) not in hints.values():
            yield Fault((*path, key), f"is missing; it must be {_wanted(info)}")


def _value_faults(kind: Any, value: object, path: KeyPath) -> Iterator[Fault]:
    kind = _without_none(kind)
    if _is_struct(kind):
        yield from _table_faults(kind, value, path)
    elif get_origin(kind) is tuple:
        yield from _array_faults(get_args(kind)[0], value, path)
    else:
        yield from _leaf_faults(kind, value, path)


def _array_faults(kind: type[Struct], value: object, path: KeyPath) -> Iterator[Fault]:
    if not isinstance(value, list):
        yield Fault(path, f"must be an array of tables, each under [[{path[-1]}]]")
        return
    for index, entry in enumerate(value):
        yield from _table_faults(kind, entry, (*path, index))


def _leaf_faults(kind: Any, value: object, path: KeyPath) -> Iterator[Fault]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        is_choice = get_origin(kind) is Literal and isinstance(value, str)
        hint = nearest(str(value), get_args(kind)) if is_choice else ""
        yield Fault(path, f"must be {expectation(kind)}, not {shown(value)}{hint}")


def _wanted(info: FieldInfo) -> str:
    if _is_struct(info.type):
        return f"a table [{info.encode_name}]"
    if get_origin(info.type) is tuple:
        return f"at least one table [[{info.encode_name}]]"
    return expectation(info.type)


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


def _without_none(kind: Any) -> Any:
    """Return what an optional type holds; a TOML text cannot say None, it leaves the key out."""
    arguments = get_args(kind)
    return arguments[0] if arguments[-1:] == (type(None),) else kind
