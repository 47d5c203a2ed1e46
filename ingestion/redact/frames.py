"""
The words that the pool and its workers exchange: length-prefixed msgpack on two pipes.

Pickle is not used, so nothing that a worker says can run code in the parent. This file owns both
directions of every message.
"""

from collections.abc import Sequence
from typing import IO, Any

import msgpack

from acl.model.redaction import Finding, RedactedText

_LENGTH_BYTES = 8


def send(stream: IO[bytes], message: object) -> None:
    """
    Write one message and flush it.
    """
    body = msgpack.packb(message)
    stream.write(len(body).to_bytes(_LENGTH_BYTES, "big") + body)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:  # noqa: ANN401 - whatever msgpack carries
    """
    Read one message.

    Raises:
        EOFError: The other side is gone.
    """
    length = int.from_bytes(_exactly(stream, _LENGTH_BYTES), "big")
    return msgpack.unpackb(_exactly(stream, length))


def from_redacted(redacted: RedactedText) -> list[object]:
    """
    Turn a result into what `send` can write.
    """
    findings = [
        [one.start, one.end, one.kind, one.score, one.recognizer] for one in redacted.findings
    ]
    return [redacted.text, findings, [list(pair) for pair in redacted.originals]]


def to_redacted(message: Sequence[Any]) -> RedactedText:
    """
    Turn a received message back into the result.
    """
    text, findings, originals = message
    return RedactedText(
        text,
        tuple(Finding(*finding) for finding in findings),
        tuple((pseudonym, form) for pseudonym, form in originals),
    )


def _exactly(stream: IO[bytes], size: int) -> bytes:
    body = stream.read(size)
    if len(body) < size:
        msg = "the pipe was closed"
        raise EOFError(msg)
    return body
