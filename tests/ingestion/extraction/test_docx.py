"""
Word documents, through the real sandbox.
"""

import io
import zipfile
from collections.abc import Iterator

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls

from acl.errors import ExtractionError
from ingestion.extract import ExtractionLimits, SandboxedExtractor

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.fixture(scope="module")
def extractor() -> Iterator[SandboxedExtractor]:
    limits = ExtractionLimits(unpacked_bytes=10_000_000, archive_members=100)
    with SandboxedExtractor(limits) as running:
        yield running


def refusal(extractor: SandboxedExtractor, content: bytes, mime: str) -> str:
    with pytest.raises(ExtractionError) as caught:
        extractor.extract(content, mime=mime)
    return caught.value.diagnostics()


def saved(document: "docx.document.Document") -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def test_structure_is_kept(extractor: SandboxedExtractor) -> None:
    document = docx.Document()
    document.add_heading("Report", 0)
    document.add_heading("Findings", 2)
    document.add_paragraph("plain ").add_run("bold").bold = True
    table = document.add_table(rows=2, cols=2)
    for number, cell in enumerate(cell for row in table.rows for cell in row.cells):
        cell.text = f"cell|{number}"
    document.add_paragraph("after")
    document.core_properties.title = "The report"

    found = extractor.extract(saved(document), mime=DOCX)

    assert "The report" == found.title
    table_text = "| cell\\|0 | cell\\|1 |\n| --- | --- |\n| cell\\|2 | cell\\|3 |"
    assert ["# Report", "## Findings", "plain bold", table_text, "after"] == found.text.split(
        "\n\n"
    )


def test_text_that_nobody_sees_is_left_out(extractor: SandboxedExtractor) -> None:
    document = docx.Document()
    ghost = document.styles.add_style("Ghost", WD_STYLE_TYPE.CHARACTER)
    assert isinstance(ghost, docx.styles.style.CharacterStyle)
    ghost.font.hidden = True
    paragraph = document.add_paragraph("seen ")
    paragraph.add_run("unseen1").font.hidden = True
    paragraph.add_run("unseen2", style="Ghost")
    paragraph.add_run("shown").font.hidden = False
    deleted = f"<w:del {nsdecls('w')}><w:r><w:delText>unseen3</w:delText></w:r></w:del>"
    inserted = f"<w:ins {nsdecls('w')}><w:r><w:t> inserted</w:t></w:r></w:ins>"
    paragraph._p.append(parse_xml(deleted))  # noqa: SLF001 - python-docx has no tracked changes
    paragraph._p.append(parse_xml(inserted))  # noqa: SLF001

    assert "seen shown inserted" == extractor.extract(saved(document), mime=DOCX).text


def test_content_controls_and_nested_tables_are_read(extractor: SandboxedExtractor) -> None:
    document = docx.Document()
    outer = document.add_table(rows=1, cols=1).cell(0, 0)
    outer.text = "outer"
    outer.add_table(rows=1, cols=1).cell(0, 0).text = "inner"
    control, content = OxmlElement("w:sdt"), OxmlElement("w:sdtContent")
    content.append(document.add_paragraph("controlled")._p)  # noqa: SLF001 - no interface for it
    control.append(content)
    document.element.body.insert(0, control)

    text = extractor.extract(saved(document), mime=DOCX).text

    assert text.startswith("controlled")
    assert 1 == text.count("outer")
    assert 1 == text.count("inner")


def docx_with(**members: bytes) -> bytes:
    """
    Return a document with some of its parts replaced.
    """
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(saved(docx.Document()))) as original,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as changed,
    ):
        for name in original.namelist():
            changed.writestr(name, members.get(name.replace("/", "_"), original.read(name)))
        for name in members.keys() - {name.replace("/", "_") for name in original.namelist()}:
            changed.writestr(name, members[name])
    return buffer.getvalue()


def body(text: str, prolog: str = "") -> bytes:
    paragraph = f"<w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body>"
    return f"{prolog}<w:document {nsdecls('w')}>{paragraph}</w:document>".encode()


def test_bombs_are_refused_unopened(extractor: SandboxedExtractor) -> None:
    big = docx_with(bomb=b"\0" * 11_000_000)
    many = docx_with(**{f"m{number}": b"" for number in range(120)})

    assert refusal(extractor, big, DOCX).startswith("too large: 11")
    assert "files inside, more than 100" in refusal(extractor, many, DOCX)


def test_whose_directory_lies_is_not_unpacked_further(extractor: SandboxedExtractor) -> None:
    honest = docx_with(**{"word_document.xml": body("a" * 9_000_000)})
    directory = honest.rindex(b"word/document.xml") - 46
    lying = bytearray(honest)
    lying[directory + 24 : directory + 28] = (100).to_bytes(4, "little")

    assert "a" * 100 in extractor.extract(honest, mime=DOCX).text
    assert "BadZipFile" in refusal(extractor, bytes(lying), DOCX)


def test_entities_from_outside_are_not_fetched(extractor: SandboxedExtractor) -> None:
    prolog = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    document = docx_with(**{"word_document.xml": body("a &f; b", prolog)})

    assert refusal(extractor, document, DOCX).startswith("declares entities")


def test_entities_do_not_unfold(extractor: SandboxedExtractor) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    prolog = f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]>'
    bomb = docx_with(**{"word_document.xml": body("a &l8; b", prolog)})

    assert "amplification" in refusal(extractor, bomb, DOCX)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "damaged document"),
        (b"PK\x03\x04 and nothing", "damaged document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "encrypted document, or the older"),
    ],
)
def test_what_is_none_is_refused(
    extractor: SandboxedExtractor, content: bytes, reason: str
) -> None:
    assert refusal(extractor, content, DOCX).startswith(reason)
