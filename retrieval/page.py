"""
How much was asked for, and how much of it a response holds: one page of passages, best first, of
the dates that count; or a part of a document. Of steps 6 and 7.

When a document was modified stands in its sealed card and nowhere in the clear. Where dates are
asked for, passages are therefore opened until enough of them are found; all of them are passages
that the reader may read. One without a date lies in no range of dates.
"""

import json
from bisect import bisect_right
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
MAX_PAGE_CHARACTERS: Final = 88_000
"""
As JSON. GPT Actions refuse responses of 100,000 characters; the remainder is for what stands
around.
"""

CHARACTERS_A_PASSAGE: Final = 1_000
"""
What the members of a passage that have no length of their own take, with their names, and what
signed provenance says of it.
"""

TIMES_CITED: Final = 5
"""
In the passage, at both ends of its fence, and, longer by a third, in signed provenance.
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
    Which characters of a document's text: from a place on, at most so many as JSON.
    """

    start: int = 0
    most: int = MAX_DOCUMENT_CHARACTERS

    def of(self, text: str) -> tuple[str, bool]:
        """
        Return this part, and whether the text goes on after it.
        """
        cut = _shortened(text[self.start :], self.most)
        return cut, self.start + len(cut) < len(text)


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
        # Where dates are asked for, only what is open says whether anything follows.
        wanted = end + 1 if self.dates else end
        found: list[Passage] = []
        waiting = released
        while waiting and len(found) < wanted:
            some = OPENED_AT_ONCE if self.dates else wanted - len(found)
            opened = unsealer.passages(waiting[:some], epoch=epoch)
            found += [one for one in opened if self.dates.hold(one.provenance.modified)]
            waiting = waiting[some:]
        return found[self.offset : end], bool(waiting) or len(found) > end


def fitting(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """
    Return the first passages, as many as one response holds; at least one, if there is one.
    """
    found: list[Passage] = []
    room = MAX_PAGE_CHARACTERS
    for passage in passages:
        room -= _length(passage)
        if found and room < 0:
            break
        found.append(passage)
    return tuple(found)


def _length(passage: Passage) -> int:
    # Text and title stand in the context once more.
    twice = passage.text, passage.title
    once = passage.url, passage.provenance.document, *passage.provenance.trust
    written = 2 * sum(map(_as_json, twice)) + sum(map(_as_json, once))
    cited = TIMES_CITED * _as_json(passage.citation)
    return written + cited + CHARACTERS_A_PASSAGE + 40 * len(passage.provenance.redactions)


def _shortened(text: str, most: int) -> str:
    cut = text[:most]
    if _as_json(cut) <= most:
        return cut
    return cut[: bisect_right(range(len(cut)), most, key=lambda end: _as_json(cut[:end])) - 1]


def _as_json(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False)) - len('""')
