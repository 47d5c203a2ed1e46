"""
Step 7, first half. What a passage must not be able to do to whoever reads it.

The rules, in the order they are applied to text and titles:

1. Characters that a person would not see are removed (`acl.model.characters`).
2. Anything that begins like an HTML tag loses its bracket, pseudonyms excepted.
3. Markdown links and images lose the syntax that makes a renderer follow them.
4. Addresses lose the part that makes them live: `https://` becomes `hxxps://`.

These are deterministic and apply to everything; whether a text looks like an instruction is a
signal in its provenance and decides nothing here.
"""

import re
from dataclasses import replace
from typing import Final

from acl.model.characters import visible
from retrieval.passage import Passage

_PAGE: Final = re.compile(r"https?://[^\s<>\"\\]+\Z", re.IGNORECASE)
_TAG: Final = re.compile(r"<(?![A-Z_]{2,40}_[0-9a-f]{8}>)(?=[A-Za-z/!?])")
_LINK: Final = re.compile(r"\]\s*(?=[(\[:])")
_HTTP: Final = re.compile(r"(?<![^\W_])(h)tt(ps?)\s*:\s*(?=[/\\])", re.IGNORECASE)
_SCHEME: Final = re.compile(
    r"(?<![^\W_])(data|javascript|vbscript|file|ftp|ftps|blob|mailto|ws|wss)\s*:(?=\S)",
    re.IGNORECASE,
)
_RELATIVE: Final = re.compile(r"(?<![:\w/\\])[/\\]{2}(?=[\w\[])")
_BARE: Final = re.compile(r"(?<![^\W_])www\.(?=\w)", re.IGNORECASE)


def sanitise(passage: Passage) -> Passage:
    """
    Return the passage with text and title made inert. A URL is the citation and stays whole
    if it leads to a page; any other kind of address is left out.
    """
    url = passage.url if _PAGE.match(passage.url) else ""
    return replace(passage, title=inert(passage.title), text=inert(passage.text), url=url)


def inert(text: str) -> str:
    """
    Apply the four rules.
    """
    shown = visible(text)
    shown = _TAG.sub("\u2039", shown)
    shown = _LINK.sub("] ", shown)
    shown = _HTTP.sub(r"\1xx\2:", shown)
    shown = _SCHEME.sub("\\1\u2236", shown)
    shown = _RELATIVE.sub("/ /", shown)
    return _BARE.sub("www\u2024", shown)
