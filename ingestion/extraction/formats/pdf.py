"""
PDF, page by page, as far as it holds text that one sees.

Text that is drawn without ink, transparent, too small, beside the page, in its own colour of
paper or in a layer that is not shown is left out and counted. For the last two the page is
drawn, and looked at where the text should be. A scanned page whose text lies invisible over its
picture is kept whole: there the picture shows what the text says, as far as anybody can tell.
"""

import ctypes
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium

from ingestion.extraction.formats import colours
from ingestion.extraction.formats.source import Source, UnreadableError, normal_form
from ingestion.extraction.formats.unseen import Unseen
from ingestion.extraction.wire import Extracted

_BETWEEN_PAGES = "\n\n"
_INVISIBLE, _TRANSPARENT, _SIZE = "pdf-invisible", "pdf-transparent", "pdf-size"
_OUTSIDE, _UNSEEN, _SCANNED = "pdf-off-page", "pdf-unseen", "pdf-scanned-text"

_MAX_FORM_DEPTH: Final = 8
_NO_INK: Final = frozenset({3, 7})
"""
Text rendering modes (ISO 32000-1, table 106): neither fill nor stroke; only clip.
"""

_OUTLINED: Final = frozenset({1, 5})
"""
Of these modes only the outline has ink.
"""

_COVERING: Final = frozenset(
    {pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_SHADING}
)
_Bounds = tuple[float, float, float, float]
_NO_COLOUR: Final = (-999, -999, -999)

_LEAST_ALPHA: Final = 25
_PALE: Final = 200
"""
Ink of which every part is above this may not be told from paper.
"""

_LEAST_CONTRAST: Final = 40
"""
How far, of 255, the lightest and the darkest point of drawn letters are apart at least.
"""

_EDGE: Final = 0.2
_SCALE: Final = 2.0
_MAX_DRAWN_PIXELS: Final = 16_000_000
_MOST_OF_THE_PAGE: Final = 0.5


def extract(source: Source) -> Extracted:
    """
    Return the text of all pages and where each begins.

    Raises:
        UnreadableError: Encrypted, damaged, too many pages, or no text on any page.
    """
    document, unseen = _open(source), Unseen()
    pages = [normal_form(_text_of(document, one, unseen)) for one in range(len(document))]
    if not any(page.strip() for page in pages):
        msg = f"no text on any of {len(pages)} pages: scanned pictures, or text drawn as shapes"
        raise UnreadableError(msg)
    starts = accumulate((len(page) + len(_BETWEEN_PAGES) for page in pages[:-1]), initial=0)
    title = document.get_metadata_value("Title")
    return unseen.beside(_BETWEEN_PAGES.join(pages), title, tuple(starts))


def _open(source: Source) -> pypdfium2.PdfDocument:
    try:
        document = pypdfium2.PdfDocument(source.content)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            msg = "encrypted PDF: it opens only with a password"
        else:
            msg = f"damaged PDF: {error}"
        raise UnreadableError(msg) from error
    if len(document) > source.limits.pages:
        msg = f"too large: {len(document)} pages, more than {source.limits.pages}"
        raise UnreadableError(msg)
    return document


def _text_of(document: pypdfium2.PdfDocument, number: int, unseen: Unseen) -> str:
    try:
        page = document[number]
        text_page = page.get_textpage()
        objects = list(_text_objects(page.raw))
        look = _Look(page)
        tricks = {_address(one): trick for one in objects if (trick := look.trick(one))}
        text = _shown(page, text_page, objects, tricks, unseen)
    except pypdfium2.PdfiumError as error:
        msg = f"damaged PDF: page {number + 1}: {error}"
        raise UnreadableError(msg) from error
    page.close()
    return text


def _shown(
    page: pypdfium2.PdfPage,
    text_page: pypdfium2.PdfTextPage,
    objects: list[Any],
    tricks: dict[int, str],
    unseen: Unseen,
) -> str:
    whole = str(text_page.get_text_range())
    if not tricks:
        return whole
    if all(tricks.get(_address(one)) == _INVISIBLE for one in objects) and _is_scanned(page):
        # Kept and counted: nobody can tell whether the picture says the same.
        unseen.characters[_SCANNED] += len(whole)
        return whole
    shown: list[str] = []
    hidden: dict[str, list[str]] = {}
    trick: str | None = None
    for at in range(text_page.count_chars()):
        drawn = pdfium.FPDFText_GetTextObject(text_page.raw, at)
        # Spaces and line ends that nobody drew belong to what stands before them.
        trick = tricks.get(_address(drawn)) if drawn else trick
        into = shown if trick is None else hidden.setdefault(trick, [])
        into.append(_character(text_page, at))
    for name, characters in hidden.items():
        unseen.note(name, "".join(characters))
    return "".join(shown)


