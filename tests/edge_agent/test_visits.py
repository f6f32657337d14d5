from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.agent import Agent
from edge_agent.visits import REASON_WITHHELD, Visit
from inspection.checklist import is_vin_item
from inspection.facts import Mark
from tests.edge_agent.stand_ins.fakes import OTHER_VIN, VIN, FakeHub, SayingReader, equipment, jpeg, make_home, opened


class Stand:
    """A device with a reader that can be told what to say."""

    def __init__(self, folder: Path) -> None:
        self.reader = SayingReader()
        self.agent = Agent(make_home(folder), equipment(FakeHub(), reader=self.reader))

    def visit(self) -> Visit:
        visit = Visit(self.agent, opened())
        visit.open()
        return visit


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    stand = Stand(tmp_path)
    with stand.agent:
        yield stand


def all_pass(_item: str) -> tuple[Mark, str]:
    return "pass", ""


def vin_mark(stand: Stand, visit: Visit) -> str:
    vin_items = {item.code for item in visit.requirement.items if is_vin_item(item)}
    assert vin_items
    [mark] = {item.mark for item in stand.agent.case(visit.case).items if item.item in vin_items}
    return mark


def test_a_visit_writes_nothing_before_it_is_opened(stand: Stand) -> None:
    visit = Visit(stand.agent, opened())
    assert visit.case == ""
    assert stand.agent.status().counts.newest == 1
    visit.open()
    assert stand.agent.case(visit.case).opened == opened()


def test_a_photo_that_was_read_well_can_be_used_as_it_is(stand: Stand) -> None:
    visit = stand.visit()
    assert visit.take_photo("0113", jpeg())
    assert visit.take_photo("0111", jpeg(2))
    assert not visit.vin_doubtful("0113")
    assert not visit.vin_asks_person("0113")
    visit.check_items(all_pass)
    assert (visit.outcome, vin_mark(stand, visit)) == ("pass", "pass")


def test_a_vin_that_was_read_in_doubt_wants_a_better_photo_which_replaces_the_first(stand: Stand) -> None:
    visit = stand.visit()
    stand.reader.accepted = False
    assert not visit.take_photo("0113", jpeg(1))
    assert visit.vin_doubtful("0113")
    stand.reader.accepted = True
    assert visit.take_photo("0113", jpeg(2))
    first, second = stand.agent.case(visit.case).all_photos
    assert second.replaces == first.photo.digest


def test_only_the_photo_of_the_vin_can_be_in_doubt(stand: Stand) -> None:
    visit = stand.visit()
    assert not visit.vin_doubtful("0113")
    assert not visit.vin_asks_person("0113")
    stand.reader.accepted = False
    visit.take_photo("0113", jpeg())
    assert not visit.vin_doubtful("0111")
    assert not visit.vin_asks_person("0111")


def test_a_reading_that_differs_for_sure_asks_a_person_and_fails_the_item_of_the_vin(stand: Stand) -> None:
    visit = stand.visit()
    stand.reader.vin = OTHER_VIN
    assert visit.take_photo("0113", jpeg())
    assert visit.vin_asks_person("0113")
    visit.check_items(all_pass)
    assert (visit.outcome, vin_mark(stand, visit)) == ("fail", "fail")


@pytest.mark.parametrize(("seen", "mark"), [(VIN, "pass"), (OTHER_VIN, "fail")])
def test_a_person_who_looked_has_the_last_word(stand: Stand, seen: str, mark: str) -> None:
    visit = stand.visit()
    stand.reader.vin, stand.reader.accepted = OTHER_VIN, False
    visit.take_photo("0113", jpeg())
    visit.person_reads(seen)
    visit.check_items(all_pass)
    assert stand.agent.case(visit.case).vin == seen
    assert vin_mark(stand, visit) == mark


def test_a_photo_that_is_withheld_is_recorded_unless_there_is_one(stand: Stand) -> None:
    visit = stand.visit()
    visit.take_photo("0113", jpeg())
    visit.withhold("0113", "nobody came")
    visit.withhold("0111", "nobody came")
    [refused] = stand.agent.case(visit.case).refused_photos
    assert (refused.kind, refused.code) == ("0111", REASON_WITHHELD)


def test_the_result_tells_what_is_on_record(stand: Stand) -> None:
    visit = stand.visit()
    visit.take_photo("0113", jpeg())
    visit.check_items(all_pass)
    visit.conclude(("34020000001180000001", "34020000001320000001", ""), verdict="pass_advised")
    result = visit.result("01-car")
    assert (result.order, result.case, result.vin) == ("01-car", visit.case, VIN)
    assert (result.comparison, result.outcome, result.decision) == ("matches", "pass_advised", "none")
    assert len(stand.agent.case(visit.case).videos) == 1


def test_an_abandoned_visit_says_why(stand: Stand) -> None:
    visit = stand.visit()
    visit.abandon("drove_off")
    result = visit.result("01-car")
    assert (result.outcome, result.abandoned, result.comparison, result.vin) == ("abandoned", "drove_off", "", "")


def test_without_footage_none_is_referenced(stand: Stand) -> None:
    visit = stand.visit()
    visit.check_items(all_pass)
    visit.conclude(None)
    assert stand.agent.case(visit.case).videos == ()
    assert visit.result("01-car").outcome == "pass"
