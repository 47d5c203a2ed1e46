"""
How sealed content becomes rows: the columns of documents and chunks that hold envelopes.
"""

from dataclasses import dataclass
from typing import Final

from acl.keys.envelope import EnvelopeKey
from acl.model.documents import DocumentPermission
from acl.model.grants import AclSnapshot
from acl.model.identifiers import DocumentId, DocumentKey
from acl.registry.content import SealedChunk


@dataclass(frozen=True, slots=True)
class NewRevision:
    """
    A processed and sealed revision, ready to become visible.
    """

    document: DocumentId
    revision: int
    acl: AclSnapshot
    label: str
    fingerprint: str
    card_fingerprint: str
    ingest_run: str
    key: EnvelopeKey
    card: bytes
    vault_key: EnvelopeKey
    originals: bytes
    chunks: tuple[SealedChunk, ...]


SHREDDED: Final[dict[str, object]] = dict.fromkeys(
    (
        "fingerprint",
        "card_fingerprint",
        "kek_id",
        "wrapped_key",
        "commitment",
        "card",
        "vault_kek_id",
        "vault_key",
        "vault_commitment",
        "originals",
    )
)
"""
What a removed document keeps of its content: nothing, and no key to read a copy with.
"""


def noted(reason: str) -> str:
    """
    Return a reason as it can be stored: it may quote anything that a file contains.
    """
    return reason.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def permission_columns(statement: DocumentPermission) -> dict[str, object]:
    """
    Lay out a sealed statement.
    """
    return {
        "key": statement.key,
        "source": statement.source,
        "document": statement.document,
        "state": statement.state.value,
        "revision": statement.revision,
        "acl_revision": statement.acl_revision,
        "readership": statement.readership,
        "label": statement.label,
        "seal": statement.seal,
    }


def envelope_columns(new: NewRevision) -> dict[str, object]:
    """
    Lay out what belongs to a revision as a whole.
    """
    return {
        "fingerprint": new.fingerprint,
        "card_fingerprint": new.card_fingerprint,
        "ingest_run": new.ingest_run,
        "kek_id": new.key.wrapped.kek_id,
        "wrapped_key": new.key.wrapped.wrapped,
        "commitment": new.key.commitment,
        "card": new.card,
        "vault_kek_id": new.vault_key.wrapped.kek_id,
        "vault_key": new.vault_key.wrapped.wrapped,
        "vault_commitment": new.vault_key.commitment,
        "originals": new.originals,
    }


def chunk_rows(key: DocumentKey, new: NewRevision) -> list[dict[str, object]]:
    """
    Lay out a revision's chunks.
    """
    return [
        {
            "chunk": chunk.chunk,
            "document_key": key,
            "revision": new.revision,
            "ordinal": chunk.ordinal,
            "start": chunk.span.start,
            "end": chunk.span.end,
            "page": chunk.span.page,
            "sealed": chunk.sealed,
        }
        for chunk in new.chunks
    ]
