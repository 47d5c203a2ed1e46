"""
What changes the registry on behalf of push clients.

The rules for a pushed statement, each in one transaction with a new epoch:

1. A condition that does not hold, or an event older than the stored one, changes nothing.
2. The document or group belongs to push clients from then on, deleted or not.
3. If the stored content is the stated one, the permission applies to it at once.
4. Otherwise the stored content is withheld under the new permission, which was not meant for
   it, and the new content is queued, sealed. What was queued before is superseded.
5. Content becomes current only if it still is the newest of its document.
6. The audit record is durable before the transaction commits.
"""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from acl.keys.acl_seal import AclSealer
from acl.keys.envelope import EnvelopeKey
from acl.keys.naming import Namer
from acl.model.documents import UNLABELLED, DocumentState
from acl.model.encoding import encode
from acl.model.grants import AclSnapshot
from acl.model.identifiers import DocumentId, DocumentKey, Epoch, TenantId
from acl.model.pushes import PENDING, PushState
from acl.registry import tables
from acl.registry.database import Database
from acl.registry.epochs import mark_changed, next_epoch
from acl.registry.history import record_documents
from acl.registry.steps import ensure_source, mark_unsettled
from acl.registry.submission import (
    Accepted,
    Record,
    Submission,
    concluded,
    judge,
    newest_event,
    next_revision,
)
from acl.registry.writing import PermissionChange, RegistryWriter

WAITING: Final = "pushed; waiting for the new content"
DELETED: Final = "deleted"
NO_CONTENT: Final = ""
"""
The fingerprint of a content that could not be read: it equals none.
"""


@dataclass(frozen=True, slots=True)
class StatedDocument:
    """
    A document as a push client states it; the fingerprints stand for content and description.

    `content` does, too, whichever versions of the steps process it.
    """

    document: DocumentId
    acl: AclSnapshot
    label: str
    content: str
    fingerprint: str
    card_fingerprint: str

    def digest(self) -> str:
        """
        Return what equal statements share.
        """
        stated = [self.acl.digest(), self.label, self.content, self.card_fingerprint]
        return hashlib.sha256(encode(stated)).hexdigest()


@dataclass(frozen=True, slots=True)
class SealedBody:
    """
    Content that waits to be processed.
    """

    key: EnvelopeKey
    sealed: bytes


Seal = Callable[[int], SealedBody]


