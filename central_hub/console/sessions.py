"""Signing in and out, the second factor, one's own password, who sits at a browser, and the language switch.

Knows cookies, forms and which page follows; who is let in is the entrance's.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from aiohttp import web
from markupsafe import Markup

from central_hub.console.desk import Desk, Visitor
from central_hub.console.guarding import local_path, read_form, same_origin
from central_hub.console.rendering import LANGUAGE_COOKIE, LANGUAGE_COOKIE_SECONDS, Renderer, chosen_texts, go_to
from central_hub.console.sticker_view import qr_svg
from central_hub.console.texts import LANGUAGES
from central_hub.desks.signing_in import SignedIn
from central_hub.doors.entrance import Entrance, Present, SignInError
from central_hub.people.roles import Actor
from central_hub.store.office.accounts import (
    NAME_CHARACTERS_MAX,
    PASSWORD_CHARACTERS_MAX,
    PASSWORD_CHARACTERS_MIN,
    AccountError,
    Role,
)

SESSION_COOKIE = "passlane_session"
REFRESH_HEADER = "Passlane-Refresh"
"""A page that looks by itself for what is new says so: nobody needs to sit there, so the session is not used by it."""
CODE_CHARACTERS_MAX = 40
HOUR_SECONDS = 3600
_STATUS = {"sign_in.wait": 429, "sign_in.locked": 403}
_Handler = Callable[[web.Request], Awaitable[web.Response]]


class Sessions:
    """The pages /sign-in, /sign-in/code, /second-factor, /password, /sign-out and /language."""

    def __init__(self, entrance: Entrance, *, desk: Desk, renderer: Renderer) -> None:
        self._entrance = entrance
        self._desk = desk
        self._renderer = renderer

    def handlers(self) -> list[tuple[str, str, _Handler]]:
        """Return method, path and handler of each page."""
        return [
            ("GET", "/sign-in", self.form),
            ("POST", "/sign-in", self._from_here(self.sign_in)),
            ("GET", "/sign-in/code", self.code_form),
            ("POST", "/sign-in/code", self._from_here(self.take_code)),
            ("GET", "/second-factor", self.enrolment),
            ("POST", "/second-factor", self._from_here(self.enrol)),
            ("GET", "/password", self.password_form),
            ("POST", "/password", self._from_here(self.change_password)),
            ("POST", "/sign-out", self._from_here(self.sign_out)),
            ("GET", "/language/{language}", self.language),
        ]

    def visitor(self, request: web.Request) -> Visitor | None:
        """Return who is signed in at this browser, or None."""
        present = self._present(request)
        if present is None or present.stage != "whole":
            return None
        actor = present.actor
        return Visitor(name=actor.account, title=present.title, role=shown_role(actor), actor=actor)

    def from_here(self, request: web.Request) -> bool:
        """Say whether a page of this console sent the request."""
        return same_origin(request.headers, host=request.host, public_url=self._desk.public_url)

    def _from_here(self, handler: _Handler) -> _Handler:
        async def handle(request: web.Request) -> web.Response:
            if not self.from_here(request):
                return self._renderer.error(request, 403, "not_allowed_here")
            return await handler(request)

        return handle

    def _present(self, request: web.Request) -> Present | None:
        return self._entrance.present(token_of(request), used=REFRESH_HEADER not in request.headers)

    async def form(self, request: web.Request) -> web.Response:
        """GET /sign-in: the empty form."""
        return self._page(request, "sign_in", name="")

    async def sign_in(self, request: web.Request) -> web.Response:
        """POST /sign-in: name and password. What comes next, the session that it opens says."""
        fields = read_form(await request.read())
        name = fields.get("name", "")[:NAME_CHARACTERS_MAX]
        onward = local_path(fields.get("next", "/"))
        try:
            signed_in = await self._entrance.sign_in(name, fields.get("password", ""), address=request.remote or "")
        except SignInError as error:
            return self._refused(request, "sign_in", error, name=name, onward=onward)
        after = {"whole": onward, "code": _with_next("/sign-in/code", onward)}
        return self._set_cookie(
            request, go_to(after.get(signed_in.stage, _with_next("/second-factor", onward))), signed_in
        )

    async def code_form(self, request: web.Request) -> web.Response:
        """GET /sign-in/code: the form for the code, for who gave the password."""
        present = self._present(request)
        if present is None or present.stage != "code":
            return go_to("/sign-in")
        return self._page(request, "sign_in_code")

    async def take_code(self, request: web.Request) -> web.Response:
        """POST /sign-in/code: a code of the app, or a recovery code."""
        fields = read_form(await request.read())
        onward, code = local_path(fields.get("next", "/")), fields.get("code", "")[:CODE_CHARACTERS_MAX]
        try:
            signed_in = await self._entrance.enter_code(token_of(request), code, address=request.remote or "")
        except SignInError as error:
            page = "sign_in" if error.code in ("sign_in.ended", "sign_in.locked") else "sign_in_code"
            return self._refused(request, page, error, name="", onward=onward)
        return self._set_cookie(request, go_to(onward), signed_in)

    async def enrolment(self, request: web.Request) -> web.Response:
        """GET /second-factor: a new secret as a QR code, and the form for its first code."""
        return await self._enrolment(request, anew=True)

    async def enrol(self, request: web.Request) -> web.Response:
        """POST /second-factor: the first code; answers with the recovery codes, this once."""
        fields = read_form(await request.read())
        onward = local_path(fields.get("next", "/"))
        try:
            enrolled = await self._entrance.confirm_enrolment(
                token_of(request), fields.get("code", "")[:CODE_CHARACTERS_MAX]
            )
        except SignInError as error:
            if error.code == "sign_in.code_wrong":
                return await self._enrolment(request, anew=False, refused=error, onward=onward)
            return self._refused(request, "sign_in", error, name="", onward=onward)
        page = self._page(request, "recovery_codes", onward=onward, codes=enrolled.recovery)
        return self._set_cookie(request, page, enrolled.signed_in)

    async def _enrolment(
        self, request: web.Request, *, anew: bool, refused: SignInError | None = None, onward: str | None = None
    ) -> web.Response:
        try:
            enrolment = await self._entrance.begin_enrolment(token_of(request), anew=anew)
        except SignInError as error:
            return self._refused(request, "sign_in", error, name="", onward=onward)
        return self._page(
            request,
            "second_factor",
            status=401 if refused else 200,
            onward=onward,
            refused=self._sentence(request, refused) if refused else "",
            secret=" ".join(enrolment.secret[at : at + 4] for at in range(0, len(enrolment.secret), 4)),
            qr=Markup(qr_svg(enrolment.uri)),  # noqa: S704 - segno draws it
        )

    async def password_form(self, request: web.Request) -> web.Response:
        """GET /password: the form for another password of one's own."""
        visitor = self.visitor(request)
        if visitor is None:
            return go_to(sign_in_path(request))
        return self._password_page(request, visitor)

    async def change_password(self, request: web.Request) -> web.Response:
        """POST /password: the old one and the new one; every other session of the account ends."""
        visitor = self.visitor(request)
        if visitor is None:
            return go_to("/sign-in")
        fields = read_form(await request.read())
        try:
            signed_in = await self._entrance.change_password(
                token_of(request),
                fields.get("password", ""),
                new=fields.get("new_password", ""),
                address=request.remote or "",
            )
        except AccountError:
            refused = chosen_texts(request)(
                "password.length", fewest=PASSWORD_CHARACTERS_MIN, most=PASSWORD_CHARACTERS_MAX
            )
            return self._password_page(request, visitor, refused=refused, status=400)
        except SignInError as error:
            status = _STATUS.get(error.code, 401)
            return self._password_page(request, visitor, refused=self._sentence(request, error), status=status)
        return self._set_cookie(request, go_to("/"), signed_in)

    def _password_page(
        self, request: web.Request, visitor: Visitor, *, refused: str = "", status: int = 200
    ) -> web.Response:
        return self._page(
            request,
            "password",
            status=status,
            visitor=visitor,
            refused=refused,
            fewest=PASSWORD_CHARACTERS_MIN,
            most=PASSWORD_CHARACTERS_MAX,
        )

    async def sign_out(self, request: web.Request) -> web.Response:
        """POST /sign-out: end the session, here and in the store."""
        token = token_of(request)
        if token:
            await self._entrance.sign_out(token)
        answer = go_to("/sign-in")
        answer.del_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="Strict")
        return answer

    async def language(self, request: web.Request) -> web.Response:
        """GET /language/{language}: remember it and go back; harms nobody who did not mean it."""
        asked = request.match_info["language"]
        if asked not in LANGUAGES:
            return self._renderer.error(request, 404, "not_found")
        answer = go_to(local_path(request.query.get("next", "/")))
        answer.set_cookie(
            LANGUAGE_COOKIE, asked, max_age=LANGUAGE_COOKIE_SECONDS, path="/", httponly=True, samesite="Lax"
        )
        return answer

    def _page(self, request: web.Request, template: str, /, *, status: int = 200, **shown: object) -> web.Response:
        if shown.get("onward") is None:
            shown["onward"] = local_path(request.query.get("next", "/"))
        shown.setdefault("refused", "")
        return self._renderer.page(template, request, chosen_texts(request), status=status, shown=shown)

    def _refused(self, request: web.Request, page: str, error: SignInError, **shown: object) -> web.Response:
        status = _STATUS.get(error.code, 401)
        return self._page(request, page, status=status, refused=self._sentence(request, error), **shown)

    def _sentence(self, request: web.Request, error: SignInError) -> str:
        return chosen_texts(request)(error.code, seconds=error.seconds)

    def _set_cookie(self, request: web.Request, answer: web.Response, signed_in: SignedIn) -> web.Response:
        # The browser's own word for its scheme: behind a proxy that ends TLS, the request itself came over HTTP.
        secure = request.secure or request.headers.get("Origin", "").startswith("https://")
        answer.set_cookie(
            SESSION_COOKIE,
            signed_in.token,
            max_age=self._desk.settings.session_hours_max * HOUR_SECONDS,
            path="/",
            httponly=True,
            samesite="Strict",
            secure=secure,
        )
        return answer


def shown_role(actor: Actor) -> Role:
    """Return which of the console's pages somebody gets: an auditor's, an operator's, or none."""
    if actor.may("audit.decide"):
        return "auditor"
    return "operator" if actor.may("device.manage") else "other"


def token_of(request: web.Request) -> str:
    """Return the token of the browser's cookie; empty for none."""
    # A cookie may hold any bytes; ours never held others than these.
    token = request.cookies.get(SESSION_COOKIE, "")
    return token if token.isascii() else ""


def _with_next(path: str, onward: str) -> str:
    return path if onward == "/" else f"{path}?next={quote(onward, safe='')}"


def sign_in_path(request: web.Request) -> str:
    """Return where somebody who is not signed in has to go, and come back from."""
    return f"/sign-in?next={quote(request.path_qs if request.method == 'GET' else request.path, safe='')}"
