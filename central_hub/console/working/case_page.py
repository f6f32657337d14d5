"""The page of a case, the decision on it, its steps, and its photos: /cases/{case_id}, /console-photos/{digest}.

Whoever may audit gets the case by opening it, where nobody else holds it; what they see then is what the desk lets them
see. Each look at a photo is written down before the photo is given.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from aiohttp import web
from markupsafe import Markup

from central_hub.console.case_view import Hold, Surroundings, case_view
from central_hub.console.guarding import read_form
from central_hub.console.life.forms import FORMS, Asking, FormName, allowed, forms_of
from central_hub.console.life.life_view import life_view
from central_hub.console.names import CaseNames
from central_hub.console.rendering import FILE_HEADERS, go_to
from central_hub.console.sticker_view import qr_svg, sticker_url
from central_hub.console.timeline_view import Clocks, Received
from central_hub.console.working.doing import DOINGS, number_of
from central_hub.console.working.visiting import REFUSALS, Front, Refusal, Visit, refusal
from central_hub.deciding.auditing import NOTE_CHARACTERS_MAX, SUSPICION_REASONS
from central_hub.deciding.conflicts import name_of
from central_hub.desks import ActError
from central_hub.desks.audits import Judgement
from central_hub.people.seeing import as_answered, as_seen, station_of
from inspection.case import Case, fold
from inspection.evidence import EvidenceError
from inspection.identities import IdentityError, checked_case

PHOTO_MEDIA = ("image/jpeg", "image/png")
CORRECTED_CHARACTERS_MAX = 25


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """What was typed into a form that was refused. form: which, "audit" for the decision. why: or None."""

    form: str = ""
    why: Refusal | None = None
    given: Mapping[str, str] = field(default_factory=dict)


NOTHING_TYPED = Typed()


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """A case as the visitor may see it."""

    case: Case
    entries: list[Received]
    hold: Hold
    blind: bool


class CasePages:
    """Everything about one case."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def show(self, visit: Visit) -> web.Response:
        """GET /cases/{case_id}."""
        return await self._answer(visit, NOTHING_TYPED, status=200)

    async def decide(self, visit: Visit) -> web.Response:
        """POST /cases/{case_id}: 1. The form says which. 2. The visitor holds this case. 3. The audit allows it."""
        given = read_form(await visit.request.read())
        decision = given.get("decision", "")
        if decision not in ("pass", "suspicious"):
            unclear = ActError("audit.unclear", "a decision passes a case or finds it suspicious")
            typed = Typed(form="audit", why=unclear, given=given)
            return await self._answer(visit, typed, status=400)
        judgement = Judgement(
            decision=cast("Literal['pass', 'suspicious']", decision),
            seen=number_of(given.get("seen", "")),
            reason=given.get("reason", "") if decision == "suspicious" else "",
            note=given.get("note", ""),
            corrected=given.get("corrected", "").strip().upper(),
        )
        case_id, token = visit.request.match_info["case_id"], given.get("token", "")
        return await self._do(visit, "audit", given, functools.partial(self._opine, visit, case_id, token, judgement))

    def _opine(self, visit: Visit, case_id: str, token: str, judgement: Judgement) -> Case:
        audits = self._front.engine.audits
        if audits.look(visit.actor, token).case != case_id:
            raise ActError("audit.no_lease", "this token is another case's")
        return audits.decide(visit.actor, token, judgement)

    async def step(self, visit: Visit) -> web.Response:
        """POST /cases/{case_id}/steps/{step}: what a form of the page asks for."""
        case_id, asked = visit.request.match_info["case_id"], visit.request.match_info["step"]
        name: FormName | None = next((known for known in FORMS if known == asked), None)
        if name is None or not self._known(visit, case_id):
            return self._front.not_found(visit)
        if not allowed(name, visit.actor.may):
            return self._front.not_allowed(visit)
        given = read_form(await visit.request.read())
        work = functools.partial(DOINGS[name], self._front.engine, visit.actor, case_id, given)
        return await self._do(visit, name, given, work)

    async def _do(self, visit: Visit, name: str, given: Mapping[str, str], work: Callable[[], object]) -> web.Response:
        try:
            await self._front.act(work)
        except REFUSALS as error:
            return await self._answer(visit, Typed(form=name, why=error, given=given), status=409)
        done = "" if name == "audit" else f"?done={name}"
        return go_to(f"/cases/{visit.request.match_info['case_id']}{done}")

    def _known(self, visit: Visit, case_id: str) -> bool:
        """Say whether there is such a case, and it is the visitor's to see."""
        row, own = self._front.reading.case_row(case_id), station_of(visit.actor)
        return row is not None and (not own or row["station"] == own)

    async def _look(self, visit: Visit) -> Looked | None:
        try:
            case_id = checked_case(visit.request.match_info["case_id"])
        except IdentityError:
            return None
        entries = self._front.reading.entries(case_id)
        if not entries or (station_of(visit.actor) and not self._known(visit, case_id)):
            return None
        case = fold(case_id, (entry for _, entry in entries))
        hold, held = await self._take(visit, case_id)
        if held is not None:
            return Looked(case=held, entries=entries, hold=hold, blind=True)
        answer = self._front.reading.probe_answer(case_id, name_of(visit.actor))
        if answer:
            return Looked(case=as_answered(case, answer, visit.actor), entries=entries, hold=hold, blind=True)
        seen, blind = as_seen(case, visit.actor)
        return Looked(case=seen, entries=entries, hold=hold, blind=blind)

    async def _take(self, visit: Visit, case_id: str) -> tuple[Hold, Case | None]:
        """Take the case for its audit, where it waits for one and the visitor may; return it as they may see it."""
        actor, reading, audits = visit.actor, self._front.reading, self._front.engine.audits
        if not actor.may("audit.decide"):
            return Hold(), None
        row = reading.case_row(case_id)
        if (row is None or not row["queued"]) and reading.held_by(name_of(actor)) != case_id:
            return Hold(), None

        def take() -> tuple[str, Case]:
            token = audits.take(actor, case_id).token
            return token, audits.look(actor, token)

        try:
            token, seen = await self._front.act(take)
        except REFUSALS as error:
            return Hold(why_not=refusal(error, visit.texts)), None
        return Hold(token=token), seen

    async def _answer(self, visit: Visit, typed: Typed, *, status: int) -> web.Response:
        looked = await self._look(visit)
        if looked is None:
            return self._front.not_found(visit)
        texts, desk, case = visit.texts, self._front.desk, looked.case
        view = case_view(case, looked.entries, self._around(looked), now=desk.now(), texts=texts)
        names, rules = CaseNames(case.opened, texts), self._front.rules
        asking = Asking(visit.actor.may, looked.blind)
        url = sticker_url(desk.public_url, view.decision.text) if view.decision.text else ""
        return self._front.page(
            visit,
            "case",
            status=status,
            view=view,
            life=life_view(case, names=names, rules=rules, texts=texts),
            forms=forms_of(case, asking, names=names, rules=rules, texts=texts),
            typed=typed,
            refused=refusal(typed.why, texts, blind=looked.blind) if typed.why else "",
            done=self._done(visit),
            reasons=[(code, texts.either(*words)) for code, words in SUSPICION_REASONS.items()],
            note_characters_max=NOTE_CHARACTERS_MAX,
            corrected_characters_max=CORRECTED_CHARACTERS_MAX,
            may_print=visit.actor.may("sticker.print") and not looked.blind,
            sees_photos=visit.actor.may("photo.view"),
            url=url,
            qr=Markup(qr_svg(url)) if url else "",  # noqa: S704 - segno draws it; it holds no text of anybody's
        )

    def _done(self, visit: Visit) -> str:
        done = visit.request.query.get("done", "") if visit.request.method == "GET" else ""
        return visit.texts(f"step.done.{done}") if done in FORMS else ""

    def _around(self, looked: Looked) -> Surroundings:
        reading, settings, case = self._front.reading, self._front.desk.settings, looked.case
        return Surroundings(
            station=settings.station(case.opened.station).name if case.opened else "",
            reused=reading.photos_elsewhere(case.case, [photo.photo.digest for photo in case.all_photos]),
            clocks=Clocks(happened=reading.happened(looked.entries), skew_seconds_max=settings.skew_seconds_max),
            hold=looked.hold,
            blind=looked.blind,
        )

    async def photo(self, visit: Visit) -> web.StreamResponse:
        """GET /console-photos/{digest}: a photo; ?case= says for which case somebody looks at it."""
        digest, reading = visit.request.match_info["digest"], self._front.reading
        try:
            here = self._front.desk.photos.has(digest)
        except EvidenceError:
            return self._front.not_found(visit)
        photo = reading.announced_photo(digest) if here else None
        if photo is None or photo.media not in PHOTO_MEDIA:
            return self._front.not_found(visit)
        asked = visit.request.query.get("case", "")
        case_id = asked if reading.photo_of(asked, digest) else reading.case_of_photo(digest)
        if station_of(visit.actor) and not self._known(visit, case_id):
            return self._front.not_found(visit)
        await self._front.entrance.viewed(visit.actor, case_id, what=digest)
        headers = {**FILE_HEADERS, "Content-Type": photo.media}
        return web.FileResponse(self._front.desk.photos.path(digest), headers=headers)
