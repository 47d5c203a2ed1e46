"""
How much was asked for: one page of passages, best first, of the dates that count; or a part of
a document. Of step 6.

When a document was modified stands in its sealed card and nowhere in the clear. Where dates are
asked for, passages are therefore opened until enough of them are found; all of them are passages
that the reader may read. One without a date lies in no range of dates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from acl.model.identifiers import Epoch
from retrieval.passage import Passage
from retrieval.recheck import Released
from retrieval.unseal import Unsealer

OPENED_AT_ONCE: Final = 64
MAX_DOCUMENT_CHARACTERS: Final = 90_000
"""
GPT Actions refuse responses of 100,000 characters.
"""

RECHECK_SPARE: Final = 32
"""
Hits rechecked beyond what was asked for, to fill the places of those that are refused.
"""


@dataclass(frozen=True, slots=True)
class Dates:
    """
    When a document must have been modified: not before the first moment, and before the second.
    """

    since: datetime | None = None
    until: datetime | None = None

    def __bool__(self) -> bool:
        return self.since is not None or self.until is not None

    def hold(self, modified: datetime | None) -> bool:
        """
        Say whether a moment lies between them.
        """
        if not self:
            return True
        if modified is None:
            return False
        return (self.since is None or modified >= self.since) and (
            self.until is None or modified < self.until
        )


NO_DATES: Final = Dates()


@dataclass(frozen=True, slots=True)
class Part:
    """
    Which characters of a document's text: so many at most, from a place on.
    """

    start: int = 0
    most: int = MAX_DOCUMENT_CHARACTERS


WHOLE: Final = Part()


@dataclass(frozen=True, slots=True)
class Page:
    """
    Which part of a ranking: so many passages, after so many.
    """

    limit: int
    offset: int = 0
    dates: Dates = NO_DATES

    def reach(self) -> int | None:
        """
        Return how many hits may be needed; `None` is all of them.
        """
        return None if self.dates else self.offset + self.limit + RECHECK_SPARE

    def opened(
        self, unsealer: Unsealer, released: Sequence[Released], *, epoch: Epoch
    ) -> tuple[list[Passage], bool]:
        """
        Return the page, and whether more follows it.

        Raises:
            EpochMovedError: The hits were released at `epoch`, and another has begun.
        """
        end = self.offset + self.limit
        if not self.dates:
            opened = unsealer.passages(released[self.offset : end], epoch=epoch)
            return opened, len(released) > end
        found: list[Passage] = []
        for start in range(0, len(released), OPENED_AT_ONCE):
            some = unsealer.passages(released[start : start + OPENED_AT_ONCE], epoch=epoch)
            found += [one for one in some if self.dates.hold(one.provenance.modified)]
            if len(found) > end:
                break
        return found[self.offset : end], len(found) > end
