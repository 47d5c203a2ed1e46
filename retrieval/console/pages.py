"""
What a browser is shown. Whatever comes from a document or a person is text: it is escaped where it
stands, and a page could run nothing, load nothing and be framed by nobody if it were not.
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from retrieval.console.citations import Cited
from retrieval.console.sessions import Session

_TEMPLATES: Final = Path(__file__).with_name("templates")
_STYLE: Final = (_TEMPLATES / "style.css").read_text(encoding="utf-8")
_STYLE_HASH: Final = base64.b64encode(sha256(_STYLE.encode()).digest()).decode("ascii")
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""
Beside those of every response: no store, no sniffing, no referrer (`retrieval.api.limits`).
"""


def _moment(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _environment() -> Environment:
    # Always, not by the name of a file: there is no page in which something is not text.
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    made.filters["moment"] = _moment
    return made


_PAGES: Final = _environment()


def citation_page(cited: Cited, session: Session) -> Response:
    """
    Show a passage in its document.
    """
    passage = cited.passage
    title = passage.title or "A document without a title"
    return _page(
        "citation.html",
        HTTPStatus.OK,
        session,
        cited=cited,
        provenance=passage.provenance,
        title=title,
    )


def notice(
    status: HTTPStatus,
    heading: str,
    told: str,
    *,
    session: Session | None = None,
    link: str = "",
    link_text: str = "",
) -> Response:
    """
    Show a few words, and where to go from there.
    """
    return _page(
        "notice.html", status, session, heading=heading, told=told, link=link, link_text=link_text
    )


def redirect(address: str) -> Response:
    """
    Send the browser elsewhere.
    """
    return RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER, headers=HEADERS)


def _page(name: str, status: HTTPStatus, session: Session | None, **shown: object) -> Response:
    text = _PAGES.get_template(name).render(style=_STYLE, session=session, **shown)
    return HTMLResponse(text, status_code=status, headers=HEADERS)
