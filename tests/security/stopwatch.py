"""
Times pairs of requests so that nothing but the requests differs.

Of each pair chance says which comes first, so that drift, warm caches and a busy machine fall on
both alike. The garbage collector runs between pairs and never inside a request.
"""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np

from tests.security.evidence import Numbers

WARM_UP: Final = 100
PAIRS_A_COLLECTION: Final = 200

Call = Callable[[int], object]


def _nothing(number: int) -> None:
    del number


@dataclass(frozen=True)
class Contrast:
    """
    Two requests for each pair's number; what prepares them is not timed.

    `stratum` says which of the two arrangements a pair belongs to.
    """

    secret: Call
    plain: Call
    stratum: Callable[[int], int] = lambda _: 0
    before_secret: Call = _nothing
    before_plain: Call = _nothing

    def measured(self, pairs: int, seed: int) -> list[Numbers]:
        """
        Time so many pairs, in milliseconds, by stratum.
        """
        first = np.random.default_rng(seed).integers(2, size=WARM_UP + pairs).tolist()
        times = np.empty((WARM_UP + pairs, 2))
        with unhurried() as collect:
            for number, which in enumerate(first):
                if number % PAIRS_A_COLLECTION == 0:
                    collect()
                for column in (which, 1 - which):
                    times[number, column] = self._timed(number, column)
        strata = np.array([self.stratum(number) for number in range(len(times))])
        kept = np.arange(len(times)) >= WARM_UP
        return [times[kept & (strata == one)] for one in np.unique(strata)]

    def _timed(self, number: int, column: int) -> float:
        before, call = (
            (self.before_plain, self.plain) if column else (self.before_secret, self.secret)
        )
        before(number)
        return milliseconds(lambda: call(number))


def milliseconds(call: Callable[[], object]) -> float:
    """
    Return how long a call takes.
    """
    began = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - began) / 1e6


@contextmanager
def unhurried() -> Iterator[Callable[[], object]]:
    """
    Keep the garbage collector away until the end of the block, but for when it is called.
    """
    gc.collect()
    gc.disable()
    try:
        yield gc.collect
    finally:
        gc.enable()


def spin(seconds: float) -> None:
    """
    Take so long; a sleep would take longer, by a different amount each time.
    """
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass
