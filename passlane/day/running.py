"""Runs the day (一天的运行): minute by minute of virtual time, all that is due goes through the hub in one commit.

Each minute begins with the hub's own clock job and a forecast of the audit; each hour is told. The day goes on past
midnight until nobody waits any more: what comes last is due a day after it came.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random

from central_hub import clock
from central_hub.clock import BEIJING
from central_hub.deciding.forecasting import Forecast
from central_hub.desks.audit_figures import audit_forecast
from passlane.day.agenda import Agenda
from passlane.day.city import DAY_MS, City
from passlane.day.hub import Hub
from passlane.day.people.auditing import Auditing
from passlane.day.people.rechecks import Rechecks
from passlane.day.sites import Sites
from passlane.day.visits import HOUR_MS, MINUTE_MS

DAYS_MAX = 3
"""After so many days a day that does not end is ended."""
PROBES_HOURS = (10, 12, 14, 16, 18, 20)
"""When the lead chooses known-answer cases."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hour:
    """What an hour of the day came to. at: its end, Unix milliseconds; oldest_minutes: since the oldest one waits.

    breaches: how many audits will be late, as things stand at the end of the hour.
    """

    at: int
    opened: int
    stickers: int
    audited: int
    waiting: int
    oldest_minutes: int
    staff: int
    breaches: int

    @property
    def text(self) -> str:
        """The moment, as people write it."""
        return datetime.fromtimestamp(self.at / 1_000, BEIJING).strftime("%m-%d %H:%M")


@dataclass(frozen=True, kw_only=True, slots=True)
class Lived:
    """A day that is over. hours: told in order. ended: when nobody waited any more, Unix milliseconds; 0: never."""

    hours: tuple[Hour, ...]
    ended: int
    seconds: float
    auditing: Auditing
    rechecks: Rechecks
    sites: Sites


class Day:
    """A day to be lived. told: hears of each hour."""

    def __init__(self, city: City, folder: Path, told: Callable[[Hour], None]) -> None:
        chance = Random(city.sizes.seed + 1)  # noqa: S311 - a made-up day, no secret
        self._city = city
        self._told = told
        self.hub = Hub(folder, city, chance)
        self._agenda = Agenda()
        parts = (self.hub, self._agenda, city, chance)
        self._sites, self._auditing, self._rechecks = Sites(*parts), Auditing(*parts), Rechecks(*parts)
        self._auditing.truths = self._rechecks.truths = self._sites.visits.__getitem__
        self._sites.back = self._rechecks.back
        self._position = 0
        self._hours: list[Hour] = []
        self._forecast: Forecast | None = None

    def run(self) -> Lived:
        """Live the day. Raises DayError where the hub refuses what it may not."""
        begun = clock.seconds()
        self.hub.commit([self.hub.casework.start])
        self.hub.commit([*self._sites.enrol(), *self._auditing.plan(), *self._rechecks.plan()])
        ended = 0
        for minute in range(self._city.midnight, self._city.midnight + DAYS_MAX * DAY_MS, MINUTE_MS):
            self._live_minute(minute)
            if (minute + MINUTE_MS - self._city.midnight) % HOUR_MS == 0:
                self._tell(minute + MINUTE_MS)
                if self._over(minute):
                    ended = minute + MINUTE_MS
                    break
        return Lived(
            hours=tuple(self._hours),
            ended=ended,
            seconds=clock.seconds() - begun,
            auditing=self._auditing,
            rechecks=self._rechecks,
            sites=self._sites,
        )

    def _live_minute(self, minute: int) -> None:
        self.hub.tick(minute)
        self._forecast = audit_forecast(self.hub.reader, self.hub.engine.terms(), now=self.hub.now)
        self._auditing.wake(self._forecast.waiting)
        due = self._agenda.take(minute + MINUTE_MS)
        pieces = [functools.partial(self._at, at, piece) for at, piece in due]
        outgoing = self.hub.commit([self._keep_clock, *pieces])
        self._sites.hear(outgoing)

    def _at(self, at: int, piece: Callable[[], object]) -> None:
        self.hub.tick(at)
        piece()

    def _keep_clock(self) -> None:
        self.hub.casework.check_clock()
        if self._forecast is not None and self._forecast.breaches:
            self.hub.engine.audits.escalate(self._forecast)
        since = self.hub.now - self._city.midnight
        if since % HOUR_MS == 0 and since // HOUR_MS in PROBES_HOURS:
            self._auditing.choose_probes(self._cases("archived"), self._cases("penalised"))
        if since % DAY_MS == DAY_MS - MINUTE_MS:
            self.hub.casework.seal()
            self.hub.engine.standing.run_day(self._city.day) if since < DAY_MS else None

    def _cases(self, stage: str) -> list[str]:
        # A vehicle that was passed without an auditor has no known answer.
        query = "SELECT case_id FROM cases WHERE stage = ? AND audit_due > 0 ORDER BY case_id LIMIT 100"
        return [row[0] for row in self.hub.reader.execute(query, (stage,)).fetchall()]

    def _over(self, minute: int) -> bool:
        waiting = self.hub.reader.execute("SELECT count(*) FROM cases WHERE waiting = 1").fetchone()[0]
        return minute >= self._city.midnight + DAY_MS and not waiting and not len(self._agenda)

    def _tell(self, at: int) -> None:
        query = "SELECT kind, count(*) FROM entries WHERE pos > ? AND kind IN (?, ?, ?) GROUP BY kind"
        kinds = ("CaseOpened", "StickerIssued", "AuditDecided")
        counted = dict(self.hub.reader.execute(query, (self._position, *kinds)).fetchall())
        self._position = self.hub.reader.execute("SELECT max(pos) FROM entries").fetchone()[0]
        query = "SELECT count(*), min(audit_due) FROM cases WHERE waiting = 1"
        waiting, first = self.hub.reader.execute(query).fetchone()
        day_ms = self.hub.engine.rules.today().audit.hours * HOUR_MS
        forecast = self._forecast
        hour = Hour(
            at=at,
            opened=counted.get("CaseOpened", 0),
            stickers=counted.get("StickerIssued", 0),
            audited=counted.get("AuditDecided", 0),
            waiting=waiting,
            oldest_minutes=max(0, at - (first - day_ms)) // MINUTE_MS if first else 0,
            staff=forecast.staff if forecast else 0,
            breaches=len(forecast.breaches) if forecast else 0,
        )
        self._hours.append(hour)
        self._told(hour)
