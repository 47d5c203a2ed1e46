"""
What leaves: passages with their provenance.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from acl.model.documents import Span
from acl.model.identifiers import ChunkId, DocumentId, DocumentKey, Epoch, SourceName


@dataclass(frozen=True, slots=True)
class Provenance:
    """
    Where a passage is from, and under which permission it was released.

    `span` counts characters of the redacted text of this revision. `content_sha256` is of the
    bytes that the source delivered, before extraction. `trust` lists signals about the text,
    such as `instruction-like`; whatever it says, the text is data. `author` is whom the source
    names as the writer, for the writer's share of an answer; it is shown to nobody.
    """

    source: SourceName
    document: DocumentId
    revision: int
    span: Span
    content_sha256: str
    modified: datetime | None
    mime: str
    acl_revision: int
    acl_observed_at: datetime
    label: str
    redactions: Mapping[str, int]
    trust: tuple[str, ...]
    ingest_run: str
    author: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """
    One chunk, unsealed for one reader. Policy may have put it in quarantine.
    """

    id: ChunkId
    key: DocumentKey
    title: str
    url: str
    text: str
    provenance: Provenance
    citation: str = ""
    quarantined: bool = False


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """
    Something that could not be searched just now, and since when.
    """

    source: SourceName
    reason: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Waybill:
    """
    What says, to whoever handles an answer next, what it is made of and where it may go.

    `max_label` is the most sensitive label in it; `models` are the classes of language models
    that may be shown it. Both are `None` where the operator has configured nothing about them,
    and `max_label` also for an answer without passages.
    """

    signed_provenance: str
    max_label: str | None
    models: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What one question yields; `next_page` is the cursor of what follows, if anything may, and
    `left_out` how many that this reader may read are not in it, by reason (see
    `retrieval.choose`).
    """

    request_id: str
    epoch: Epoch
    passages: tuple[Passage, ...]
    context: str
    blind: tuple[BlindSpot, ...]
    waybill: Waybill
    next_page: str | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OnePassage:
    """
    A passage that was asked for by its id.
    """

    request_id: str
    epoch: Epoch
    passage: Passage
    waybill: Waybill


@dataclass(frozen=True, slots=True)
class WholeDocument:
    """
    A document's redacted text or a part of it, its full length as stored, and whether more
    follows. `first` is all of it as one passage, named as its source names it.
    """

    request_id: str
    epoch: Epoch
    first: Passage
    text: str
    characters: int
    truncated: bool
    waybill: Waybill
