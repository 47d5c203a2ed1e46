"""
Encrypts one processed revision under a key of its own, and names its chunks.

The originals behind the pseudonyms go into a second envelope, under the vault's key: whoever
may open passages cannot open those.
"""

import json
from dataclasses import dataclass, replace

from acl.keys.envelope import EnvelopeKey, Meaning, new_envelope, open_envelope
from acl.keys.naming import Namer
from acl.keys.provider import KekProvider
from acl.model.cards import CARD_PART, ORIGINALS_PART, card_from_json, card_to_json, chunk_part
from acl.model.documents import DocumentCard
from acl.model.grants import AclSnapshot
from acl.model.identifiers import DocumentId, SourceName, TenantId
from acl.registry.content import SealedChunk
from acl.registry.rows import NewRevision
from ingestion.sources.port import ListedDocument
from ingestion.split import TextChunk


@dataclass(frozen=True, slots=True)
class Draft:
    """
    A revision in plaintext, on its way to being sealed.
    """

    source: SourceName
    document: DocumentId
    revision: int
    acl: AclSnapshot
    label: str
    fingerprint: str
    card_fingerprint: str
    card: DocumentCard
    originals: tuple[tuple[str, str], ...]
    chunks: tuple[TextChunk, ...]


@dataclass(frozen=True, slots=True)
class Sealer:
    """
    Seals drafts of one tenant.
    """

    tenant: TenantId
    namer: Namer
    content: KekProvider
    vault: KekProvider

    def seal(self, draft: Draft, *, ingest_run: str) -> NewRevision:
        """
        Seal every part of a draft.
        """
        meaning = Meaning(self.tenant, draft.source, draft.document, draft.revision)
        envelope, key = new_envelope(meaning, self.content)
        vault, vault_key = new_envelope(meaning, self.vault)
        document = self.namer.document(draft.source, draft.document)
        chunks = tuple(
            SealedChunk(
                chunk=self.namer.chunk(document, draft.revision, ordinal),
                ordinal=ordinal,
                span=chunk.span,
                sealed=envelope.seal(chunk_part(ordinal), chunk.text.encode()),
            )
            for ordinal, chunk in enumerate(draft.chunks)
        )
        return NewRevision(
            document=draft.document,
            revision=draft.revision,
            acl=draft.acl,
            label=draft.label,
            fingerprint=draft.fingerprint,
            card_fingerprint=draft.card_fingerprint,
            ingest_run=ingest_run,
            key=key,
            card=envelope.seal(CARD_PART, _json(card_to_json(draft.card))),
            vault_key=vault_key,
            originals=vault.seal(ORIGINALS_PART, _json([list(o) for o in draft.originals])),
            chunks=chunks,
        )

    def resealed_card(
        self, meaning: Meaning, key: EnvelopeKey, card: bytes, listed: ListedDocument
    ) -> bytes:
        """
        Return a revision's card with the URL and time that the source now states.

        Raises:
            SealBrokenError: The stored card is not what was sealed there.
        """
        envelope = open_envelope(meaning, key, self.content)
        stated = card_from_json(json.loads(envelope.unseal(CARD_PART, card)))
        renewed = replace(stated, url=listed.url, modified=listed.modified, author=listed.author)
        return envelope.seal(CARD_PART, _json(card_to_json(renewed)))


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
