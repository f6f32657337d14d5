import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.faults.work import SayingReader, Work, made_up_vin, picture
from edge_agent.agent import Agent, Equipment
from edge_agent.journal import Journal
from inspection.facts import CaseAbandoned, CaseOpened, InspectionConcluded, PhotoTaken
from inspection.vin import check_digit_holds, parse_vin
from models.photo import PhotoLimits, open_photo
from tests.edge_agent.stand_ins.fakes import DEVICE, FakeHub, equipment, make_home

SMALL = (48, 36)


@pytest.fixture
def device(tmp_path: Path) -> Iterator[tuple[Agent, SayingReader, Journal]]:
    home, reader, gear = make_home(tmp_path), SayingReader(), equipment(FakeHub())
    watched = Equipment(
        profile=gear.profile,
        reader=reader,
        software=gear.software,
        clock=gear.clock,
        link=gear.link,
        chance=gear.chance,
    )
    with Agent(home, watched) as agent, Journal(home.journal_path, DEVICE) as journal:
        yield agent, reader, journal


def chance_of(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - it must be repeatable


def test_vehicles_are_inspected_from_their_opening_to_an_end(device: tuple[Agent, SayingReader, Journal]) -> None:
    agent, reader, journal = device
    seen: list[int] = []
    work = Work(agent, reader, chance_of(1), after_each=lambda: seen.append(journal.newest))
    for _ in range(8):
        work.one_vehicle()
    facts = [record.entry.fact for record in journal.unreceipted(0, 1_000)]
    opened = [fact for fact in facts if isinstance(fact, CaseOpened)]
    assert len(opened) == sum(isinstance(fact, InspectionConcluded | CaseAbandoned) for fact in facts) == 8
    assert len({fact.serial for fact in opened}) == 8
    assert any(isinstance(fact, PhotoTaken) and fact.vin is not None for fact in facts)
    # Each fact was told of by itself, in its order.
    assert seen == list(range(2, len(facts) + 1))


def test_made_up_vins_are_right_and_differ() -> None:
    vins = {made_up_vin(device, number) for device in ("lane-1", "pda-1", "pda-2") for number in range(100)}
    assert len(vins) == 300
    for vin in vins:
        parse_vin(vin)
        assert check_digit_holds(vin)


def test_no_two_pictures_are_alike_and_each_is_a_photo() -> None:
    chance = chance_of(1)
    pictures = [picture(chance, SMALL) for _ in range(20)]
    assert len(set(pictures)) == 20
    photo = open_photo(pictures[0], PhotoLimits(photo_bytes_max=100_000, photo_pixels_max=100_000))
    assert (photo.ref().width, photo.ref().height) == SMALL