class PushWriter:
    """
    Accepts statements of push clients.
    """

    def __init__(
        self, database: Database, tenant: TenantId, namer: Namer, sealer: AclSealer
    ) -> None:
        self._database = database
        self._namer = namer
        self._writer = RegistryWriter(database, tenant, namer, sealer)

    def put_document(
        self, by: Submission, stated: StatedDocument, seal: Seal, record: Record
    ) -> Accepted:
        """
        Accept a document; `seal` seals its content for a revision, if it is to be processed.

        Raises:
            PreconditionFailedError: A condition does not hold.
            StaleEventError: The stored event is newer, or equal and of another statement.
        """
        with self._database.writing() as connection:
            found = self._begin(connection, by, stated.document)
            judge(by.conditions, found.owner, exists=found.exists(), stated=stated.digest())
            if found.is_underway(stated):
                accepted = Accepted(
                    found.revision(), created=False, epoch=found.epoch, push=found.pending
                )
            elif found.holds(stated):
                accepted = self._permit(connection, by, stated, found)
            else:
                accepted = self._enqueue(connection, by, stated, found, seal)
            self._own(connection, by, found, stated.digest(), accepted)
            return concluded(connection, by, accepted, record)

    def delete_document(self, by: Submission, document: DocumentId, record: Record) -> Accepted:
        """
        Remove a document, destroy its key, and remember that no listing may revive it.

        Raises:
            PreconditionFailedError: A condition does not hold.
            StaleEventError: The stored event is newer, or equal and of another statement.
        """
        with self._database.writing() as connection:
            found = self._begin(connection, by, document)
            judge(by.conditions, found.owner, exists=found.exists(), stated=DELETED)
            touched: tuple[DocumentKey, ...] = ()
            if found.row is None or found.exists():
                supersede(connection, found.key, by.at)
                label = found.row.label if found.row else UNLABELLED
                gone = PermissionChange(document, DocumentState.REMOVED, None, label)
                touched = (self._writer.apply(connection, by.source, gone, by.at),)
            accepted = Accepted(
                found.next_revision(DELETED), created=False, epoch=found.epoch, touched=touched
            )
            self._own(connection, by, found, DELETED, accepted)
            return concluded(connection, by, accepted, record)

    def _begin(
        self, connection: Connection, by: Submission, document: DocumentId
    ) -> "_FoundDocument":
        epoch = next_epoch(connection, now=by.at)
        ensure_source(connection, by.source, by.authority)
        key = self._namer.document(by.source, document)
        documents, owners, pushes = tables.documents, tables.pushed_documents, tables.pushes
        row = connection.execute(select(documents).where(documents.c.key == key)).one_or_none()
        owner = connection.execute(select(owners).where(owners.c.document_key == key)).one_or_none()
        pending = connection.scalar(
            select(pushes.c.id).where(pushes.c.document_key == key, pushes.c.state.in_(PENDING))
        )
        return _FoundDocument(epoch, key, row, owner, pending)

    def _permit(
        self,
        connection: Connection,
        by: Submission,
        stated: StatedDocument,
        found: "_FoundDocument",
    ) -> Accepted:
        supersede(connection, found.key, by.at)
        touched: tuple[DocumentKey, ...] = ()
        if not found.permits(stated):
            live = PermissionChange(stated.document, DocumentState.LIVE, stated.acl, stated.label)
            touched = (self._writer.apply(connection, by.source, live, by.at),)
        revision = found.next_revision(stated.digest())
        created = not found.exists()
        return Accepted(revision, created=created, epoch=found.epoch, touched=touched)

    def _enqueue(
        self,
        connection: Connection,
        by: Submission,
        stated: StatedDocument,
        found: "_FoundDocument",
        seal: Seal,
    ) -> Accepted:
        supersede(connection, found.key, by.at)
        withheld = PermissionChange(
            stated.document,
            DocumentState.SUSPENDED,
            stated.acl,
            stated.label,
            WAITING,
            # The fingerprint of what could not be processed is not that of what is stored.
            fingerprint=NO_CONTENT if found.state() is DocumentState.QUARANTINED else None,
        )
        key = self._writer.apply(connection, by.source, withheld, by.at)
        content_revision = (found.row.revision if found.row else 0) + 1
        body, push = seal(content_revision), uuid.uuid4().hex
        revision = found.next_revision(stated.digest())
        connection.execute(
            insert(tables.pushes).values(
                id=push,
                document_key=key,
                client=by.client,
                statement=revision,
                content_revision=content_revision,
                state=PushState.QUEUED.value,
                reason="",
                kek_id=body.key.wrapped.kek_id,
                wrapped_key=body.key.wrapped.wrapped,
                commitment=body.key.commitment,
                sealed=body.sealed,
                accepted_at=by.at,
            )
        )
        created = not found.exists()
        return Accepted(revision, created, found.epoch, push=push, touched=(key,))

    def _own(
        self,
        connection: Connection,
        by: Submission,
        found: "_FoundDocument",
        stated: str,
        accepted: Accepted,
    ) -> None:
        owners = tables.pushed_documents
        values = {
            "document_key": found.key,
            "revision": accepted.revision,
            "event": newest_event(by.conditions, found.owner),
            "stated": stated,
            "push": accepted.push,
        }
        if found.owner is None:
            connection.execute(insert(owners).values(**values))
        else:
            mine = owners.c.document_key == found.key
            connection.execute(update(owners).where(mine).values(**values))
        mark_changed(connection, found.epoch, documents=bool(accepted.touched))
        record_documents(connection, accepted.touched, found.epoch)
        mark_unsettled(connection, accepted.touched, by.at)


@dataclass(frozen=True, slots=True)
class _FoundDocument:
    epoch: Epoch
    key: DocumentKey
    row: Row[Any] | None
    owner: Row[Any] | None
    pending: str | None

    def state(self) -> DocumentState | None:
        return DocumentState(self.row.state) if self.row is not None else None

    def exists(self) -> bool:
        return self.state() not in (None, DocumentState.REMOVED)

    def revision(self) -> int:
        return 0 if self.owner is None else int(self.owner.revision)

    def next_revision(self, stated: str) -> int:
        return next_revision(self.owner, stated)

    def is_underway(self, stated: StatedDocument) -> bool:
        same = self.owner is not None and self.owner.stated == stated.digest()
        return same and self.pending is not None

    def holds(self, stated: StatedDocument) -> bool:
        """
        Say whether the content that is stored and indexed is the stated one.
        """
        if self.row is None or self.row.wrapped_key is None:
            return False
        if self.state() is DocumentState.QUARANTINED:
            return False
        stored = (self.row.fingerprint, self.row.card_fingerprint)
        return stored == (stated.fingerprint, stated.card_fingerprint)

    def permits(self, stated: StatedDocument) -> bool:
        return self.row is not None and (self.state(), self.row.readership, self.row.label) == (
            DocumentState.LIVE,
            stated.acl.digest(),
            stated.label,
        )


def supersede(connection: Connection, key: DocumentKey, at: datetime) -> None:
    """
    Give up the content of a document that is still to be processed, and destroy its key.
    """
    queued = (tables.pushes.c.document_key == key) & tables.pushes.c.state.in_(PENDING)
    ended = finished(PushState.SUPERSEDED, "", at)
    connection.execute(update(tables.pushes).where(queued).values(**ended))


def finished(state: PushState, reason: str, at: datetime) -> dict[str, object]:
    """
    Return what is left of a push that is over: nothing of its content, and no key.
    """
    shredded = dict.fromkeys(("kek_id", "wrapped_key", "commitment", "sealed"))
    return {"state": state.value, "reason": reason, "finished_at": at, **shredded}
