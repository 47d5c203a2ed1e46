"""
Finds what a Markdown renderer would make a link or an image of, by parsing as one does.

Two parsers look at every paragraph: one of all CommonMark, and one that knows neither code nor
escapes, because a passage is laid beside others, where a fence or backtick of theirs may turn
what was code here into text. A link ends with its paragraph (CommonMark 0.31, section 6.3), so
paragraphs are looked at by themselves.

Where the parsers' word on places does not suffice, the rule is plain: a closing bracket before
anything that could be a target is parted from it.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.helpers import parseLinkLabel
from markdown_it.rules_inline import StateInline, image, link

MAX_PARSED_CHARACTERS: Final = 4_000
MAX_BRACKETS: Final = 64
"""
A parser of links takes time with the square of either; beyond them the plain rule is applied.
"""

ROUNDS: Final = 3
"""
How deep links in images in links are taken apart by place.
"""

_PARAGRAPHS: Final = re.compile(r"(\n[ \t]*\n)")
_TARGET: Final = re.compile(r"\](?=\s*[(\[:])")
_DEFINED: Final = re.compile(r"\](?=:)")
_AT_LINE_START: Final = re.compile(r"^([^\w\n]*\[[^\]]*\])(?=:)", re.MULTILINE)
"""
Where some renderer may see a definition: they differ in what may stand before it, such as marks of
quotations and lists, and in where its target may stand.
"""

_CUTS: Final = "cuts"

_Rule = Callable[[StateInline, bool], bool]


def unlinked(text: str) -> str:
    """
    Return the text with every link, image and link definition taken apart by one space.
    """
    if not _may_link(text):
        return text
    parts = _PARAGRAPHS.split(text)
    return "".join(_paragraph(one) if _may_link(one) else one for one in parts)


def _may_link(text: str) -> bool:
    # A bracket that names a definition is a link only where there is one, which is "]:".
    return "](" in text or "]:" in text


def _paragraph(text: str) -> str:
    if len(text) > MAX_PARSED_CHARACTERS or text.count("[") > MAX_BRACKETS:
        return _plainly(text)
    defined = 1
    while defined:  # One line may define several.
        text, defined = _AT_LINE_START.subn(r"\1 ", text)
    for _ in range(ROUNDS):
        if not _may_link(text):
            return text
        places = {place for parser in _PARSERS for place in _closing(text, parser)}
        if not places:
            break
        text = "".join(f"{one} " if at in places else one for at, one in enumerate(text))
    return _plainly(text) if any(_is_live(text, parser) for parser in _PARSERS) else text


def _plainly(text: str) -> str:
    return _TARGET.sub("] ", text)


def _closing(text: str, parser: MarkdownIt) -> list[int]:
    environment: dict[str, Any] = {_CUTS: []}
    # As one stretch of text, so that places are those of the text.
    parser.parseInline(text, environment)
    places: list[int] = environment[_CUTS]
    if "]:" not in text:
        return places
    lines = text.split("\n")
    for first, end in _definitions(text, parser):
        before = sum(len(line) + 1 for line in lines[:first])
        defined = "\n".join(lines[first:end])
        places += [before + found.start() for found in _DEFINED.finditer(defined)]
    return places


def _definitions(text: str, parser: MarkdownIt) -> list[tuple[int, int]]:
    environment: dict[str, Any] = {_CUTS: []}
    parser.parse(text, environment)
    found = [*environment.get("references", {}).values(), *environment.get("duplicate_refs", [])]
    return [(one["map"][0], one["map"][1]) for one in found]


def _is_live(text: str, parser: MarkdownIt) -> bool:
    environment: dict[str, Any] = {_CUTS: []}
    parser.parse(text, environment)
    defined = environment.get("references") or environment.get("duplicate_refs")
    return bool(environment[_CUTS] or defined)


def _noting(rule: _Rule, before_label: int) -> _Rule:
    def noted(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's own form
        start = state.pos + before_label
        found = rule(state, silent)
        if found and not silent:
            state.env[_CUTS].append(parseLinkLabel(state, start, not before_label))
        return found

    return noted


def _whatever_it_is(url: str) -> bool:
    del url
    return True


def _parser(*, without: tuple[str, ...]) -> MarkdownIt:
    parser = MarkdownIt("commonmark")
    parser.inline.ruler.at("link", _noting(link, 0))
    parser.inline.ruler.at("image", _noting(image, 1))
    # This one would not link to a script; others do, and it is to find what they would.
    parser.validateLink = _whatever_it_is  # type: ignore[method-assign]
    return parser.disable(list(without))


_PARSERS: Final = (
    _parser(without=()),
    _parser(without=("code", "fence", "html_block", "backticks", "escape", "html_inline")),
)
