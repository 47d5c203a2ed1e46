"""
Which elements of a page nobody sees, by the markup and by its own style sheets.

Scripts are not run. What a page shows only after a click or by script counts as hidden.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from bs4 import Tag
from tinycss2.color5 import parse_color

from ingestion.extraction.formats.colours import WHITE, Colour, of_css, same
from ingestion.extraction.formats.html_sheets import BOX, EDGES, Styles

ATTRIBUTE, ELEMENT, STYLE = "html-attribute", "html-element", "html-style"
COLOUR, SIZE, OFF_SCREEN = "html-colour", "html-size", "html-off-screen"

_NEVER_SEEN: Final = frozenset(
    {
        "template", "noscript", "noframes", "noembed", "iframe", "object", "svg", "datalist",
        "canvas", "audio", "video", "param", "map", "rp", "progress", "meter", "select",
        "annotation", "annotation-xml", "mphantom",
    }
)  # fmt: skip
_FAR: Final = -500.0
_TOO_FAR: Final = 5_000.0
_LEAST_OPACITY: Final = 0.1
_LEAST_PIXELS: Final = 2.5
_PIXELS: Final = {
    "px": 1.0, "pt": 4 / 3, "em": 16.0, "rem": 16.0, "%": 0.16, "": 1.0, "vw": 10.0, "vh": 8.0,
    "cm": 37.8, "mm": 3.78, "in": 96.0, "pc": 16.0, "ch": 8.0, "ex": 8.0,
}  # fmt: skip
_OF_PARENT: Final = {"em": 1.0, "%": 0.01, "ex": 0.5, "ch": 0.5}
_USUAL_PIXELS: Final = 16.0
_NAMED: Final = {"smaller": 5 / 6, "larger": 6 / 5}
_WHOLE: Final = 100.0


@dataclass(frozen=True, slots=True)
class _Shade:
    colour: Colour
    opacity: float


_NO_PAPER: Final = _Shade(WHITE, 0.0)
_GREY: Final = _Shade((127, 127, 127), 1.0)


@dataclass(frozen=True, slots=True)
class _Paint:
    """
    What an element's text is written with, on what, and how large; as a browser has it if nothing
    is said.
    """

    ink: _Shade | None = None
    paper: _Shade = _NO_PAPER
    pixels: float = _USUAL_PIXELS

    def trick(self) -> str | None:
        if self.pixels < _LEAST_PIXELS:
            return SIZE
        if self.ink is None:
            return None
        ground = WHITE if self.paper.opacity < _LEAST_OPACITY else self.paper.colour
        unreadable = self.ink.opacity < _LEAST_OPACITY or same(self.ink.colour, ground)
        return COLOUR if unreadable else None


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
    return OFF_SCREEN if _is_outside(tag, styles) or _is_cut_off(tag, styles) else None


def unreadable(tags: Iterable[Tag], styles: Styles) -> Iterator[tuple[Tag, str]]:
    """
    Yield the elements whose own text is too small, or has the colour of what it stands on, with
    the trick.

    `tags` are in the order of the page, so that what holds for an element is known before those
    that stand in it: a page may be nested as deep as it is long.
    """
    paints: dict[int, _Paint] = {}
    for tag in tags:
        around = paints.get(id(tag.parent), _Paint())
        ink = _said(tag, styles, ("-webkit-text-fill-color", "color"), ("color", "text"))
        paper = _said(tag, styles, ("background-color", "background"), ("bgcolor",))
        ink = ink or around.ink
        if "currentcolor" in styles.words(tag, "background-color"):
            paper = ink or _Shade((0, 0, 0), 1.0)
            ink = paper
        pixels = _pixels_of(styles.value(tag, "font-size"), around.pixels)
        paint = paints[id(tag)] = _Paint(ink, paper or around.paper, pixels)
        if (trick := paint.trick()) is not None:
            yield tag, trick


def _pixels_of(size: list[Any], around: float) -> float:
    for token in size:
        if token.type == "ident":
            return around * _NAMED.get(token.lower_value, 1.0)
        if token.type in {"dimension", "percentage"} and _unit(token) in _OF_PARENT:
            return float(token.value) * _OF_PARENT[_unit(token)] * around
    return next(_numbers(size), around)


def _is_off(tag: Tag, styles: Styles) -> bool:
    words = styles.words
    filters = [one for one in styles.value(tag, "filter") if one.type == "function"]
    opaque = [one.arguments for one in filters if one.lower_name == "opacity"]
    said = [styles.value(tag, "opacity"), styles.value(tag, "zoom"), *opaque]
    return (
        words(tag, "display") == "none"
        or words(tag, "visibility") in {"hidden", "collapse"}
        or words(tag, "content-visibility") == "hidden"
        or words(tag, "mso-hide") == "all"
        or any(one < _LEAST_OPACITY for each in said for one in _shares(each))
    )


def _is_outside(tag: Tag, styles: Styles) -> bool:
    places = [one for name in EDGES for one in _numbers(styles.value(tag, name))]
    if any(one <= _FAR or one >= _TOO_FAR for one in places):
        return True
    if any(_is_nothing(*one) for one in _functions(tag, styles, "transform")):
        return True
    scale = _figures(tag, styles, "scale")
    moved = list(_numbers(styles.value(tag, "transform")))
    return 0 in scale or any(one <= _FAR or one >= _TOO_FAR for one in moved)


def _is_nothing(transform: str, figures: list[float]) -> bool:
    """
    Say whether a transformation leaves an area of nothing.
    """
    if transform.startswith("scale"):
        return 0 in figures[:2]
    if transform == "matrix" and len(figures) == len("abcdef"):
        a, b, c, d = figures[:4]
        return abs(a * d - b * c) < _LEAST_OPACITY**2
    return transform in {"rotatex", "rotatey"} and [abs(one) for one in figures] in ([90], [270])


def _is_cut_off(tag: Tag, styles: Styles) -> bool:
    clip = _figures(tag, styles, "clip")
    if len(clip) == len(BOX) and (clip[2] - clip[0] <= 1 or clip[1] - clip[3] <= 1):
        return True
    if any(_shows_nothing(*one) for one in _functions(tag, styles, "clip-path")):
        return True
    said = " ".join(styles.words(tag, f"overflow{axis}") for axis in ("", "-x", "-y"))
    if "hidden" not in said and "clip" not in said:
        return False
    box = [one for name in BOX for one in _numbers(styles.value(tag, name))]
    indented = any(one >= _WHOLE for one in _figures(tag, styles, "text-indent"))
    return (
        any(0 <= one <= 1 for one in box)
        or 0 in _figures(tag, styles, "line-height")
        or (indented and styles.words(tag, "white-space") == "nowrap")
    )


def _shows_nothing(shape: str, figures: list[float]) -> bool:
    if shape == "inset" and figures:
        top, right, bottom, left = _four(figures)
        return top + bottom >= _WHOLE or right + left >= _WHOLE
    if shape in {"circle", "ellipse"}:
        return figures[:1] == [0]
    if shape == "polygon":
        return len(set(zip(figures[::2], figures[1::2], strict=False))) < len("abc")
    return shape in {"rect", "xywh"} and not any(figures)


def _four(figures: list[float]) -> list[float]:
    # As margins are written: the second is also the fourth, the first also the third.
    top = figures[0]
    right = figures[1] if figures[1:] else top
    bottom, left = figures[2] if figures[2:] else top, figures[3] if figures[3:] else right
    return [top, right, bottom, left]


def _said(
    tag: Tag, styles: Styles, names: tuple[str, ...], attributes: tuple[str, ...]
) -> _Shade | None:
    """
    Return the colour that is said for an element itself; none if it has that of what it stands in.
    """
    said = [styles.words(tag, name) for name in names]
    said += [str(tag.get(name, "")).strip().lower() for name in attributes]
    for written in filter(None, said):
        each = (_shade(one) for one in (written, f"#{written}", *written.split()))
        shade = next(filter(None, each), None)
        if shade is not None:
            return shade
        if written not in {"inherit", "currentcolor", "initial", "unset"}:
            # A picture or a gradient: nobody can say what it looks like.
            return _NO_PAPER if "background" in names[0] else _GREY
    return None


def _shade(written: str) -> _Shade | None:
    if written in {"canvas", "window", "field"}:
        return _Shade(WHITE, 1.0)
    colour = parse_color(written)
    if colour is None or isinstance(colour, str):
        return None
    return _Shade(of_css(colour), colour.alpha)


def _functions(tag: Tag, styles: Styles, name: str) -> Iterator[tuple[str, list[float]]]:
    for token in styles.value(tag, name):
        if token.type == "function":
            yield token.lower_name, list(_figures_of(token.arguments))


def _figures(tag: Tag, styles: Styles, name: str) -> list[float]:
    return list(_figures_of(styles.value(tag, name)))


def _figures_of(tokens: list[Any]) -> Iterator[float]:
    """
    Yield the numbers of a value as they are written, whatever their units.
    """
    for token in tokens:
        if token.type == "function":
            yield from _figures_of(token.arguments)
        elif token.type in {"number", "dimension", "percentage"}:
            yield float(token.value)


def _shares(tokens: list[Any]) -> Iterator[float]:
    for token in tokens:
        if token.type == "function":
            yield from _shares(token.arguments)
        elif token.type in {"number", "percentage"}:
            yield float(token.value) / (_WHOLE if token.type == "percentage" else 1)


def _numbers(tokens: list[Any]) -> Iterator[float]:
    for token in tokens:
        if token.type == "function":
            yield from _numbers(token.arguments)
        elif token.type in {"number", "dimension", "percentage"}:
            yield float(token.value) * _PIXELS.get(_unit(token), 1.0)


def _unit(token: Any) -> str:  # noqa: ANN401 - untyped library
    return "%" if token.type == "percentage" else str(getattr(token, "lower_unit", ""))
