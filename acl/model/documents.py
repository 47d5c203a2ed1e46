"""
What is known of a document: its state, its revisions, and where a passage is from.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from acl.model.identifiers import (
    ChunkId,
    DocumentId,
    DocumentKey,
    ReadershipDigest,
    ReadershipKey,
    SourceName,
)

INSTRUCTION_LIKE = "instruction-like"
"""
The signal of a text that reads like an instruction to a language model.
"""

UNLABELLED = "unlabelled"
"""
The label of a document whose source states none and has no default.
"""


class DocumentState(StrEnum):
    """
    Whether a document can be read at all, before anybody's permission is asked.
    """

    LIVE = "live"
    HIDDEN = "hidden"
    """No usable ACL: nobody may read it."""
    QUARANTINED = "quarantined"
    """Its content could not be processed safely."""
    SUSPENDED = "suspended"
    """Its content and its permissions are not known to belong together just now."""
    REMOVED = "removed"
    """A tombstone: gone from the source, its key destroyed."""


@dataclass(frozen=True, slots=True)
class DocumentPermission:
    """
    The authoritative statement of the registry on one document, as the recheck needs it.

    `seal` is the MAC over all of it; `acl.keys.acl_seal` verifies it.
    """

    key: DocumentKey
    source: SourceName
    document: DocumentId
    state: DocumentState
    revision: int
    acl_revision: int
    readership: ReadershipDigest | None
    label: str
    seal: bytes


@dataclass(frozen=True, slots=True)
class Span:
    """
    Characters of the redacted text of one revision; `end` is exclusive. Pages count from 1.
    """

    start: int
    end: int
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """
    What the index says it found: names and a rank, no text.

    Its fields are the index's own copy and may be stale; the recheck compares every one of
    them with the registry.
    """

    chunk: ChunkId
    document: DocumentKey
    readership: ReadershipKey
    revision: int
    acl_revision: int


@dataclass(frozen=True, slots=True)
class DocumentCard:
    """
    What a citation needs to say of a document. Sealed at rest, like the text.

    `modified` and `author` are the source's own statements and may be missing. `instructions` are
    the ordinals of the chunks that read like instructions to a language model.
    """

    title: str
    url: str
    mime: str
    modified: datetime | None
    content_sha256: str
    redactions: tuple[tuple[str, int], ...]
    signals: tuple[str, ...]
    author: str = ""
    instructions: tuple[int, ...] = ()

    def signals_of(self, ordinal: int) -> tuple[str, ...]:
        """
        Return what was noticed about one chunk, and about the document that it is from.

        Where it is not known which chunk reads like an instruction, every one does.
        """
        if not self.instructions or ordinal in self.instructions:
            return self.signals
        return tuple(one for one in self.signals if one != INSTRUCTION_LIKE)
