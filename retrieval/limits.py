"""
How much one reader may carry away through one client in a window.

The rules:

1. A request is charged once its reader is known and authorised, whatever comes of it.
2. Passages, distinct documents and bytes are charged before anything is released, and by what is
   about to be released alone: what a reader may not see, or what was not found, costs nothing.
   A document that is fetched whole is one passage. A document counts once in a window.
3. What does not fit is not released, not even in part, and is not charged.
4. If it cannot be counted, nothing is released.

The counters slide: the window before the present one counts by the part of it that is less than
a window ago. Where several processes share them, two answers that arrive at once can both be
charged for a document that both release, or be charged in part and refused; never the reverse.
"""

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter, SlidingWindowCounterRateLimiter

from acl.errors import ReadershipError
from acl.identity.reader import VerifiedReader
from retrieval import metrics
from retrieval.departure import Departure
from retrieval.provenance import ReaderNames


class LimitExceededError(ReadershipError):
    """
    The reader has had as much through this client as one window allows.
    """

    code = "limit_exceeded"

    def __init__(self, limit: str, retry_after_seconds: int) -> None:
        self.public_message = f"too many {limit} in one window; come back later"
        super().__init__(f"limit on {limit} reached")
        self.limit = limit
        self.retry_after_seconds = retry_after_seconds


class LimiterUnavailableError(ReadershipError):
    """
    Where the counters are kept did not answer, so nothing may be released.
    """

    public_message = "the service is temporarily unavailable"
    code = "limiter_unavailable"


@dataclass(frozen=True, slots=True)
class Budget:
    """
    How much of everything one window allows.
    """

    window: timedelta
    requests: int
    passages: int
    documents: int
    bytes: int

    def of(self, limit: str) -> RateLimitItem:
        """
        Return one limit, for the library.
        """
        amount: int = getattr(self, limit)
        return RateLimitItemPerSecond(amount, self._seconds(), f"readership/{limit}")

    def once(self) -> RateLimitItem:
        """
        Return the mark of a document that has been counted.
        """
        return RateLimitItemPerSecond(1, self._seconds(), "readership/seen")

    def _seconds(self) -> int:
        return int(self.window.total_seconds())


class Limiter:
    """
    Counts by reader and client. `turn` is held while several counters of this process change.
    """

    def __init__(
        self,
        storage: MemoryStorage | RedisStorage,
        budget: Budget,
        names: ReaderNames,
        turn: AbstractContextManager[object],
    ) -> None:
        self._storage = storage
        self._budget = budget
        self._names = names
        self._turn = turn
        self._counts = SlidingWindowCounterRateLimiter(storage)
        self._marks = FixedWindowRateLimiter(storage)

    def admit(self, reader: VerifiedReader) -> None:
        """
        Charge one request.

        Raises:
            LimitExceededError: There have been too many.
            LimiterUnavailableError: They cannot be counted.
        """
        with self._counting(), self._turn:
            self._charge(self._names.carrier(reader), {"requests": 1})
        metrics.requests.inc()

    def charge(self, leaving: Departure) -> None:
        """
        Charge what is about to be released.

        Raises:
            LimitExceededError: It is too much; none of it may leave.
            LimiterUnavailableError: It cannot be counted.
        """
        carrier = self._names.carrier(leaving.may.reader)
        documents = sorted({one.key for one in leaving.passages})
        once = self._budget.once()
        with self._counting(), self._turn:
            unseen = [key for key in documents if self._marks.test(once, carrier, key)]
            costs = {
                "passages": len(leaving.passages),
                "documents": len(unseen),
                "bytes": sum(len((one.title + one.text).encode()) for one in leaving.passages),
            }
            self._charge(carrier, costs)
            for key in unseen:
                self._marks.hit(once, carrier, key)
        for what, cost in costs.items():
            metrics.released.labels(what).inc(cost)

    def require_counting(self) -> None:
        """
        Ask whether anything could be counted now.

        Raises:
            LimiterUnavailableError: It could not.
        """
        with self._counting():
            if not self._storage.check():
                msg = "the storage of the limits does not answer"
                raise LimiterUnavailableError(msg)

    def _charge(self, carrier: str, costs: dict[str, int]) -> None:
        asked = [(name, self._budget.of(name), cost) for name, cost in costs.items() if cost]
        # All are tried before any is charged: what is refused costs nothing.
        for name, item, cost in asked:
            if not self._counts.test(item, carrier, cost=cost):
                self._refuse(name, item, carrier, cost)
        for name, item, cost in asked:
            if not self._counts.hit(item, carrier, cost=cost):
                self._refuse(name, item, carrier, cost)

    def _refuse(self, name: str, item: RateLimitItem, carrier: str, cost: int) -> None:
        metrics.limited.labels(name).inc()
        counted = self._storage.get_sliding_window(item.key_for(carrier), item.get_expiry())
        raise LimitExceededError(name, _seconds_until_it_fits(item, cost, *counted))

    @contextmanager
    def _counting(self) -> Iterator[None]:
        try:
            yield
        except (StorageError, OSError) as error:
            metrics.limiter_failures.inc()
            cause = error.storage_error if isinstance(error, StorageError) else error
            msg = f"the limits cannot be counted, so nothing is released: {cause}"
            raise LimiterUnavailableError(msg) from error


def _seconds_until_it_fits(
    item: RateLimitItem,
    cost: int,
    before: int,
    before_ends_in: float,
    present: int,
    present_ends_in: float,
) -> int:
    """
    Return when a cost fits if nothing else is charged; at most two windows ahead.
    """
    window, room = item.get_expiry(), item.amount - cost
    if room < 0:
        return 2 * window  # it never does: less must be asked for
    if present <= room:
        wait = before_ends_in - (room - present) * window / before if before else 0.0
    else:
        # The present window must first become the one before, and then fade.
        wait = (present_ends_in - window) + window - room * window / present
    return min(max(math.ceil(wait), 1), 2 * window)
