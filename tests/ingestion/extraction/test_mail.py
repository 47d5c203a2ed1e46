"""
Mail, through the real sandbox.
"""

from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from acl.errors import ExtractionError
from ingestion.extract import SandboxedExtractor

MAIL = "message/rfc822"


@pytest.fixture(scope="module")
def extractor() -> Iterator[SandboxedExtractor]:
    with SandboxedExtractor() as running:
        yield running


def mail(**headers: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in {"From": "Ann <ann@example.org>", "Subject": "Plans", **headers}.items():
        message[name] = value
    return message


def test_headers_and_body(extractor: SandboxedExtractor) -> None:
    message = mail(To="bob@example.org", Cc="cy@example.org", Bcc="secret@example.org")
    message["Received"] = "from somewhere"
    message.set_content("Grüße\n")

    found = extractor.extract(bytes(message), mime=MAIL)

    assert "Plans" == found.title
    assert (
        "From: Ann <ann@example.org>\nTo: bob@example.org\nCc: cy@example.org\nSubject: Plans"
        "\n\nGrüße"
    ) == found.text


def test_what_a_mail_program_shows_is_taken_and_cleaned(extractor: SandboxedExtractor) -> None:
    both = mail()
    both.set_content("plain words")
    both.add_alternative("<p>marked words", subtype="html")
    html_only = mail()
    html_only.set_content("<p>marked <b>words</b><p hidden>unseen", subtype="html")

    assert extractor.extract(bytes(both), mime=MAIL).text.endswith("\n\nmarked words")
    assert extractor.extract(bytes(html_only), mime=MAIL).text.endswith("\n\nmarked **words**")


def test_html_is_taken_where_the_plain_text_is_blank(extractor: SandboxedExtractor) -> None:
    message = mail()
    message.set_content(" \n")
    message.add_alternative("<p>marked words", subtype="html")

    assert extractor.extract(bytes(message), mime=MAIL).text.endswith("\n\nmarked words")


def test_attachments_are_named_and_not_opened(extractor: SandboxedExtractor) -> None:
    message = mail()
    message.set_content("see attached")
    message.add_attachment("unseen1", filename="notes.txt")
    message.add_attachment(b"%PDF-unseen2", "application", "pdf", filename="pläne.pdf")
    message.add_attachment(b"unseen3", "image", "png")
    forwarded = mail(Subject="Forwarded")
    forwarded.set_content("unseen4")
    message.add_attachment(forwarded)

    text = extractor.extract(bytes(message), mime=MAIL).text

    assert "unseen" not in text
    assert text.endswith("Attachments: notes.txt, pläne.pdf, (image/png), (message/rfc822)")


@pytest.mark.parametrize(
    "content",
    [
        b"Subject: x\nContent-Type: text/plain; charset=klingon\n\nwords",
        b"Subject: x\nContent-Type: text/plain; charset=ascii\n\nwords \xff",
        b"Subject: x\nContent-Transfer-Encoding: base64\n\nwords",
        b"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\nwords without a part",
        b"Subject: =?klingon?q?x?= =?utf-8?b?!!!?=\nFrom: @@<<>>,;:\nTo: \nDate: never\n\nwords",
        b"Subject: x\nContent-Type: ;;;=\n\nwords",
    ],
)
def test_odd_mail_is_read_as_far_as_it_goes(extractor: SandboxedExtractor, content: bytes) -> None:
    assert "Subject" in extractor.extract(content, mime=MAIL).text


def test_what_is_no_mail_is_refused(extractor: SandboxedExtractor) -> None:
    with pytest.raises(ExtractionError) as caught:
        extractor.extract(b"just words", mime=MAIL)

    assert caught.value.diagnostics().startswith("not a mail")


def test_parts_nested_beyond_reason_are_refused(extractor: SandboxedExtractor) -> None:
    nested = b"Subject: x\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)
    )
    with pytest.raises(ExtractionError):
        extractor.extract(nested, mime=MAIL)
