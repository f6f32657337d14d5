import argparse
from pathlib import Path

import pytest

from inspection import shipped_text
from inspection.rules import RulebookError, shipped_rulebooks
from passlane import UsageError
from passlane.engine import rulebook_command
from passlane.engine.rulebook_command import day_of_text, rulebooks_of

CITY = """
id = "city-2027"
amends = "rules-2022-10-01"
in_force_from = 2027-01-01
source = "a city's own measure"

[audit]
hours = 12
"""


@pytest.fixture
def city(tmp_path: Path) -> Path:
    path = tmp_path / "rules" / "city.toml"
    path.parent.mkdir()
    path.write_text(CITY)
    return path


def passlane(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    rulebook_command.add(parser.add_subparsers(required=True))
    options = parser.parse_args(["rulebook", *map(str, arguments)])
    return int(options.run(options))


def signed(city: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert passlane("sign", city, "--key-file", city.parent.parent / "k") == 0
    return capsys.readouterr().out.split("public key ")[1].strip(" )\n")


def test_a_rulebook_that_was_signed_here_is_checked_with_the_key_that_was_printed(
    city: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = signed(city, capsys)
    assert passlane("check", city, "--key", key) == 0
    said = capsys.readouterr().out
    assert "city-2027:" in said
    assert "sound, in force from 2027-01-01 on; the signature holds" in said
    assert [book.id for book in rulebooks_of(city.parent, key)][-1] == "city-2027"


def test_without_a_key_the_signature_is_not_asked_and_that_is_said(
    city: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert passlane("check", city) == 0
    assert "its signature was not asked" in capsys.readouterr().out


def test_a_shipped_rulebook_can_be_checked_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copied = tmp_path / "copy.toml"
    copied.write_text(shipped_text("rulebooks", "2018-09-01.toml"), encoding="utf-8")
    assert passlane("check", copied) == 0
    assert "in force from 2018-09-01 to before 2020-11-20" in capsys.readouterr().out


def test_a_rulebook_that_was_changed_after_signing_does_not_pass(
    city: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = signed(city, capsys)
    city.write_text(CITY.replace("12", "13"))
    with pytest.raises(RulebookError, match="altered after signing"):
        passlane("check", city, "--key", key)
    with pytest.raises(RulebookError, match="altered after signing"):
        rulebooks_of(city.parent, key)


def test_what_is_refused_is_not_signed_and_leaves_no_key_behind(city: Path) -> None:
    city.write_text(CITY.replace("2027-01-01", "2022-10-01"))
    with pytest.raises(RulebookError):
        passlane("sign", city, "--key-file", city.parent / "k")
    assert sorted(path.name for path in city.parent.iterdir()) == ["city.toml"]


def test_show_prints_the_rules_of_a_day_with_all_amendments_applied(
    city: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert passlane("show", city, "--on", "2027-01-01") == 0
    said = capsys.readouterr().out
    assert said.startswith("city-2027:")
    assert "audit.hours = 12  # provisional" in said
    assert 'cars.uses = ["A"]\n' in said
    assert "use (privilege): 非营运 / not used for hire" in said
    assert "in_force_until" not in said


def test_show_without_a_file_prints_the_shipped_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert passlane("show") == 0
    said = capsys.readouterr().out
    assert all(book.name in said for book in shipped_rulebooks())


def test_what_was_asked_for_wrongly_is_said(city: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="check needs a FILE"):
        passlane("check")
    with pytest.raises(UsageError, match="needs --key-file"):
        passlane("sign", city)
    with pytest.raises(UsageError, match="hexadecimal"):
        passlane("check", city, "--key", "zz")
    with pytest.raises(UsageError, match="cannot be read"):
        passlane("check", tmp_path / "none.toml")
    with pytest.raises(UsageError, match="both or not at all"):
        rulebooks_of(city.parent, None)
    with pytest.raises(argparse.ArgumentTypeError, match="write YYYY-MM-DD"):
        day_of_text("tomorrow")


def test_names_of_files_are_told_apart(city: Path, tmp_path: Path) -> None:
    other = tmp_path / "city.toml"
    other.write_text(CITY)
    with pytest.raises(UsageError, match="the same name"):
        passlane("check", city, other)
    taken = tmp_path / "2018-09-01.toml"
    taken.write_text(CITY)
    with pytest.raises(UsageError, match="take another one"):
        passlane("check", taken)


def test_without_a_folder_the_shipped_rulebooks_are_in_force() -> None:
    assert rulebooks_of(None, None) == shipped_rulebooks()
