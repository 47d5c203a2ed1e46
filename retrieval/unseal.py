"""
Step 6. Only now does anything become plaintext.

A chunk is opened under the meaning that the recheck has just confirmed: tenant, source,
document and revision come from the registry's statement, never from what is stored beside the
ciphertext. What does not open in its place is withheld, and an operator is told.

What is opened was stored at the very epoch of the recheck. A reader who has been shut out since
must not get what was written since: not a new text, and not a new URL for the same text.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from acl.keys.envelope import Meaning, OpenEnvelope, open_envelope
from acl.keys.errors import SealBrokenError
from acl.keys.provider import KekProvider
from acl.model.cards import CARD_PART, card_from_json, chunk_part
from acl.model.documents import DocumentCard, DocumentPermission
from acl.model.identifiers import ChunkId, DocumentKey, Epoch, TenantId
from acl.registry.content import ContentRegistry, SealedChunk, SealedRevision
from retrieval.errors import EpochMovedError
from retrieval.passage import Passage, Provenance
from retrieval.recheck import Released

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Unsealer:
    """
    Opens what the recheck has released.
    """

    content: ContentRegistry
    keks: KekProvider
    tenant: TenantId

    def passages(self, released: Sequence[Released], *, epoch: Epoch) -> list[Passage]:
        """
        Open chunks, in their order; those that cannot be opened are left out.

        Raises:
            EpochMovedError: They were released at `epoch`, and another has begun; so for the
                next two.
        """
        sealed = self.content.chunks([one.hit.chunk for one in released])
        opened: dict[DocumentKey, _Opened | None] = {}
        passages: list[Passage] = []
        for one in released:
            key = one.hit.document
            if key not in opened:
                opened[key] = self._open(one.statement, sealed, epoch)
            passage = self._passage(one, opened[key])
            if passage is not None:
                passages.append(passage)
        return passages

    def one(
        self, statement: DocumentPermission, seen: datetime, chunk: ChunkId, *, epoch: Epoch
    ) -> Passage | None:
        """
        Open one chunk of a document, if it is one of the revision that the statement names.
        """
        opened = self._open(statement, self.content.chunks([chunk]), epoch)
        sealed = opened.chunks.get(chunk) if opened is not None else None
        if opened is None or sealed is None:
            return None
        return _unsealed(opened, sealed, statement, seen)

    def whole(
        self, statement: DocumentPermission, seen: datetime, *, epoch: Epoch
    ) -> list[Passage]:
        """
        Open every chunk of a document, in order; empty if any of them cannot be opened.
        """
        revision = self.content.whole(statement.key)
        opened = self._open(statement, {statement.key: revision} if revision else {}, epoch)
        if opened is None:
            return []
        passages = [_unsealed(opened, chunk, statement, seen) for chunk in opened.chunks.values()]
        return [p for p in passages if p is not None] if all(passages) else []

    def _open(
        self,
        statement: DocumentPermission,
        sealed: Mapping[DocumentKey, SealedRevision],
        epoch: Epoch,
    ) -> "_Opened | None":
        revision = sealed.get(statement.key)
        if revision is not None and revision.epoch != epoch:
            msg = f"released at epoch {epoch}, stored at {revision.epoch}"
            raise EpochMovedError(msg)
        if revision is None or revision.revision != statement.revision:
            return None  # removed or replaced since the recheck
        meaning = Meaning(self.tenant, statement.source, statement.document, statement.revision)
        try:
            envelope = open_envelope(meaning, revision.key, self.keks)
            card = card_from_json(json.loads(envelope.unseal(CARD_PART, revision.card)))
        except (SealBrokenError, ValueError) as error:
            _report(error)
            return None
        chunks = {chunk.chunk: chunk for chunk in revision.chunks}
        return _Opened(envelope, card, chunks, revision.ingest_run)

    def _passage(self, one: Released, opened: "_Opened | None") -> Passage | None:
        chunk = opened.chunks.get(one.hit.chunk) if opened is not None else None
        if opened is None or chunk is None:
            return None
        return _unsealed(opened, chunk, one.statement, one.acl_observed_at)


@dataclass(frozen=True, slots=True)
class _Opened:
    envelope: OpenEnvelope
    card: DocumentCard
    chunks: Mapping[ChunkId, SealedChunk]
    ingest_run: str


def _unsealed(
    opened: _Opened, chunk: SealedChunk, statement: DocumentPermission, seen: datetime
) -> Passage | None:
    try:
        text = opened.envelope.unseal(chunk_part(chunk.ordinal), chunk.sealed).decode()
    except (SealBrokenError, UnicodeDecodeError) as error:
        _report(error)
        return None
    card = opened.card
    return Passage(
        id=chunk.chunk,
        key=statement.key,
        title=card.title,
        url=card.url,
        text=text,
        provenance=Provenance(
            source=statement.source,
            document=statement.document,
            revision=statement.revision,
            span=chunk.span,
            content_sha256=card.content_sha256,
            modified=card.modified,
            mime=card.mime,
            acl_revision=statement.acl_revision,
            acl_observed_at=seen,
            label=statement.label,
            redactions=dict(card.redactions),
            trust=card.signals_of(chunk.ordinal),
            ingest_run=opened.ingest_run,
            author=card.author,
        ),
    )


def _report(error: Exception) -> None:
    told = error.diagnostics() if isinstance(error, SealBrokenError) else repr(error)
    logger.critical("%s; the passage is withheld", told)
