"""
Word documents (OOXML), as Markdown of what a person would see on paper.

Deleted and hidden text is left out and counted, and so is text that is white on
nothing or too small to read; inserted text is kept: the reading of a person who
accepts the changes. Headers, footers, footnotes and comments are not read.
Entities are never expanded: OOXML forbids a DTD (ECMA-376-2), and so do we.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO

import docx
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.styles.style import CharacterStyle

from ingestion.extraction.formats import colours, office
from ingestion.extraction.formats.source import Source, UnreadableError
from ingestion.extraction.formats.unseen import Unseen
from ingestion.extraction.wire import Extracted

_DEEPEST_HEADING = 6

_PARAGRAPH, _TABLE, _ROW, _CELL, _RUN = map(qn, ("w:p", "w:tbl", "w:tr", "w:tc", "w:r"))
_WRAPPERS = frozenset(map(qn, ("w:sdt", "w:sdtContent", "w:customXml", "w:ins", "w:moveTo")))
_VANISH, _SIZE, _COLOUR, _CHANGE = "docx-hidden", "docx-size", "docx-colour", "docx-deleted"
_UNDONE_BY = {_VANISH: "w:vanish", _SIZE: "w:sz", _COLOUR: "w:color"}
_DELETED = frozenset(map(qn, ("w:del", "w:moveFrom")))
_NO_TEXT = frozenset(
    {
        *map(qn, ("w:rPr", "w:pPr")),
        # The second telling of the same drawing, for old programs.
        "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
    }
)
_CHARACTERS = {
    qn("w:tab"): "\t",
    qn("w:br"): "\n",
    qn("w:cr"): "\n",
    qn("w:noBreakHyphen"): "-",
}


@dataclass(frozen=True, slots=True)
class _Styles:
    """
    What the style sheet says about a paragraph or run, by style id.
    """

    headings: dict[str, int]
    tricks: dict[str, str]
    unseen: Unseen = field(default_factory=Unseen)


def extract(source: Source) -> Extracted:
    """
    Return headings, paragraphs, lists and tables in the order of the document.

    Raises:
        UnreadableError: Not such a file, encrypted, or a zip bomb.
    """
    office.refuse_bombs(source.content, source.limits)
    document = _open(source.content)
    if document.element.getroottree().docinfo.internalDTD is not None:
        msg = "declares entities (a DTD), which this format forbids"
        raise UnreadableError(msg)
    if document.element.body.xpath("//w:altChunk"):
        msg = "holds a document of another format inside (altChunk), which is not read"
        raise UnreadableError(msg)
    styles = _read_styles(document)
    blocks = [text for text in _blocks(document.element.body, styles) if text.strip()]
    title = document.core_properties.title or _first_heading(blocks)
    return styles.unseen.beside("\n\n".join(blocks), title)


def _open(content: bytes) -> Document:
    try:
        return docx.Document(BytesIO(content))
    except KeyError as error:
        msg = f"a part is missing, or the strict variant of the format, which is not read: {error}"
        raise UnreadableError(msg) from error


def _read_styles(document: Document) -> _Styles:
    headings, tricks = dict[str, int](), dict[str, str]()
    if not any(relation.reltype == RT.STYLES for relation in document.part.rels.values()):
        # python-docx would open its own default style sheet, and no file can be opened here.
        return _Styles({}, {})
    for style in document.styles:
        if not isinstance(style, CharacterStyle):
            continue
        name = (style.name or "").lower()
        if name == "title":
            headings[style.style_id] = 1
        elif name.startswith("heading ") and name[8:].isdecimal():
            headings[style.style_id] = min(int(name[8:]), _DEEPEST_HEADING)
        if trick := _trick_of(style.element):
            tricks[style.style_id] = trick
    return _Styles(headings, tricks)


def _blocks(parent: BaseOxmlElement, styles: _Styles) -> Iterator[str]:
    for element in parent:
        if element.tag == _PARAGRAPH:
            yield _paragraph(element, styles)
        elif element.tag == _TABLE:
            yield _table(element, styles)
        elif element.tag in _WRAPPERS:
            yield from _blocks(element, styles)


def _paragraph(element: BaseOxmlElement, styles: _Styles) -> str:
    style = _style_of(element, "w:pPr/w:pStyle")
    text = "".join(_visible(element, styles)).strip()
    if style in styles.headings and text:
        return "#" * styles.headings[style] + " " + " ".join(text.split())
    return f"- {text}" if text and element.xpath("w:pPr/w:numPr") else text


def _visible(parent: BaseOxmlElement, styles: _Styles) -> Iterator[str]:
    for element in parent:
        trick = _trick(element, styles)
        if trick is not None:
            styles.unseen.note(trick, "".join(element.itertext(qn("w:t"), qn("w:delText"))))
        elif element.tag == qn("w:t"):
            yield element.text or ""
        elif element.tag in _CHARACTERS:
            yield _CHARACTERS[element.tag]
        elif element.tag not in _NO_TEXT:
            yield from _visible(element, styles)
            # Paragraphs inside a paragraph are those of a text box.
            if element.tag == _PARAGRAPH:
                yield "\n"


def _trick(element: BaseOxmlElement, styles: _Styles) -> str | None:
    if element.tag in _DELETED:
        return _CHANGE
    if element.tag != _RUN:
        return None
    own = _trick_of(element) or styles.tricks.get(_style_of(element, "w:rPr/w:rStyle"))
    return own or (_inherited(element, styles) if styles.tricks else None)


def _inherited(run: BaseOxmlElement, styles: _Styles) -> str | None:
    """
    Return the trick of the paragraph's style, unless the run says otherwise.
    """
    trick = styles.tricks.get(_style_of(run, "ancestor::w:p[1]/w:pPr/w:pStyle"))
    return None if trick is None or run.xpath(f"w:rPr/{_UNDONE_BY[trick]}") else trick


def _trick_of(element: BaseOxmlElement) -> str | None:
    """
    Return the trick by which a run, or what has a style, is not seen.
    """
    if element.xpath("w:rPr/w:vanish[not(@w:val) or not(@w:val='0' or @w:val='false')]"):
        return _VANISH
    size = element.xpath("w:rPr/w:sz/@w:val")
    if size and str(size[0]).isdecimal() and int(size[0]) < 2 * colours.LEAST_POINTS:
        return _SIZE
    ink = element.xpath("w:rPr/w:color/@w:val")
    colour = colours.of_hex(str(ink[0])) if ink else None
    if colour is None or not colours.same(colour, colours.WHITE):
        return None
    # White on a ground of its own, or in a shape or table, which may have one, is readable.
    grounds = "ancestor-or-self::*[w:rPr/w:shd or w:rPr/w:highlight or w:pPr/w:shd]"
    inside = "ancestor::w:tbl | ancestor::w:txbxContent | /w:document/w:background"
    return None if element.xpath(f"{grounds} | {inside}") else _COLOUR


def _style_of(element: BaseOxmlElement, path: str) -> str:
    found = element.xpath(f"{path}/@w:val")
    return str(found[0]) if found else ""


def _table(element: BaseOxmlElement, styles: _Styles) -> str:
    """
    Return a Markdown table; the first row stands as its head, as Markdown asks for one.
    """
    rows = []
    for row in element.iterchildren(_ROW):
        cells = [
            " ".join(" ".join(_blocks(cell, styles)).split()).replace("|", "\\|")
            for cell in row.iter(_CELL)
            if cell.xpath("ancestor::w:tr")[-1] is row
        ]
        rows.append("| " + " | ".join(cells) + " |")
        if len(rows) == 1:
            rows.append("|" + " --- |" * len(cells))
    return "\n".join(rows)


def _first_heading(blocks: list[str]) -> str | None:
    return next((block.lstrip("# ") for block in blocks if block.startswith("# ")), None)
