"""
Small real documents of every format, through the real sandbox.
"""

import time
from collections.abc import Iterator

import fpdf
import pytest

from acl.errors import ExtractionError
from ingestion.extract import (
    Extracted,
    ExtractionLimits,
    SandboxedExtractor,
    parse_mime,
    supported_types,
)

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"


@pytest.fixture(scope="module")
def extractor() -> Iterator[SandboxedExtractor]:
    limits = ExtractionLimits(pages=20)
    with SandboxedExtractor(limits) as running:
        yield running


def refusal(extractor: SandboxedExtractor, content: bytes, mime: str) -> str:
    with pytest.raises(ExtractionError) as caught:
        extractor.extract(content, mime=mime)
    return caught.value.diagnostics()


# Declared types


def test_eight_types_are_supported() -> None:
    office = DOCX.removesuffix("wordprocessingml.document")
    slides, sheets = f"{office}presentationml.presentation", f"{office}spreadsheetml.sheet"
    texts = ("message/rfc822", "text/html", "text/markdown", "text/plain")
    expected = (PDF, slides, sheets, DOCX, *texts)

    assert expected == supported_types()


def test_other_types_are_refused_with_the_list(extractor: SandboxedExtractor) -> None:
    reason = refusal(extractor, b"x", "application/x-tar")

    assert reason.startswith("unsupported type 'application/x-tar'; supported: application/pdf")


@pytest.mark.parametrize(
    ("written", "mime", "charset"),
    [
        ("text/plain", "text/plain", None),
        (' Text/PLAIN ; Charset="ISO-8859-1" ', "text/plain", "ISO-8859-1"),
        ("text/plain; format=flowed;charset=utf-8", "text/plain", "utf-8"),
        ("text/plain;charset=", "text/plain", None),
        ("", "", None),
    ],
)
def test_types_may_be_written_in_any_way(written: str, mime: str, charset: str | None) -> None:
    declared = parse_mime(written)

    assert (mime, charset) == (declared.mime, declared.charset)


@pytest.mark.parametrize(
    ("content", "found"),
    [(b"%PDF-1.7\n", "PDF"), (b"PK\x03\x04", "zip"), (b"\x89PNG\r\n", "PNG"), (b"\x7fELF", "prog")],
)
def test_a_declared_type_that_the_first_bytes_contradict_is_refused(
    extractor: SandboxedExtractor, content: bytes, found: str
) -> None:
    reason = refusal(extractor, content, "text/plain; charset=latin-1")

    assert reason.startswith("declared as text/plain, but it begins like")
    assert found in reason


# Plain text


@pytest.mark.parametrize(
    ("content", "mime", "text"),
    [
        (b"", "text/plain", ""),
        ("Grüße\r\nan alle\r".encode(), "text/plain", "Grüße\nan alle\n"),
        (b"\xef\xbb\xbfmark", "text/plain", "mark"),
        (b"Gr\xfc\xdfe", "text/plain; charset=iso-8859-1", "Grüße"),
        ("Grüße".encode("utf-16"), "text/plain; charset=utf-16", "Grüße"),
        ("日本".encode("shift_jis"), "text/plain; charset=Shift_JIS", "日本"),
    ],
)
def test_plain_text(extractor: SandboxedExtractor, content: bytes, mime: str, text: str) -> None:
    assert Extracted(text, None, ()) == extractor.extract(content, mime=mime)


@pytest.mark.parametrize(
    ("content", "mime", "reason"),
    [
        (b"abc\xff", "text/plain", "not UTF-8 at byte 3; declare another charset, as in"),
        ("ab".encode("utf-16"), "text/plain", "declare '; charset=utf-16'"),
        (b"abc\xff", "text/plain; charset=ascii", "not ascii at byte 3"),
        (b"abc", "text/plain; charset=klingon", "unknown charset 'klingon'"),
        (b"616263", "text/plain; charset=hex", "unknown charset 'hex'"),
        (b"ab\0c", "text/plain", "binary content: NUL at character 2"),
    ],
)
def test_text_is_not_guessed(
    extractor: SandboxedExtractor, content: bytes, mime: str, reason: str
) -> None:
    assert reason in refusal(extractor, content, mime)


# Markdown


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("a <!-- unseen --> b", "a  b"),
        ("a <!-- unseen\n\n# still --> b", "a  b"),
        ("a\n<!-- never closed\nb", "a\n"),
        ("see `<!-- code -->` here", "see `<!-- code -->` here"),
        ("```html\n<!-- code -->\n```\n<!-- unseen -->", "```html\n<!-- code -->\n```\n"),
        ("~~~\n<!-- code, not closed", "~~~\n<!-- code, not closed"),
        ("<!--\n```\n-->\nb\n<!-- unseen -->", "\nb\n"),
        ("a ` stray\n\n<!-- unseen -->\n\n ` stray", "a ` stray\n\n\n\n ` stray"),
    ],
)
def test_markdown_comments_are_removed_where_nobody_sees_them(
    extractor: SandboxedExtractor, markdown: str, text: str
) -> None:
    assert text == extractor.extract(markdown.encode(), mime="text/markdown").text


@pytest.mark.parametrize(
    ("markdown", "title"),
    [
        ("intro\n\n# The *title* #\n\n# Second", "The *title*"),
        ("The title\n===\n", "The title"),
        ("```\n# code\n```\n<!--\n# unseen\n-->\n# Title", "Title"),
        ("## not of the first level", None),
    ],
)
def test_markdown_title(extractor: SandboxedExtractor, markdown: str, title: str | None) -> None:
    assert title == extractor.extract(markdown.encode(), mime="text/markdown").title


