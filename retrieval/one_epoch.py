"""
One epoch from scope to audit: what was found under older permissions is looked for again, so that
no answer mixes two states. Around steps 2 and 4 to 7.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

from retrieval.errors import EpochMovedError

Found = TypeVar("Found")

MAX_SEARCHES: Final = 8
"""
How often a search, or a fetch, is repeated when a new epoch begins during it.
"""


def of_one_epoch(attempt: Callable[[], Found]) -> Found:
    """
    Return what an attempt found that no new epoch has interrupted.

    Raises:
        EpochMovedError: Every attempt was interrupted.
    """
    for _ in range(MAX_SEARCHES):
        with suppress(EpochMovedError):
            return attempt()
    msg = f"permissions changed during each of {MAX_SEARCHES} attempts"
    raise EpochMovedError(msg)
