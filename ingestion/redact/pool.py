"""
The same redaction in several processes: recognizers are Python, and a process runs one at a time.

Workers are programs of their own, not copies of this process: they inherit no threads, locks or
keys, and never import the parent's main module.
"""

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from acl.errors import ConfigurationError, RedactionError
from acl.model.redaction import RedactedText
from ingestion.redact.frames import receive, send, to_redacted
from ingestion.redact.pseudonyms import Pseudonymiser
from ingestion.redact.settings import fingerprint_of, locate_model

_BATCH_CHARACTERS = 16_000
"""
Small enough that workers finish together, large enough that the pipes do not count.
"""

_BATCH_TEXTS = 32
_REPLY_SECONDS = 120.0
_LOADING_SECONDS = 120.0
_SLOWEST_CHARACTERS_A_SECOND = 1_000
_SHUTDOWN_SECONDS = 5.0
_CODE_ROOT = Path(__file__).resolve().parents[2]


class PooledRedactor:
    """
    Redacts in `processes` worker processes. Implements `acl.model.redaction.Redactor`.

    Each worker holds its own language model. Close the pool, or use it as a context manager.

    A worker that has loaded and does not reply in `reply_seconds`, and a second for each thousand
    characters, is lost. If not `at_once`, workers start when they are first needed.
    """

    def __init__(
        self,
        key: bytes,
        processes: int,
        *,
        reply_seconds: float = _REPLY_SECONDS,
        at_once: bool = True,
    ) -> None:
        if processes < 1:
            msg = "a pool has at least one process"
            raise ValueError(msg)
        # Whatever would stop a worker from starting is said here, before any is started.
        Pseudonymiser(key)
        self._fingerprint = fingerprint_of(locate_model())
        self._key = key
        self._reply_seconds = reply_seconds
        self._closed = False
        # One seat a worker. A seat whose worker died is empty until somebody needs it.
        self._seats: queue.Queue[_Worker | None] = queue.Queue()
        for _ in range(processes):
            self._seats.put(self._worker() if at_once else None)
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="redaction")
        self._processes = processes

    @property
    def fingerprint(self) -> str:
        """
        Names the recognizers, their versions and settings; a change means redacting anew.
        """
        return self._fingerprint

    def redact(self, text: str) -> RedactedText:
        """
        Redact one text in one of the workers.

        Raises:
            RedactionError: The text could not be redacted. It must then not be stored.
        """
        return self._redact_batch([text])[0]

    def redact_all(self, texts: Sequence[str]) -> Sequence[RedactedText]:
        """
        Redact many texts in all workers at once; the results are in the order of the texts.

        Raises:
            RedactionError: One of them could not be redacted; then none is returned.
        """
        self._refuse_if_closed()
        redacted: list[RedactedText] = []
        for batch in self._threads.map(self._redact_batch, _batches(texts)):
            redacted += batch
        return redacted

    def close(self) -> None:
        """
        End the workers. Calls under way finish first, later ones are refused.
        """
        if self._closed:
            return
        self._closed = True
        self._threads.shutdown(cancel_futures=True)
        for worker in [self._seats.get() for _ in range(self._processes)]:
            if worker:
                worker.end()
            # Whoever waits for a seat must wake up to be refused.
            self._seats.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _redact_batch(self, texts: Sequence[str]) -> list[RedactedText]:
        worker = self._seats.get()
        try:
            self._refuse_if_closed()
            if worker and not worker.is_running:
                worker.end()
                worker = None
            worker = worker or self._worker()
            return worker.redact_all(texts, self._fingerprint)
        except _WorkerLostError as fault:
            msg = f"a redaction worker was lost: {fault}; the next call starts another"
            raise RedactionError(msg) from None
        finally:
            self._seats.put(worker if worker and worker.is_running else None)

    def _worker(self) -> "_Worker":
        return _Worker(self._key, self._reply_seconds)

    def _refuse_if_closed(self) -> None:
        if self._closed:
            msg = "the pool of redaction workers is closed"
            raise RedactionError(msg)


class _WorkerLostError(Exception):
    """
    The process ended, hung or spoke nonsense. Whatever it was asked has no answer.
    """


class _Worker:
    """
    One process and the pipes to it. Used by one thread at a time.

    It starts loading at once and says its fingerprint when it has; the first request waits.
    """

    def __init__(self, key: bytes, reply_seconds: float) -> None:
        self._reply_seconds = reply_seconds
        self._process = subprocess.Popen(
            # -P: no module of the current directory can take a library's place.
            [sys.executable, "-P", "-m", "ingestion.redact.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(),
            # Outside the terminal's foreground group: Ctrl-C is the parent's business.
            process_group=0,
        )
        self._greeted = False
        with suppress(OSError):  # It may be gone already; the first request will find out.
            send(self._pipe(self._process.stdin), key)

    @property
    def is_running(self) -> bool:
        """
        The process has not ended, neither by itself nor by somebody's hand.
        """
        return self._process.poll() is None

    def redact_all(self, texts: Sequence[str], fingerprint: str) -> list[RedactedText]:
        """
        Redact one batch, waiting for it no longer than its size explains.
        """
        loading = 0.0 if self._greeted else _LOADING_SECONDS
        written = sum(map(len, texts)) / _SLOWEST_CHARACTERS_A_SECOND
        limit = loading + self._reply_seconds + written
        hung = threading.Timer(limit, self._process.kill)
        hung.daemon = True
        hung.start()
        try:
            self._greet(fingerprint)
            reply = self._ask(texts)
        except (OSError, EOFError) as fault:
            self.end()
            raise _WorkerLostError(type(fault).__name__) from fault
        except ConfigurationError:
            self.end()
            raise
        finally:
            hung.cancel()
        if "redacted" not in reply:
            raise RedactionError(str(reply.get("failed")))
        return [to_redacted(each) for each in reply["redacted"]]

    def end(self) -> None:
        """
        Close the pipes, which ends the process, and make sure of it.
        """
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                self._pipe(stream).close()
        try:
            self._process.wait(_SHUTDOWN_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _greet(self, fingerprint: str) -> None:
        if self._greeted:
            return
        greeting = receive(self._pipe(self._process.stdout))
        if "misconfigured" in greeting:
            raise ConfigurationError(greeting["misconfigured"])
        if greeting["fingerprint"] != fingerprint:
            msg = "the redaction packages were changed while this program was running; restart it"
            raise ConfigurationError(msg)
        self._greeted = True

    def _ask(self, texts: Sequence[str]) -> dict[str, Any]:
        try:
            send(self._pipe(self._process.stdin), list(texts))
        except UnicodeEncodeError:
            msg = "the text is not valid Unicode: it holds half of a surrogate pair"
            raise RedactionError(msg) from None
        reply: dict[str, Any] = receive(self._pipe(self._process.stdout))
        return reply

    @staticmethod
    def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
        if stream is None:
            msg = "the worker was started without pipes"
            raise OSError(msg)
        return stream


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    characters = 0
    for text in texts:
        if batch and (len(batch) == _BATCH_TEXTS or characters + len(text) > _BATCH_CHARACTERS):
            yield batch
            batch, characters = [], 0
        batch.append(text)
        characters += len(text)
    if batch:
        yield batch


def _environment() -> dict[str, str]:
    paths = [str(_CODE_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    # One thread for numerics each: the processes are the parallelism.
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths)}
