"""Auditors at work, all at once: each asks for a case, looks at it for a while, and decides, by the hub's writer."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from central_hub.deciding.queueing import Lease
from central_hub.desks.audits import Audits, Judgement
from central_hub.people.roles import Actor
from central_hub.writer import Writer

ANSWER_SECONDS_MAX = 60.0
SUSPICIOUS_SHARE = 0.03
_T = TypeVar("_T")


@dataclass(kw_only=True)
class Tally:
    """What was measured: seconds from asking until a committed lease was there, and until an opinion was committed.

    twice: hand-outs of a case that somebody held, or of the same round again. nothing: how often the queue was empty.
    """

    next_seconds: list[float] = field(default_factory=list)
    decide_seconds: list[float] = field(default_factory=list)
    twice: int = 0
    nothing: int = 0
    seconds: float = 0.0
    _held: set[str] = field(default_factory=set)
    _rounds: Counter[tuple[str, int]] = field(default_factory=Counter)

    def given(self, lease: Lease, seconds: float) -> None:
        """Take note of a hand-out."""
        again = lease.case in self._held or self._rounds[lease.case, lease.round] > 0
        self.twice += again
        self._held.add(lease.case)
        self._rounds[lease.case, lease.round] += 1
        self.next_seconds.append(seconds)

    def given_back(self, lease: Lease) -> None:
        """Take note that somebody is about to decide a case, after which another may get it."""
        self._held.discard(lease.case)


@dataclass(frozen=True, kw_only=True)
class Work:
    """How they work: how many people, how many cases each, and how long each looks at one (on average), in seconds."""

    auditors: int
    cases_each: int
    pause_seconds: float


async def auditors_at_work(writer: Writer, audits: Audits, work: Work) -> Tally:
    """Let them all work at once, in one thread beside the writer's, as the hub's doors do; return what was measured."""
    tally = Tally()
    begin = time.perf_counter()
    people = [_Auditor(writer, audits, tally, number) for number in range(work.auditors)]
    await asyncio.gather(*(one.work(work) for one in people))
    tally.seconds = time.perf_counter() - begin
    return tally


class _Auditor:
    def __init__(self, writer: Writer, audits: Audits, tally: Tally, number: int) -> None:
        self._writer = writer
        self._audits = audits
        self._tally = tally
        self._random = random.Random(number)  # noqa: S311 - only who thinks how long, and suspects what
        roles = frozenset({"auditor", "lead_auditor"})
        self._actor = Actor(account=f"auditor-{number}", person=f"p-{number}", roles=roles)

    async def _ask(self, act: Callable[[], _T]) -> _T:
        return await asyncio.wait_for(asyncio.wrap_future(self._writer.submit(act)), ANSWER_SECONDS_MAX)

    async def work(self, work: Work) -> None:
        """Do so many cases."""
        # Else all of them would ask in the same millisecond for as long as the run lasts.
        await asyncio.sleep(work.pause_seconds * self._random.random())
        for _ in range(work.cases_each):
            begin = time.perf_counter()
            lease = await self._ask(partial(self._audits.take_next, self._actor))
            if lease is None:
                self._tally.nothing += 1
                return
            self._tally.given(lease, time.perf_counter() - begin)
            await self._decide(lease, work.pause_seconds)

    async def _decide(self, lease: Lease, pause_seconds: float) -> None:
        shown = await self._ask(partial(self._audits.look, self._actor, lease.token))
        await asyncio.sleep(pause_seconds * (0.5 + self._random.random()))
        suspicious = self._random.random() < SUSPICIOUS_SHARE
        judgement = Judgement(
            decision="suspicious" if suspicious else "pass",
            seen=shown.device_facts,
            reason="procedure" if suspicious else "",
        )
        self._tally.given_back(lease)
        begin = time.perf_counter()
        await self._ask(partial(self._audits.decide, self._actor, lease.token, judgement))
        self._tally.decide_seconds.append(time.perf_counter() - begin)
