"""
Workbooks (OOXML), a Markdown table for each sheet, of what a person would see in it.

Formulas count by the value that was last computed. Hidden sheets, rows and columns are left out
and counted, and so is text in the colour of its cell, in letters that are too small, and under a
number format that shows nothing. Comments, names, headers and footers are not read.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import openpyxl
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.styles.colors import COLOR_INDEX
from openpyxl.utils.exceptions import InvalidFileException

from ingestion.extraction.formats import colours, office
from ingestion.extraction.formats.source import Source, UnreadableError
from ingestion.extraction.formats.unseen import Unseen
from ingestion.extraction.wire import Extracted

_SHEET, _ROW, _COLUMN = "xlsx-sheet", "xlsx-row", "xlsx-column"
_COLOUR, _SIZE, _FORMAT = "xlsx-colour", "xlsx-size", "xlsx-format"
_COMMENT = "xlsx-comment"
_WHITE_THEME, _BLACK_THEME = 0, 1
_SYSTEM = {64: colours.BLACK, 65: colours.WHITE}
_LEAST_TINT = 0.1
_LEAST_WIDTH = 0.3
_FOR_TEXT = 3
_QUOTED = re.compile(r'"[^"]*"|\\.')


def extract(source: Source) -> Extracted:
    """
    Return the visible cells of the visible sheets.

    Raises:
        UnreadableError: Not such a file, encrypted, or a zip bomb.
    """
    office.refuse_bombs(source.content, source.limits)
    office.refuse_entities(source.content)
    try:
        book = openpyxl.load_workbook(
            BytesIO(source.content), data_only=True, keep_links=False, rich_text=True
        )
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
            if trick is None and isinstance(cell.value, CellRichText):
                text = _rich(cell.value, unseen)
            if getattr(cell, "comment", None) is not None:
                unseen.note(_COMMENT, str(cell.comment.text))
            if trick is None:
                shown.append(text)
            else:
                unseen.note(trick, text)
        yield shown


def _hidden_columns(sheet: Any) -> Iterator[int]:  # noqa: ANN401 - untyped library
    for dimension in sheet.column_dimensions.values():
        if dimension.hidden or dimension.width < _LEAST_WIDTH:
            yield from range(dimension.min or 0, (dimension.max or 0) + 1)


def _is_hidden_row(sheet: Any, number: int) -> bool:  # noqa: ANN401 - untyped library
    dimension = sheet.row_dimensions.get(number)
    if dimension is None:
        return bool(sheet.sheet_format.zeroHeight)
    height = dimension.height
    return bool(dimension.hidden or (height is not None and height < colours.LEAST_POINTS))


def _rich(value: CellRichText, unseen: Unseen) -> str:
    shown = []
    for part in value:
        ink = _colour(part.font.color) if isinstance(part, TextBlock) and part.font.color else None
        if ink is not None and colours.same(ink, colours.WHITE):
            unseen.note(_COLOUR, str(part))
        else:
            shown.append(str(part))
    return "".join(shown)


def _trick(cell: Any) -> str | None:  # noqa: ANN401 - untyped library
    if not getattr(cell, "has_style", False):
        return None
    font = cell.font
    if font.sz is not None and font.sz < colours.LEAST_POINTS:
        return _SIZE
    form = _QUOTED.sub("", cell.number_format or "")
    if _shows_nothing(form.split(";"), is_text=isinstance(cell.value, str)):
        return _FORMAT
    ink = _colour(font.color) if font.color is not None else colours.BLACK
    ink = colours.WHITE if "[white]" in form.lower() else ink
    filled = cell.fill is not None and cell.fill.fill_type == "solid"
    paper = _colour(cell.fill.fgColor) if filled else colours.WHITE
    if filled and font.color is not None and _same_theme(font.color, cell.fill.fgColor):
        return _COLOUR
    return _COLOUR if ink and paper and colours.same(ink, paper) else None


def _shows_nothing(sections: list[str], *, is_text: bool) -> bool:
    """
    Say whether a number format shows nothing (ECMA-376-1, section 18.8.31): of four sections the
    last is for text, the others are for numbers.
    """
    if is_text:
        return len(sections) > _FOR_TEXT and "@" not in sections[_FOR_TEXT]
    return len(sections) > 1 and not any(one.strip(" _-") for one in sections[:_FOR_TEXT])


def _same_theme(one: Any, other: Any) -> bool:  # noqa: ANN401 - untyped library
    if one.type != "theme" or other.type != "theme":
        return False
    return bool(one.theme == other.theme and abs(one.tint - other.tint) < _LEAST_TINT)


def _colour(colour: Any) -> colours.Colour | None:  # noqa: ANN401 - untyped library
    if colour is None:
        return None
    if colour.type == "rgb":
        return colours.of_hex(str(colour.rgb))
    if colour.type == "theme":
        shades = {_WHITE_THEME: colours.WHITE, _BLACK_THEME: colours.BLACK}
        return shades.get(colour.theme) if abs(colour.tint) < _LEAST_TINT else None
    if colour.type == "indexed" and colour.indexed in _SYSTEM:
        return _SYSTEM[colour.indexed]
    if colour.type == "indexed" and colour.indexed < len(COLOR_INDEX):
        return colours.of_hex(COLOR_INDEX[colour.indexed])
    return None


def _text(value: object) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return "" if value is None else str(value)
