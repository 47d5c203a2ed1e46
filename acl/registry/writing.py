"""
What changes the registry on behalf of a sync; `pushing` does so on behalf of push clients.

Every permission-relevant change commits a new epoch in the same transaction and marks the
documents whose index points must follow as unsettled. Until they are settled they are left
out of every search, so registry and index never disagree in front of a reader.

The epoch is written first: that row is what writers wait for each other at. What has been pushed
is looked up after it, in the same transaction, and left as it is: a sync that runs meanwhile in
another process cannot undo a push.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from acl.directory.stored import replace_groups, stored_groups
from acl.keys.acl_seal import AclSealer
from acl.keys.envelope import EnvelopeKey
from acl.keys.naming import Namer
from acl.keys.provider import WrappedKey
from acl.model.definers import Definer
from acl.model.documents import DocumentPermission, DocumentState
from acl.model.grants import AclSnapshot
from acl.model.identifiers import (
    AuthorityId,
    ChunkId,
    DocumentId,
    DocumentKey,
    SourceName,
    TenantId,
)
from acl.model.principals import Principal
from acl.registry import tables
from acl.registry.database import Database
from acl.registry.epochs import next_epoch
from acl.registry.held import Holding, let_go_of_what_is_in_force, write_holding
from acl.registry.history import record_documents
from acl.registry.ownership import Pushed, pushed_among, pushed_groups, pushed_of
from acl.registry.permissions import permission_from
from acl.registry.rows import (
    SHREDDED,
    NewRevision,
    chunk_rows,
    envelope_columns,
    noted,
    permission_columns,
)
from acl.registry.steps import (
    current_permission,
    ensure_source,
    intern_readership,
    mark_observed,
    mark_settled,
    mark_unsettled,
    upsert_document,
)


@dataclass(frozen=True, slots=True)
class KnownDocument:
    """
    What the registry has of a document, for planning a sync.
    """

    permission: DocumentPermission
    fingerprint: str | None
    card_fingerprint: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class PermissionChange:
    """
    What a source now says about who may read one document.

    `acl` is `None` where no usable ACL is known. `state` other than LIVE withdraws the
    document at once; REMOVED also destroys its key. `fingerprint` replaces the stored one if
    it is given: a quarantined content is not tried again until it changes.
    """

    document: DocumentId
    state: DocumentState
    acl: AclSnapshot | None
    label: str
    reason: str = ""
    fingerprint: str | None = None
    source: SourceName | None = None
    """Another source than the one that is synced, whose document a group change concerns."""


@dataclass(frozen=True, slots=True)
class SettledState:
    """
    What the index must hold of one document: nothing, if `chunks` is empty.
    """

    permission: DocumentPermission
    chunks: tuple[ChunkId, ...]


class RegistryWriter:
    """
    Changes the registry on behalf of ingestion.
    """

    def __init__(
        self, database: Database, tenant: TenantId, namer: Namer, sealer: AclSealer
    ) -> None:
        self._database = database
        self._tenant = tenant
        self._namer = namer
        self._sealer = sealer

    def known(self, source: SourceName) -> dict[DocumentId, KnownDocument]:
        """
        Return everything the registry has of a source, tombstones included.
        """
        found = select(tables.documents).where(tables.documents.c.source == source)
        with self._database.reading() as connection:
            return {
                DocumentId(row.document): KnownDocument(
                    permission_from(row), row.fingerprint, row.card_fingerprint, row.reason
                )
                for row in connection.execute(found)
            }

    def groups_of(self, source: SourceName) -> dict[Principal, frozenset[Principal]]:
        """
        Return the groups as this source last defined them.
        """
        with self._database.reading() as connection:
            return stored_groups(connection, self._tenant, source)

    def pushed(self, source: SourceName) -> Pushed:
        """
        Return what of a source belongs to its push clients.
        """
        with self._database.reading() as connection:
            return pushed_of(connection, self._tenant, source)

    def pushed_among(self, keys: Sequence[DocumentKey]) -> frozenset[DocumentKey]:
        """
        Return those of these documents that belong to push clients.
        """
        with self._database.reading() as connection:
            return pushed_among(connection, keys)

    def register_source(
        self, source: SourceName, authority: AuthorityId, kind: Definer = Definer.SOURCE
    ) -> None:
        """
        Make sure that the source has a row; errors as in `ensure_source`.
        """
        with self._database.writing() as connection:
            ensure_source(connection, source, authority, kind)

    def apply_permissions(
        self,
        source: SourceName,
        changes: Sequence[PermissionChange],
        groups: Mapping[Principal, frozenset[Principal]] | None,
        *,
        now: datetime,
        holding: Holding | None = None,
    ) -> list[DocumentKey]:
        """
        Apply what changed, in one transaction with a new epoch; return what is unsettled.

        `groups` replaces every group of the source, or is `None` where none changed. What has
        been pushed stays as it is, and is not returned. `holding` by itself moves no epoch.
        """
        holding = holding or Holding()
        if not changes and groups is None:
            self._write_holding(holding, now)
            return []
        with self._database.writing() as connection:
            epoch = next_epoch(
                connection, now=now, documents=bool(changes), directory=groups is not None
            )
            if groups is not None:
                theirs = pushed_groups(connection, self._tenant, source)
                replace_groups(connection, self._tenant, source, groups, epoch, pushed=theirs)
            keys = [self._namer.document(one.source or source, one.document) for one in changes]
            pushed = pushed_among(connection, keys)
            touched = [
                self.apply(connection, change.source or source, change, now)
                for key, change in zip(keys, changes, strict=True)
                if key not in pushed
            ]
            record_documents(connection, touched, epoch)
            mark_unsettled(connection, touched, now)
            write_holding(connection, holding, pushed, now)
        return touched

    def carried_through(self, source: SourceName, *, now: datetime) -> None:
        """
        Record that a sync has come to its end: what was released and is in force is let go.
        """
        done = tables.sources.c.first_sync_done_at
        with self._database.writing() as connection:
            connection.execute(
                update(tables.sources)
                .where(tables.sources.c.name == source, done.is_(None))
                .values(first_sync_done_at=now)
            )
            let_go_of_what_is_in_force(connection, source)

    def commit_revisions(
        self, source: SourceName, revisions: Sequence[NewRevision], *, now: datetime
    ) -> list[DocumentKey]:
        """
        Make revisions current, in one transaction with a new epoch; return what is unsettled.

        What has been pushed meanwhile stays as it is, and is not among what is returned.
        """
        with self._database.writing() as connection:
            epoch = next_epoch(connection, now=now, documents=True)
            keys = [self._namer.document(source, one.document) for one in revisions]
            pushed = pushed_among(connection, keys)
            touched = [
                self.commit(connection, source, new, now)
                for key, new in zip(keys, revisions, strict=True)
                if key not in pushed
            ]
            record_documents(connection, touched, epoch)
            mark_unsettled(connection, touched, now)
        return touched

    def observed(self, source: SourceName, *, at: datetime) -> None:
        """
        Record that every ACL and group of the source was seen at this moment.
        """
        with self._database.writing() as connection:
            mark_observed(connection, source, at)

    def unsettled(self) -> list[DocumentKey]:
        """
        Return the documents whose index points must still be made to follow.
        """
        with self._database.reading() as connection:
            return [DocumentKey(key) for key in connection.scalars(select(tables.unsettled.c[0]))]

    def settled_state(self, key: DocumentKey) -> SettledState | None:
        """
        Return what the index must hold of a document, or `None` if it was never committed.
        """
        with self._database.reading() as connection:
            current = current_permission(connection, key)
            if current is None:
                return None
            of = tables.chunks.c
            owned = select(of.chunk).where(of.document_key == key, of.revision == current.revision)
            chunks = tuple(ChunkId(chunk) for chunk in connection.scalars(owned))
        return SettledState(current, chunks)

    def settled_chunks(self) -> int:
        """
        Return how many points the index must hold of all settled documents.
        """
        pending = select(tables.unsettled.c.document_key)
        wanted = (
            select(func.count())
            .select_from(tables.chunks)
            .where(tables.chunks.c.document_key.not_in(pending))
        )
        with self._database.reading() as connection:
            return connection.scalars(wanted).one()

    def mark_all_unsettled(self, *, now: datetime) -> list[DocumentKey]:
        """
        Doubt the index points of every document that has content; return these documents.
        """
        with self._database.writing() as connection:
            wanted = select(tables.chunks.c.document_key).distinct()
            keys = [DocumentKey(key) for key in connection.scalars(wanted)]
            mark_unsettled(connection, keys, now)
        return keys

    def mark_unsettled(self, keys: Sequence[DocumentKey], *, now: datetime) -> None:
        """
        Leave these documents out of every search until they are settled.
        """
        with self._database.writing() as connection:
            mark_unsettled(connection, keys, now)

    def settle(self, seen: Mapping[DocumentKey, SettledState | None]) -> None:
        """
        Record that the index agrees with what was seen of these documents. Only after its flush.

        One that has been changed since stays unsettled: the index may never hear of the change.
        """
        with self._database.writing() as connection:
            for key, state in seen.items():
                if current_permission(connection, key) == (state and state.permission):
                    mark_settled(connection, key)

    def sealed_card(self, key: DocumentKey) -> tuple[int, EnvelopeKey, bytes] | None:
        """
        Return revision, data key and card of a document that has content.
        """
        named = tables.documents.c
        wanted = select(tables.documents).where(named.key == key, named.wrapped_key.is_not(None))
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        if row is None:
            return None
        wrapped = WrappedKey(row.kek_id, row.wrapped_key)
        return row.revision, EnvelopeKey(wrapped, row.commitment), row.card

    def replace_card(self, key: DocumentKey, revision: int, card: bytes, fingerprint: str) -> None:
        """
        Replace what citations say of a revision; its text and its permission stay.
        """
        pushed = select(tables.pushed_documents.c.document_key)
        with self._database.writing() as connection:
            connection.execute(
                update(tables.documents)
                .where(tables.documents.c.key == key, tables.documents.c.revision == revision)
                .where(tables.documents.c.key.not_in(pushed))
                .values(card=card, card_fingerprint=fingerprint)
            )

    def forget_fingerprints(self, keys: Iterable[DocumentKey]) -> None:
        """
        Make the next sync process these documents anew: their index points are incomplete.
        """
        with self._database.writing() as connection:
            for key in keys:
                connection.execute(
                    update(tables.documents)
                    .where(tables.documents.c.key == key)
                    .values(fingerprint=None)
                )

    def _write_holding(self, holding: Holding, now: datetime) -> None:
        if holding:
            with self._database.writing() as connection:
                write_holding(connection, holding, frozenset(), now)

    def apply(
        self, connection: Connection, source: SourceName, change: PermissionChange, now: datetime
    ) -> DocumentKey:
        """
        Apply one change within the caller's transaction, which also moves the epoch.
        """
        key = self._namer.document(source, change.document)
        current = current_permission(connection, key)
        statement = self._sealer.sealed(
            DocumentPermission(
                key=key,
                source=source,
                document=change.document,
                state=change.state,
                revision=current.revision if current else 0,
                acl_revision=current.acl_revision + 1 if current else 1,
                readership=intern_readership(connection, change.acl),
                label=change.label,
                seal=b"",
            )
        )
        values = permission_columns(statement) | {"reason": noted(change.reason), "changed_at": now}
        if change.fingerprint is not None:
            values["fingerprint"] = change.fingerprint
        if change.state is DocumentState.REMOVED:
            values |= SHREDDED
            connection.execute(delete(tables.chunks).where(tables.chunks.c.document_key == key))
        upsert_document(connection, key, values, exists=current is not None)
        return key

    def commit(
        self, connection: Connection, source: SourceName, new: NewRevision, now: datetime
    ) -> DocumentKey:
        """
        Make one revision current within the caller's transaction, which also moves the epoch.
        """
        key = self._namer.document(source, new.document)
        current = current_permission(connection, key)
        statement = self._sealer.sealed(
            DocumentPermission(
                key=key,
                source=source,
                document=new.document,
                state=DocumentState.LIVE,
                revision=new.revision,
                acl_revision=current.acl_revision + 1 if current else 1,
                readership=intern_readership(connection, new.acl),
                label=new.label,
                seal=b"",
            )
        )
        values = permission_columns(statement) | envelope_columns(new)
        values |= {"reason": "", "changed_at": now}
        connection.execute(delete(tables.chunks).where(tables.chunks.c.document_key == key))
        upsert_document(connection, key, values, exists=current is not None)
        if new.chunks:
            connection.execute(insert(tables.chunks), chunk_rows(key, new))
        return key
