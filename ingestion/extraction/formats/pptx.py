"""
Presentations (OOXML), slide by slide, of what the audience would see.

Hidden slides and shapes, shapes beside the slide, speaker notes, and text in letters that are too
small, transparent or in the colour of their own shape are left out and counted. White text is
kept where the shape says nothing of its background: most slides have one of their own. Comments,
and what animations do, are not read.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pptx
from pptx.exc import PackageNotFoundError
from pptx.oxml.ns import qn

from ingestion.extraction.formats import colours, office
from ingestion.extraction.formats.source import Source, UnreadableError
from ingestion.extraction.formats.unseen import Unseen
from ingestion.extraction.wire import Extracted

_SLIDE, _SHAPE, _OFF_SLIDE, _NOTES = "pptx-slide", "pptx-shape", "pptx-off-slide", "pptx-notes"
_SIZE, _COLOUR, _TRANSPARENT = "pptx-size", "pptx-colour", "pptx-transparent"
_HUNDREDTHS = 100
_LEAST_ALPHA = 10_000
"""
Of 100,000.
"""

_BETWEEN = "\n\n"


def extract(source: Source) -> Extracted:
    """
    Return the text of all slides that are shown, and where each begins.

    Raises:
        UnreadableError: Not such a file, encrypted, or a zip bomb.
    """
    office.refuse_bombs(source.content, source.limits)
    office.refuse_entities(source.content)
    try:
        show = pptx.Presentation(BytesIO(source.content))
    except (KeyError, PackageNotFoundError, ValueError) as error:
        msg = f"a part is missing, or not a presentation: {error}"
        raise UnreadableError(msg) from error
    unseen, pages = Unseen(), []
    for slide in show.slides:
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
            unseen.note(_NOTES, slide.notes_slide.notes_text_frame.text)
        if slide.element.get("show") in {"0", "false"}:
            unseen.note(_SLIDE, " ".join(_every_word(slide.element)))
            continue
        shapes = _Shapes(int(show.slide_width or 0), int(show.slide_height or 0), unseen)
        pages.append(_BETWEEN.join(filter(None, shapes.texts(slide.shapes))))
    starts, at = [], 0
    for page in pages:
        starts.append(at)
        at += len(page) + len(_BETWEEN)
    return unseen.beside(_BETWEEN.join(pages), show.core_properties.title, tuple(starts))


class _Shapes:
    """
    Reads the shapes of one slide.
    """

    def __init__(self, width: int, height: int, unseen: Unseen) -> None:
        self._width, self._height, self._unseen = width, height, unseen

    def texts(self, shapes: Any, *, grouped: bool = False) -> Iterator[str]:  # noqa: ANN401
        for shape in shapes:
            trick = self._trick(shape, grouped=grouped)
            if trick is not None:
                self._unseen.note(trick, " ".join(_every_word(shape.element)))
            elif hasattr(shape, "shapes"):
                # Inside a group, places are the group's own.
                yield from self.texts(shape.shapes, grouped=True)
            elif getattr(shape, "has_table", False):
                rows = [
                    [self._frame(c.text_frame, None) for c in r.cells] for r in shape.table.rows
                ]
                yield office.table(rows)
            elif getattr(shape, "has_text_frame", False):
                yield self._frame(shape.text_frame, _filled(shape.element))

    def _trick(self, shape: Any, *, grouped: bool) -> str | None:  # noqa: ANN401 - untyped library
        named = next(shape.element.iter(qn("p:cNvPr")), None)
        if named is not None and named.get("hidden") in {"1", "true"}:
            return _SHAPE
        places = (shape.left, shape.top, shape.width, shape.height)
        if grouped or any(place is None for place in places):
            return None
        left, top, width, height = places
        outside = left + width <= 0 or top + height <= 0
        return _OFF_SLIDE if outside or left >= self._width or top >= self._height else None

    def _frame(self, frame: Any, paper: colours.Colour | None) -> str:  # noqa: ANN401
        lines = []
        for paragraph in frame.paragraphs:
            words = []
            for element in paragraph._p:  # noqa: SLF001 - fields and breaks have no other way
                if element.tag == qn("a:br"):
                    words.append("\n")
                text = "".join(element.itertext(qn("a:t")))
                trick = _run_trick(element, paper) if text else None
                if trick is None:
                    words.append(text)
                else:
                    self._unseen.note(trick, text)
            lines.append("".join(words).strip())
        return "\n".join(filter(None, lines))


def _run_trick(run: Any, paper: colours.Colour | None) -> str | None:  # noqa: ANN401
    properties = run.find(qn("a:rPr"))
    if properties is None:
        return None
    size = properties.get("sz")
    if size is not None and int(size) < colours.LEAST_POINTS * _HUNDREDTHS:
        return _SIZE
    if properties.find(qn("a:noFill")) is not None:
        return _TRANSPARENT
    fill = properties.find(qn("a:solidFill"))
    if fill is None:
        return None
    alpha = next(fill.iter(qn("a:alpha")), None)
    if alpha is not None and int(alpha.get("val", _LEAST_ALPHA)) < _LEAST_ALPHA:
        return _TRANSPARENT
    ink = _colour(fill)
    return _COLOUR if ink and paper and colours.same(ink, paper) else None


def _filled(element: Any) -> colours.Colour | None:  # noqa: ANN401 - untyped library
    properties = element.find(qn("p:spPr"))
    fill = None if properties is None else properties.find(qn("a:solidFill"))
    return None if fill is None else _colour(fill)


def _colour(fill: Any) -> colours.Colour | None:  # noqa: ANN401 - untyped library
    stated = fill.find(qn("a:srgbClr"))
    return None if stated is None else colours.of_hex(str(stated.get("val")))


def _every_word(element: Any) -> Iterator[str]:  # noqa: ANN401 - untyped library
    return (one.text for one in element.iter(qn("a:t")) if one.text)
