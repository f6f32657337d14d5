"""The real hub as the model's tests drive it: casework and desks over SQLite in memory, devices without a broker.

Each step is one transaction, as the hub's writer makes them. What is refused is told as such; anything else that is
raised is a fault of the hub and ends the run.
"""

import functools
import sqlite3
from collections.abc import Callable
from typing import Literal, cast

from msgspec.structs import replace

from central_hub import HubError
from central_hub.casework import Casework
from central_hub.committing import Committer
from central_hub.deciding.living import Wanted
from central_hub.deciding.queueing import AuditTerms
from central_hub.deciding.reviewing import Judgement as ReviewJudgement
from central_hub.desks.audits import Judgement as AuditJudgement
from central_hub.people.roles import Actor
from central_hub.settings import HubSettings, Station
from central_hub.store.database import prepared
from inspection import InspectionError
from inspection.case import Case
from inspection.checklist import Requirement, required_for
from inspection.evidence import PhotoRef, VinFinding
from inspection.facts import (
    CaseAbandoned,
    CaseOpened,
    CaseWithdrawn,
    InspectionConcluded,
    ItemChecked,
    PhotoTaken,
    VehicleReturned,
)
from inspection.signing import SigningKey, digest
from passlane.demo.vehicles import made_up_vin
from tests.central_hub.conftest import NOW
from tests.central_hub.simulated_device import SimulatedDevice, private_car
from tests.engine_model.model_stages import HOUR_MS, STEP_MS
from tests.engine_model.model_steps import PEOPLE, STATIONS, Person, Step

VINS = {
    "0": made_up_vin("LZZAA1A2", "RA000101"),
    "1": made_up_vin("LZZAA1A2", "RA000102"),
    "odd": made_up_vin("LZZAA1A2", "RA000103"),
}
ANOTHER_VIN = made_up_vin("LZZAA1A2", "RA000999")
RECALL_DAYS = 3
WHY_SUSPECTED = "vin.tampered"
WHY_CLEARED = "vehicle.right"
RETAKE_REASONS = {"photo": "photo.blurred", "item": "item.doubtful"}
CLOCK_MS = {"hours": 7 * HOUR_MS, "day": 25 * HOUR_MS, "weeks": 17 * 24 * HOUR_MS}
Refused = HubError | InspectionError


