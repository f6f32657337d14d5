from pathlib import Path

import pytest

from benchmarks.hub.inprocess import announced_photos
from benchmarks.hub.rounds import BareLoad, bare_journals_round, bare_sealed_round

LOAD = BareLoad(devices=4, inspections=8, batch_facts=30)


def test_a_load_is_shared_out_evenly_among_devices() -> None:
    assert (LOAD.names, LOAD.each) == (["bare-1", "bare-2", "bare-3", "bare-4"], 2)


@pytest.mark.real
def test_the_bare_hub_gets_every_fact_from_memory_and_from_journals(tmp_path: Path) -> None:
    for found in (bare_sealed_round(tmp_path, LOAD), bare_journals_round(tmp_path, LOAD, announced_photos())):
        assert found.inspections == 8
        assert set(found.processor) == {"devices", "hub", "broker"}
    assert list(tmp_path.iterdir()) == []
