"""
Three programs that make a page of a text, and what of it would be followed or fetched.
"""

import re
from collections.abc import Callable
from typing import Final

import mistune
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

_FOLLOWED: Final = ("href", "src", "srcset", "action", "data", "poster", "background", "formaction")
_MARKUP = MarkdownIt("gfm-like", {"html": True, "linkify": True})
# A name with a dot and no scheme is a file as often as a host; it is not looked at.
assert _MARKUP.linkify is not None
_MARKUP.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
_OTHER = mistune.create_markdown(escape=False, plugins=["url", "table", "strikethrough"])


_LINKED_WHERE_SHOWN: Final = re.compile(r"(?i)(?:https?|ftp|wss?|file)://\S|\bwww\.\w")
"""
Mail programs and chats make links of the addresses in a page that they show.
"""


def commonmark(text: str) -> str:
    """
    Render as GitHub's dialect, HTML and bare addresses included.
    """
    return str(_MARKUP.render(text))


def another(text: str) -> str:
    """
    Render by a parser that has nothing in common with the first.
    """
    return str(_OTHER(text))


def as_page(text: str) -> str:
    """
    Take the text for HTML, as a careless program does.
    """
    return text


RENDERERS: Final[tuple[Callable[[str], str], ...]] = (commonmark, another, as_page)


def live(text: str) -> list[str]:
    """
    Return what any of the three would follow, fetch or run, or show as an address.
    """
    found: list[str] = []
    for render in RENDERERS:
        page = BeautifulSoup(f"<main>{render(text)}</main>", "lxml")
        for tag in page.find_all():
            found += [f"{tag.name} {name}" for name in _FOLLOWED if tag.has_attr(name)]
            found += [f"{tag.name} {name}" for name in tag.attrs if name.startswith("on")]
            if tag.name in {"script", "style", "iframe", "img", "svg", "object", "form"}:
                found.append(tag.name)
        for shown in page.find_all(string=True):
            found += _LINKED_WHERE_SHOWN.findall(shown)
    found += re.findall(r"(?i)(?:https?|ftp|wss?|file)://\S", text)
    found += re.findall("\x1b|\x9b", text)
    return found