def _character(text_page: pypdfium2.PdfTextPage, at: int) -> str:
    code = int(pdfium.FPDFText_GetUnicode(text_page.raw, at))
    return chr(code) if code <= sys.maxunicode else ""


def _text_objects(holder: Any, depth: int = 0) -> Iterator[Any]:  # noqa: ANN401 - raw handles
    inside = depth > 0
    count = (
        pdfium.FPDFFormObj_CountObjects(holder) if inside else pdfium.FPDFPage_CountObjects(holder)
    )
    for number in range(count):
        one = (
            pdfium.FPDFFormObj_GetObject(holder, number)
            if inside
            else pdfium.FPDFPage_GetObject(holder, number)
        )
        kind = pdfium.FPDFPageObj_GetType(one)
        if kind == pdfium.FPDF_PAGEOBJ_TEXT:
            yield one
        elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _MAX_FORM_DEPTH:
            yield from _text_objects(one, depth + 1)


def _is_scanned(page: pypdfium2.PdfPage) -> bool:
    width, height = page.get_size()
    for one in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=_MAX_FORM_DEPTH):
        left, bottom, right, top = one.get_bounds()
        if (right - left) * (top - bottom) >= _MOST_OF_THE_PAGE * width * height:
            return True
    return False


class _Look:
    """
    Looks at the text objects of one page, and draws it only if it has to.
    """

    def __init__(self, page: pypdfium2.PdfPage) -> None:
        self._page = page
        self._box = page.get_bbox()
        self._others = _Others.on(page.raw)
        width, height = page.get_size()
        self._scale = min(_SCALE, (_MAX_DRAWN_PIXELS / max(1.0, width * height)) ** 0.5)
        self._drawn: np.ndarray[Any, Any] | None = None

    def trick(self, one: Any) -> str | None:  # noqa: ANN401 - a raw handle
        """
        Return the trick by which a text object is not seen.
        """
        mode = pdfium.FPDFTextObj_GetTextRenderMode(one)
        if mode in _NO_INK:
            return _INVISIBLE
        ink, alpha = _colour_of(one, outline=mode in _OUTLINED)
        if alpha < _LEAST_ALPHA:
            return _TRANSPARENT
        if _points(one) < colours.LEAST_POINTS:
            return _SIZE
        return self._trick_of_place(one, ink)

    def _trick_of_place(self, one: Any, ink: colours.Colour) -> str | None:  # noqa: ANN401
        bounds = _bounds(one)
        if bounds is None:
            return None
        if self._is_outside(bounds):
            return _OUTSIDE
        # A layer is a mark on what is in it; which are shown is only seen by drawing the page.
        marked = min(ink) > _PALE or pdfium.FPDFPageObj_CountMarks(one) > 0
        doubtful = marked or _is_clipped(one, bounds) or self._others.hide(one, bounds, ink)
        return _UNSEEN if doubtful and self._is_blank(bounds) else None

    def _is_outside(self, bounds: tuple[float, float, float, float]) -> bool:
        left, bottom, right, top = bounds
        least_x, least_y, most_x, most_y = map(float, self._box)
        return right <= least_x or top <= least_y or left >= most_x or bottom >= most_y

    def _is_blank(self, bounds: tuple[float, float, float, float]) -> bool:
        picture = self._picture()
        left, bottom, right, top = bounds
        least_x, _, _, most_y = self._box
        # The middle of the letters: what they stand on may end right around them.
        edge = (top - bottom) * _EDGE
        columns = slice(*_pixels(left - least_x + edge, right - least_x - edge, self._scale))
        rows = slice(*_pixels(most_y - top + edge, most_y - bottom - edge, self._scale))
        looked_at = picture[rows, columns]
        return looked_at.size > 0 and int(np.ptp(looked_at, axis=(0, 1)).max()) < _LEAST_CONTRAST

    def _picture(self) -> "np.ndarray[Any, Any]":
        if self._drawn is None:
            # Turned back: places are those of the page before it is turned.
            back = (360 - self._page.get_rotation()) % 360
            drawn = self._page.render(scale=self._scale, rotation=back, may_draw_forms=False)
            self._drawn = drawn.to_numpy()
        return self._drawn


