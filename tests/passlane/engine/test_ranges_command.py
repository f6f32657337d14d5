import argparse
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from inspection.facts import AnyFact, NumberVoided, RangeAllotted, StickerIssued
from passlane import UsageError
from passlane.engine import ranges_command
from tests.central_hub.conftest import NOW, Bench

RANGE = RangeAllotted(prefix="A", first=1, last=9, holder="st-1", by="wang")
VOIDED = NumberVoided(number="A00000001", holder="st-1", by="wang", reason="spoilt")


def issued(number: str) -> StickerIssued:
    until = date(2028, 5, 28)
    return StickerIssued(number=number, payload=b"", valid_until=until, audit_due=0, rulebook="r", reasons=())


def passlane(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    ranges_command.add(parser.add_subparsers())
    options = parser.parse_args(arguments)
    return int(options.run(options))


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "hub")
    yield made
    made.db.close()


def asked(hub: Bench, *facts: AnyFact, as_json: bool = False) -> int:
    def write() -> None:
        for fact in facts:
            case = "lane-1.1" if isinstance(fact, StickerIssued) else ""
            hub.casework.ledger.write(case, fact, at=NOW)

    hub.transaction(write)
    return passlane("ranges", "--data", str(hub.folder), *(["--json"] if as_json else []))


def test_a_hub_that_never_gave_a_number_out_has_nothing_to_prove(
    hub: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(hub) == 0
    assert capsys.readouterr().out == "no sticker number was used or allotted\n"


def test_each_range_is_said_and_the_status_is_0(hub: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(hub, RANGE, VOIDED, issued("A00000002"), issued("PL00000001")) == 0
    assert capsys.readouterr().out.splitlines() == [
        "A00000001 to A00000009 of st-1: 1 issued, 1 voided, 7 left",
        "PL00000001 to PL99999999 of the installation: 1 issued, 0 voided, 99999998 left",
    ]


@pytest.mark.parametrize(
    ("number", "code"), [("A00000003", "number.gap"), ("A00000001", "number.used"), ("A00000010", "number.outside")]
)
def test_the_first_break_is_named_and_the_status_is_1(
    hub: Bench, capsys: pytest.CaptureFixture[str], number: str, code: str
) -> None:
    assert asked(hub, RANGE, VOIDED, issued(number)) == 1
    said = capsys.readouterr().out
    assert "BROKEN at fact" in said
    assert number in said
    assert code in said


def test_programs_get_the_same_as_json(hub: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(hub, RANGE, VOIDED, as_json=True) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["broken"] is None
    range_said = {"prefix": "A", "first": 1, "last": 9, "holder": "st-1"}
    assert said["ranges"] == [range_said | {"next": 2, "issued": 0, "voided": 1, "left": 8}]
    assert asked(hub, issued("A00000001"), as_json=True) == 1
    assert json.loads(capsys.readouterr().out)["broken"]["code"] == "number.used"


def test_a_folder_that_is_no_hubs_is_asked_for_wrongly(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no hub's data folder"):
        passlane("ranges", "--data", str(tmp_path))


def test_a_ledger_that_cannot_be_read_is_no_break_of_the_numbers(hub: Bench) -> None:
    asked(hub, RANGE)
    hub.db.execute("UPDATE entries SET raw = ? WHERE kind = 'RangeAllotted'", (b"damaged",))
    with pytest.raises(UsageError, match="cannot be read"):
        passlane("ranges", "--data", str(hub.folder))
