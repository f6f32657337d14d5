"""What keeps a case and a vehicle from having two stickers, and a sticker from being printed twice."""

import dataclasses
from datetime import date

import pytest

from central_hub.store.office.numbers import KeptSticker
from inspection.facts import StickerPrinted
from tests.central_hub.conftest import Bench
from tests.central_hub.simulated_device import SimulatedDevice


def issue(bench: Bench, device: SimulatedDevice) -> str:
    case, digests = device.whole_case()
    bench.send(device)
    bench.store(*digests)
    return case


def test_the_database_itself_refuses_a_second_sticker_for_a_case(bench: Bench, device: SimulatedDevice) -> None:
    case = issue(bench, device)
    with pytest.raises(bench.db.damages, match=r"(?i)unique.*stickers.case_id"):
        bench.casework.engine.stickers.numbers.keep_sticker(
            KeptSticker(
                number="PL99999999",
                case=case,
                payload=b"other",
                issued=1,
                vehicle="other",
                valid_until=date(2028, 1, 1),
                holder="",
            )
        )


def test_the_database_itself_refuses_a_second_sticker_for_a_vehicle_and_period(
    bench: Bench, device: SimulatedDevice
) -> None:
    case = issue(bench, device)
    numbers = bench.casework.engine.stickers.numbers
    first = numbers.sticker_of(case)
    assert first is not None
    with pytest.raises(bench.db.damages, match=r"(?i)unique.*stickers.*vehicle"):
        numbers.keep_sticker(dataclasses.replace(first, number="PL99999999", case="lane-1.999"))


def test_what_a_device_prints_is_noted_and_a_copy_that_nobody_allowed_is_counted(
    bench: Bench, device: SimulatedDevice
) -> None:
    case = issue(bench, device)
    issued = bench.casework.hand.case(case).issued
    assert issued is not None
    other = device.open_case()
    first = len(device.records) + 1
    device.write(StickerPrinted(number=issued.number, copy=1, by="inspector-1"), case)
    device.write(StickerPrinted(number=issued.number, copy=2, by="inspector-1"), case)
    device.write(StickerPrinted(number=issued.number, copy=1, by="inspector-1"), other)
    bench.send(device, first - 1)
    prints = bench.casework.engine.stickers.numbers.prints(issued.number)
    assert [(row["copy"], row["device"], row["allowed"]) for row in prints] == [(1, "lane-1", 1), (2, "lane-1", 0)]
    counted = dict(bench.db.execute("SELECT code, count FROM refusal_counts").fetchall())
    assert counted == {"print.again": 1, "print.other_sticker": 1}
    assert bench.casework.hand.case(case).stage == "audit_pending"
