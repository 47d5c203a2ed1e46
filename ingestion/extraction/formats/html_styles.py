"""
Which elements of a page nobody sees, by the markup and by its own style sheets.

Sheets are parsed (CSS Syntax 3) and cascaded: importance, inline before sheets, specificity,
order. Sheets from elsewhere are not fetched, scripts are not run, and media queries other than
for print hold. What a page shows only after a click or by script counts as hidden.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import cssselect2
import tinycss2
from bs4 import BeautifulSoup, Tag
from soupsieve import SelectorSyntaxError
from tinycss2.color3 import parse_color

from ingestion.extraction.formats.colours import WHITE, Colour, same

MAX_SELECTORS: Final = 400
MAX_SHEET_CHARACTERS: Final = 400_000

ATTRIBUTE, ELEMENT, STYLE = "html-attribute", "html-element", "html-style"
COLOUR, SIZE, OFF_SCREEN = "html-colour", "html-size", "html-off-screen"

_NEVER_SEEN: Final = frozenset(
    {
        "template", "noscript", "noframes", "iframe", "object", "svg", "datalist", "canvas",
        "audio", "video", "param", "map",
    }
)  # fmt: skip
_FAR: Final = -500.0
_LEAST_OPACITY: Final = 0.1
_PIXELS: Final = {
    "px": 1.0, "pt": 4 / 3, "em": 16.0, "rem": 16.0, "%": 0.16, "": 1.0, "vw": 10.0, "vh": 8.0,
    "cm": 37.8, "mm": 3.78, "in": 96.0, "pc": 16.0, "ch": 8.0, "ex": 8.0,
}  # fmt: skip
_LEAST_PIXELS: Final = 2.5
_EDGES: Final = ("left", "top", "right", "bottom", "text-indent", "margin-left", "margin-top")
_BOX: Final = ("height", "width", "max-height", "max-width")
_READ: Final = frozenset(
    {
        "display", "visibility", "opacity", "font-size", "font", "color", "background",
        "background-color", "position", "overflow", "clip", "clip-path", "transform", "filter",
        "content-visibility", "-webkit-text-fill-color", "mso-hide", "scale", *_EDGES, *_BOX,
    }
)  # fmt: skip

Values = dict[str, tuple[tuple[bool, tuple[int, ...], int], list[Any]]]
"""
Of one element: property to rank and value; the highest rank wins.
"""


@dataclass(frozen=True, slots=True)
class _Shade:
    colour: Colour
    opacity: float


_NO_PAPER: Final = _Shade(WHITE, 0.0)
_GREY: Final = _Shade((127, 127, 127), 1.0)


@dataclass(frozen=True, slots=True)
class _Paint:
    """
    What an element's text is written with, and on; as a browser has it if nothing is said.
    """

    ink: _Shade | None = None
    paper: _Shade = _NO_PAPER

    def is_unreadable(self) -> bool:
        if self.ink is None:
            return False
        ground = WHITE if self.paper.opacity < _LEAST_OPACITY else self.paper.colour
        return self.ink.opacity < _LEAST_OPACITY or same(self.ink.colour, ground)


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
        return str(tinycss2.serialize(self._value(tag, name))).strip().lower()

    def numbers(self, tag: Tag, name: str) -> list[float]:
        """
        Return the numbers in a property's value, lengths in pixels.
        """
        return list(_numbers(self._value(tag, name)))

    def _value(self, tag: Tag, name: str) -> list[Any]:
        found = self.of.get(id(tag), {}).get(name)
        return [one for one in found[1] if one.type != "comment"] if found else []


def styles_of(soup: BeautifulSoup) -> Styles:
    """
    Read the style sheets of a page and the style attributes of its elements.
    """
    styles: dict[int, Values] = {}
    order = 0
    for selector, declarations in _rules(soup):
        order += 1
        specificity, tags = _matched(soup, selector)
        for tag in tags:
            _declare(styles.setdefault(id(tag), {}), declarations, (0, *specificity), order)
    for tag in soup.find_all(style=True):
        parsed = tinycss2.parse_blocks_contents(str(tag["style"]))
        _declare(styles.setdefault(id(tag), {}), _declarations(parsed), (1,), order)
    return Styles(styles)


def hiding(tag: Tag, styles: Styles) -> str | None:
    """
    Return the trick by which an element, with all inside it, is not seen.
    """
    if tag.name in _NEVER_SEEN or (tag.name == "dialog" and not tag.has_attr("open")):
        return ELEMENT
    read_out = str(tag.get("aria-hidden", "")).strip().lower() != "true"
    if tag.has_attr("hidden") or tag.has_attr("popover") or not read_out:
        return ATTRIBUTE
    if id(tag) not in styles.of:
        return None
    if _is_off(tag, styles):
        return STYLE
    if _is_tiny(tag, styles):
        return SIZE
    return OFF_SCREEN if _is_outside(tag, styles) else None


def unreadable(tags: Iterable[Tag], styles: Styles) -> Iterator[Tag]:
    """
    Yield the elements whose own text has the colour of what it stands on.

    `tags` are in the order of the page, so that what holds for an element is known before those
    that stand in it: a page may be nested as deep as it is long.
    """
    paints: dict[int, _Paint] = {}
    for tag in tags:
        around = paints.get(id(tag.parent), _Paint())
        ink = _said(tag, styles, ("-webkit-text-fill-color", "color"), ("color", "text"))
        paper = _said(tag, styles, ("background-color", "background"), ("bgcolor",))
        paint = paints[id(tag)] = _Paint(ink or around.ink, paper or around.paper)
        if paint.is_unreadable():
            yield tag


def _is_off(tag: Tag, styles: Styles) -> bool:
    opacity = styles.numbers(tag, "opacity")
    words = styles.words
    return (
        words(tag, "display") == "none"
        or words(tag, "visibility") in {"hidden", "collapse"}
        or words(tag, "content-visibility") == "hidden"
        or words(tag, "mso-hide") == "all"
        or (bool(opacity) and opacity[0] < _LEAST_OPACITY)
        or words(tag, "filter").replace(" ", "").startswith(("opacity(0)", "opacity(0%)"))
    )


def _is_tiny(tag: Tag, styles: Styles) -> bool:
    size = styles.numbers(tag, "font-size") or styles.numbers(tag, "font")[:1]
    return bool(size) and size[0] < _LEAST_PIXELS


def _is_outside(tag: Tag, styles: Styles) -> bool:
    if any(number <= _FAR for name in _EDGES for number in styles.numbers(tag, name)):
        return True
    clip, path = styles.words(tag, "clip"), styles.words(tag, "clip-path")
    if clip.startswith("rect") and all(abs(one) <= 1 for one in styles.numbers(tag, "clip")):
        return True
    if path.startswith(("inset(50%", "inset(100%", "circle(0", "ellipse(0", "polygon(0 0, 0 0")):
        return True
    transform = styles.words(tag, "transform") + styles.words(tag, "scale")
    if transform.startswith(("scale(0", "0")) and not any(styles.numbers(tag, "transform")):
        return True
    if any(one <= _FAR for one in styles.numbers(tag, "transform")):
        return True
    clipped = styles.words(tag, "overflow") in {"hidden", "clip"}
    return clipped and any(0 <= one <= 1 for name in _BOX for one in styles.numbers(tag, name))


def _said(
    tag: Tag, styles: Styles, names: tuple[str, ...], attributes: tuple[str, ...]
) -> _Shade | None:
    """
    Return the colour that is said for an element itself; none if it has that of what it stands in.
    """
    said = [styles.words(tag, name) for name in names]
    said += [str(tag.get(name, "")) for name in attributes]
    for written in filter(None, said):
        colour = parse_color(written) or parse_color(f"#{written}")
        if not isinstance(colour, str) and colour is not None:
            return _Shade(_bytes(colour[:3]), colour[3])
        if written not in {"inherit", "currentcolor", "initial", "unset"}:
            # A picture or a gradient: nobody can say what it looks like.
            return _NO_PAPER if "background" in names[0] else _GREY
    return None


def _bytes(parts: tuple[float, float, float]) -> Colour:
    red, green, blue = (round(part * 255) for part in parts)
    return red, green, blue


def _rules(soup: BeautifulSoup) -> Iterator[tuple[str, list[Any]]]:
    left, characters = MAX_SELECTORS, MAX_SHEET_CHARACTERS
    for sheet in soup.find_all("style"):
        text = sheet.get_text()[:characters]
        characters -= len(text)
        parsed = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
        for selector, declarations in _flat(parsed):
            if left:
                left -= 1
                yield selector, declarations


def _flat(rules: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    for rule in rules:
        if rule.type == "qualified-rule":
            declarations = _declarations(tinycss2.parse_blocks_contents(rule.content))
            if declarations:
                for selector in _selectors(rule.prelude):
                    yield selector, declarations
        elif _is_group(rule) and tinycss2.serialize(rule.prelude).strip().lower() != "print":
            yield from _flat(tinycss2.parse_rule_list(rule.content, skip_whitespace=True))


_GROUPS: Final = frozenset({"media", "supports", "layer", "container"})


def _is_group(rule: Any) -> bool:  # noqa: ANN401 - untyped library
    return rule.type == "at-rule" and bool(rule.content) and rule.lower_at_keyword in _GROUPS


def _selectors(prelude: list[Any]) -> Iterator[str]:
    one: list[Any] = []
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            yield tinycss2.serialize(one).strip()
            one = []
        else:
            one.append(token)
    yield tinycss2.serialize(one).strip()


_UNREADABLE: Final = (
    cssselect2.SelectorError,
    SelectorSyntaxError,
    ValueError,
    NotImplementedError,
    IndexError,
    RecursionError,
)


def _matched(soup: BeautifulSoup, selector: str) -> tuple[tuple[int, ...], list[Tag]]:
    try:
        compiled = cssselect2.compile_selector_list(selector)
        return compiled[0].specificity, soup.select(selector)
    except _UNREADABLE:
        return (0, 0, 0), []


def _declarations(parsed: list[Any]) -> list[Any]:
    return [one for one in parsed if one.type == "declaration" and one.lower_name in _READ]


def _declare(values: Values, stated: list[Any], rank: tuple[int, ...], order: int) -> None:
    for one in stated:
        weight = (one.important, rank, order)
        known = values.get(one.lower_name)
        if known is None or known[0] <= weight:
            values[one.lower_name] = weight, one.value


def _numbers(tokens: list[Any]) -> Iterator[float]:
    for token in tokens:
        if token.type == "function":
            yield from _numbers(token.arguments)
        elif token.type in {"number", "dimension", "percentage"}:
            unit = "%" if token.type == "percentage" else getattr(token, "lower_unit", "")
            yield token.value * _PIXELS.get(str(unit), 1.0)