# HTML

PAGE = """<!doctype html><html><head><title> A  page </title><style>p {}</style></head><body>
<h1>Head</h1><!-- unseen1 --><script>unseen2()</script><template>unseen3</template>
<p hidden>unseen4</p><p style="color:red; DISPLAY : none">unseen5</p>
<p style="visibility:hidden">unseen6 <b>unseen7</b></p><div aria-hidden="true">unseen8</div>
<p style="font-size:0">unseen9</p><noscript>unseen10</noscript>
<p>snake_case &amp; 2*3 <a href="https://example.org/">link</a>
<a href="javascript:unseen11()">code</a> <img src="data:unseen12" alt="picture"></p>
<ul><li>one</li><li>two</li></ul><table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr>
</table></body></html>"""


def test_html_is_what_a_person_sees(extractor: SandboxedExtractor) -> None:
    found = extractor.extract(PAGE.encode(), mime="text/html")

    assert "unseen" not in found.text
    assert "A page" == found.title
    assert found.text.startswith("# Head\n")
    assert "snake_case & 2*3 [link](https://example.org/)" in found.text
    assert "code (picture: picture)" in found.text
    assert "* one\n* two" in found.text
    assert "| a | b |\n| --- | --- |\n| 1 | 2 |" in found.text


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        ("<p>Grüße".encode(), "text/html"),
        ("<p>Grüße".encode("utf-8-sig"), "text/html"),
        ("<p>Grüße".encode("utf-16"), "text/html"),
        ("<meta charset=iso-8859-1><p>Grüße".encode("latin-1"), "text/html"),
        ("<p>Grüße".encode("cp1252"), "text/html"),
        ("<meta charset=utf-8><p>Grüße".encode("latin-1"), "text/html; charset=iso-8859-1"),
        ("<meta charset=klingon><p>Grüße".encode(), "text/html"),
    ],
)
def test_html_charset_is_found_as_browsers_find_it(
    extractor: SandboxedExtractor, content: bytes, mime: str
) -> None:
    assert "Grüße" == extractor.extract(content, mime=mime).text


def test_html_entities_do_not_unfold(extractor: SandboxedExtractor) -> None:
    levels = "".join(
        f'<!ENTITY e{n} "&e{n - 1};&e{n - 1};&e{n - 1};&e{n - 1};">' for n in range(1, 20)
    )
    bomb = f'<!DOCTYPE html [<!ENTITY e0 "bomb">{levels}]><p>a &e19; b</p>'

    assert len(extractor.extract(bomb.encode(), mime="text/html").text) < 5000


@pytest.mark.parametrize("tag", ["div", "b", "ul><li", "table><tr><td", "blockquote", "font", "a"])
def test_html_nested_50_000_deep_gives_text_or_a_reason(
    extractor: SandboxedExtractor, tag: str
) -> None:
    started = time.monotonic()
    try:
        text = extractor.extract((f"<{tag}>" * 50_000 + "core").encode(), mime="text/html").text
    except ExtractionError as error:
        text = error.diagnostics()

    assert len(text) < 1_000_000
    assert time.monotonic() - started < 30
    assert "still here" == extractor.extract(b"<p>still here", mime="text/html").text


def test_html_nested_beyond_reason_keeps_its_words(extractor: SandboxedExtractor) -> None:
    nested = "<div>" * 200 + "core" + "</div>" * 200 + "<p>after"

    text = extractor.extract(nested.encode(), mime="text/html").text

    assert ["core", "after"] == text.split()


# PDF


def pdf_of(pages: list[str], *, password: str | None = None) -> bytes:
    document = fpdf.FPDF()
    document.set_title("A paper")
    document.set_font("helvetica", size=12)
    for page in pages:
        document.add_page()
        if page:
            document.multi_cell(0, text=page)
    if password:
        document.set_encryption(owner_password="owner", user_password=password)  # noqa: S106
    return bytes(document.output())


def test_pdf_pages_begin_where_it_says(extractor: SandboxedExtractor) -> None:
    found = extractor.extract(pdf_of(["first\nline", "", "third"]), mime=PDF)

    first, second, third = found.page_starts
    assert "first\nline\n\n" == found.text[first:second]
    assert "\n\n" == found.text[second:third]
    assert "third" == found.text[third:]
    assert "A paper" == found.title


def test_pdf_that_is_encrypted_is_refused(extractor: SandboxedExtractor) -> None:
    reason = refusal(extractor, pdf_of(["secret"], password="p"), PDF)  # noqa: S106

    assert "encrypted PDF: it opens only with a password" == reason


def test_pdf_that_is_damaged_is_refused(extractor: SandboxedExtractor) -> None:
    assert refusal(extractor, b"%PDF-1.7\nnothing", PDF).startswith("damaged PDF")
    assert refusal(extractor, b"", PDF).startswith("damaged PDF")


def test_pdf_pages_are_limited(extractor: SandboxedExtractor) -> None:
    assert 20 == len(extractor.extract(pdf_of(["x"] * 20), mime=PDF).page_starts)
    assert "too large: 21 pages, more than 20" == refusal(extractor, pdf_of(["x"] * 21), PDF)


def test_pdf_without_text_is_not_passed_off_as_empty(extractor: SandboxedExtractor) -> None:
    assert "no text on any of 2 pages" in refusal(extractor, pdf_of(["", ""]), PDF)
