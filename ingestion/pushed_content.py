"""
The content half of a push: through the same steps as a sync, one document at a time.

1. Take the oldest push that is queued.
2. Extract, clean, redact, split, embed and seal it, as revision n+1 of its document.
3. In one turn: stage, commit if it still is the newest of its document, settle.

Whatever ends this process in between, the push is still queued or the document unsettled.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from acl.errors import ReadershipError
from acl.index.writing import ChunkWriter
from acl.keys.errors import SealBrokenError
from acl.keys.provider import KekProvider
from acl.model.identifiers import DocumentKey, SourceName
from acl.model.pushes import PENDING
from acl.registry.pushed_content import PushQueue, PushStatus, QueuedContent
from ingestion.pipeline import Pipeline, Processed
from ingestion.plan import Work, card_fingerprint, content_fingerprint
from ingestion.pushed_body import PushedDocument, open_body
from ingestion.settle import Settler
from ingestion.sources.port import ListedDocument

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 5.0
"""
How long the worker sleeps when nobody wakes it: another process may have queued something.
"""

STOP_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class _OnePush:
    name: SourceName
    content: bytes

    def fetch(self, listed: ListedDocument) -> bytes:
        del listed
        return self.content


@dataclass(frozen=True, slots=True)
class PushedContent:
    """
    Processes queued content.
    """

    queue: PushQueue
    pipeline: Pipeline
    index: ChunkWriter
    settler: Settler
    keks: KekProvider
    clock: Callable[[], datetime]

    def process_next(self) -> bool:
        """
        Process the oldest queued push; say whether there was one.

        Raises:
            ReadershipError: Something that is needed did not answer; the push is queued again.
        """
        queued = self.queue.take(now=self.clock())
        if queued is None:
            return False
        try:
            self._process_or_give_up(queued)
        except ReadershipError:
            self.queue.put_back(queued.push)
            raise
        return True

    def _process_or_give_up(self, queued: QueuedContent) -> None:
        try:
            self._process(queued)
        except SealBrokenError as error:
            self._give_up(queued, error.diagnostics())
        except ReadershipError:
            raise
        except Exception:
            # A content that breaks a step must not stop those behind it.
            logger.exception("push %s broke a step", queued.push)
            self._give_up(queued, "a step failed unexpectedly; see the service's log")

    def _process(self, queued: QueuedContent) -> None:
        pushed = open_body(queued, self.pipeline.sealer.tenant, self.keks)
        processed, aside = self.pipeline.process(
            _OnePush(queued.source, pushed.content),
            [self._work(queued, pushed)],
            ingest_run=str(uuid.uuid4()),
            advance=lambda _step, _documents: None,
        )
        for one in aside:
            self._give_up(queued, one.reason)
        for done in processed:
            with self.settler.turn.taken():
                self._commit(queued, done)

    def _work(self, queued: QueuedContent, pushed: PushedDocument) -> Work:
        fingerprint = content_fingerprint(pushed.listed, self.pipeline.fingerprint())
        card = card_fingerprint(pushed.listed)
        return Work(pushed.listed, fingerprint, card, queued.revision)

    def _commit(self, queued: QueuedContent, processed: Processed) -> None:
        # Asked in the turn: no content of this document can be committed by others until its
        # end, so what is discarded is nobody's but what a broken-off run has left.
        if not self.queue.is_newest(queued):
            return
        self.settler.registry.mark_unsettled([queued.key], now=self.clock())
        self.index.discard_uncommitted({queued.key: queued.revision - 1})
        self.index.stage(processed.points)
        self.index.flush()
        self.queue.commit(queued.push, processed.revision, now=self.clock())
        # Whether it was committed or superseded at the last moment: the index follows.
        self.settler.settle([queued.key])

    def _give_up(self, queued: QueuedContent, reason: str) -> None:
        key = self.queue.quarantine(queued.push, reason, now=self.clock())
        if key is not None:
            self.settler.settle([key])


class PushWorker:
    """
    Processes queued content in a thread of its own. Use it as a context manager.
    """

    def __init__(self, content: PushedContent) -> None:
        self._content = content
        self._changed = threading.Condition()
        self._stopping = False
        self._woken = False
        self._unsettled = False
        self._thread = threading.Thread(target=self._run, name="push-worker", daemon=True)

    def __enter__(self) -> Self:
        self._content.queue.resume()
        self._content.settler.settle_all()
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        # A long content is not waited for: it stays queued, and the next start resumes it.
        self._thread.join(STOP_SECONDS)

    @property
    def settler(self) -> Settler:
        """
        What the worker settles with.
        """
        return self._content.settler

    def settle(self, keys: Iterable[DocumentKey]) -> None:
        """
        Make the index follow. If it does not answer, the registry has these documents left out
        of every search, and the worker tries again.
        """
        try:
            self._content.settler.settle(list(keys))
        except ReadershipError as error:
            logger.warning("pushed documents wait to be settled: %s", error.diagnostics())
            self._unsettled = True

    def wake(self) -> None:
        """
        Say that something was queued.
        """
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def wait(self, push: str, *, seconds: float) -> PushStatus | None:
        """
        Return how far a push is: when it is over, or when the time is.
        """
        deadline = time.monotonic() + seconds
        with self._changed:
            while (status := self._content.queue.status(push)) is not None:
                left = deadline - time.monotonic()
                if status.state.value not in PENDING or left <= 0:
                    return status
                self._changed.wait(left)
        return None

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._settle_again()
                busy = self._content.process_next()
            except Exception as error:
                # Whatever it was: with the thread gone, nothing pushed would ever be processed.
                if isinstance(error, ReadershipError):
                    logger.warning("pushed content has to wait: %s", error.diagnostics())
                else:
                    logger.exception("pushed content has to wait")
                self._unsettled = True
                self._sleep(unless_woken=False)
                continue
            with self._changed:
                self._changed.notify_all()
            if not busy:
                self._sleep(unless_woken=True)

    def _settle_again(self) -> None:
        if self._unsettled:
            self._unsettled = False
            self.settle(self._content.settler.registry.unsettled())

    def _sleep(self, *, unless_woken: bool) -> None:
        with self._changed:
            if self._stopping or (unless_woken and self._woken):
                self._woken = False
                return
            self._changed.wait(LOOK_SECONDS)
            self._woken = False
