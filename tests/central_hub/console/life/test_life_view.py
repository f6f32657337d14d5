from central_hub.console.life.life_view import LifeView, life_view
from central_hub.console.names import CaseNames
from central_hub.console.texts import texts_in
from inspection.case import fold
from inspection.facts import (
    AnyFact,
    AuditDecided,
    AuditOpinion,
    RecallOrdered,
    RecallOverdue,
    RetakeRequested,
    StickerPrinted,
    StickerWithheld,
    SuspicionRaised,
    VehicleReturned,
)
from inspection.standing.rules import shipped_standing_rules
from tests.central_hub.simulated_device import SimulatedDevice, hub_entries

EN = texts_in("en")
RULES = shipped_standing_rules()[-1]
DUE = 1_780_000_000_000
WAITS = StickerWithheld(rulebook="b", reasons=(), audit_due=DUE, audit_first=True)
FOUND = AuditDecided(decision="suspicious", auditor="wu", reason="modified")
RECALL = RecallOrdered(reason="modified", station="ST01", due=DUE)


def shown(*facts: AnyFact) -> LifeView:
    device = SimulatedDevice("pda-1")
    name = device.open_case()
    device.conclude(name)
    case = fold(name, [*(record.entry for record in device.records), *hub_entries(name, *facts)])
    return life_view(case, names=CaseNames(case.opened, EN), rules=RULES, texts=EN)


def test_of_a_plain_case_there_is_nothing_to_show() -> None:
    assert not shown(WAITS).anything
    assert shown(WAITS, FOUND, RECALL).anything


def test_opinions_are_shown_with_their_round_reason_and_words() -> None:
    (one,) = shown(WAITS, AuditOpinion(decision="suspicious", auditor="wu", reason="modified", note="pipe")).opinions
    assert (one.auditor, one.round, one.said, one.note) == ("wu", 1, "suspicious", "pipe")
    assert one.reason == "the vehicle seems to be illegally modified"


def test_suspicions_of_rules_are_named_and_weighed_and_an_unknown_one_keeps_its_code() -> None:
    code = next(iter(RULES.suspicions))
    known, other = shown(
        WAITS, SuspicionRaised(rule=code, detail="d", weight=7), SuspicionRaised(rule="of.tomorrow", detail="e")
    ).suspicions
    assert (known.name, known.weight, known.detail) == (RULES.suspicions[code].en, 7, "d")
    assert other.name == "of.tomorrow"


def test_what_the_station_has_to_do_again_is_named() -> None:
    view = shown(
        WAITS,
        RetakeRequested(by="wu", reason="photo.dark", kind="0113", note="again"),
        RetakeRequested(by="wu", reason="item.missing", item="18"),
    )
    assert view.awaited == ("VIN: the photo is too dark or too bright again", "tyres: the item was not checked")


def test_a_recall_says_by_when_until_the_vehicle_is_back() -> None:
    view = shown(WAITS, FOUND, RECALL, RecallOverdue(due=DUE))
    assert view.recall == "ST01 has to call the vehicle back by 2026-05-29 04:26:40"
    assert view.recall_overdue
    assert shown(WAITS, FOUND, RecallOrdered(reason="modified", station="ST01")).recall.endswith("no day set")
    assert shown(WAITS, FOUND, RECALL, VehicleReturned(by="zhou", station="ST01")).recall == ""


def test_each_print_is_shown() -> None:
    assert shown(WAITS, StickerPrinted(number="PL1", copy=1, by="li")).prints == ("copy 1, li",)