@dataclass(frozen=True, slots=True)
class _Others:
    """
    What is drawn on a page besides text, in its order: bounds, and the colour of filled shapes.
    """

    numbers: "np.ndarray[Any, Any]"
    bounds: "np.ndarray[Any, Any]"
    inks: "np.ndarray[Any, Any]"
    order: dict[int, int]

    @classmethod
    def on(cls, page: Any) -> "_Others":  # noqa: ANN401 - a raw handle
        drawn, order = list[tuple[int, _Bounds, colours.Colour]](), dict[int, int]()
        for number in range(pdfium.FPDFPage_CountObjects(page)):
            one = pdfium.FPDFPage_GetObject(page, number)
            kind = pdfium.FPDFPageObj_GetType(one)
            order[_address(one)] = number
            bounds = _bounds(one) if kind in _COVERING else None
            if bounds is not None:
                filled = kind == pdfium.FPDF_PAGEOBJ_PATH
                drawn.append((number, bounds, _colour_of(one)[0] if filled else _NO_COLOUR))
        columns = [np.array(column) for column in zip(*drawn, strict=True)] if drawn else []
        numbers, places, inks = columns or [np.empty(0), np.empty((0, 4)), np.empty((0, 3))]
        return cls(numbers, places, inks, order)

    def hide(self, text: Any, bounds: _Bounds, ink: colours.Colour) -> bool:  # noqa: ANN401
        """
        Say whether something may: drawn later over the text, or below it in its colour.
        """
        left, bottom, right, top = bounds
        middle = np.array([(left + right) / 2, (bottom + top) / 2])
        over = (self.bounds[:, :2] <= middle) & (middle <= self.bounds[:, 2:])
        later = self.numbers > self.order.get(_address(text), 0)
        alike = np.abs(self.inks - np.array(ink)).max(axis=1, initial=0) <= colours.SAME
        return bool((over.all(axis=1) & (later | alike)).any())


def _colour_of(one: Any, *, outline: bool = False) -> tuple[colours.Colour, int]:  # noqa: ANN401
    red, green, blue, alpha = (ctypes.c_uint(255) for _ in range(4))
    ask = pdfium.FPDFPageObj_GetStrokeColor if outline else pdfium.FPDFPageObj_GetFillColor
    ask(one, red, green, blue, alpha)
    return (red.value, green.value, blue.value), alpha.value


def _bounds(one: Any) -> _Bounds | None:  # noqa: ANN401 - a raw handle
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not pdfium.FPDFPageObj_GetBounds(one, left, bottom, right, top):
        return None
    return left.value, bottom.value, right.value, top.value


def _covers(other: _Bounds, text: _Bounds) -> bool:
    left, bottom, right, top = text
    x, y = (left + right) / 2, (bottom + top) / 2
    return other[0] <= x <= other[2] and other[1] <= y <= other[3]


def _is_clipped(one: Any, bounds: _Bounds) -> bool:  # noqa: ANN401 - a raw handle
    clip = pdfium.FPDFPageObj_GetClipPath(one)
    for path in range(max(0, pdfium.FPDFClipPath_CountPaths(clip)) if clip else 0):
        points = []
        for number in range(max(0, pdfium.FPDFClipPath_CountPathSegments(clip, path))):
            x, y = ctypes.c_float(), ctypes.c_float()
            pdfium.FPDFPathSegment_GetPoint(
                pdfium.FPDFClipPath_GetPathSegment(clip, path, number), x, y
            )
            points.append((x.value, y.value))
        least, most = [map(side, *points) for side in (min, max)] if points[1:] else ((), ())
        box = (*least, *most)
        if len(box) == len(bounds) and not _covers(box, bounds):
            return True
    return False


def _points(one: Any) -> float:  # noqa: ANN401 - a raw handle
    size, matrix = ctypes.c_float(), pdfium.FS_MATRIX()
    if not pdfium.FPDFTextObj_GetFontSize(one, size):
        return colours.LEAST_POINTS
    pdfium.FPDFPageObj_GetMatrix(one, matrix)
    across, up = np.hypot(matrix.a, matrix.b), np.hypot(matrix.c, matrix.d)
    return abs(size.value) * float(min(across, up))


def _pixels(first: float, last: float, scale: float) -> tuple[int, int]:
    return max(0, int(first * scale)), max(0, int(last * scale) + 1)


def _address(one: Any) -> int:  # noqa: ANN401 - a raw handle
    return ctypes.cast(one, ctypes.c_void_p).value or 0
