"""
One worker process of the pool: a whole redactor behind two pipes.

Started as `python -m ingestion.redact.worker` by `pool`, never by hand. It dies with its parent:
its input ends then, and should it be busy, a thread sees that it has a new parent.
"""

import os
import signal
import sys
import threading
import time
from typing import IO

from acl.errors import ConfigurationError, ReadershipError
from acl.model.redaction import Redactor
from ingestion.redact.frames import from_redacted, receive, send

_ORPHAN_CHECK_SECONDS = 0.5


def main() -> None:
    """
    Say the fingerprint, then answer batches of texts until the input ends.
    """
    # Ctrl-C reaches every process of the terminal; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, args=(os.getppid(),), daemon=True).start()
    requests, replies = sys.stdin.buffer, _private_output()
    try:
        _serve(requests, replies)
    except (EOFError, BrokenPipeError):
        # The parent has gone or has closed us; there is nobody left to tell.
        return


def _serve(requests: IO[bytes], replies: IO[bytes]) -> None:
    key = receive(requests)
    try:
        redactor = _load(key)
    except ConfigurationError as fault:
        send(replies, {"misconfigured": fault.diagnostics()})
        return
    send(replies, {"fingerprint": redactor.fingerprint})
    while True:
        send(replies, _answer(redactor, receive(requests)))


def _load(key: bytes) -> Redactor:
    # spaCy and Presidio import these where they are installed: half a gigabyte never used here.
    for unused in ("torch", "transformers"):
        sys.modules[unused] = None  # type: ignore[assignment]
    from ingestion.redact.presidio import PresidioRedactor  # noqa: PLC0415 - torch is barred first

    return PresidioRedactor(key)


def _answer(redactor: Redactor, texts: list[str]) -> dict[str, object]:
    try:
        return {"redacted": [from_redacted(each) for each in redactor.redact_all(texts)]}
    except ReadershipError as fault:
        return {"failed": fault.diagnostics()}


def _private_output() -> IO[bytes]:
    # Whatever a library prints goes to the error stream and cannot be taken for a reply.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return replies


def _die_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_ORPHAN_CHECK_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
