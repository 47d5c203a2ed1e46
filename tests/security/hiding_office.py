"""
More ways for office files and PDF to hide a sentence: by styles, grounds, measures, themes and
formats, and by what is drawn around it.
"""

from collections.abc import Callable
from typing import Any, Final

import fpdf
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import RGBColor
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Color, Font, PatternFill

from tests.security.hiding import DOCX, HIDDEN, PDF, SEEN, XLSX, pdf, word, workbook

_W: Final = nsdecls("w")
_BLACK: Final = PatternFill("solid", fgColor="FF000000")
_COMPATIBLE: Final = "http://schemas.openxmlformats.org/markup-compatibility/2006"


def _run(*properties: str) -> Callable[[Any], None]:
    def hide(made: Any) -> None:
        run = made.add_paragraph("and ").add_run(HIDDEN)._r.get_or_add_rPr()
        for one in properties:
            run.append(parse_xml(f"<{one} {_W}/>"))

    return hide


def _based(kind: int) -> Callable[[Any], None]:
    def hide(made: Any) -> None:
        ghost, heir = made.styles.add_style("Ghost", kind), made.styles.add_style("Heir", kind)
        ghost.element.get_or_add_rPr().append(OxmlElement("w:vanish"))
        heir.base_style = ghost
        paragraph = made.add_paragraph("" if kind == 1 else "and ")
        paragraph.add_run(HIDDEN, style=heir if kind != 1 else None)
        paragraph.style = heir if kind == 1 else None

    return hide


def _by_default(path: str) -> Callable[[Any], None]:
    def hide(made: Any) -> None:
        shown = made.paragraphs[0].runs[0]._r.get_or_add_rPr()
        shown.append(parse_xml(f'<w:vanish {_W} w:val="0"/>'))
        made.styles.element.xpath(path)[0].append(parse_xml(f"<w:rPr {_W}><w:vanish/></w:rPr>"))
        made.add_paragraph(HIDDEN)

    return hide


def _white_in_table(shade: str = "") -> Callable[[Any], None]:
    def write(made: Any) -> None:
        cell = made.add_table(1, 1).cell(0, 0)
        cell.paragraphs[0].add_run(HIDDEN).font.color.rgb = RGBColor(255, 255, 255)
        if shade:
            cell._tc.get_or_add_tcPr().append(parse_xml(f'<w:shd {_W} w:fill="{shade}"/>'))

    return write


def _row(properties: str) -> Callable[[Any], None]:
    def hide(made: Any) -> None:
        table = made.add_table(1, 1)
        table.cell(0, 0).text = HIDDEN
        table.rows[0]._tr.get_or_add_trPr().append(parse_xml(f"<{properties} {_W}/>"))

    return hide


def _line(made: Any) -> None:
    line = parse_xml(f'<w:spacing {_W} w:line="1" w:lineRule="exact"/>')
    made.add_paragraph(HIDDEN)._p.get_or_add_pPr().append(line)


def _page(made: Any) -> None:
    made.element.insert(0, parse_xml(f'<w:background {_W} w:color="FFFFFF"/>'))
    made.add_paragraph().add_run(HIDDEN).font.color.rgb = RGBColor(255, 255, 255)


def _unknown(made: Any) -> None:
    inside = f'<mc:Choice Requires="z"><w:r><w:t>{HIDDEN}</w:t></w:r></mc:Choice>'
    names = f'xmlns:mc="{_COMPATIBLE}" xmlns:z="urn:z" {_W}'
    written = f"<mc:AlternateContent {names}>{inside}</mc:AlternateContent>"
    made.add_paragraph("x")._p.append(parse_xml(written))


_WHITE: Final = 'w:color w:val="FFFFFF"'
_WORDS: Final = {
    "style of a run, inherited": _based(2),
    "style of a paragraph, inherited": _based(1),
    "usual style": _by_default("w:style[@w:type='paragraph' and @w:default='1']"),
    "white on white": _run(_WHITE, 'w:shd w:val="clear" w:fill="FFFFFF"'),
    "same colour": _run('w:color w:val="AA0000"', 'w:shd w:val="clear" w:fill="AA0000"'),
    "highlighted": _run('w:color w:val="000000"', 'w:highlight w:val="black"'),
    "white by theme": _run('w:color w:val="auto" w:themeColor="background1"'),
    "white in a table": _white_in_table(),
    "white on a white page": _page,
    "hidden row": _row("w:hidden"),
    "row of no height": _row('w:trHeight w:val="1" w:hRule="exact"'),
    "line of no height": _line,
    "alternative for nobody": _unknown,
}


def _cell(value: Any = HIDDEN, **styles: Any) -> Callable[[Any, Any], None]:
    def write(made: Any, sheet: Any) -> None:
        del made
        sheet["B2"] = value
        for name, one in styles.items():
            setattr(sheet["B2"], name, one)

    return write