class HubUnderTest:
    """A hub with two devices at two stations. second_for_all, automatic: as in the model."""

    def __init__(self, *, second_for_all: bool, automatic: bool) -> None:
        self.now = NOW
        stations = tuple(Station(id=station, name=station, admitted=True) for station in STATIONS)
        settings = HubSettings(stations=stations)
        self.db = prepared(sqlite3.connect(":memory:", isolation_level=None))
        self.casework = Casework(self.db, key=SigningKey(bytes(32)), settings=settings, now=lambda: self.now)
        self.hand = self.casework.hand
        self.committer = Committer(self.db, self.casework)
        terms = AuditTerms(second_share=float(second_for_all), probe_share=0.0, recall_days=RECALL_DAYS)
        engine = self.casework.engine
        self.audits, self.lives, self.stickers = engine.audits, engine.lives, engine.stickers
        # What filings, rulebooks and the chain of standing say is other tests' business; here each run has it settled.
        vars(self.audits).update(_terms=lambda: terms)
        standing = vars(engine.standing)
        standing.update(_books=tuple(replace(book, chain=()) for book in standing["_books"]))
        vars(self.lives).update(_automatic=lambda _: automatic, _drawn=lambda _: False)
        self.devices = [SimulatedDevice(f"lane-{number + 1}", station=at) for number, at in enumerate(STATIONS)]
        self.sent = [0, 0]
        self.cases: list[OpenCase] = []
        self.leases: dict[str, str] = {}
        self._begin()

    def _begin(self) -> None:
        self._must(self.casework.start)
        for number, device in enumerate(self.devices):
            device.key = SigningKey(bytes([number + 1]) * 32)
            enrol = functools.partial(self.casework.enrolment.enrol, device.name, "lane_box", device.station)
            self._must(functools.partial(enrol, public_key=device.key.public))

    # ---- Transactions

    def _try(self, work: Callable[[], object]) -> Refused | None:
        """Run one piece of work; return how it was refused, or None when it was done."""
        _, (done,) = self.committer.commit([work])
        if done.error is None or isinstance(done.error, Refused):
            return done.error
        raise done.error

    def _must(self, *work: Callable[[], object]) -> None:
        for came in self.committer.commit(list(work))[1]:
            if came.error is not None:
                raise came.error

    def case(self, number: int) -> Case:
        """Return a case of the run as it stands."""
        return self.hand.case(self.cases[number].case)

    def stages(self) -> list[str]:
        """Return the stages of all cases."""
        return [self.hand.case(known.case).stage for known in self.cases]

    def withdrawn(self, number: str) -> bool:
        """Say whether a sticker stands on the list of those that are no longer valid."""
        kept = self.stickers.numbers.sticker(number)
        return kept is not None and kept.withdrawn > 0

    def take(self, step: Step) -> Refused | None:
        """Take the step; return how it was refused, or None."""
        self.now += STEP_MS
        work = getattr(self, "_" + step.kind)(step)
        return work if isinstance(work, Refused) else None

    # ---- Devices

    def _send(self, number: int) -> None:
        device = self.devices[number]
        first, self.sent[number] = self.sent[number] + 1, len(device.records)
        self._must(lambda: self.casework.take_message(device.topic, device.message(first)))

    def _open(self, step: Step) -> None:
        vehicle = "odd" if step.way == "odd" else step.other
        self._inspect(OpenCase(step.way, vehicle, int(step.who), f"S{len(self.cases)}", 1))

    def _retest(self, step: Step) -> None:
        before = self.cases[step.case]
        self._inspect(OpenCase(before.sort, before.vehicle, before.device, before.serial, before.attempt + 1))

    def _inspect(self, new: "OpenCase") -> None:
        device = self.devices[new.device]
        new.case = device.open_case(
            private_car(vin=VINS[new.vehicle], plate="", vehicle_class="K39" if new.vehicle == "odd" else "K33"),
            regime="chayan" if new.sort == "chayan" else "jianyan",
            inspection_kind="" if new.sort == "chayan" else "01",
            business="B" if new.sort == "chayan" else "",
            serial=new.serial,
            attempt=new.attempt,
            inspector=f"inspector-{new.device + 1}",
        )
        self.cases.append(new)
        for spec in self._requirement(new).photos:
            self._photograph(new, spec.code, vin=spec.role == "vin")
        for item in self._requirement(new).items:
            device.write(ItemChecked(item=item.code, mark="pass"), new.case)
        self._send(new.device)

    def _requirement(self, known: "OpenCase") -> Requirement:
        opened = next(
            record.entry.fact for record in self.devices[known.device].records if record.entry.case == known.case
        )
        return required_for(cast("CaseOpened", opened))

    def _photograph(self, known: "OpenCase", kind: str, *, vin: bool = False) -> str:
        known.photos += 1
        data = f"{known.case} {kind} {known.photos}".encode()
        name = digest(data).hex()
        read = ANOTHER_VIN if known.sort == "misread" else VINS[known.vehicle]
        photo = PhotoRef(digest=name, media="image/jpeg", size=len(data), width=640, height=480)
        finding = VinFinding(vin=read, confidence=0.99, accepted=True) if vin else None
        self.devices[known.device].write(PhotoTaken(kind=kind, photo=photo, vin=finding), known.case)
        known.unsent.append(name)
        return name

    def _photos(self, step: Step) -> None:
        known = self.cases[step.case]
        self._must(*(functools.partial(self.casework.store_photo, name) for name in known.unsent))
        known.unsent.clear()

    def _writer_of(self, step: Step) -> int:
        device = self.cases[step.case].device
        return 1 - device if step.flaw == "another device" else device

    def _say(self, step: Step, fact: InspectionConcluded | CaseAbandoned | CaseWithdrawn | VehicleReturned) -> None:
        number = self._writer_of(step)
        self.devices[number].write(fact, self.cases[step.case].case)
        self._send(number)

    def _conclude(self, step: Step) -> None:
        by = f"inspector-{self._writer_of(step) + 1}"
        self._say(step, InspectionConcluded(outcome=cast("Literal['pass', 'fail']", step.way), by=by))

    def _abandon(self, step: Step) -> None:
        self._say(step, CaseAbandoned(reason="drove off"))

    def _says_withdrawn(self, step: Step) -> None:
        self._say(step, CaseWithdrawn(reason="owner", by="counter-1"))

    def _says_returned(self, step: Step) -> None:
        self._say(step, VehicleReturned(by="counter-1", station=self.devices[self._writer_of(step)].station))

    def _answer(self, step: Step) -> None:
        known = self.cases[step.case]
        if step.way == "item":
            item = ItemChecked(item=self._requirement(known).items[0].code, mark="pass")
            self.devices[known.device].write(item, known.case)
            self._send(known.device)
            return
        name = self._photograph(known, self._kind(known))
        self._send(known.device)
        if step.way == "photo":
            known.unsent.remove(name)
            self._must(lambda: self.casework.store_photo(name))

    def _kind(self, known: "OpenCase") -> str:
        return next(spec.code for spec in self._requirement(known).photos if spec.role == "right_rear")

    def _replay(self, _step: Step) -> None:
        for device in self.devices:
            if device.records:
                self._must(functools.partial(self.casework.take_message, device.topic, device.message()))

    # ---- People

    def _opinion(self, step: Step) -> Refused | None:
        case, actor = self.cases[step.case].case, actor_of(PEOPLE[step.who])
        seen = self.hand.case(case).device_facts - (step.flaw == "not seen")
        reason = WHY_SUSPECTED if step.way == "suspicious" and step.flaw != "no reason" else ""
        decision = cast("Literal['pass', 'suspicious']", step.way)
        judgement = AuditJudgement(decision=decision, seen=seen, reason=reason)
        return self._try(lambda: self.audits.decide(actor, self.audits.take(actor, case).token, judgement))

    def _hold(self, step: Step) -> Refused | None:
        case, actor = self.cases[step.case].case, actor_of(PEOPLE[step.who])

        def hold() -> None:
            self.leases[actor.person] = self.audits.take(actor, case).token

        return self._try(hold)

    def _let_go(self, step: Step) -> Refused | None:
        actor = actor_of(PEOPLE[step.who])
        return self._try(lambda: self.audits.release(actor, self.leases.get(actor.person, "none")))

    def _retake(self, step: Step) -> Refused | None:
        known, actor = self.cases[step.case], actor_of(PEOPLE[step.who])
        named = step.flaw != "nothing named"
        kind = self._kind(known) if step.way == "photo" and named else ""
        item = self._requirement(known).items[0].code if step.way == "item" and named else ""
        reason = "" if step.flaw == "no reason" else RETAKE_REASONS[step.way]
        wanted = Wanted(kind=kind, item=item)
        return self._try(lambda: self.lives.request_retake(actor, known.case, wanted=wanted, reason=reason))

    def _withdraw(self, step: Step) -> Refused | None:
        return self._act(self.lives.withdraw_case, step, reason="applicant")

    def _vehicle_back(self, step: Step) -> Refused | None:
        known = self.cases[step.case]
        station = STATIONS[1 - known.device] if step.flaw == "elsewhere" else STATIONS[known.device]
        actor = actor_of(PEOPLE[step.who])
        return self._try(lambda: self.lives.report_return(actor, known.case, station=station))

    def _recheck(self, step: Step) -> Refused | None:
        return self._act(
            self.lives.recheck, step, result=step.way, reason=WHY_CLEARED if step.way == "cleared" else WHY_SUSPECTED
        )

    def _penalise(self, step: Step) -> Refused | None:
        return self._act(self.lives.penalise, step, measure="warning", reason=WHY_SUSPECTED)

    def _undo(self, step: Step) -> Refused | None:
        return self._act(self.lives.undo, step, step=step.way, reason="the wrong case was open")

    def _act(self, desk: Callable[..., Case], tried: Step, *, reason: str, **terms: object) -> Refused | None:
        said = "" if tried.flaw == "no reason" else reason
        actor = actor_of(PEOPLE[tried.who])
        return self._try(functools.partial(desk, actor, self.cases[tried.case].case, reason=said, **terms))

    def _withdraw_sticker(self, step: Step) -> Refused | None:
        by, confirmed_by = actor_of(PEOPLE[step.who]), actor_of(PEOPLE[step.other])
        about = self._sticker_of(step.case)
        reason = "" if step.flaw == "no reason" else WHY_SUSPECTED
        return self._try(lambda: self.stickers.withdraw(about, by=by, confirmed_by=confirmed_by, reason=reason))

    def _sticker_of(self, number: int) -> str:
        issued = self.case(number).issued
        return issued.number if issued else "none"

    def _review(self, step: Step) -> Refused | None:
        case, actor = self.cases[step.case].case, actor_of(PEOPLE[step.who])
        decision = cast("Literal['pass', 'fail']", step.way.removeprefix("sampled "))
        judgement = ReviewJudgement(
            decision=decision,
            seen=self.hand.case(case).device_facts - (step.flaw == "not seen"),
            reason=WHY_SUSPECTED if decision == "fail" and step.flaw != "no reason" else "",
            sampled=step.way.startswith("sampled"),
        )
        return self._try(lambda: self.lives.review(actor, case, judgement=judgement, may_repeat=True))

    # ---- Time

    def _clock(self, step: Step) -> None:
        self.now += CLOCK_MS[step.way] + 13 * 60_000
        self._must(self.casework.check_clock)


class OpenCase:
    """A case of the run, as the station knows it. unsent: digests of photos whose bytes are not at the hub."""

    def __init__(self, sort: str, vehicle: str, device: int, serial: str, attempt: int) -> None:
        self.case = ""
        self.sort = sort
        self.vehicle = vehicle
        self.device = device
        self.serial = serial
        self.attempt = attempt
        self.photos = 0
        self.unsent: list[str] = []


def actor_of(person: Person) -> Actor:
    """Return the person as desks know them."""
    roles = {"auditor", "lead_auditor"} if person.third else {"auditor"}
    return Actor(person.account, person.person, frozenset(roles), person.station)
