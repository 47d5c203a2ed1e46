"""
The queue of pushed content: taking one, and saying what became of it.

Content becomes current under the permission that is stored for its document, so the seal of
that permission is verified first: to commit one that somebody edited would seal it anew.

A push is taken by whoever is free; that two take the same one is harmless, because content
becomes current only once, and only while it is the newest of its document.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, select, update

from acl.keys.acl_seal import AclSealer
from acl.keys.envelope import EnvelopeKey
from acl.keys.errors import SealBrokenError
from acl.keys.provider import WrappedKey
from acl.model.documents import DocumentState
from acl.model.grants import AclSnapshot
from acl.model.identifiers import DocumentId, DocumentKey, SourceName, TenantId
from acl.model.pushes import PENDING, PushState
from acl.registry import tables
from acl.registry.database import Database
from acl.registry.epochs import next_epoch
from acl.registry.history import record_documents
from acl.registry.pushing import NO_CONTENT, finished
from acl.registry.rows import NewRevision
from acl.registry.steps import current_permission, mark_unsettled
from acl.registry.views import verified_acls
from acl.registry.writing import PermissionChange, RegistryWriter

logger = logging.getLogger(__name__)

KEPT: Final = timedelta(days=7)
"""
How long it can be asked what became of a push.
"""

_CURRENT: Final = (
    select(
        tables.pushes,
        tables.documents.c.source,
        tables.documents.c.document,
        tables.documents.c.revision,
        tables.documents.c.label,
        tables.documents.c.readership,
        tables.readerships.c.gates,
    )
    .join(tables.documents, tables.documents.c.key == tables.pushes.c.document_key)
    .join(tables.pushed_documents, tables.pushed_documents.c.push == tables.pushes.c.id)
    .join(tables.readerships, tables.readerships.c.digest == tables.documents.c.readership)
    .where(tables.pushes.c.state.in_(PENDING))
)
"""
Pushes that still are the newest of their document, with the permission it has now.
"""


@dataclass(frozen=True, slots=True)
class QueuedContent:
    """
    Sealed content to be processed, and the permission that it was pushed with.
    """

    push: str
    source: SourceName
    document: DocumentId
    key: DocumentKey
    revision: int
    acl: AclSnapshot
    label: str
    envelope: EnvelopeKey
    sealed: bytes


@dataclass(frozen=True, slots=True)
class PushStatus:
    """
    What can be asked about a push.
    """

    push: str
    client: str
    source: SourceName
    document: DocumentId
    statement: int
    state: PushState
    reason: str
    accepted_at: datetime
    finished_at: datetime | None


class PushQueue:
    """
    Hands out queued content, and records what became of it.
    """

    def __init__(
        self, database: Database, tenant: TenantId, writer: RegistryWriter, sealer: AclSealer
    ) -> None:
        self._database = database
        self._tenant = tenant
        self._writer = writer
        self._sealer = sealer

    def resume(self) -> None:
        """
        Queue again what a process that has ended was working on.
        """
        running = tables.pushes.c.state == PushState.RUNNING.value
        with self._database.writing() as connection:
            connection.execute(
                update(tables.pushes).where(running).values(state=PushState.QUEUED.value)
            )

    def pending(self) -> int:
        """
        Return how many pushes are not over.
        """
        counted = select(func.count()).where(tables.pushes.c.state.in_(PENDING))
        with self._database.reading() as connection:
            return connection.scalars(counted).one()

    def take(self, *, now: datetime) -> QueuedContent | None:
        """
        Return the oldest queued push, or `None`.
        """
        oldest = (
            _CURRENT.where(tables.pushes.c.state == PushState.QUEUED.value)
            .order_by(tables.pushes.c.accepted_at, tables.pushes.c.id)
            .limit(1)
        )
        with self._database.reading() as connection:
            row = connection.execute(oldest).one_or_none()
            trusted = row is not None and self._is_sealed(connection, row)
        if row is None:
            return None
        with self._database.writing() as connection:
            mine = tables.pushes.c.id == row.id
            waiting = tables.pushes.c.state == PushState.QUEUED.value
            connection.execute(
                update(tables.pushes).where(mine, waiting).values(state=PushState.RUNNING.value)
            )
        queued = self._queued(row) if trusted else None
        if queued is None:
            self.quarantine(row.id, "its stored permission was edited", now=now)
            return self.take(now=now)
        return queued

    def put_back(self, push: str) -> None:
        """
        Queue a push again that could not be worked on just now.
        """
        running = (tables.pushes.c.id == push) & (tables.pushes.c.state == PushState.RUNNING.value)
        with self._database.writing() as connection:
            connection.execute(
                update(tables.pushes).where(running).values(state=PushState.QUEUED.value)
            )

    def is_newest(self, queued: QueuedContent) -> bool:
        """
        Say whether this content is still the one that its document waits for.
        """
        with self._database.reading() as connection:
            row = _newest(connection, queued.push)
        return row is not None and row.revision + 1 == queued.revision

    def commit(self, push: str, new: NewRevision, *, now: datetime) -> DocumentKey | None:
        """
        Make content current, with a new epoch; `None` if it is no longer the newest.

        The permission is the one that the document has now.

        Raises:
            SealBrokenError: It is not the one that the content was processed for: a push would
                have superseded this one, so somebody has edited it.
        """
        with self._database.writing() as connection:
            epoch = next_epoch(connection, now=now, documents=True)
            row = _newest(connection, push)
            if row is None:
                return None
            processed_for = (new.revision - 1, new.acl.digest(), new.label)
            stored = (row.revision, row.readership, row.label)
            if stored != processed_for or not self._is_sealed(connection, row):
                msg = f"the permission of {row.source}/{row.document} was edited meanwhile"
                raise SealBrokenError(msg)
            key = self._writer.commit(connection, SourceName(row.source), new, now)
            record_documents(connection, [key], epoch)
            mark_unsettled(connection, [key], now)
            _end(connection, push, PushState.DONE, "", now)
        return key

    def quarantine(self, push: str, reason: str, *, now: datetime) -> DocumentKey | None:
        """
        Record that content cannot be processed; `None` if it is no longer the newest.
        """
        with self._database.writing() as connection:
            epoch = next_epoch(connection, now=now, documents=True)
            row = _newest(connection, push)
            if row is None:
                return None
            change = PermissionChange(
                DocumentId(row.document),
                DocumentState.QUARANTINED,
                _acl(self._tenant, row) if self._is_sealed(connection, row) else None,
                row.label,
                reason,
                fingerprint=NO_CONTENT,
            )
            key = self._writer.apply(connection, SourceName(row.source), change, now)
            record_documents(connection, [key], epoch)
            mark_unsettled(connection, [key], now)
            _end(connection, push, PushState.FAILED, reason, now)
        return key

    def status(self, push: str) -> PushStatus | None:
        """
        Return how far a push is; `None` if there is none, or it is over for longer than `KEPT`.

        Done is only what a search finds: not while the document is unsettled.
        """
        key, unsettled = tables.pushes.c.document_key, tables.unsettled.c.document_key
        wanted = (
            select(
                tables.pushes,
                tables.documents.c.source,
                tables.documents.c.document,
                unsettled.label("waiting"),
            )
            .join(tables.documents, tables.documents.c.key == key)
            .join(tables.unsettled, unsettled == key, isouter=True)
            .where(tables.pushes.c.id == push)
        )
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        if row is None:
            return None
        done, waiting = row.state == PushState.DONE.value, row.waiting is not None
        return PushStatus(
            push=row.id,
            client=row.client,
            source=SourceName(row.source),
            document=DocumentId(row.document),
            statement=row.statement,
            state=PushState.RUNNING if done and waiting else PushState(row.state),
            reason=row.reason,
            accepted_at=row.accepted_at,
            finished_at=row.finished_at,
        )

    def _is_sealed(self, connection: Connection, row: Row[Any]) -> bool:
        statement = current_permission(connection, DocumentKey(row.document_key))
        try:
            if statement is not None:
                self._sealer.verify(statement)
        except SealBrokenError as error:
            logger.critical("%s; what was pushed for it is given up", error.diagnostics())
            return False
        return statement is not None

    def _queued(self, row: Row[Any]) -> QueuedContent | None:
        acl = _acl(self._tenant, row)
        if acl is None:
            return None
        return QueuedContent(
            push=row.id,
            source=SourceName(row.source),
            document=DocumentId(row.document),
            key=DocumentKey(row.document_key),
            revision=row.content_revision,
            acl=acl,
            label=row.label,
            envelope=EnvelopeKey(WrappedKey(row.kek_id, row.wrapped_key), row.commitment),
            sealed=row.sealed,
        )


def _acl(tenant: TenantId, row: Row[Any]) -> AclSnapshot | None:
    return verified_acls([(row.readership, row.gates)], tenant).get(row.readership)


def _newest(connection: Connection, push: str) -> Row[Any] | None:
    return connection.execute(_CURRENT.where(tables.pushes.c.id == push)).one_or_none()


def _end(connection: Connection, push: str, state: PushState, reason: str, now: datetime) -> None:
    mine = tables.pushes.c.id == push
    connection.execute(update(tables.pushes).where(mine).values(**finished(state, reason, now)))
    connection.execute(delete(tables.pushes).where(tables.pushes.c.finished_at < now - KEPT))
