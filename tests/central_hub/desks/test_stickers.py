from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from central_hub.deciding.conflicts import StepError
from central_hub.deciding.numbering import NumberingError, prove
from central_hub.desks import ActError
from central_hub.desks.stickers import LIST_FRESH_MS, WARNED_AT, Stickers
from central_hub.enrolment import Enrolment
from central_hub.hand import HubHand
from central_hub.papers.certificate import open_certificate
from central_hub.people.roles import Actor
from central_hub.settings import HubSettings, Station
from central_hub.store.database import open_for_writing
from central_hub.store.office.numbers import KeptSticker, number_facts
from inspection.case import Case
from inspection.directives import AnyDirective, ReprintGranted, WithdrawalsPublished
from inspection.facts import (
    AuditDecided,
    CaseOpened,
    ExemptionApplied,
    InspectionConcluded,
    NumberVoided,
    RecallOrdered,
    RecheckConcluded,
    ReprintAllowed,
    StickerIssued,
    StickerPrinted,
    StickerWithdrawn,
    Vehicle,
    VehicleReturned,
)
from inspection.signing import SigningKey
from inspection.sticker import STICKER_SCHEMA, Sticker, sign_sticker, vin_tag
from inspection.withdrawals import merge, open_withdrawals

NOW = 1_780_000_000_000  # 2026-05-28
DAY_MS = 86_400_000
KEY = SigningKey(b"\x01" * 32)
VEHICLE = Vehicle(vin="L00PA55L4N0000017", plate_kind="02", plate="京A00X00", vehicle_class="K33")
CLERK = Actor("wang", "p-wang", frozenset({"auditor"}))
CHIEF = Actor("zhao", "p-zhao", frozenset({"lead_auditor"}))


class CasesHand(HubHand):
    """A real hand, whose cases are as the test says. told: directives, by device."""

    cases: dict[str, Case]
    told: list[tuple[str, AnyDirective]]
    followed: list[str]

    def case(self, case: str) -> Case:
        return self.cases.get(case) or super().case(case)

    def direct(self, device: str, directive: AnyDirective) -> None:
        self.told.append((device, directive))
        super().direct(device, directive)

    def follow_up(self, case: str) -> Case:
        self.followed.append(case)
        return self.case(case)


