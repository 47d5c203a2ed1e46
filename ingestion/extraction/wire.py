"""
What crosses the border between the service and a parser, in both directions.

A message is a header length (4 bytes, big-endian), a JSON header of at most
`MAX_HEADER_BYTES`, and a body whose length the header declares as `body_bytes`.
JSON stays small so that a hostile answer cannot unfold in our memory, and there
is no pickle: an answer is data, and every field of it is checked here.
"""

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

MAX_HEADER_BYTES = 1024 * 1024
MAX_TITLE_CHARACTERS = 500
MAX_REFUSAL_CHARACTERS = 500
MAX_UNSEEN_CHARACTERS = 20_000
"""Of hidden text so much is handed on, for the scanner; the rest is only counted."""

MAX_TRICKS = 40
MAX_UTF8_BYTES = 4
"""UTF-8 spends at most four bytes on a character (RFC 3629 §3)."""

_LENGTH = struct.Struct(">I")


class BrokenMessageError(Exception):
    """
    The bytes are not a message of this protocol, or end too early.
    """


@dataclass(frozen=True, slots=True)
class Extracted:
    """
    The text of one document, with line feeds as line ends.
    """

    text: str
    title: str | None
    page_starts: tuple[int, ...]
    """Offset in `text`, in characters, where each page begins; empty without pages."""

    hidden: Mapping[str, int] = field(default_factory=dict)
    """Characters that were left out because nobody sees them, by the trick that hides them."""

    unseen: str = ""
    """The beginning of what was left out. It is looked at and goes nowhere."""


@dataclass(frozen=True, slots=True)
class Refused:
    """
    The parser's own word on why there is no text.
    """

    reason: str


Read = Callable[[int], bytes]
"""
Returns between one byte and the number asked for, or nothing at the end.
"""


def pack(header: Mapping[str, object], body: bytes) -> tuple[bytes, bytes]:
    """
    Return head and body of a message, apart so that a large body is not copied.
    """
    encoded = json.dumps({**header, "body_bytes": len(body)}).encode()
    return _LENGTH.pack(len(encoded)) + encoded, body


def read_message(read: Read, *, max_body_bytes: int) -> tuple[dict[str, object], bytes]:
    """
    Read one message from the other side, which is not trusted.

    Raises:
        BrokenMessageError: Not a message, too long, or cut off.
    """
    (header_bytes,) = _LENGTH.unpack(read_exactly(read, _LENGTH.size))
    if header_bytes > MAX_HEADER_BYTES:
        msg = f"a header of {header_bytes} bytes"
        raise BrokenMessageError(msg)
    header = _parse_header(read_exactly(read, header_bytes))
    body_bytes = header.pop("body_bytes", None)
    # `type(...) is int` because a JSON true would pass as an int.
    if type(body_bytes) is not int or not 0 <= body_bytes <= max_body_bytes:
        msg = "a body length that is missing or out of range"
        raise BrokenMessageError(msg)
    return header, read_exactly(read, body_bytes)


def read_exactly(read: Read, size: int) -> bytes:
    """
    Read `size` bytes, however they are portioned.
    """
    collected = bytearray()
    while len(collected) < size:
        portion = read(min(size - len(collected), MAX_HEADER_BYTES))
        if not portion:
            msg = f"the message ended after {len(collected)} of {size} bytes"
            raise BrokenMessageError(msg)
        collected += portion
    return bytes(collected)


def pack_answer(answer: Extracted | Refused) -> tuple[bytes, bytes]:
    """
    Encode what the child has to say.
    """
    match answer:
        case Refused(reason=reason):
            return pack({"refused": reason[:MAX_REFUSAL_CHARACTERS]}, b"")
        case Extracted():
            header = {
                "title": answer.title,
                "page_starts": answer.page_starts,
                "hidden": dict(answer.hidden),
                "unseen": answer.unseen,
            }
            return pack(header, answer.text.encode())


def parse_answer(
    header: Mapping[str, object], body: bytes, *, max_characters: int
) -> Extracted | Refused:
    """
    Check an answer field by field; the child that wrote it may have been taken over.

    Raises:
        BrokenMessageError: A field is missing, of another type, or out of range.
    """
    if "refused" in header:
        return Refused(_text_field(header["refused"], MAX_REFUSAL_CHARACTERS))
    text = _decode(body)
    if len(text) > max_characters:
        msg = f"a text of {len(text)} characters, more than {max_characters}"
        raise BrokenMessageError(msg)
    title = header.get("title")
    return Extracted(
        text=text,
        title=None if title is None else _text_field(title, MAX_TITLE_CHARACTERS),
        page_starts=_page_starts(header.get("page_starts"), end=len(text)),
        hidden=_counts(header.get("hidden", {})),
        unseen=_text_field(header.get("unseen", ""), MAX_UNSEEN_CHARACTERS),
    )


def _parse_header(encoded: bytes) -> dict[str, object]:
    try:
        header = json.loads(encoded)
    except (ValueError, RecursionError) as error:
        msg = "a header that is not JSON"
        raise BrokenMessageError(msg) from error
    if not isinstance(header, dict):
        msg = "a header that is not an object"
        raise BrokenMessageError(msg)
    return header


def _decode(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        msg = "a text that is not UTF-8"
        raise BrokenMessageError(msg) from error


def _text_field(value: object, max_characters: int) -> str:
    if not isinstance(value, str) or len(value) > max_characters:
        msg = "a header field that is no text, or too long"
        raise BrokenMessageError(msg)
    # JSON can smuggle in lone surrogates, which no database takes.
    return value.encode("utf-8", "replace").decode()


def _counts(value: object) -> dict[str, int]:
    if not isinstance(value, dict) or len(value) > MAX_TRICKS:
        msg = "counts of hidden text that are no object, or too many"
        raise BrokenMessageError(msg)
    for number in value.values():
        if type(number) is not int or number < 0:
            msg = "a count of hidden text that is none"
            raise BrokenMessageError(msg)
    return {_text_field(name, MAX_TITLE_CHARACTERS): number for name, number in value.items()}


def _page_starts(value: object, *, end: int) -> tuple[int, ...]:
    if not isinstance(value, list):
        msg = "page starts that are no list"
        raise BrokenMessageError(msg)
    previous = 0
    for start in value:
        if type(start) is not int or not previous <= start <= end:
            msg = "page starts that do not ascend within the text"
            raise BrokenMessageError(msg)
        previous = start
    return tuple(value)
