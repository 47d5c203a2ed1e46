"""
What can be asked of the reading room.
"""

from dataclasses import dataclass

from acl.model.identifiers import DocumentId, Epoch, SourceName
from retrieval.choose import Choice
from retrieval.explain import Person, When
from retrieval.page import NO_DATES, Dates


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """
    What a client may ask: a text, how many passages, which sources to stay within, the epoch
    that the answer must not be older than, when documents must have been modified, and where
    the answer before it ended. Of `titles_only`, no text leaves, and each document once.
    """

    text: str
    limit: int
    sources: tuple[str, ...] | None = None
    at_least_epoch: Epoch | None = None
    modified: Dates = NO_DATES
    cursor: str | None = None
    titles_only: bool = False

    def places(self, offset: int) -> Choice:
        """
        Return the places that passages can take, after so many on the pages before.
        """
        return Choice(self.limit, offset)

    def same(self) -> tuple[object, ...]:
        """
        Return what all pages of one question have in common.
        """
        since, until = self.modified.since, self.modified.until
        dates = [moment and moment.isoformat() for moment in (since, until)]
        return self.text, self.limit, self.sources, dates


@dataclass(frozen=True, slots=True)
class AskedWhy:
    """
    What an operator may ask: whose reading of which document, now or in the past.
    """

    person: Person
    document: DocumentId
    source: SourceName | None = None
    at: When | None = None

    def document_named(self) -> dict[str, object]:
        """
        Return the document for the audit record.
        """
        return {"document": self.document, "source": self.source}
