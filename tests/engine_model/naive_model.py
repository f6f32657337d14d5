"""The life of a case, told once more and naively: plain dictionaries, no facts, no fold, nothing of the product's code.

Written from what the field says (§8.1 to §8.3 of the domain text) and from the list of steps, not from the engine. Each
step says whether it is taken or refused, and changes the dictionaries.
"""

from tests.engine_model.model_stages import (
    ABANDONED,
    AUDIT_MS,
    AWAITS_AUDIT,
    CHANGE_NO_CASE,
    CLOCK_RUNS,
    DEPARTURES,
    FREES_OTHERS,
    HOUR_MS,
    NEW,
    RECALLED,
    REPORTS,
    RETAKABLE,
    STEP_MS,
    Case,
    asked_again,
    failed,
    numbers_of,
    own,
    stage_of,
    waits_for_audit,
    waits_for_more,
    withdrawable,
)
from tests.engine_model.model_steps import PEOPLE, STATIONS, Person, Step


class NaiveModel:
    """All cases of a run. second_for_all: whether every pass is seen by a second person. recall_ms: time to come back.

    automatic: whether 查验 is reviewed by the rules where nothing speaks against it.
    """

    def __init__(self, *, now: int, recall_ms: int, second_for_all: bool, automatic: bool) -> None:
        self.now = now
        self.recall_ms = recall_ms
        self.second_for_all = second_for_all
        self.automatic = automatic
        self.cases: list[Case] = []
        self.held: dict[int, str] = {}

    def stages(self) -> list[str]:
        """Return the stages of all cases."""
        return [stage_of(case) for case in self.cases]

    def take(self, step: Step) -> bool:
        """Take the step; say whether it was legal. A device's fact is always taken in; that may change nothing."""
        if step.kind not in {"open", "clock"} and step.case >= len(self.cases):
            return False
        self.now += STEP_MS
        nothing_new = step.kind == "photos" and not self.cases[step.case]["missing"]
        if step.kind in REPORTS and step.flaw != "another device":
            self.cases[step.case]["changed"] = True
        done: bool = step.kind == "replay" or getattr(self, "_" + step.kind)(step)
        if done and not nothing_new and step.kind not in CHANGE_NO_CASE:
            self._decide_sticker(self.cases[step.case])
        if done and step.kind in FREES_OTHERS:
            self._free_others(self.cases[step.case])
        return done

    def _free_others(self, case: Case) -> None:
        """What stood in the way of the vehicle's other cases may be gone."""
        for other in self.cases:
            held_back = stage_of(other) in ("withheld", "audit_first", "audit_overdue", "concluded")
            if other is not case and other["vehicle"] == case["vehicle"] and held_back:
                self._decide_sticker(other)

    # ---- What devices write

    def _open(self, step: Step) -> bool:
        vehicle = "odd" if step.way == "odd" else step.other
        self._begin(step.way, vehicle=vehicle, device=int(step.who), serial=len(self.cases), attempt=1)
        return True

    def _begin(self, sort: str, *, vehicle: str, device: int, serial: int, attempt: int) -> None:
        of_whom = {"vehicle": vehicle, "device": device, "inspector": f"inspector-{device + 1}"}
        self.cases.append(
            {**NEW, **of_whom, "missing": {"first photos"}, "asked": {}, "opinions": []}
            | {"sort": sort, "station": STATIONS[device], "serial": serial, "attempt": attempt}
            | {"opened_at": self.now}
        )

    def _retest(self, step: Step) -> bool:
        earlier = self.cases[step.case]
        self._begin(
            earlier["sort"],
            vehicle=earlier["vehicle"],
            device=earlier["device"],
            serial=earlier["serial"],
            attempt=earlier["attempt"] + 1,
        )
        for other in self.cases:
            self._see_retests(other)
        return True

    def _conclude(self, step: Step) -> bool:
        case = self.cases[step.case]
        case["endings"] += step.flaw != "another device"
        if case["base"] == "in_progress" and step.flaw != "another device":
            case["base"] = "concluded" if step.way == "pass" else "failed"
            case["failed_at"] = self.now if step.way == "fail" else 0
            self._see_retests(case)
        return True

    def _see_retests(self, case: Case) -> None:
        """The re-test may have been heard of before the failure: devices' facts come in any order."""
        attempts = [numbers_of(other) for other in self.cases]
        has_failed = case["base"] in ("failed", "review_failed") and not case["withdrawn"]
        if has_failed and (case["serial"], case["attempt"] + 1) in attempts:
            case["base"] = "retested"

    def _abandon(self, step: Step) -> bool:
        case = self.cases[step.case]
        case["endings"] += 1
        if case["base"] == "in_progress":
            case["base"] = ABANDONED
        return True

    def _photos(self, step: Step) -> bool:
        case = self.cases[step.case]
        case["missing"] = set()
        if case["asked"].get("photo") == "taken":
            case["asked"]["photo"] = "done"
        return True

    def _answer(self, step: Step) -> bool:
        case = self.cases[step.case]
        if step.way == "photo without bytes":
            case["missing"].add("retaken photo")
            if "photo" in case["asked"]:
                case["asked"]["photo"] = "taken"
        elif step.way in case["asked"]:
            case["asked"][step.way] = "done"
        if step.way == "photo":
            case["missing"].discard("retaken photo")
        return True

    def _says_withdrawn(self, step: Step) -> bool:
        case = self.cases[step.case]
        if step.flaw != "another device" and withdrawable(case):
            case["withdrawn"] = True
        return True

    def _says_returned(self, step: Step) -> bool:
        case = self.cases[step.case]
        if step.flaw != "another device" and stage_of(case) in ("recall_ordered", "not_back"):
            case["base"] = "vehicle_back"
        return True

    # ---- The sticker, which no person decides

    def _decide_sticker(self, case: Case) -> None:
        """Issue the sticker as soon as nothing stands in its way; else say who has to look."""
        base = case["base"]
        asked = asked_again(case) and base != "cleared"
        over = base == ABANDONED and not case["due"]
        if case["withdrawn"] or over or asked or case["sticker"] != "none":
            return
        if case["sort"] == "chayan":
            if base == "concluded":
                case.update(base="review_pending", due=self.now + AUDIT_MS)
            if base in ("concluded", "review_pending"):
                self._review_by_the_rules(case)
        elif base in ("concluded", "withheld", "audit_first", "audit_overdue", "archived", "cleared"):
            self._issue_or_say_who_looks(case, passed=base in ("archived", "cleared"))

    def _issue_or_say_who_looks(self, case: Case, *, passed: bool) -> None:
        """What stands against it is said at once; that a person has to look first, when the photos are there."""
        blocked = self._blocked(case)
        looks = "withheld" if blocked else "audit_first"
        if not blocked and (passed or not self._audit_first(case)) and not case["missing"]:
            case["sticker"] = "valid"
            if not passed:
                case.update(base="audit_pending", due=self.now + AUDIT_MS, late=False)
            elif "due at issue" in DEPARTURES:
                case.update(due=self.now, late=False)
        elif passed:
            case["said"] = "withheld" if blocked and "withheld for its audit" in DEPARTURES else case["said"]
        elif case["missing"] and not blocked:
            return
        elif case["base"] == "concluded":
            case.update(base=looks, said=looks, due=self.now + AUDIT_MS)
        elif case["base"] in ("withheld", "audit_first"):
            case.update(base=looks, said=looks)

    def _review_by_the_rules(self, case: Case) -> None:
        # What a person undid, the rules do not do again.
        if self.automatic and not case["by_hand"] and not case["missing"] and not self._failed_before(case):
            case.update(base="reviewed", automatic=True)

    def _failed_before(self, case: Case) -> bool:
        """Say whether this repeats a 查验 of the vehicle that failed in the sixty days before."""
        since = case["opened_at"] - 60 * 24 * HOUR_MS
        return any(
            other["failed_at"] >= since and other["opened_at"] < case["opened_at"]
            for other in self.cases
            if other["vehicle"] == case["vehicle"] and other["sort"] == "chayan" and failed(other)
        )

    def _audit_first(self, case: Case) -> bool:
        """Say whether an auditor looks before there is a sticker.

        So it is with another class of vehicle, a re-test (复检) of no failure, and an inspection that ended twice.
        """
        earlier = (case["serial"], case["attempt"] - 1)
        before = [stage_of(other) for other in self.cases if numbers_of(other) == earlier]
        of_no_failure = bool(before) and before[-1] not in ("failed", "retested", "review_failed")
        return of_no_failure or case["sort"] == "odd" or case["endings"] > 1

    def _blocked(self, case: Case) -> bool:
        """Say whether no auditor's pass helps: another VIN, the vehicle has its sticker, or it is ordered back.

        One test (serial and attempt) has one sticker, though it was withdrawn. What came after a pass, nobody saw.
        """
        others = [other for other in self.cases if other is not case and other["vehicle"] == case["vehicle"]]
        twins = [other for other in others if numbers_of(other) == numbers_of(case)]
        return (
            case["sort"] == "misread"
            or (case["base"] == "archived" and case["changed"])
            or any(other["sticker"] == "valid" for other in others)
            or any(other["sticker"] == "withdrawn" for other in twins)
            or any(other["base"] in RECALLED for other in others)
        )

    # ---- Time

    def _clock(self, step: Step) -> bool:
        self.now += {"hours": 7, "day": 25, "weeks": 17 * 24}[step.way] * HOUR_MS + 13 * 60_000
        self.held.clear()
        for case in self.cases:
            if case["withdrawn"]:
                continue
            if case["base"] in CLOCK_RUNS and 0 < case["due"] < self.now and not case["late"]:
                case["late"] = True
                self._overdue(case)
            if case["base"] == "recall_ordered" and self.now > case["recall_due"]:
                case["base"] = "not_back"
        return True

    def _overdue(self, case: Case) -> None:
        if case["base"] in ("audit_pending", "audit_first", "withheld"):
            case["base"] = "audit_overdue"
        self._decide_sticker(case)

    # ---- Audit

    def _hold(self, step: Step) -> bool:
        """Take the case for oneself, so that nobody else decides it meanwhile."""
        who = PEOPLE[step.who]
        holder = self.held.get(step.case)
        if holder == who.person:
            return True
        if holder or not self._may_opine(self.cases[step.case], who):
            return False
        self._give_back(who)
        self.held[step.case] = who.person
        return True

    def _give_back(self, who: Person) -> bool:
        """Nobody holds two cases."""
        mine = [case for case, person in self.held.items() if person == who.person]
        for case in mine:
            del self.held[case]
        return bool(mine)

    def _let_go(self, step: Step) -> bool:
        return self._give_back(PEOPLE[step.who])

    def _may_opine(self, case: Case, who: Person, way: str = "suspicious") -> bool:
        """A case that is back at the station may still be suspected: the station may never answer."""
        gave = [person for person, _ in case["opinions"]]
        stage = stage_of(case)
        returned = stage == "returned" and case["sort"] != "chayan" and way == "suspicious"
        waits = case["due"] > 0 and (stage in AWAITS_AUDIT or returned)
        return waits and not own(case, who) and who.person not in gave

    def _opinion(self, step: Step) -> bool:
        case, who = self.cases[step.case], PEOPLE[step.who]
        if not self._may_opine(case, who, step.way) or self.held.get(step.case, who.person) != who.person:
            return False
        if step.flaw == "not seen" or (step.way == "suspicious" and step.flaw == "no reason"):
            return False
        if len(case["opinions"]) == 2 and not who.third:
            return False
        # Nobody passes what nobody saw.
        if step.way == "pass" and case["missing"]:
            return False
        self._give_back(who)
        case["opinions"].append((who.person, step.way))
        case["changed"] = False
        views = [way for _, way in case["opinions"]]
        alone = len(views) == 1 and (step.way == "suspicious" or self.second_for_all)
        if alone or (len(views) == 2 and views[0] != views[1]):
            case["base"] = waits_for_more(case)
        elif step.way == "pass":
            case["base"] = "archived"
        else:
            case.update(base="recall_ordered", recall_due=self.now + self.recall_ms)
            if "withheld for its audit" in DEPARTURES:
                case["said"] = "withheld"
        return True

    def _retake(self, step: Step) -> bool:
        case = self.cases[step.case]
        if not case["due"] or stage_of(case) not in RETAKABLE or own(case, PEOPLE[step.who]) or step.flaw:
            return False
        case["asked"][step.way] = "asked"
        return True

    # ---- Recall, recheck, and what follows

    def _vehicle_back(self, step: Step) -> bool:
        case = self.cases[step.case]
        if stage_of(case) not in ("recall_ordered", "not_back") or step.flaw == "elsewhere":
            return False
        case["base"] = "vehicle_back"
        return True

    def _recheck(self, step: Step) -> bool:
        case, who = self.cases[step.case], PEOPLE[step.who]
        suspected_it = (who.person, "suspicious") in case["opinions"]
        if stage_of(case) != "vehicle_back" or own(case, who) or suspected_it or step.flaw:
            return False
        case["base"] = step.way
        return True

    def _withdraw_sticker(self, step: Step) -> bool:
        case, one, two = self.cases[step.case], PEOPLE[step.who], PEOPLE[step.other]
        if stage_of(case) not in ("proven", "penalised") or case["sticker"] != "valid" or step.flaw:
            return False
        if one.person == two.person or case["inspector"] in (one.person, two.person):
            return False
        if "station withdraws" not in DEPARTURES and (own(case, one) or own(case, two)):
            return False
        case["sticker"] = "withdrawn"
        if case["base"] == "proven":
            case["base"] = "sticker_withdrawn"
        return True

    def _penalise(self, step: Step) -> bool:
        case = self.cases[step.case]
        legal = stage_of(case) in ("proven", "sticker_withdrawn")
        if not legal or own(case, PEOPLE[step.who]) or step.flaw:
            return False
        case["base"] = "penalised"
        return True

    # ---- 查验

    def _review(self, step: Step) -> bool:
        case, who = self.cases[step.case], PEOPLE[step.who]
        decision = step.way.removeprefix("sampled ")
        drawn_again = stage_of(case) == "reviewed" and case["automatic"]
        waits = stage_of(case) == "review_pending"
        if not (drawn_again or waits) or own(case, who) or step.flaw == "not seen":
            return False
        if decision == "fail" and step.flaw == "no reason":
            return False
        if decision == "pass" and case["missing"]:
            return False
        case.update(base="reviewed" if decision == "pass" else "review_failed", automatic=False)
        case["failed_at"] = self.now if decision == "fail" else 0
        self._see_retests(case)
        return True

    # ---- What takes back

    def _withdraw(self, step: Step) -> bool:
        case = self.cases[step.case]
        if not withdrawable(case) or step.flaw:
            return False
        case["withdrawn"] = True
        return True

    def _undo(self, step: Step) -> bool:
        case = self.cases[step.case]
        if step.flaw or own(case, PEOPLE[step.who]):
            return False
        stage = stage_of(case)
        if step.way == "withdrawal" and stage == "withdrawn":
            case["withdrawn"] = False
            self._see_retests(case)
        elif (step.way == "audit" and stage == "archived" and case["opinions"]) or (
            step.way == "recall" and stage in RECALLED
        ):
            case.update(base=waits_for_audit(case), opinions=[])
        elif step.way == "recheck" and (stage == "cleared" or (stage == "proven" and case["sticker"] != "withdrawn")):
            case["base"] = "vehicle_back"
        elif step.way == "review" and stage in ("reviewed", "review_failed"):
            case.update(base="review_pending", automatic=False, by_hand="reviewed again" not in DEPARTURES, failed_at=0)
        else:
            return False
        return True
