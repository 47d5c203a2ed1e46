"""
Mail: who wrote to whom about what, and the words that a mail program shows; attachments by name
only.

Bcc is never extracted: whoever may read the mail may still not know of those.
"""

import re
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage, Message
from email.parser import BytesParser

from ingestion.extraction.formats.html import decode, to_markdown
from ingestion.extraction.formats.source import Source, UnreadableError
from ingestion.extraction.formats.unseen import Unseen
from ingestion.extraction.wire import Extracted

_ALTERNATIVE, _BESIDE = "eml-alternative", "eml-beside-page"
_SHOWN_HEADERS = ("From", "To", "Cc", "Subject", "Date")


def extract(source: Source) -> Extracted:
    """
    Return header block, body and names of attachments; the title is the subject.

    Raises:
        UnreadableError: Not one of the headers of a mail is there.
    """
    mail = BytesParser(policy=policy.default).parsebytes(source.content)
    headers = {name: value for name in _SHOWN_HEADERS if (value := _header(mail, name))}
    if not headers:
        msg = f"not a mail: none of the headers {', '.join(_SHOWN_HEADERS)}"
        raise UnreadableError(msg)
    block = "\n".join(f"{name}: {value}" for name, value in headers.items())
    attachments = [_name_of(part) for part in mail.walk() if _is_attachment(part)]
    listed = [f"Attachments: {', '.join(attachments)}"] if attachments else []
    unseen = Unseen()
    parts = [block, *filter(None, map(str.strip, _bodies(mail, unseen))), *listed]
    return unseen.beside("\n\n".join(parts), headers.get("Subject"))


def _header(mail: Message, name: str) -> str:
    """
    Return one header on one line; the library fails on some that are not well formed.
    """
    try:
        value = mail.get(name, "")
    except Exception:  # noqa: BLE001 - the header parser raises anything from IndexError on
        value = next((str(raw) for key, raw in mail.raw_items() if key.lower() == name.lower()), "")
    return " ".join(str(value).split())


def _bodies(part: Message, unseen: Unseen) -> Iterator[str]:
    """
    Yield the texts that a mail program would show, in their order.
    """
    if _is_attachment(part):
        return
    if part.get_content_type() == "multipart/alternative":
        yield from _best_alternative(part, unseen)
    elif part.get_content_type() == "multipart/related":
        # What is beside the root is pictures and the like, which it shows or nobody does.
        yield from (text for inner in _parts(part)[:1] for text in _bodies(inner, unseen))
        for inner in _parts(part)[1:]:
            unseen.note(_BESIDE, " ".join(_bodies(inner, unseen)))
    elif part.is_multipart():
        for inner in _parts(part):
            yield from _bodies(inner, unseen)
    elif part.get_content_maintype() == "text":
        yield _text(part, unseen)


def _best_alternative(part: Message, unseen: Unseen) -> Iterator[str]:
    """
    Prefer what mail programs show: a page, else the last that has words (RFC 2046, section 5.1.4).

    Of the others, what says something else is hidden.
    """
    latest_first = _parts(part)[::-1]
    ranked = sorted(latest_first, key=lambda inner: not _is_page(inner))
    shown: set[str] = set()
    for inner in ranked:
        texts = [text for text in _bodies(inner, Unseen() if shown else unseen) if text.strip()]
        if shown:
            lines = [line for text in texts for line in text.splitlines()]
            unseen.note(_ALTERNATIVE, "\n".join(one for one in lines if _is_other(one, shown)))
        else:
            yield from texts
            shown = _words("\n".join(texts))


def _is_page(part: Message) -> bool:
    return any(one.get_content_type() == "text/html" for one in part.walk())


def _is_other(line: str, shown: set[str]) -> bool:
    said = _words(line)
    return 2 * len(said & shown) < len(said)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def _parts(part: Message) -> list[Message]:
    inside = part.get_payload()
    if not isinstance(inside, list):
        return []
    return [inner for inner in inside if isinstance(inner, EmailMessage)]


def _text(part: Message, unseen: Unseen) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    charset = part.get_param("charset", None)
    declared = charset if isinstance(charset, str) else None
    if part.get_content_type() == "text/html":
        return to_markdown(_decode(content, declared), unseen)[0]
    return _decode(content, declared or "utf-8")


def _decode(content: bytes, declared: str | None) -> str:
    """
    Decode leniently: mail lies about its charset too often to refuse it for that.
    """
    try:
        return content.decode(declared) if declared else decode(content, None)
    except (LookupError, UnicodeError):
        return decode(content, None)


def _is_attachment(part: Message) -> bool:
    if part.get_content_type() == "message/rfc822":
        return True
    if part.is_multipart():
        return False
    named = part.get_content_disposition() == "attachment" or bool(part.get_filename())
    return named or part.get_content_maintype() != "text"


def _name_of(part: Message) -> str:
    name = part.get_filename()
    return " ".join(name.split()) if name else f"({part.get_content_type()})"
