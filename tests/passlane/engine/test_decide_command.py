import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from inspection.rules import CLAUSES, RulebookError, shipped_rulebooks, sign_rulebook
from inspection.signing import SigningKey
from passlane import UsageError
from passlane.engine import decide_command

KEY = SigningKey(bytes(range(32)))
VIN = "L00PA55L4N0000017"  # invented
CAR = {
    "vin": VIN,
    "vehicle_class": "K33",
    "use": "A",
    "plate_kind": "02",
    "home": "京A",
    "states": "Q",
    "seats": 5,
    "registered_on": "2024-05-28",
    "insured_until": "2099-12-31",
    "taxed": True,
}
CITY = """
id = "city-2026"
amends = "rules-2022-10-01"
in_force_from = 2026-01-01
source = "a city's own measure"

[sticker_first]
enabled = false
"""


class Command:
    """The command, run on a case that is written to a file."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def __call__(self, *arguments: str, vehicle: dict[str, Any] | None = None, **case: Any) -> str:
        path = self.folder / "case.json"
        told = {"day": "2026-05-28", "vehicle": CAR | (vehicle or {}), **case}
        path.write_text(json.dumps(told), encoding="utf-8")
        return self.run(str(path), *arguments)

    def run(self, *arguments: str) -> str:
        parser = argparse.ArgumentParser()
        decide_command.add(parser.add_subparsers(required=True))
        options = parser.parse_args(["decide", *arguments])
        assert options.run(options) == 0
        return self._capsys.readouterr().out


@pytest.fixture
def decide(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path, capsys)


def test_a_case_that_is_well_is_issued_and_every_clause_is_said_in_both_languages(decide: Command) -> None:
    lines = decide().splitlines()
    assert lines[0] == "2026-05-28: 发标志 / the sticker is issued, 有效期至 / valid until 2028-05-28"
    assert lines[1] == shipped_rulebooks()[-1].name
    assert [line.split()[1] for line in lines[2:]] == [f"{code}:" for code in CLAUSES]
    assert all(line.startswith("  ✓ ") and " / " in line for line in lines[2:])
    assert "  ✓ use: 非营运 (A) / not used for hire (A) [§10.2]" in lines


def test_what_stands_in_the_way_is_marked(decide: Command) -> None:
    said = decide(vehicle={"use": "D"}, photos_waiting=["0111"])
    assert said.startswith("2026-05-28: 等待")
    assert "  ✗ use:" in said
    assert "  … photos_at_hub:" in said
    assert "valid until" not in said.splitlines()[0]
    assert decide(vehicle={"use": "D"}).startswith("2026-05-28: 先审核")
    assert VIN not in said


def test_the_day_may_be_another_one(decide: Command) -> None:
    assert "rules-2018-07-30:" in decide("--on", "2018-08-31")
    with pytest.raises(RulebookError, match="no rulebook was in force on 2014-08-31"):
        decide("--on", "2014-08-31")


def test_without_any_day_it_is_today(decide: Command) -> None:
    assert "rules-2022-10-01:" in decide(day=None)


def test_filings_and_the_province_are_explained_where_they_are_told(decide: Command) -> None:
    filing = {"t": "terminal", "id": "pda-1", "valid_until": "2026-05-27"}
    said = decide(device="pda-1", filings=[filing], station={"province": "粤"})
    assert "备案 / filings:" in said
    assert "  ✗ terminal.dates:" in said
    assert "跨省 / province:" in said
    assert "  ✓ cross_class:" in said


def test_the_sticker_of_an_exempt_car_is_decided_without_an_inspection(decide: Command) -> None:
    said = decide(exempt=True, channel="online", station={"province": "粤"})
    assert "the sticker is issued" in said
    assert "  ✓ exempt_years:" in said
    running = {"number": "PL1", "valid_until": "2027-05-28"}
    assert "✗ exempt_one_sticker" in decide(exempt=True, valid_sticker=running)


def test_json_holds_the_whole_decision(decide: Command) -> None:
    shown = json.loads(decide("--json", vehicle={"use": "D"}))
    assert (shown["outcome"], shown["valid_until"], shown["day"]) == ("audit_first", None, "2026-05-28")
    assert shown["rulebook"] == shipped_rulebooks()[-1].name
    assert [reason["code"] for reason in shown["reasons"]] == list(CLAUSES)
    assert json.loads(decide("--json"))["valid_until"] == "2028-05-28"


def test_an_installation_s_own_rulebooks_are_applied_where_their_signature_holds(
    decide: Command, tmp_path: Path
) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "city.toml").write_text(CITY)
    (rules / "city.toml.sig").write_text(sign_rulebook(CITY, KEY))
    said = decide("--rulebooks", str(rules), "--key", KEY.public.hex())
    assert "city-2026:" in said
    assert "  ✗ measure:" in said
    with pytest.raises(RulebookError, match="not by the expected"):
        decide("--rulebooks", str(rules), "--key", SigningKey(bytes(32)).public.hex())
    with pytest.raises(UsageError, match="both or not at all"):
        decide("--rulebooks", str(rules))


def test_a_case_that_cannot_be_read_is_said_in_one_line(decide: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('{"vehicle": {"vin": 5}}')
    with pytest.raises(UsageError, match=r"CASE\.json: .*vehicle"):
        decide.run(str(tmp_path / "bad.json"))
    with pytest.raises(UsageError, match="cannot be read"):
        decide.run(str(tmp_path / "none.json"))