class Desk:
    """The desk under test, over a real store, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.time = NOW
        self.db = open_for_writing(folder)
        stations = (Station(id="st-1", name="一号检验机构"),)
        settings = HubSettings(title="某市车辆管理所", stations=stations)
        self.hand = CasesHand(self.db, key=KEY, settings=settings, now=lambda: self.time)
        self.hand.cases, self.hand.told, self.hand.followed = {}, [], []
        enrolment = Enrolment(self.hand.ledger, self.hand.records, key=KEY, now=lambda: self.time)
        enrolment.begin_hub_chain()
        for device in ("lane-1", "pda-1"):
            enrolment.enrol(device, "lane_box", "st-1", public_key=bytes(32))
        self.desk = Stickers(self.hand, address=lambda text: f"HTTPS://HUB.EXAMPLE/S/{text}")

    def issue(self, case: str = "lane-1.1", *, holder: str = "", until: date = date(2028, 5, 28)) -> str:
        """Give a case that is proven a sticker, as the casework does."""
        number = self.desk.take_number(holder).number
        sticker = Sticker(
            schema=STICKER_SCHEMA,
            number=number,
            plate_kind=VEHICLE.plate_kind,
            plate=VEHICLE.plate,
            vin_tag=vin_tag(VEHICLE.vin),
            issued_on=date(2026, 5, 28),
            valid_until=until,
        )
        payload = sign_sticker(sticker, KEY)
        kept = KeptSticker(
            number=number, case=case, payload=payload, issued=NOW, vehicle=case, valid_until=until, holder=holder
        )
        self.desk.numbers.keep_sticker(kept)
        issued = StickerIssued(
            number=number, payload=payload, valid_until=until, audit_due=NOW, rulebook="r", reasons=()
        )
        self.hand.write(case, issued)
        self.hand.cases[case] = proven(case, issued)
        return number

    def codes(self) -> list[str]:
        return [row["code"] for row in self.db.rows("SELECT code FROM refusals ORDER BY id")]


def proven(case: str, issued: StickerIssued) -> Case:
    return Case(
        case=case,
        device=case.partition(".")[0],
        opened=CaseOpened(regime="jianyan", serial="s", vehicle=VEHICLE, station="st-1", inspector="p-li"),
        concluded=InspectionConcluded(outcome="pass", by="p-li"),
        issued=issued,
        audits=(AuditDecided(decision="suspicious", auditor="p-sun", reason="vin.differs"),),
        recall=RecallOrdered(reason="vin.differs", station="st-1"),
        returned=VehicleReturned(by="p-li", station="st-1"),
        recheck=RecheckConcluded(result="proven", by="p-wu", reason="vin.differs"),
    )


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "hub")
    yield desk
    desk.db.close()


def somebody(person: str) -> Actor:
    return Actor(person, person, frozenset({"lead_auditor"}))


def test_allotted_and_voided_numbers_stand_in_the_ledger_and_prove(made: Desk) -> None:
    assert made.desk.allot(CLERK, prefix="A", first=1, last=50, holder="st-1").left == 50
    made.desk.void(CLERK, "A00000001", holder="st-1", reason=" spoilt ")
    assert made.issue(holder="st-1") == "A00000002"
    facts = list(number_facts(made.db))
    assert facts[1][1] == NumberVoided(number="A00000001", holder="st-1", by="p-wang", reason="spoilt")
    proof = prove(facts)
    assert proof.broken is None
    assert [(each.issued, each.voided, each.left) for each in proof.ranges] == [(1, 1, 48)]


def test_a_range_or_a_number_that_cannot_be_is_refused_and_no_fact_is_written(made: Desk) -> None:
    made.desk.allot(CLERK, prefix="A", first=1, last=50, holder="st-1")
    with pytest.raises(NumberingError, match="shares numbers"):
        made.desk.allot(CLERK, prefix="A", first=50, last=60, holder="st-2")
    with pytest.raises(NumberingError, match="outside every range"):
        made.desk.void(CLERK, "A00000051", holder="st-1", reason="spoilt")
    assert len(list(number_facts(made.db))) == 1


def test_a_number_is_voided_for_a_reason(made: Desk) -> None:
    for reason in (" ", "x" * 201):
        with pytest.raises(ActError) as caught:
            made.desk.void(CLERK, "PL00000001", holder="", reason=reason)
        assert caught.value.code == "act.no_reason"


def test_the_operator_is_told_in_time_and_an_empty_range_is_said(made: Desk) -> None:
    count = WARNED_AT[0] + 1
    made.desk.allot(CLERK, prefix="A", first=1, last=count, holder="st-1")
    for _ in range(count):
        made.desk.take_number("st-1")
    assert made.codes() == ["sticker.range_low"] * len(WARNED_AT)
    with pytest.raises(NumberingError) as caught:
        made.desk.take_number("st-1")
    assert caught.value.code == "sticker.range_empty"


def test_a_sticker_is_shown_by_its_number_or_its_case(made: Desk) -> None:
    made.desk.allot(CLERK, prefix="A", first=1, last=9, holder="st-1")
    number = made.issue(holder="st-1")
    sheet = made.desk.sheet(number)
    assert sheet == made.desk.sheet("lane-1.1")
    assert (sheet.number, sheet.plate, sheet.office, sheet.standing, sheet.copy) == (
        *("A00000001", "京A00X00", "一号检验机构", "valid", 0),
    )
    assert sheet.qr.startswith("HTTPS://HUB.EXAMPLE/S/")
    assert made.desk.numbers.prints(number) == []
    with pytest.raises(ActError) as caught:
        made.desk.sheet("A00000009")
    assert caught.value.code == "sticker.none"


def test_a_sticker_of_the_installations_own_numbers_is_issued_by_the_office(made: Desk) -> None:
    number = made.issue()
    assert made.desk.sheet(number).office == "某市车辆管理所"
    assert Stickers(made.hand).sheet(number).qr in made.desk.sheet(number).qr
    made.time += 3 * 365 * DAY_MS
    assert made.desk.sheet(number).standing == "expired"


def test_the_certificate_is_signed_and_says_how_the_sticker_stands(made: Desk) -> None:
    number = made.issue()
    certificate = open_certificate(made.desk.certificate(number), KEY.public)
    assert (certificate.number, certificate.status, certificate.as_of) == (number, "valid", NOW)
    made.desk.withdraw(number, by=somebody("p-wang"), confirmed_by=somebody("p-zhao"), reason="vin.differs")
    assert open_certificate(made.desk.certificate(number), KEY.public).status == "withdrawn"


def test_a_case_of_which_nothing_is_known_still_shows_its_sticker(made: Desk) -> None:
    number = made.issue()
    made.hand.cases["lane-1.1"] = Case(case="lane-1.1")
    assert made.desk.sheet(number).vehicle_class == ("", "")


def test_the_first_copy_is_printed_once_and_a_further_one_after_permission_with_a_cause(made: Desk) -> None:
    number = made.issue()
    assert made.desk.print(CLERK, number, printer="counter-1").copy == 1
    with pytest.raises(NumberingError, match="copy 2 has to be allowed first"):
        made.desk.print(CLERK, number)
    assert made.desk.allow_reprint(CHIEF, number, cause="spoilt") == 2
    assert made.desk.print(CLERK, "lane-1.1", cause="spoilt").copy == 2
    with pytest.raises(NumberingError, match="copy 3 has to be allowed first"):
        made.desk.print(CLERK, number)
    facts = [entry.fact for entry in made.hand.ledger.entries_of("lane-1.1")]
    assert [fact for fact in facts if isinstance(fact, StickerPrinted | ReprintAllowed)] == [
        StickerPrinted(number=number, copy=1, by="p-wang", printer="counter-1"),
        ReprintAllowed(number=number, copy=2, by="p-zhao", cause="spoilt"),
        StickerPrinted(number=number, copy=2, by="p-wang", cause="spoilt"),
    ]
    assert [(row["copy"], row["allowed"]) for row in made.desk.numbers.prints(number)] == [(1, 1), (2, 1)]


def test_another_copy_is_allowed_only_by_somebody_with_the_right_and_for_a_cause(made: Desk) -> None:
    number = made.issue()
    nobody = Actor("li", "p-li", frozenset())
    for actor, cause, code in ((nobody, "spoilt", "act.no_right"), (CHIEF, "  ", "act.no_reason")):
        made.desk.numbers.note_print(
            StickerPrinted(number=number, copy=1, by="p-li"), device="lane-1", at=NOW, allowed=True
        )
        with pytest.raises(ActError) as caught:
            made.desk.allow_reprint(actor, number, cause=cause)
        assert caught.value.code == code
    assert made.desk.numbers.allowed_copies(number) == frozenset()


def test_the_device_of_the_case_is_told_that_it_may_print_again(made: Desk) -> None:
    number = made.issue()
    other = made.issue("gone-1.1")
    for which in (number, other):
        made.desk.print(CLERK, which)
        made.desk.allow_reprint(CHIEF, which, cause="lost")
    assert made.hand.told == [("lane-1", ReprintGranted(case="lane-1.1", number=number, copy=2))]


def test_what_a_device_printed_is_written_down_and_judged(made: Desk) -> None:
    number = made.issue()
    first = StickerPrinted(number=number, copy=1, by="p-li")
    assert made.desk.reported("lane-1", "lane-1.1", first) is None
    again = made.desk.reported("pda-1", "lane-1.1", first)
    assert again is not None
    assert again[0] == "print.again"
    assert [(row["device"], row["allowed"]) for row in made.desk.numbers.prints(number)] == [
        ("lane-1", 1),
        ("pda-1", 0),
    ]
    for case, fact in (("lane-1.2", first), ("lane-1.1", replace(first, number="PL00000009"))):
        remark = made.desk.reported("lane-1", case, fact)
        assert remark is not None
        assert remark[0] == "print.other_sticker"
    assert len(made.desk.numbers.prints(number)) == 2


def test_a_sticker_is_withdrawn_by_two_people_once_and_every_device_is_told(made: Desk) -> None:
    number = made.issue()
    with pytest.raises(StepError) as refused:
        made.desk.withdraw(number, by=somebody("p-wang"), confirmed_by=somebody("p-wang"), reason="vin.differs")
    assert refused.value.code == "withdrawal.one_person"
    fact = made.desk.withdraw(number, by=somebody("p-wang"), confirmed_by=somebody("p-zhao"), reason="vin.differs")
    assert fact == StickerWithdrawn(number=number, reason="vin.differs", by="p-wang", confirmed_by="p-zhao")
    assert made.hand.followed == ["lane-1.1"]
    assert [device for device, _ in made.hand.told] == ["lane-1", "pda-1"]
    with pytest.raises(ActError) as caught:
        made.desk.withdraw("lane-1.1", by=somebody("p-wang"), confirmed_by=somebody("p-zhao"), reason="vin.differs")
    assert caught.value.code == "sticker.withdrawn"
    assert made.desk.sheet(number).standing == "withdrawn"
    with pytest.raises(NumberingError, match="withdrawn"):
        made.desk.print(CLERK, number)


def test_a_sticker_is_not_withdrawn_where_the_case_or_the_person_does_not_allow_it(made: Desk) -> None:
    number = made.issue()
    with pytest.raises(StepError, match="their own inspection"):
        made.desk.withdraw(number, by=somebody("p-li"), confirmed_by=somebody("p-zhao"), reason="vin.differs")
    made.hand.cases["lane-1.1"] = replace(made.hand.cases["lane-1.1"], recheck=None)
    with pytest.raises(StepError):
        made.desk.withdraw(number, by=somebody("p-wang"), confirmed_by=somebody("p-zhao"), reason="vin.differs")
    assert made.desk.numbers.withdrawn_version == 0
    assert made.hand.told == []


def published(made: Desk, device: str) -> list[WithdrawalsPublished]:
    return [it for whom, it in made.hand.told if whom == device and isinstance(it, WithdrawalsPublished)]


def test_a_device_that_takes_what_is_published_knows_every_withdrawn_sticker(made: Desk) -> None:
    numbers = [made.issue(f"lane-1.{count}") for count in range(1, 20)]
    for count, number in enumerate(numbers):
        made.time = NOW + count
        made.desk.publish(number)
    lists = [open_withdrawals(piece.payload, KEY.public) for piece in published(made, "pda-1")]
    assert [piece.version for piece in published(made, "pda-1")] == list(range(1, 20))
    known = lists[0]
    for one in lists[1:]:
        known = merge(known, one)
    assert known == open_withdrawals(made.desk.withdrawn_list(), KEY.public)
    assert (known.numbers, known.version) == (frozenset(numbers), 19)
    assert (known.issued_at, known.until) == (made.time, made.time + LIST_FRESH_MS)


def test_a_new_device_gets_the_whole_list_in_few_pieces_and_each_day_a_newer_date(made: Desk) -> None:
    numbers = [made.issue(f"lane-1.{count}") for count in range(1, 20)]
    for number in numbers:
        made.desk.publish(number)
    made.hand.told.clear()
    made.desk.welcome("pda-1")
    lists = [open_withdrawals(piece.payload, KEY.public) for piece in published(made, "pda-1")]
    assert [(one.since, one.version) for one in lists] == [(0, 16), (16, 17), (17, 18), (18, 19), (19, 19)]
    assert frozenset[str]().union(*(one.numbers for one in lists)) == frozenset(numbers)
    made.hand.told.clear()
    made.time += DAY_MS
    made.desk.refresh()
    (today,) = (open_withdrawals(piece.payload, KEY.public) for piece in published(made, "lane-1"))
    assert (today.since, today.version, today.issued_at, today.numbers) == (19, 19, NOW + DAY_MS, frozenset())


def test_with_nothing_withdrawn_a_device_still_learns_how_things_stood(made: Desk) -> None:
    made.desk.welcome("lane-1")
    (piece,) = published(made, "lane-1")
    assert open_withdrawals(piece.payload, KEY.public).numbers == frozenset()
    assert piece.version == 0


APPLICATION = ExemptionApplied(serial=" M-1 ", vehicle=VEHICLE, office="office-1", by="whoever", channel="online")


def test_an_application_of_an_exempt_car_opens_a_case_of_the_hubs_own(made: Desk) -> None:
    case = made.desk.apply_exempt(CLERK, APPLICATION)
    assert made.hand.followed == [case]
    folded = made.hand.case(case)
    assert folded.stage == "applied"
    assert folded.applied == ExemptionApplied(
        serial="M-1", vehicle=VEHICLE, office="office-1", by="p-wang", channel="online"
    )


def test_the_same_application_again_gives_the_same_case_and_another_vehicle_under_its_serial_none(made: Desk) -> None:
    case = made.desk.apply_exempt(CLERK, APPLICATION)
    made.hand.records.keep_case(made.hand.case(case), opened_at=NOW)
    assert made.desk.apply_exempt(CHIEF, APPLICATION) == case
    other = msgspec.structs.replace(APPLICATION, vehicle=replace(VEHICLE, vin="L00PA55L4N0000020"))
    with pytest.raises(ActError) as caught:
        made.desk.apply_exempt(CLERK, other)
    assert caught.value.code == "exempt.serial_used"


@pytest.mark.parametrize(
    "application",
    [replace(APPLICATION, serial=" "), replace(APPLICATION, office=""), replace(APPLICATION, vehicle=Vehicle(vin=" "))],
)
def test_an_application_without_serial_office_or_vin_is_refused(made: Desk, application: ExemptionApplied) -> None:
    with pytest.raises(ActError) as caught:
        made.desk.apply_exempt(CLERK, application)
    assert caught.value.code == "exempt.garbled"
