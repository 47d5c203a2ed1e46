"""
What was taken in cannot be read in any file below the data directory.
"""

import base64
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import docx
import pytest
from fpdf import FPDF

from acl.keys.envelope import OpenEnvelope
from tests.ingestion.world import Site, World, document, tools

CANARIES = {
    place: f"canary{place}{'zyx'[len(place) % 3]}quoll"
    for place in ("text", "title", "mail", "subject", "docx", "pdf", "person", "address", "changed")
}
"""
One word a place, which occurs nowhere else.
"""

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def encodings(word: str) -> Iterator[bytes]:
    """
    Yield the forms in which a word may lie in a file; base64 at each of its three offsets.
    """
    for plain in (word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be")):
        yield plain
        yield plain.hex().encode()
        yield plain.hex().upper().encode()
        for shift in range(3):
            # The first and the last characters also depend on the neighbours.
            yield base64.b64encode(b"\0" * shift + plain)[4:-4]


def readable_in(directory: Path) -> set[str]:
    """
    Return the canaries that some file below `directory` shows, in any form.
    """
    files = [path.read_bytes() for path in directory.rglob("*") if path.is_file()]
    # The engine's files are mostly empty pages; shortened they are searched in no time.
    contents = [re.sub(rb"\0{64,}", b"\0" * 64, content) for content in files]
    return {
        place
        for place, word in CANARIES.items()
        for form in encodings(word)
        if any(form in content for content in contents)
    }


@pytest.mark.parametrize("place", CANARIES)
def test_the_search_finds_every_form(tmp_path: Path, place: str) -> None:
    """
    The control of the control: each form, alone in a file.
    """
    for form in encodings(CANARIES[place]):
        (tmp_path / "file").write_bytes(b"before" + form + b"after")

        assert {place} == readable_in(tmp_path)


def a_mail() -> bytes:
    mail = EmailMessage()
    mail["Subject"] = f"About {CANARIES['subject']}"
    mail["From"] = "a@a.example"
    mail.set_content(f"The body of {CANARIES['mail']}.")
    return bytes(mail)


def a_docx() -> bytes:
    written = docx.Document()
    written.add_paragraph(f"A paragraph of {CANARIES['docx']}.")
    buffer = io.BytesIO()
    written.save(buffer)
    return buffer.getvalue()


def a_pdf() -> bytes:
    written = FPDF()
    written.add_page()
    written.set_font("Helvetica")
    written.cell(text=f"A page of {CANARIES['pdf']}.")
    return bytes(written.output())


@contextmanager
def taken_in(directory: Path) -> Iterator[Site]:
    """
    Take in a canary by every way there is, with registry and index below `data`, and change
    one, so that an old revision is thrown away.
    """
    with tools(directory / "data" / "index") as own, World(directory, own) as world:
        site = world.site("zoo")
        for name, content in (("m.eml", a_mail()), ("w.docx", a_docx()), ("p.pdf", a_pdf())):
            (site.folder / name).write_bytes(content)
        rows = [
            document("text", f"A sentence of {CANARIES['text']}.", title=CANARIES["title"]),
            document("mail", path="m.eml", mime="message/rfc822"),
            document("docx", path="w.docx", mime=DOCX),
            document("pdf", path="p.pdf", mime="application/pdf"),
            document("pii", f"Dr Quoll{CANARIES['person']} and {CANARIES['address']}@a.example"),
        ]
        site.write([*rows, document("changed", f"First {CANARIES['changed']}.")])
        assert [] == site.sync().problems
        site.write([*rows, document("changed", "Then something else.")])
        site.sync()
        yield site


@pytest.mark.promise("sealed-at-rest")
@pytest.mark.promise("redact-before-index")
def test_no_file_shows_what_was_taken_in(tmp_path: Path) -> None:
    """
    While everything runs, and after it has ended; a reader finds the same words all along.
    """
    with taken_in(tmp_path) as site:
        live = readable_in(tmp_path / "data")
        found = "".join(site.found("alice").values()) + site.card("text")["title"]

    assert set() == live
    assert set() == readable_in(tmp_path / "data")
    shown = {place for place, word in CANARIES.items() if word in found}
    assert {"text", "title", "mail", "subject", "docx", "pdf"} == shown


@pytest.mark.promise("sealed-at-rest")
def test_without_sealing_the_same_files_show_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The control: sealing is switched off, and every canary is found; also what is personal,
    in the vault.
    """
    monkeypatch.setattr(OpenEnvelope, "seal", lambda _self, _part, plaintext: plaintext)

    with taken_in(tmp_path):
        assert CANARIES.keys() - {"changed"} <= readable_in(tmp_path / "data")
