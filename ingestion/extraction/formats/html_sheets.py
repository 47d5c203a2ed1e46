"""
What the style sheets and attributes of a page say about its elements, cascaded.

Sheets are parsed (CSS Syntax 3) and cascaded: importance, inline before sheets, specificity,
order. Sheets from elsewhere are not fetched. A value that a browser does not know does not
replace one that it knows.

Whether the condition of a group holds is known of media types and widths, for a screen of
`SCREEN_PIXELS`. Of others it is not (`@supports`, layers, containers): a page is looked at twice,
as if all of these held and as if none did.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import cssselect2
import soupsieve
import tinycss2
from bs4 import BeautifulSoup, Tag
from soupsieve import SelectorSyntaxError
from tinycss2.color5 import parse_color

from ingestion.extraction.formats.source import UnreadableError

SCREEN_PIXELS: Final = 1_280
MAX_VARIABLES_DEEP: Final = 4
MAX_SELECTOR_CHARACTERS: Final = 10_000

EDGES: Final = (
    "left", "top", "right", "bottom", "text-indent", "margin-left", "margin-top", "margin",
    "inset", "inset-inline", "inset-inline-start", "inset-block-start", "margin-inline-start",
    "translate",
)  # fmt: skip
BOX: Final = ("height", "width", "max-height", "max-width")
_READ: Final = frozenset(
    {
        "display", "visibility", "opacity", "font-size", "font", "color", "background",
        "background-color", "position", "overflow", "overflow-x", "overflow-y", "clip",
        "clip-path", "transform", "filter", "content-visibility", "-webkit-text-fill-color",
        "mso-hide", "scale", "zoom", "line-height", "white-space", *EDGES, *BOX,
    }
)  # fmt: skip

_ANYWHERE: Final = frozenset({"inherit", "initial", "unset", "revert", "revert-layer"})
_KEYWORDS: Final = {
    "display": frozenset(
        {
            "none", "block", "inline", "inline-block", "flex", "inline-flex", "grid",
            "inline-grid", "table", "inline-table", "list-item", "contents", "flow-root", "ruby",
            "run-in", "table-row", "table-cell", "table-row-group", "table-header-group",
            "table-footer-group", "table-column", "table-column-group", "table-caption", "flow",
            "-webkit-box", "-webkit-inline-box", "-webkit-flex", "-ms-flexbox", "-moz-box",
        }
    ),
    "visibility": frozenset({"visible", "hidden", "collapse"}),
    "content-visibility": frozenset({"visible", "hidden", "auto"}),
    "mso-hide": frozenset({"all", "none", "screen"}),
}  # fmt: skip
_MEASURED: Final = frozenset({"opacity", "zoom", "font-size", *BOX})
_UNITS: Final = frozenset(
    {
        "px", "pt", "em", "rem", "vw", "vh", "vmin", "vmax", "cm", "mm", "in", "pc", "ch", "ex",
        "q", "lh", "rlh", "cap", "ic", "svw", "svh", "lvw", "lvh", "dvw", "dvh", "vi", "vb",
        "cqw", "cqh", "cqi", "cqb", "cqmin", "cqmax",
    }
)  # fmt: skip
_SIZES: Final = frozenset(
    {
        "xx-small", "x-small", "small", "medium", "large", "x-large", "xx-large", "xxx-large",
        "smaller", "larger", "math",
    }
)  # fmt: skip
_COLOURS: Final = frozenset({"color", "background-color", "-webkit-text-fill-color"})
_SYSTEM: Final = frozenset({"canvas", "window", "field", "currentcolor"})

_UNREADABLE: Final = (
    cssselect2.SelectorError,
    SelectorSyntaxError,
    ValueError,
    NotImplementedError,
    IndexError,
    RecursionError,
)
_COMBINATORS: Final = frozenset({">", "+", "~"})
_FEW: Final = 20
"""
To try one element costs about so much more than to pass one by when looking for all.
"""

_WIDTH: Final = re.compile(r"\(\s*(min|max)-width\s*:\s*([\d.]+)(px|em|rem)\s*\)")
_DARK: Final = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)")

Values = dict[str, tuple[tuple[bool, tuple[int, ...], int], list[Any]]]
"""
Of one element: property to rank and value; the highest rank wins.
"""

_Rule = tuple[str, list[Any], list[Any], bool]
"""
A selector, its own tokens, what is declared for it, and whether that surely counts.
"""

_Matched = tuple[tuple[int, ...], list[Tag], list[Any], bool]
"""
The specificity of a selector and the elements that it means, in place of it.
"""


@dataclass(frozen=True, slots=True)
class Styles:
    """
    What sheets and attributes say about the elements of one page.
    """

    of: dict[int, Values]

    def words(self, tag: Tag, name: str) -> str:
        """
        Return a property's value in lower case; empty if nothing is said about it.
        """
        return str(tinycss2.serialize(self.value(tag, name))).strip().lower()

    def value(self, tag: Tag, name: str) -> list[Any]:
        """
        Return a property's value as it is written, with its variables filled in.
        """
        found = self.of.get(id(tag), {}).get(name)
        return list(self._filled(tag, found[1], 0)) if found else []

    def _filled(self, tag: Tag, tokens: list[Any], depth: int) -> Iterator[Any]:
        for token in tokens:
            if token.type == "comment":
                continue
            if token.type == "function" and token.lower_name == "var":
                if depth < MAX_VARIABLES_DEEP:
                    yield from self._filled(tag, self._variable(tag, token.arguments), depth + 1)
            else:
                yield token

    def _variable(self, tag: Tag, arguments: list[Any]) -> list[Any]:
        names = [one.value for one in arguments if one.type == "ident"]
        wanted = names[0].lower() if names else ""
        at: Tag | None = tag
        while at is not None:
            if wanted in self.of.get(id(at), {}):
                return self.of[id(at)][wanted][1]
            at = at.parent
        commas = [n for n, one in enumerate(arguments) if one.type == "literal"]
        return arguments[commas[0] + 1 :] if commas else []


def styles_of(soup: BeautifulSoup) -> tuple[Styles, ...]:
    """
    Read the style sheets of a page and the style attributes of its elements: with all that may
    count, and where that differs, with what surely counts.
    """
    known = _Known.on(soup)
    rules = [
        (*known.matched(selector, tokens), declarations, sure)
        for selector, tokens, declarations, sure in _rules(soup)
    ]
    looks = [True] if all(sure for *_, sure in rules) else [True, False]
    return tuple(_cascaded(soup, rules, doubtful=doubtful) for doubtful in looks)


def _cascaded(soup: BeautifulSoup, rules: list[_Matched], *, doubtful: bool) -> Styles:
    styles: dict[int, Values] = {}
    for order, (specificity, tags, declarations, sure) in enumerate(rules):
        for tag in tags if sure or doubtful else ():
            _declare(styles.setdefault(id(tag), {}), declarations, (0, *specificity), order)
    for tag in soup.find_all(style=True):
        parsed = tinycss2.parse_blocks_contents(str(tag["style"]))
        _declare(styles.setdefault(id(tag), {}), _declarations(parsed), (1,), len(rules))
    return Styles(styles)


def _rules(soup: BeautifulSoup) -> Iterator[_Rule]:
    for sheet in soup.find_all("style"):
        kind = str(sheet.get("type") or "text/css").strip().lower()
        holds = _holds(str(sheet.get("media") or "all").lower()) if kind == "text/css" else False
        if holds is False:
            continue
        parsed = tinycss2.parse_stylesheet(sheet.get_text(), skip_comments=True)
        yield from _flat(parsed, "", sure=holds is True)


def _flat(rules: list[Any], around: str, *, sure: bool) -> Iterator[_Rule]:
    for rule in rules:
        if rule.type == "qualified-rule":
            inside = tinycss2.parse_blocks_contents(rule.content)
            declared = _declarations(inside)
            selectors = [(_inside(one, around), one) for one in _selectors(rule.prelude)]
            for selector, tokens in selectors if declared else ():
                yield selector, tokens, declared, sure
            joined = f":is({', '.join(selector for selector, _ in selectors)})"
            yield from _flat(inside, joined, sure=sure)
        elif rule.type == "at-rule" and rule.content:
            holds = _group_holds(rule)
            if holds is not False:
                parse = tinycss2.parse_blocks_contents if around else tinycss2.parse_rule_list
                inside = parse(rule.content)
                if around and (declared := _declarations(inside)):
                    yield around, [], declared, sure and holds is True
                yield from _flat(inside, around, sure=sure and holds is True)


def _group_holds(rule: Any) -> bool | None:  # noqa: ANN401 - untyped library
    if rule.lower_at_keyword == "media":
        return _holds(tinycss2.serialize(rule.prelude).strip().lower())
    return None if rule.lower_at_keyword in {"supports", "layer", "container", "scope"} else False


def _holds(media: str) -> bool | None:
    """
    Say whether a list of media queries holds on a screen (Media Queries 4); `None` if unknown.
    """
    each = [_one_holds(query.strip()) for query in media.split(",")]
    return True if True in each else None if None in each else False


def _one_holds(query: str) -> bool | None:
    negated = query.startswith("not ")
    parts = query.removeprefix("not ").removeprefix("only ").split(" and ")
    each = [_feature_holds(part.strip()) for part in parts]
    found = False if False in each else None if None in each else True
    return found if found is None or not negated else not found


def _feature_holds(feature: str) -> bool | None:
    if feature in {"all", "screen", "print", "speech"}:
        return feature in {"all", "screen"}
    if dark := _DARK.fullmatch(feature):
        return dark[1] == "light"
    if width := _WIDTH.fullmatch(feature):
        pixels = float(width[2]) * (1 if width[3] == "px" else 16)
        return pixels <= SCREEN_PIXELS if width[1] == "min" else pixels >= SCREEN_PIXELS
    return None


def _selectors(prelude: list[Any]) -> Iterator[list[Any]]:
    one: list[Any] = []
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            yield one
            one = []
        else:
            one.append(token)
    yield one


def _inside(tokens: list[Any], around: str) -> str:
    """
    Return a selector as it reads outside the rule that it stands in (CSS Nesting 1, section 3.2).
    """
    selector = str(tinycss2.serialize(tokens)).strip()
    if not around:
        return selector
    if selector.count("&") * len(around) > MAX_SELECTOR_CHARACTERS:
        msg = f"a style sheet with selectors of more than {MAX_SELECTOR_CHARACTERS} characters"
        raise UnreadableError(msg)
    return selector.replace("&", around) if "&" in selector else f"{around} {selector}"


@dataclass(frozen=True, slots=True)
class _Known:
    """
    The elements of a page by name, and by id and class: most selectors of a large sheet need
    some that are not there.
    """

    page: BeautifulSoup
    named: dict[str, list[Tag]]
    marked: dict[str, list[Tag]]
    size: int

    @classmethod
    def on(cls, soup: BeautifulSoup) -> "_Known":
        named, marked = dict[str, list[Tag]](), dict[str, list[Tag]]()
        tags = soup.find_all()
        for tag in tags:
            named.setdefault(tag.name.lower(), []).append(tag)
            marks = {*tag.get_attribute_list("class"), tag.get("id")}
            for mark in {str(one).lower() for one in marks if one}:
                marked.setdefault(mark, []).append(tag)
        return cls(soup, named, marked, len(tags))

    def matched(self, selector: str, tokens: list[Any]) -> tuple[tuple[int, ...], list[Tag]]:
        likely = self._likely(tokens)
        if likely is not None and not likely:
            return (0, 0, 0), []
        try:
            if likely is None or len(likely) * _FEW > self.size:
                return _specificity(selector), self.page.select(selector)
            compiled = soupsieve.compile(selector)
            return _specificity(selector), [tag for tag in likely if compiled.match(tag)]
        except _UNREADABLE:
            return (0, 0, 0), []

    def _likely(self, tokens: list[Any]) -> list[Tag] | None:
        """
        Return the elements of which one may match; `None` if it may be any.
        """
        before, found = "", list[list[Tag]]()
        for token in tokens:
            known = None
            if token.type == "ident" and before not in {":", "|"}:
                known = (self.marked if before == "." else self.named).get(token.lower_value, [])
            if token.type == "hash":
                known = self.marked.get(token.value.lower(), [])
            if known is not None and not known:
                return []
            before = token.value if token.type == "literal" else ""
            if token.type == "whitespace" or before in _COMBINATORS:
                found.clear()
            elif before == "|":
                return None
            elif known is not None:
                found.append(known)
        return min(found, key=len, default=None)


def _specificity(selector: str) -> tuple[int, ...]:
    try:
        return tuple(cssselect2.compile_selector_list(selector)[0].specificity)
    except _UNREADABLE:
        # One that only the other library reads; about right is enough.
        return selector.count("#"), selector.count(".") + selector.count(":"), 0


def _declarations(parsed: list[Any]) -> list[Any]:
    stated = [one for one in parsed if one.type == "declaration"]
    return [one for one in stated if one.lower_name.startswith("--") or _is_known(one)]


def _is_known(declared: Any) -> bool:  # noqa: ANN401 - untyped library
    name = declared.lower_name
    value = [one for one in declared.value if one.type not in {"comment", "whitespace"}]
    said = [one for one in declared.value if one.type != "comment"]
    written = str(tinycss2.serialize(said)).strip().lower()
    if name not in _READ:
        return False
    if written in _ANYWHERE or "var(" in written:
        return True
    if name in _KEYWORDS:
        several = set(written.split()) <= _KEYWORDS[name] - {"none"}
        return written in _KEYWORDS[name] or (name == "display" and several)
    if name in _COLOURS:
        return written in _SYSTEM or parse_color(written) is not None
    return name not in _MEASURED or _is_measure(name, value, written)


def _is_measure(name: str, value: list[Any], written: str) -> bool:
    if len(value) != 1 or name == "opacity":
        return len(value) == 1 and value[0].type in {"number", "percentage", "function"}
    if value[0].type == "dimension":
        return value[0].lower_unit in _UNITS
    if value[0].type == "ident":
        return written in _SIZES if name == "font-size" else written.replace("-", "").isalpha()
    return value[0].type in {"percentage", "function"} or name == "zoom" or written == "0"


def _declare(values: Values, stated: list[Any], rank: tuple[int, ...], order: int) -> None:
    for one in stated:
        weight = (one.important, rank, order)
        for name, value in _longhands(one):
            known = values.get(name)
            if known is None or known[0] <= weight:
                values[name] = weight, value


def _longhands(declared: Any) -> Iterator[tuple[str, list[Any]]]:  # noqa: ANN401 - untyped library
    name, value = declared.lower_name, declared.value
    yield name, value
    if name == "font":
        # What has a unit comes first; numbers before it are weights (CSS Fonts 4, section 2.7).
        sizes = [one for one in value if one.type in {"dimension", "percentage", "function"}]
        zeros = [one for one in value if one.type == "number" and not one.value]
        if zeros or sizes:
            yield "font-size", (zeros or sizes)[:1]
