"""Turns views into answers: templates, headers, the chosen language, static files. Knows no case and no account."""

from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

import jinja2
from aiohttp import web

from central_hub.console.texts import LANGUAGES, Language, Texts, texts_in

LANGUAGE_COOKIE = "passlane_language"
LANGUAGE_COOKIE_SECONDS = 365 * 24 * 3600
STATIC_PATH = "/console-static/"
_STATIC_MEDIA = {"console.css": "text/css", "console.js": "text/javascript", "icon.svg": "image/svg+xml"}

# Referrer-Policy is same-origin and not no-referrer: with the latter browsers send "Origin: null" with a form.
SAFE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PAGE_HEADERS = {**SAFE_HEADERS, "Cache-Control": "no-store"}
FILE_HEADERS = {**SAFE_HEADERS, "Cache-Control": "private, no-cache"}
"""A browser may keep a file, but has to ask each time, so that it is asked who is signed in."""


class Renderer:
    """The templates of this room. title: the name of the installation."""

    def __init__(self, title: str) -> None:
        self._folder = Path(str(files(__package__)))
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(self._folder / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["hub_title"] = title
        self._environment.globals["static_path"] = STATIC_PATH
        self._environment.filters["in_path"] = lambda text: quote(text, safe="")

    def page(
        self, name: str, request: web.Request, texts: Texts, *, status: int = 200, shown: dict[str, object]
    ) -> web.Response:
        """Return the page `name` with what it shows. `visitor` may stand among it; without one there is no menu."""
        # Where the language switch comes back to: a page that a form led to has no address of its own.
        here = request.path_qs if request.method == "GET" else request.path
        template = self._environment.get_template(f"{name}.html")
        text = template.render({"visitor": None, **shown, "t": texts, "here": here})
        return web.Response(status=status, text=text, content_type="text/html", headers=PAGE_HEADERS)

    def error(self, request: web.Request, status: int, key: str, **shown: object) -> web.Response:
        """Return a page that says in one sentence what cannot be done. key: of the sentence, under "error."."""
        texts = chosen_texts(request)
        return self.page("error", request, texts, status=status, shown={"sentence": texts(f"error.{key}"), **shown})

    async def static(self, request: web.Request) -> web.StreamResponse:
        """Answer with a style sheet, script or icon of this room."""
        name = request.match_info["name"]
        if name not in _STATIC_MEDIA:
            return self.error(request, 404, "not_found")
        headers = {**FILE_HEADERS, "Content-Type": _STATIC_MEDIA[name]}
        return web.FileResponse(self._folder / "static" / name, headers=headers)


def chosen_language(request: web.Request) -> Language:
    """Return the language of the visitor's cookie, Chinese where there is none."""
    asked = request.cookies.get(LANGUAGE_COOKIE, "")
    return next((language for language in LANGUAGES if language == asked), LANGUAGES[0])


def chosen_texts(request: web.Request) -> Texts:
    """Return the texts in the visitor's language."""
    return texts_in(chosen_language(request))


def go_to(path: str) -> web.Response:
    """Return the answer that leads a browser on to a page of this host, with GET."""
    return web.Response(status=303, headers={**PAGE_HEADERS, "Location": path})
