"""Signing in and out, who sits at a browser, and the language switch.

Knows cookies and the order of the checks; passwords and tokens are `accounts`', the waiting time `attempts`'.
"""

import asyncio
import functools
from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from central_hub.console.attempts import Attempts
from central_hub.console.desk import Desk, Visitor
from central_hub.console.guarding import local_path, read_form, same_origin
from central_hub.console.rendering import LANGUAGE_COOKIE, LANGUAGE_COOKIE_SECONDS, Renderer, chosen_texts, go_to
from central_hub.console.texts import LANGUAGES
from central_hub.reading import Reading
from central_hub.store.accounts import NAME_CHARACTERS_MAX, Accounts, check_password, token_digest
from central_hub.writer import Writer

if TYPE_CHECKING:
    from central_hub.store.accounts import Role

SESSION_COOKIE = "passlane_session"
CHECKS_AT_ONCE_MAX = 2
"""A password check takes 64 MiB and a core; more at once would starve the uploads that share the threads."""
HOUR_SECONDS = 3600


class Sessions:
    """The pages /sign-in, /sign-out and /language."""

    def __init__(self, reading: Reading, *, writer: Writer, accounts: Accounts, desk: Desk, renderer: Renderer) -> None:
        self._reading = reading
        self._writer = writer
        self._accounts = accounts
        self._desk = desk
        self._renderer = renderer
        self._attempts = Attempts()
        self._checks = asyncio.Semaphore(CHECKS_AT_ONCE_MAX)

    def visitor(self, request: web.Request) -> Visitor | None:
        """Return who is signed in at this browser, or None."""
        token = _token(request)
        row = self._reading.session(token_digest(token), self._desk.now()) if token else None
        if row is None:
            return None
        role: Role = "auditor" if row["role"] == "auditor" else "operator"
        return Visitor(name=row["name"], title=row["title"] or row["name"], role=role)

    def from_here(self, request: web.Request) -> bool:
        """Say whether a page of this console sent the request."""
        return same_origin(request.headers, host=request.host, public_url=self._desk.public_url)

    async def form(self, request: web.Request) -> web.Response:
        """GET /sign-in: the empty form."""
        return self._form(request, name="", onward=local_path(request.query.get("next", "/")))

    def _form(
        self, request: web.Request, *, name: str, onward: str, refused: str = "", status: int = 200
    ) -> web.Response:
        shown: dict[str, object] = {"name": name, "onward": onward, "refused": refused}
        return self._renderer.page("sign_in", request, chosen_texts(request), status=status, shown=shown)

    async def sign_in(self, request: web.Request) -> web.Response:
        """POST /sign-in. 1. From here. 2. Not too soon after failures. 3. Name and password belong together."""
        if not self.from_here(request):
            return self._renderer.error(request, 403, "not_allowed_here")
        fields = read_form(await request.read())
        name, onward = fields.get("name", "")[:NAME_CHARACTERS_MAX], local_path(fields.get("next", "/"))
        texts = chosen_texts(request)
        source = request.remote or ""
        seconds = self._attempts.begin(name, source, now=self._desk.now())
        if seconds:
            refused = texts("sign_in.wait", seconds=seconds)
            return self._form(request, name=name, onward=onward, refused=refused, status=429)
        if not await self._belongs(name, fields.get("password", "")):
            return self._form(request, name=name, onward=onward, refused=texts("sign_in.wrong"), status=401)
        self._attempts.succeeded(name, source)
        return await self._begin(request, name, onward)

    async def _belongs(self, name: str, password: str) -> bool:
        account = self._reading.account(name)
        async with self._checks:
            return await asyncio.to_thread(check_password, account["password"] if account else None, password)

    async def _begin(self, request: web.Request, name: str, onward: str) -> web.Response:
        now, hours = self._desk.now(), self._desk.settings.session_hours_max
        work = functools.partial(self._accounts.open_session, name, now=now, hours_max=hours)
        token = await asyncio.wrap_future(self._writer.submit(work))
        answer = go_to(onward)
        # The browser's own word for its scheme: behind a proxy that ends TLS, the request itself came over HTTP.
        secure = request.secure or request.headers.get("Origin", "").startswith("https://")
        answer.set_cookie(
            SESSION_COOKIE,
            token,
            max_age=hours * HOUR_SECONDS,
            path="/",
            httponly=True,
            samesite="Strict",
            secure=secure,
        )
        return answer

    async def sign_out(self, request: web.Request) -> web.Response:
        """POST /sign-out: end the session, here and in the store."""
        if not self.from_here(request):
            return self._renderer.error(request, 403, "not_allowed_here")
        token = _token(request)
        if token:
            work = functools.partial(self._accounts.close_session, token)
            await asyncio.wrap_future(self._writer.submit(work))
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


def _token(request: web.Request) -> str:
    # A cookie may hold any bytes; ours never held others than these.
    token = request.cookies.get(SESSION_COOKIE, "")
    return token if token.isascii() else ""


def sign_in_path(request: web.Request) -> str:
    """Return where somebody who is not signed in has to go, and come back from."""
    return f"/sign-in?next={quote(request.path_qs if request.method == 'GET' else request.path, safe='')}"
