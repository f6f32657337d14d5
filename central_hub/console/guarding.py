"""What of a request may be believed: where it came from, where it wants to go on, what its form says. Decides only."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from central_hub import HubError

FORM_BYTES_MAX = 64 * 1024
FORM_FIELDS_MAX = 20


class FormError(HubError):
    """A form that cannot be read."""


def same_origin(headers: Mapping[str, str], *, host: str, public_url: str) -> bool:
    """Say whether a page of this console sent the request.

    host: the request's Host header. public_url: the address by which the hub is known where a proxy stands before it.
    1. A browser's own word (Sec-Fetch-Site) decides. 2. Where it sends none, as over plain HTTP, the Origin has to be
    this host. 3. A request that says neither is refused.
    """
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("Origin", "")
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return False
    return parts.netloc in (host, urlsplit(public_url).netloc)


def local_path(text: str) -> str:
    """Return `text` if it is a path on this host, else "/".

    A browser takes two slashes, or a slash and a backslash, for another host, and drops tabs and line ends first.
    """
    safe = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() and "\\" not in text
    return text if safe else "/"


def read_form(body: bytes) -> dict[str, str]:
    """Return the fields of a form sent as application/x-www-form-urlencoded; of a repeated field the last value.

    Raises FormError when it has too many bytes or fields. Line ends come back as single line feeds.
    """
    if len(body) > FORM_BYTES_MAX:
        raise FormError(f"a form has at most {FORM_BYTES_MAX} bytes")
    try:
        fields = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX, errors="replace"
        )
    except ValueError as error:
        raise FormError("the form has too many fields") from error
    return {name: value.replace("\r\n", "\n") for name, value in fields}
