"""The city's stations as the hub meets them (检验站): what their devices send, and what they do about its directives.

Photos arrive before the verdict, as they do where a device is online. A retake is answered, and a vehicle that is
called back comes, when the station is open; of those that were never there most never come.
"""

import functools
from collections.abc import Callable
from datetime import datetime
from random import Random

from central_hub.casework import Casework
from central_hub.clock import BEIJING
from inspection import topics
from inspection.directives import RetakeWanted, VehicleRecalled
from inspection.facts import VehicleReturned
from inspection.signing import PRIVATE_KEY_BYTES, SigningKey
from passlane.day import DayError
from passlane.day.agenda import Agenda
from passlane.day.city import DAY_MS, City
from passlane.day.devices import Device
from passlane.day.facts import Shot, Told, again, told_of
from passlane.day.hub import Hub
from passlane.day.visits import CLOSES_HOUR, HOUR_MS, MINUTE_MS, OPENS_HOUR, Visit

SWITCHED_ON_HOUR = 6
PHOTOS_AT = 0.7
"""When the photos are taken, of the time from opening to verdict."""
RETAKE_MINUTES = (8, 45)
BACK_HOURS = (1.0, 6.0)
NEVER_BACK_SHARE = 0.6
"""Of the vehicles that were never at the station so many never come."""


class Sites:
    """All stations of a city. visits: by case, once it is opened. back: told of each case whose vehicle is back."""

    def __init__(self, hub: Hub, agenda: Agenda, city: City, chance: Random) -> None:
        self._hub = hub
        self._agenda = agenda
        self._city = city
        self._chance = chance
        self._devices: dict[str, Device] = {}
        self._by_topic: dict[str, Device] = {}
        self.visits: dict[str, Visit] = {}
        self.back: Callable[[str], None] = _nobody

    def enrol(self) -> list[Callable[[], object]]:
        """Return the work that takes in the devices of all lanes; visits are put down for their time."""
        for visit in self._city.visits:
            if visit.device not in self._devices:
                self._devices[visit.device] = self._device(visit)
            self._plan(visit)
        self._by_topic = {
            topic: device
            for device in self._devices.values()
            for topic in (topics.receipts(device.name), topics.directives(device.name))
        }
        return [functools.partial(self._enrol, device) for device in self._devices.values()]

    def _device(self, visit: Visit) -> Device:
        device = Device(
            name=visit.device,
            station=visit.station.id,
            key=SigningKey(self._chance.randbytes(PRIVATE_KEY_BYTES)),
            started=self._city.midnight + SWITCHED_ON_HOUR * HOUR_MS,
        )
        self._agenda.add(device.started, functools.partial(self._start, device))
        return device

    def _enrol(self, device: Device) -> None:
        key = device.key.public
        self._casework.enrolment.enrol(device.name, "lane_box", device.station, public_key=key)

    def _start(self, device: Device) -> None:
        contact = device.start()
        self._send(device)
        self._casework.take_message(topics.contact(device.name), contact)

    @property
    def _casework(self) -> Casework:
        return self._hub.casework

    def _plan(self, visit: Visit) -> None:
        at = visit.start + int(visit.seconds * PHOTOS_AT * 1_000)
        self._agenda.add(at, functools.partial(self._begin, visit, at))

    def _begin(self, visit: Visit, at: int) -> None:
        told, device = told_of(visit), self._devices[visit.device]
        case = device.write(told.opening, at=visit.start)
        self.visits[case] = visit
        for fact in told.first:
            device.write(fact, case=case, at=visit.start + (at - visit.start) // 2)
        for shot in told.shots:
            device.write(shot.fact, case=case, at=at)
        self._send(device)
        for shot in told.shots:
            self._upload(shot)
        self._agenda.add(visit.end, functools.partial(self._end, visit, told, case))

    def _end(self, visit: Visit, told: Told, case: str) -> None:
        device = self._devices[visit.device]
        for fact in told.last:
            device.write(fact, case=case, at=visit.end)
        self._send(device)

    def _send(self, device: Device) -> None:
        for batch in device.batches(at=self._hub.now):
            refusal = self._casework.take_message(topics.facts(device.name), batch)
            if refusal is not None:
                raise DayError(f"the hub refused a batch of {device.name}: {refusal.code}: {refusal.text}")

    def _upload(self, shot: Shot) -> None:
        digest = shot.fact.photo.digest
        self._hub.keep_photo(shot.data, digest)
        self._casework.store_photo(digest)

    def hear(self, outgoing: list[tuple[str, bytes]]) -> None:
        """Take what the hub sent after a commit; what follows is put down. Raises DayError where it refused a batch."""
        for topic, message in outgoing:
            device = self._by_topic[topic]
            before = device.seq
            directive = device.hear(topic, message, self._hub.key.public, at=self._hub.now)
            if device.seq > before:
                self._agenda.add(self._hub.now + MINUTE_MS, functools.partial(self._send, device))
            match directive:
                case RetakeWanted():
                    minutes = self._chance.uniform(*RETAKE_MINUTES)
                    at = self._open_at(self._hub.now + int(minutes * MINUTE_MS))
                    self._agenda.add(at, functools.partial(self._retake, device, directive))
                case VehicleRecalled(case=case) if self._comes(case):
                    hours = self._chance.uniform(*BACK_HOURS)
                    at = self._open_at(self._hub.now + int(hours * HOUR_MS))
                    self._agenda.add(at, functools.partial(self._return, device, case))
                case _:
                    pass

    def _comes(self, case: str) -> bool:
        return self.visits[case].truth != "absent" or self._chance.random() >= NEVER_BACK_SHARE

    def _open_at(self, at: int) -> int:
        """Return `at`, or when the station opens next, each vehicle some minutes after the other."""
        hour = datetime.fromtimestamp(at / 1_000, BEIJING).hour
        if OPENS_HOUR <= hour < CLOSES_HOUR:
            return at
        today = self._city.midnight + (at - self._city.midnight) // DAY_MS * DAY_MS
        opens = today + OPENS_HOUR * HOUR_MS + int(self._chance.uniform(5, 60) * MINUTE_MS)
        return opens if hour < OPENS_HOUR else opens + DAY_MS

    def _retake(self, device: Device, wanted: RetakeWanted) -> None:
        shot = again(self.visits[wanted.case], wanted.kind, wanted.photo, time=self._hub.now)
        device.write(shot.fact, case=wanted.case, at=self._hub.now)
        self._send(device)
        self._upload(shot)

    def _return(self, device: Device, case: str) -> None:
        visit = self.visits[case]
        device.write(VehicleReturned(by=visit.inspector, station=visit.station.id), case=case, at=self._hub.now)
        self._send(device)
        self.back(case)


def _nobody(case: str) -> None:
    raise DayError(f"nobody checks the vehicle of case {case} again")
