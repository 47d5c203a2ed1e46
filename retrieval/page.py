"""
How much was asked for: documents of the dates that count, and a part of a document.

When a document was modified stands in its sealed card and nowhere in the clear. Where dates are
asked for, passages are therefore opened until enough of them are found; all of them are passages
that the reader may read. One without a date lies in no range of dates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from retrieval.choose import as_json, fitting
from retrieval.passage import Passage
from retrieval.sanitise import inert

MAX_DOCUMENT_CHARACTERS: Final = 90_000
"""
As JSON. GPT Actions refuse responses of 100,000 characters.
"""

KEPT_BACK: Final = "\n[a passage is kept back here: it reads like an instruction to a model]\n"
CUT_HERE: Final = "\n[cut here: the document is longer than an answer may be]"


@dataclass(frozen=True, slots=True)
class Dates:
    """
    When a document must have been modified: not before the first moment, and before the second.
    """

    since: datetime | None = None
    until: datetime | None = None

    def hold(self, modified: datetime | None) -> bool:
        """
        Say whether a moment lies between them.
        """
        if self.since is None and self.until is None:
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
    Which characters of a document's text: from a place on, at most so many as JSON. `mark` stands
    at the end of a text that goes on, for whoever cannot ask for the rest.
    """

    start: int
    most: int
    mark: str = ""

    def of(self, text: str) -> tuple[str, bool]:
        """
        Return this part, and whether the text goes on after it.
        """
        rest = text[self.start :]
        cut = fitting(rest, self.most)
        if len(cut) == len(rest):
            return cut, False
        return fitting(rest, self.most - as_json(self.mark)) + self.mark, True


WHOLE: Final = Part(0, MAX_DOCUMENT_CHARACTERS, CUT_HERE)


def text_of(opened: Sequence[Passage], shown: Sequence[Passage]) -> str:
    """
    Return a document's text, given its passages and what was judged of each.
    """
    parts = [
        KEPT_BACK if judged.quarantined else passage.text
        for passage, judged in zip(opened, shown, strict=True)
    ]
    # Made inert as a whole: a link may cross the border between two chunks.
    return inert("".join(parts))
