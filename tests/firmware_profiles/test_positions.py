import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_profiles import ProfileError
from firmware_profiles.positions import NESTING_LEVELS_MAX, KeyPath, key_lines


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a = 1", ("a",), 1),
        ("\n# a = 2\n\ta = 1 # x", ("a",), 3),
        ("a.b.c = 1\na.b.d = 2", ("a", "b", "d"), 2),
        ("a . b = 1", ("a", "b"), 1),
        ('\'a.b\'."c \\u0041\\"" = 1', ("a.b", 'c A"'), 1),
        ("\n[x]\ny = 1", ("x",), 2),
        ("\n[x]\ny = 1", ("x", "y"), 3),
        ("[ x . y ] # z\n\nw = 1", ("x", "y", "w"), 3),
        ("[[c]]\na=1\n[[c]]\na=2", ("c", 1, "a"), 4),
        ("[[c]]\n[[c]]\n", ("c",), 1),
        ("[[c]]\n[[c]]\n", ("c", 1), 2),
        ("[[c]]\n[[c.d]]\n[[c.d]]\nx=1\n[[c]]\n[[c.d]]\nx=2", ("c", 0, "d", 1, "x"), 4),
        ("[[c]]\n[[c.d]]\n[[c.d]]\nx=1\n[[c]]\n[[c.d]]\nx=2", ("c", 1, "d", 0, "x"), 7),
        ("[[c]]\n[c.e]\nx=1", ("c", 0, "e", "x"), 3),
        ("t = { a = 1, b.c = [1, { d = 2 }] }\nz=1", ("t", "b", "c", 1, "d"), 1),
        ("t = { a = 1, b.c = [1, { d = 2 }] }\nz=1", ("z",), 2),
        ("t = {}\nu = []\nz=1", ("z",), 3),
        ("t = [ # one\n 1, # two\n\n { a = 3 }, # three\n]\nz = 1", ("t", 1, "a"), 4),
        ("t = [ # one\n 1, # two\n\n { a = 3 }, # three\n]\nz = 1", ("z",), 6),
        ("t = [[1, 2], [3,\n4]]", ("t", 1, 1), 2),
        ('t = """\na = 1\n[x]\n"""\nz=1', ("z",), 5),
        ('t = """quote ""\\""" \\\\"""\nz=1', ("z",), 2),
        ('t = """ends in two"""""\nz=1', ("z",), 2),
        ("t = '''\n\\''' # '''\nz=1", ("z",), 3),
        ("t = '''ends in one''''\nz=1", ("z",), 2),
        ('t = "# = [ \\" ]"\nz=1', ("z",), 2),
        ("t = 'C:\\'\nz=1", ("z",), 2),
        ("t = 1979-05-27 07:32:00Z # x\nz=1", ("z",), 2),
        ("t = [1979-05-27T07:32:00, 1.5e3 ]\nz=1", ("z",), 2),
        ("a = 1\r\n\r\n[b]\r\nc = 2\r\n", ("b", "c"), 4),
        ('"" = 1\n[a]\n"x\\ny" = 2', ("a", "x\ny"), 3),
    ],
)
def test_each_key_is_found_on_its_line(text: str, path: KeyPath, line: int) -> None:
    assert key_lines(text)[path] == line
    assert set(key_lines(text)) == set(paths(tomllib.loads(text)))


def test_a_text_without_keys_has_no_lines() -> None:
    assert key_lines("# nothing\n\n") == {}


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 30 + "]" * 30, ".".join("a" * 30) + " = 1", "[" + ".".join("a" * 30) + "]"]
)
def test_what_is_nested_too_deeply_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(ProfileError, match=f"line 2: nested deeper than {NESTING_LEVELS_MAX}"):
        key_lines(f"\n{text}")


@given(st.text(st.sampled_from("a1.=[]{}\"'#, \n"), max_size=60))
def test_the_scan_ends_even_over_what_is_no_toml(text: str) -> None:
    assert all(line <= text.count("\n") + 1 for line in key_lines(text).values())


def paths(value: Any, path: KeyPath = ()) -> list[KeyPath]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found: list[KeyPath] = []
    for key, inner in entries:
        found += [(*path, key), *paths(inner, (*path, key))]
    return found


KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
LITERALS = st.sampled_from(["1", "-0.5", "true", "2026-03-01", "07:32:00", '"a,]}#b"', "'[x]'", "''", '"\\""', "inf"])
LONG = st.sampled_from(['"""\na = 1\n#"""', "'''\n[b]\n]}'''", '"""\n"x\\""""""'])


def spelt(key: str) -> str:
    quoted = json.dumps(key).replace("\x7f", "\\u007f")
    return key if key.isascii() and key.isalnum() else tomllib_safe(quoted, key)


def tomllib_safe(quoted: str, key: str) -> str:
    # JSON writes characters past the basic plane as surrogate pairs, which TOML refuses.
    return quoted if all(ord(character) < 0x10000 for character in key) else f'"{"".join(escaped(c) for c in key)}"'


def escaped(character: str) -> str:
    return f"\\U{ord(character):08x}"


def inline(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    arrays = st.lists(values, max_size=3).map(lambda items: "[\n" + "".join(f" {item}, # ],\n" for item in items) + "]")
    tables = st.dictionaries(KEYS, values, max_size=3).map(
        lambda items: "{ " + ", ".join(f"{spelt(key)} = {value}" for key, value in items.items()) + " }"
    )
    return arrays | tables


VALUES = st.recursive(LITERALS | LONG, inline, max_leaves=6)


@given(st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, max_size=3), max_size=4), st.sampled_from(["", "arrays"]))
def test_any_tables_are_found_where_they_were_written(tables: dict[str, dict[str, str]], arrays: str) -> None:
    lines: list[str] = []
    expected: dict[KeyPath, int] = {}
    for name, entries in tables.items():
        at: KeyPath = (name, 0) if arrays else (name,)
        lines += [f"[[{spelt(name)}]]" if arrays else f"[{spelt(name)}]"]
        expected[at] = len(lines)
        for key, value in entries.items():
            expected[(*at, key)] = len(lines) + 1
            lines += f"{spelt(key)} = {value} # comment".split("\n")
    text = "\n".join(lines)
    found = key_lines(text)
    assert {path: found[path] for path in expected} == expected
    assert set(found) == set(paths(tomllib.loads(text)))
