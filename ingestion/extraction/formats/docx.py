"""
Word documents (OOXML), as Markdown of what a person would see on paper.

Deleted and hidden text is left out, inserted text is kept: the reading of a
person who accepts the changes. Headers, footers, footnotes and comments are not
read. Entities are never expanded: OOXML forbids a DTD (ECMA-376-2), and so do we.
"""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

import docx
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.styles.style import CharacterStyle

from ingestion.extraction.formats.source import Source, UnreadableError
from ingestion.extraction.limits import ExtractionLimits
from ingestion.extraction.wire import Extracted

_OLE_MAGIC = b"\xd0\xcf\x11\xe0"
_ENCRYPTED_FLAG = 0x1
_DEEPEST_HEADING = 6

_PARAGRAPH, _TABLE, _ROW, _CELL, _RUN = map(qn, ("w:p", "w:tbl", "w:tr", "w:tc", "w:r"))
_WRAPPERS = frozenset(map(qn, ("w:sdt", "w:sdtContent", "w:customXml", "w:ins", "w:moveTo")))
_NOT_SHOWN = frozenset(
    {
        *map(qn, ("w:del", "w:moveFrom", "w:rPr", "w:pPr")),
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
    hidden: frozenset[str]


def extract(source: Source) -> Extracted:
    """
    Return headings, paragraphs, lists and tables in the order of the document.

    Raises:
        UnreadableError: Not such a file, encrypted, or a zip bomb.
    """
    refuse_bombs(source.content, source.limits)
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
    return Extracted("\n\n".join(blocks), title=title, page_starts=())


def _open(content: bytes) -> Document:
    try:
        return docx.Document(BytesIO(content))
    except KeyError as error:
        msg = f"a part is missing, or the strict variant of the format, which is not read: {error}"
        raise UnreadableError(msg) from error


def refuse_bombs(content: bytes, limits: ExtractionLimits) -> None:
    """
    Judge the container by its directory, before anything is unpacked.

    The directory can lie, but not usefully: no member is read beyond the size
    that it declares there.

    Raises:
        UnreadableError: Not a zip file, encrypted, or too much inside.
    """
    if content.startswith(_OLE_MAGIC):
        msg = "encrypted document, or the older binary format of Word"
        raise UnreadableError(msg)
    try:
        members = zipfile.ZipFile(BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        msg = f"damaged document: {error}"
        raise UnreadableError(msg) from error
    if len(members) > limits.archive_members:
        msg = f"too large: {len(members)} files inside, more than {limits.archive_members}"
        raise UnreadableError(msg)
    if (unpacked := sum(member.file_size for member in members)) > limits.unpacked_bytes:
        msg = f"too large: {unpacked} bytes unpacked, more than {limits.unpacked_bytes}"
        raise UnreadableError(msg)
    if any(member.flag_bits & _ENCRYPTED_FLAG for member in members):
        msg = "encrypted document"
        raise UnreadableError(msg)


def _read_styles(document: Document) -> _Styles:
    headings, hidden = {}, set()
    if not any(relation.reltype == RT.STYLES for relation in document.part.rels.values()):
        # python-docx would open its own default style sheet, and no file can be opened here.
        return _Styles({}, frozenset())
    for style in document.styles:
        if not isinstance(style, CharacterStyle):
            continue
        name = (style.name or "").lower()
        if name == "title":
            headings[style.style_id] = 1
        elif name.startswith("heading ") and name[8:].isdecimal():
            headings[style.style_id] = min(int(name[8:]), _DEEPEST_HEADING)
        if style.font.hidden:
            hidden.add(style.style_id)
    return _Styles(headings, frozenset(hidden))


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
    if style in styles.hidden:
        return ""
    text = "".join(_visible(element, styles)).strip()
    if style in styles.headings and text:
        return "#" * styles.headings[style] + " " + " ".join(text.split())
    return f"- {text}" if text and element.xpath("w:pPr/w:numPr") else text


def _visible(parent: BaseOxmlElement, styles: _Styles) -> Iterator[str]:
    for element in parent:
        if element.tag in _NOT_SHOWN or (element.tag == _RUN and _is_hidden(element, styles)):
            continue
        if element.tag == qn("w:t"):
            yield element.text or ""
        elif element.tag in _CHARACTERS:
            yield _CHARACTERS[element.tag]
        else:
            yield from _visible(element, styles)
            # Paragraphs inside a paragraph are those of a text box.
            if element.tag == _PARAGRAPH:
                yield "\n"


def _is_hidden(run: BaseOxmlElement, styles: _Styles) -> bool:
    marks = run.xpath("w:rPr/w:vanish[not(@w:val) or not(@w:val='0' or @w:val='false')]")
    return bool(marks) or _style_of(run, "w:rPr/w:rStyle") in styles.hidden


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
