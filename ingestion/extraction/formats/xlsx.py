"""
Workbooks (OOXML), a Markdown table for each sheet, of what a person would see in it.

Formulas count by the value that was last computed. Hidden sheets, rows and columns are left out
and counted, and so is text in the colour of its cell, in letters that are too small, and under a
number format that shows nothing. Comments, names, headers and footers are not read.
"""

from collections.abc import Iterator
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import openpyxl
from openpyxl.styles.colors import COLOR_INDEX
from openpyxl.utils.exceptions import InvalidFileException

from ingestion.extraction.formats import colours, office
from ingestion.extraction.formats.source import Source, UnreadableError
from ingestion.extraction.formats.unseen import Unseen
from ingestion.extraction.wire import Extracted

_SHEET, _ROW, _COLUMN = "xlsx-sheet", "xlsx-row", "xlsx-column"
_COLOUR, _SIZE, _FORMAT = "xlsx-colour", "xlsx-size", "xlsx-format"
_COMMENT = "xlsx-comment"
_WHITE_THEME = 0


def extract(source: Source) -> Extracted:
    """
    Return the visible cells of the visible sheets.

    Raises:
        UnreadableError: Not such a file, encrypted, or a zip bomb.
    """
    office.refuse_bombs(source.content, source.limits)
    office.refuse_entities(source.content)
    try:
        book = openpyxl.load_workbook(BytesIO(source.content), data_only=True, keep_links=False)
    except (InvalidFileException, KeyError) as error:
        msg = f"a part is missing, or not a workbook: {error}"
        raise UnreadableError(msg) from error
    unseen, blocks = Unseen(), []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            unseen.note(_SHEET, " ".join(_text(cell.value) for row in sheet.rows for cell in row))
            continue
        rows = [row for row in _rows(sheet, unseen) if any(row)]
        if rows:
            blocks.append(f"## {sheet.title}\n\n{office.table(rows)}")
    return unseen.beside("\n\n".join(blocks), book.properties.title)


def _rows(sheet: Any, unseen: Unseen) -> Iterator[list[str]]:  # noqa: ANN401 - untyped library
    hidden = set(_hidden_columns(sheet))
    for number, row in enumerate(sheet.iter_rows(), 1):
        if _is_hidden_row(sheet, number):
            unseen.note(_ROW, " ".join(_text(cell.value) for cell in row))
            continue
        shown = []
        for column, cell in enumerate(row, 1):
            text = _text(cell.value)
            trick = _COLUMN if column in hidden else _trick(cell) if text else None
            if getattr(cell, "comment", None) is not None:
                unseen.note(_COMMENT, str(cell.comment.text))
            if trick is None:
                shown.append(text)
            else:
                unseen.note(trick, text)
        yield shown


def _hidden_columns(sheet: Any) -> Iterator[int]:  # noqa: ANN401 - untyped library
    for dimension in sheet.column_dimensions.values():
        if dimension.hidden or dimension.width == 0:
            yield from range(dimension.min or 0, (dimension.max or 0) + 1)


def _is_hidden_row(sheet: Any, number: int) -> bool:  # noqa: ANN401 - untyped library
    dimension = sheet.row_dimensions.get(number)
    return dimension is not None and bool(dimension.hidden or dimension.height == 0)


def _trick(cell: Any) -> str | None:  # noqa: ANN401 - untyped library
    if not getattr(cell, "has_style", False):
        return None
    font = cell.font
    if font.sz is not None and font.sz < colours.LEAST_POINTS:
        return _SIZE
    if ";;;" in (cell.number_format or ""):
        return _FORMAT
    ink = _colour(font.color)
    filled = cell.fill is not None and cell.fill.fill_type == "solid"
    paper = _colour(cell.fill.fgColor) if filled else colours.WHITE
    return _COLOUR if ink and paper and colours.same(ink, paper) else None


def _colour(colour: Any) -> colours.Colour | None:  # noqa: ANN401 - untyped library
    if colour is None:
        return None
    if colour.type == "rgb":
        return colours.of_hex(str(colour.rgb))
    if colour.type == "theme":
        return colours.WHITE if colour.theme == _WHITE_THEME and not colour.tint else None
    if colour.type == "indexed" and colour.indexed < len(COLOR_INDEX):
        return colours.of_hex(COLOR_INDEX[colour.indexed])
    return None


def _text(value: object) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return "" if value is None else str(value)
