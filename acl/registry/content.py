"""
Hands out sealed content: envelopes, cards and chunks, never a plaintext.

Each revision comes with the epoch at which it was read, from the same statement. Whoever was
permitted at another epoch was permitted to something else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, select

from acl.keys.envelope import EnvelopeKey
from acl.keys.provider import WrappedKey
from acl.model.documents import Span
from acl.model.identifiers import ChunkId, DocumentKey, Epoch
from acl.registry import tables
from acl.registry.database import Database


@dataclass(frozen=True, slots=True)
class SealedChunk:
    """
    One chunk's envelope and where it stands in the redacted text.
    """

    chunk: ChunkId
    ordinal: int
    span: Span
    sealed: bytes


@dataclass(frozen=True, slots=True)
class SealedRevision:
    """
    One revision's data key and card, and those of its chunks that were asked for; as of an
    epoch.
    """

    document: DocumentKey
    revision: int
    epoch: Epoch
    key: EnvelopeKey
    card: bytes
    ingest_run: str
    chunks: tuple[SealedChunk, ...]


class ContentRegistry:
    """
    Reads sealed content; changes nothing.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def chunks(self, wanted: Sequence[ChunkId]) -> Mapping[DocumentKey, SealedRevision]:
        """
        Return these chunks, by document. One that no longer exists is absent.
        """
        return self._revisions(tables.chunks.c.chunk.in_(wanted))

    def whole(self, document: DocumentKey) -> SealedRevision | None:
        """
        Return a document with all its chunks, in order.
        """
        return self._revisions(tables.chunks.c.document_key == document).get(document)

    def _revisions(self, condition: object) -> dict[DocumentKey, SealedRevision]:
        joined = (
            select(tables.chunks, *_ENVELOPE, _EPOCH)
            .join(tables.documents, tables.documents.c.key == tables.chunks.c.document_key)
            .where(condition)  # type: ignore[arg-type]
            .where(tables.chunks.c.revision == tables.documents.c.revision)
            .where(tables.documents.c.wrapped_key.is_not(None))
            .order_by(tables.chunks.c.document_key, tables.chunks.c.ordinal)
        )
        with self._database.reading() as connection:
            rows = connection.execute(joined).all()
        grouped: dict[DocumentKey, list[Row[tuple[object, ...]]]] = {}
        for row in rows:
            grouped.setdefault(DocumentKey(row.document_key), []).append(row)
        return {key: _revision(key, some) for key, some in grouped.items()}


_ENVELOPE = (
    tables.documents.c.kek_id,
    tables.documents.c.wrapped_key,
    tables.documents.c.commitment,
    tables.documents.c.card,
    tables.documents.c.ingest_run,
)
_EPOCH = select(tables.epoch.c.value).scalar_subquery().label("epoch")


def _revision(key: DocumentKey, rows: Sequence[Row[tuple[object, ...]]]) -> SealedRevision:
    first = rows[0]
    return SealedRevision(
        document=key,
        revision=first.revision,
        epoch=Epoch(first.epoch),
        key=EnvelopeKey(WrappedKey(first.kek_id, first.wrapped_key), first.commitment),
        card=first.card,
        ingest_run=first.ingest_run or "",
        chunks=tuple(
            SealedChunk(
                ChunkId(row.chunk), row.ordinal, Span(row.start, row.end, row.page), row.sealed
            )
            for row in rows
        ),
    )
