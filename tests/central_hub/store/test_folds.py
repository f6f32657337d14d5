from itertools import chain

import pytest
from msgspec.structs import replace

from central_hub.store import folds as module
from central_hub.store.folds import Folds
from inspection.case import fold, folded
from tests.central_hub.conftest import Bench
from tests.central_hub.simulated_device import SimulatedDevice


def test_a_prepared_fold_is_what_the_ledger_says(bench: Bench, device: SimulatedDevice) -> None:
    case, digests = device.whole_case()
    bench.send(device, 1, 5)
    bench.send(device, 6)
    bench.store(*digests)
    prepared = bench.casework.hand.folds
    assert case in prepared._kept
    assert prepared.case(case) == fold(case, bench.casework.ledger.entries_of(case))
    assert prepared.case(case).issued is not None


def test_facts_of_many_cases_are_read_at_once_and_those_of_a_case_that_is_not_prepared_are_left(
    bench: Bench, device: SimulatedDevice
) -> None:
    cases = [device.whole_case()[0], device.whole_case()[0]]
    bench.send(device)
    ledger = bench.casework.ledger
    folds = Folds(ledger)
    for case in cases:
        folds._keep(case, folded(case, []))
    elsewhere = [replace(entry, case="pda-7.1") for entry in ledger.entries_of(cases[0])]
    folds.add_all(chain(*zip(*(ledger.entries_of(case) for case in cases), strict=True), elsewhere))
    assert [folds.case(case) for case in cases] == [fold(case, ledger.entries_of(case)) for case in cases]
    assert list(folds._kept) == cases


def test_a_case_about_which_another_wrote_before_it_was_opened_is_read_from_the_ledger(
    bench: Bench, device: SimulatedDevice
) -> None:
    helper = SimulatedDevice("pda-7")
    bench.enrol(helper, "pda")
    case, _ = device.whole_case()
    helper.announce(case, b"early")
    bench.send(helper)
    bench.send(device)
    assert len(bench.casework.hand.folds.case(case).all_photos) == 1 + len(
        [r for r in device.records if type(r.entry.fact).__name__ == "PhotoTaken"]
    )


def test_a_fold_that_was_changed_in_a_piece_that_was_taken_back_is_forgotten(
    bench: Bench, device: SimulatedDevice
) -> None:
    case = device.open_case()
    message = device.message()

    def failing() -> None:
        bench.casework.take_message(device.topic, message)
        raise KeyError(case)

    bench.committer.commit([failing])
    assert bench.casework.hand.folds.case(case).opened is None


def test_where_others_write_too_nothing_is_kept_from_one_transaction_to_the_next(
    bench: Bench, device: SimulatedDevice
) -> None:
    case = device.open_case()
    bench.send(device)
    folds = Folds(bench.casework.ledger)
    assert folds.case(case).opened is not None
    folds.begin(others_wrote=False)
    assert folds._kept
    folds.begin(others_wrote=True)
    assert not folds._kept


def test_only_the_newest_folds_are_kept(bench: Bench, device: SimulatedDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FOLDS_KEPT_MAX", 2)
    cases = [device.open_case() for _ in range(3)]
    bench.send(device)
    assert list(bench.casework.hand.folds._kept) == cases[1:]


def test_a_case_with_very_many_facts_is_read_from_the_ledger_which_knows_which_count(
    bench: Bench, device: SimulatedDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FACTS_MAX", 3)
    case, _ = device.whole_case()
    bench.send(device)
    folds = bench.casework.hand.folds
    assert folds.case(case) == fold(case, bench.casework.ledger.entries_of(case))
