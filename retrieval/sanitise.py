"""
Step 7, first half. What a passage must not be able to do to whoever reads it.

The rules, in the order they are applied to text and titles:

1. Characters that a person would not see are removed (`acl.model.characters`), and words of two
   scripts that look like one are written in one (`acl.model.lookalikes`).
2. A `<` that opens markup loses that power, pseudonyms excepted. It opens markup before a letter,
   `/`, `!` or `?`, and nowhere else (HTML standard, section 13.2.5.6, tag open state).
3. Markdown links, images and link definitions are taken apart (`retrieval.markup`).
4. Addresses lose the part that makes them live: `https://` becomes `hxxps://`. Whatever links
   by itself in text begins with a scheme, `www.` or two slashes; without these nothing does.
   Also once it is rendered: an escape or a character reference in an address is shown as what it
   stands for, and what is shown is linked by mail programs and chats.

These are deterministic and apply to everything, code included; whether a text looks like an
instruction is a signal in its provenance and decides nothing here.
"""

import html
import re
from dataclasses import replace
from typing import Final

from acl.model.characters import visible
from acl.model.lookalikes import unmixed
from retrieval.markup import unlinked
from retrieval.passage import Passage

MAX_TITLE_CHARACTERS: Final = 300
MAX_URL_CHARACTERS: Final = 2_048
CUT: Final = "\u2026"

_PAGE: Final = re.compile(r"https?://[^\s<>\"\\]+\Z", re.IGNORECASE)
_TAG: Final = re.compile(r"<(?![A-Z_]{2,40}_[0-9a-f]{8}>)(?=[A-Za-z/!?])")
_REFERENCE: Final = re.compile(r"&(?=(#[0-9]++|#[Xx][0-9A-Fa-f]++|[A-Za-z]{1,32}))")
_IN_ADDRESSES: Final = re.compile(r"[A-Za-z0-9:/.\\]")
_HTTP: Final = re.compile(r"(h)tt(ps?)(?=\s*:\s*[/\\])", re.IGNORECASE)
_SCHEME: Final = re.compile(r"(?<=\S)(?<!hxxp)(?<!hxxps):(?=[/\\]{2})", re.IGNORECASE)
_WITHOUT_SLASHES: Final = re.compile(
    r"(?<![^\W_])(?:(javascript|vbscript|mailto)\s*:(?=\S)"
    r"|(data)\s*:(?=[\w.+-]*+(?:/[\w.+-]*+)?[;,]))",
    re.IGNORECASE,
)
_RELATIVE: Final = re.compile(r"(?<![:/\\])(?<![^\W_])([/\\])([/\\])(?=[^\s/\\])")
_BARE: Final = re.compile(r"www\\?\.(?=\S)", re.IGNORECASE)


def sanitise(passage: Passage) -> Passage:
    """
    Return the passage with text and title made inert. A URL is the citation and stays whole
    if it leads to a page and hides nothing; any other kind of address is left out.
    """
    fits = len(passage.url) <= MAX_URL_CHARACTERS and _PAGE.match(passage.url)
    is_seen = visible(passage.url) == passage.url
    title, url = one_line(passage.title), passage.url if fits and is_seen else ""
    if len(title) > MAX_TITLE_CHARACTERS:
        title = title[: MAX_TITLE_CHARACTERS - 1] + CUT
    return replace(passage, title=title, text=inert(passage.text), url=url)


def inert(text: str) -> str:
    """
    Apply the four rules. Applying them twice changes nothing more.
    """
    shown = unmixed(visible(text))
    shown = _TAG.sub("\u2039", shown)
    shown = _REFERENCE.sub(_kept_reference, shown)
    shown = unlinked(shown)
    shown = _HTTP.sub(r"\1xx\2", shown)
    shown = _SCHEME.sub("\u2236", shown)
    shown = _WITHOUT_SLASHES.sub(lambda found: f"{found[1] or found[2]}\u2236", shown)
    # Each slash stays what it is: a "/" after a "<" would open markup that was none before.
    shown = _RELATIVE.sub(r"\1 \2", shown)
    return _BARE.sub("www\u2024", shown)


def _kept_reference(found: "re.Match[str]") -> str:
    return "& " if _IN_ADDRESSES.fullmatch(html.unescape(f"&{found[1]};")) else "&"


def one_line(text: str) -> str:
    """
    Make inert what stands on one line, such as a title.
    """
    return " ".join(inert(text).split())
