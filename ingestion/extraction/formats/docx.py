"""
Word documents (OOXML), as Markdown of what a person would see on paper.

Deleted and hidden text is left out and counted, and so is text that is white on
nothing or too small to read; inserted text is kept: the reading of a person who
accepts the changes. Headers, footers, footnotes and comments are not read.
Entities are never expanded: OOXML forbids a DTD (ECMA-376-2), and so do we.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from io import BytesIO

import docx
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.oxml import OxmlElement
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
_HEIGHT, _OTHER = "docx-height", "docx-alternative"
_OFFICE = ("http://schemas.microsoft.com/office/", "http://schemas.openxmlformats.org/")
_CHOICE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Choice"
_UNDONE_BY = {_VANISH: "w:vanish", _SIZE: "w:sz", _COLOUR: "w:color"}
_SHADES = (
    "w:rPr/w:shd",
    "w:pPr/w:shd",
    "ancestor::w:p[1]/w:pPr/w:shd",
    "ancestor::w:tc[1]/w:tcPr/w:shd",
)
_HIGHLIGHTS = {
    "black": (0, 0, 0),
    "white": colours.WHITE,
    "yellow": (255, 255, 0),
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "cyan": (0, 255, 255),
    "magenta": (255, 0, 255),
}
_NO_HEIGHT = 40
"""
In twentieths of a point: a line or row of exactly so much shows no text.
"""

_SQUASHED = (
    f"w:pPr/w:spacing[@w:lineRule='exact' and @w:line <= {_NO_HEIGHT}]"
    f" | w:trPr/w:hidden[not(@w:val='0' or @w:val='false')]"
    f" | w:trPr/w:trHeight[@w:hRule='exact' and @w:val <= {_NO_HEIGHT}]"
)
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
        if level := _level((style.name or "").lower()):
            headings[style.style_id] = level
        if trick := _trick_of_style(style.element, document.styles.element):
            tricks[style.style_id] = trick
    usual = "w:style[@w:type='paragraph' and @w:default='1']/@w:styleId"
    for name in document.styles.element.xpath(usual)[:1]:
        # What names no style has this one.
        tricks |= {"": tricks[name]} if name in tricks else {}
    return _Styles(headings, tricks)


def _level(name: str) -> int:
    if name == "title":
        return 1
    numbered = name.startswith("heading ") and name[8:].isdecimal()
    return min(int(name[8:]), _DEEPEST_HEADING) if numbered else 0


def _trick_of_style(style: BaseOxmlElement, sheet: BaseOxmlElement) -> str | None:
    """
    Return the trick of a style, or of those that it is based on, unless it says otherwise.
    """
    known = {one.get(qn("w:styleId")): one for one in sheet.xpath("w:style")}
    chain, at = [style], known.get(_style_of(style, "w:basedOn"))
    while at is not None and at not in chain:
        chain.append(at)
        at = known.get(_style_of(at, "w:basedOn"))
    if style.get(qn("w:type")) != "character":
        for defaults in sheet.xpath("w:docDefaults/w:rPrDefault/w:rPr"):
            chain.append(OxmlElement("w:r"))
            chain[-1].append(deepcopy(defaults))
    for place, one in enumerate(chain):
        trick = _trick_of(one)
        if trick and not any(
            nearer.xpath(f"w:rPr/{_UNDONE_BY[trick]}") for nearer in chain[:place]
        ):
            return trick
    return None


def _blocks(parent: BaseOxmlElement, styles: _Styles) -> Iterator[str]:
    for element in parent:
        if element.tag == _PARAGRAPH:
            yield _paragraph(element, styles)
        elif element.tag == _TABLE:
            yield _table(element, styles)
        elif element.tag in _WRAPPERS:
            yield from _blocks(element, styles)


def _is_squashed(element: BaseOxmlElement, styles: _Styles) -> bool:
    if not element.xpath(_SQUASHED):
        return False
    styles.unseen.note(_HEIGHT, "".join(element.itertext(qn("w:t"))))
    return True


def _paragraph(element: BaseOxmlElement, styles: _Styles) -> str:
    if _is_squashed(element, styles):
        return ""
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
    if element.tag == _CHOICE:
        # One that asks for what no program knows is shown by none.
        asked = [element.nsmap.get(one) or "" for one in element.get("Requires", "").split()]
        return None if all(one.startswith(_OFFICE) for one in asked) else _OTHER
    if element.tag != _RUN:
        return None
    named = _style_of(element, "w:rPr/w:rStyle")
    own = _trick_of(element) or (styles.tricks.get(named) if named else None)
    return own or (_inherited(element, styles) if styles.tricks else None)


def _inherited(run: BaseOxmlElement, styles: _Styles) -> str | None:
    """
    Return the trick of the paragraph's or the table's style, unless the run says otherwise.
    """
    trick = styles.tricks.get(_style_of(run, "ancestor::w:p[1]/w:pPr/w:pStyle"))
    table = _style_of(run, "ancestor::w:tbl[1]/w:tblPr/w:tblStyle")
    trick = trick or (styles.tricks.get(table) if table else None)
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
    ink, ground = _ink(element), _ground(element)
    return _COLOUR if ink and ground and colours.same(ink, ground) else None


def _ink(element: BaseOxmlElement) -> colours.Colour | None:
    if element.xpath("w:rPr/w:color[@w:themeColor='background1' or @w:themeColor='light1']"):
        return colours.WHITE
    said = element.xpath("w:rPr/w:color/@w:val")
    return colours.of_hex(str(said[0])) if said else None


def _ground(element: BaseOxmlElement) -> colours.Colour | None:
    """
    Return what a run, or what has a style, stands on; none if it cannot be said.
    """
    marked = element.xpath("w:rPr/w:highlight/@w:val")
    if marked and str(marked[0]) != "none":
        return _HIGHLIGHTS.get(str(marked[0]))
    for path in _SHADES:
        for shade in element.xpath(path):
            if shade.get(qn("w:val"), "clear") not in {"clear", "nil"}:
                return None
            if (fill := shade.get(qn("w:fill"), "auto")) != "auto":
                return colours.of_hex(fill)
    # A shape may have a ground of its own, and so may a table by its style.
    if element.xpath("ancestor::w:txbxContent | ancestor::w:tbl/w:tblPr/w:tblStyle"):
        return None
    page = element.xpath("/w:document/w:background/@w:color")
    return colours.of_hex(str(page[0])) if page else colours.WHITE


def _style_of(element: BaseOxmlElement, path: str) -> str:
    found = element.xpath(f"{path}/@w:val")
    return str(found[0]) if found else ""


def _table(element: BaseOxmlElement, styles: _Styles) -> str:
    """
    Return a Markdown table; the first row stands as its head, as Markdown asks for one.
    """
    rows = []
    for row in element.iterchildren(_ROW):
        if _is_squashed(row, styles):
            continue
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