def _rows(made: Any, sheet: Any) -> None:
    del made
    sheet.sheet_format.zeroHeight = True
    sheet.row_dimensions[1].height = 15
    sheet["A9"] = HIDDEN


def _low(made: Any, sheet: Any) -> None:
    del made
    sheet["A3"] = HIDDEN
    sheet.row_dimensions[3].height = 0.75


def _narrow(made: Any, sheet: Any) -> None:
    del made
    sheet["C1"] = HIDDEN
    sheet.column_dimensions["C"].width = 0.08


_RICH: Final = CellRichText("and ", TextBlock(InlineFont(color="FFFFFFFF"), HIDDEN))
_BOLD: Final = CellRichText(TextBlock(InlineFont(b=True), HIDDEN))
_THEMED: Final = Color(theme=4)
_BOOKS: Final = {
    "white in a cell": _cell(_RICH),
    "rows hidden by default": _rows,
    "row of no height": _low,
    "column of no width": _narrow,
    "format of quotes": _cell(number_format='"";"";"";""'),
    "format without text": _cell(number_format="0;0;0;"),
    "white by format": _cell(number_format="[White]General;[White]General;0;[White]@"),
    "black on black": _cell(fill=_BLACK),
    "black by theme": _cell(font=Font(color=Color(theme=1)), fill=_BLACK),
    "same theme": _cell(font=Font(color=_THEMED), fill=PatternFill("solid", fgColor=_THEMED)),
    "nearly white by theme": _cell(font=Font(color=Color(theme=0, tint=-0.01))),
    "white by system": _cell(font=Font(color=Color(indexed=65))),
}


def _outlined(made: fpdf.FPDF) -> None:
    with made.local_context(text_mode="STROKE"):
        made.set_draw_color(255, 255, 255)
        made.cell(text=HIDDEN)


def _covered(made: fpdf.FPDF) -> None:
    at = made.get_y()
    made.cell(text=HIDDEN)
    made.set_fill_color(255, 255, 255)
    made.rect(0, at - 2, 210, 20, style="F")


def _on(ink: int, ground: int) -> Callable[[fpdf.FPDF], None]:
    def write(made: fpdf.FPDF) -> None:
        made.set_fill_color(ground)
        made.rect(0, made.get_y() - 2, 210, 20, style="F")
        made.set_text_color(ink)
        made.cell(text=HIDDEN)

    return write


def _clipped(made: fpdf.FPDF) -> None:
    with made.rect_clip(x=0, y=0, w=1, h=1):
        made.cell(text=HIDDEN)


def _squeezed(made: fpdf.FPDF) -> None:
    made._out("q 0.0001 0 0 1 0 0 cm")
    made.cell(text=HIDDEN)
    made._out("Q")


def _turned(content: bytes) -> bytes:
    return content.replace(b"/Type /Page\n", b"/Type /Page\n/Rotate 90\n")


def _large(ink: int) -> bytes:
    made = fpdf.FPDF()
    made.add_page(format=(3_000, 3_000))
    made.set_font("Helvetica", size=12)
    made.cell(text=SEEN, new_x="LMARGIN", new_y="NEXT")
    made.set_text_color(ink)
    made.cell(text=HIDDEN)
    return bytes(made.output())


_PDFS: Final = {
    "white outline": pdf(_outlined),
    "covered": pdf(_covered),
    "black on black": pdf(_on(0, 0)),
    "clipped": pdf(_clipped),
    "squeezed": pdf(_squeezed),
    "white on a turned page": _turned(pdf(_on(255, 255))),
    "white on a large page": _large(255),
}


def more_cases() -> dict[str, tuple[str, bytes]]:
    """
    Return what hides the sentence: name to media type and bytes.
    """
    found = {f"PDF: {name}": (PDF, content) for name, content in _PDFS.items()}
    found |= {f"DOCX: {name}": (DOCX, word(one)) for name, one in _WORDS.items()}
    return found | {f"XLSX: {name}": (XLSX, workbook(one)) for name, one in _BOOKS.items()}


def more_plain() -> dict[str, tuple[str, bytes]]:
    """
    Return what shows it, although something about it is hidden elsewhere.
    """
    return {
        "PDF: white on black, turned": (PDF, _turned(pdf(_on(255, 0)))),
        "PDF: black on grey, turned": (PDF, _turned(pdf(_on(0, 200)))),
        "PDF: on a large page": (PDF, _large(0)),
        "DOCX: white in a dark cell": (DOCX, word(_white_in_table("000000"))),
        "DOCX: on a shade": (DOCX, word(_run('w:shd w:val="clear" w:fill="FFFF00"'))),
        "XLSX: format of numbers": (XLSX, workbook(_cell(number_format='0.00;-0.00;"-"'))),
        "XLSX: in bold": (XLSX, workbook(_cell(_BOLD))),
        "XLSX: white by theme on black": (
            XLSX, workbook(_cell(font=Font(color=Color(theme=0)), fill=_BLACK)),
        ),
    }  # fmt: skip
