"""
What every format is given, what it raises, and the form that its text takes.
"""

import codecs
from dataclasses import dataclass

from ingestion.extraction.limits import ExtractionLimits

NUL = "\0"

_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class UnreadableError(Exception):
    """
    The document cannot be turned into text; the message says why, for an operator.
    """


@dataclass(frozen=True, slots=True)
class Source:
    """
    One document, as it was delivered.
    """

    content: bytes
    charset: str | None
    """The charset that the source declared, if any."""

    limits: ExtractionLimits


def normal_form(text: str) -> str:
    """
    Return `text` with line feeds as line ends and without lone surrogates; else unchanged.

    Applying it twice changes nothing, so offsets into normal text stay right.
    """
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    if unified.isascii():
        return unified
    return unified.encode("utf-8", "replace").decode()


def decode_strictly(source: Source) -> str:
    """
    Decode text that has no declaration of its own inside.

    Guessing is not an option: a wrong guess gives wrong text without a warning.

    Raises:
        UnreadableError: Wrong, unknown or missing charset, or binary content.
    """
    charset = source.charset or "utf-8"
    try:
        text = source.content.decode(charset)
    except LookupError as error:
        msg = f"unknown charset {charset!r}"
        raise UnreadableError(msg) from error
    except UnicodeError as error:
        raise UnreadableError(_wrong_charset(source, charset, error)) from error
    if (place := text.find(NUL)) >= 0:
        msg = f"binary content: NUL at character {place}, which text does not contain"
        raise UnreadableError(msg)
    return text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")


def _wrong_charset(source: Source, charset: str, error: UnicodeError) -> str:
    place = f" at byte {error.start}" if isinstance(error, UnicodeDecodeError) else ""
    wrong = "not UTF-8" if source.charset is None else f"not {charset}"
    for mark, likely in _BYTE_ORDER_MARKS.items():
        if source.content.startswith(mark):
            return f"{wrong}{place}: it begins like {likely}; declare '; charset={likely}'"
    return f"{wrong}{place}; declare another charset, as in 'text/plain; charset=iso-8859-1'"
