"""What the naive model says of one case: the stage that everybody sees, whose own case it is, what it waits for.

A case is a plain dictionary. Below the stage that is seen lies the stage that the case would have if nobody had asked
for a retake (退回补拍) and the applicant had not gone (退办): its base.
"""

from typing import Any

from tests.engine_model.model_steps import Person

Case = dict[str, Any]

HOUR_MS = 3_600_000
STEP_MS = 1_000
"""Each step takes its time, so that nothing happens at once."""
AUDIT_MS = 24 * HOUR_MS
AWAITS_AUDIT = {"audit_pending", "audit_overdue", "audit_first", "withheld", "second_review", "suspected"}
CLOCK_RUNS = AWAITS_AUDIT | {"review_pending"}
RECALLED = {"recall_ordered", "not_back", "vehicle_back"}
WITHDRAWABLE = {
    *("in_progress", "abandoned", "concluded", "failed", "withheld", "audit_first", "audit_overdue"),
    *("review_pending", "returned", "applied"),
}
ABANDONED = "abandoned"
CHANGE_NO_CASE = ("open", "clock", "hold", "let_go", "replay", "retest")
FREES_OTHERS = ("retake", "withdraw", "vehicle_back", "recheck", "withdraw_sticker", "penalise", "review", "undo")
"""What people at the centre do about a case may free the vehicle's other cases."""
REPORTS = ("conclude", "abandon", "answer", "says_withdrawn", "says_returned")
RETAKABLE = {"audit_pending", "audit_overdue", "audit_first", "withheld", "review_pending", "returned"}


NEW: Case = {
    "base": "in_progress",
    "withdrawn": False,
    "endings": 0,
    "said": "",
    "changed": False,
    "sticker": "none",
    "due": 0,
    "late": False,
    "recall_due": 0,
    "automatic": False,
    "by_hand": False,
    "failed_at": 0,
}
DEPARTURES: frozenset[str] = frozenset()
"""Where the hub does not do what the text says, and the model follows it so that it can look further.

What is mended in the hub is taken out here; an empty set is the text.

reviewed again: what a person undid of a review by the rules, the rules do again at once.
failure taken back: a 查验 that failed, and that the applicant then took back, is no failure for the next one.
due at issue: where the audit that brought a sticker is undone, it was due at the moment of issue.
withheld for its audit: where recall or audit are undone before a photo's bytes are here, it is no longer audit first.
station withdraws: people of the case's own station may ask for the withdrawal of its sticker, and confirm it.
"""


def stage_of(case: Case) -> str:
    """Return the stage that everybody sees."""
    if case["withdrawn"]:
        return "withdrawn"
    if asked_again(case) and case["base"] in (*AWAITS_AUDIT, "review_pending"):
        return "returned"
    return str(case["base"])


def asked_again(case: Case) -> bool:
    """Say whether the station still owes a photo or a check: the photo that counts is another one, and it is here."""
    return any(state != "done" for state in case["asked"].values())


def numbers_of(case: Case) -> tuple[int, int]:
    """Return what tells one test from another: its serial, and how many-eth it is."""
    return case["serial"], case["attempt"]


def own(case: Case, who: Person) -> bool:
    """Say whether somebody would judge their own work: their inspection, or their station's."""
    return bool(who.person == case["inspector"] or who.station == case["station"])


def failed(case: Case) -> bool:
    """Say whether the case is a failure on record."""
    taken_back = case["withdrawn"] and "failure taken back" in DEPARTURES
    return case["failed_at"] > 0 and not taken_back


def withdrawable(case: Case) -> bool:
    """Say whether the applicant may still take the case back: only while no sticker is out."""
    return stage_of(case) in WITHDRAWABLE and case["sticker"] == "none"


def waits_for_more(case: Case) -> str:
    """Return the stage of a case that another person has to look at."""
    return "suspected" if any(way == "suspicious" for _, way in case["opinions"]) else "second_review"


def waits_for_audit(case: Case) -> str:
    """Return the stage of a case that nobody has given an opinion on."""
    if case["late"]:
        return "audit_overdue"
    if case["sticker"] != "none":
        return "audit_pending"
    return str(case["said"])
