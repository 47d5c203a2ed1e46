"""
What is held for review: documents whose wider permission waits for a person.

A sync writes these rows in the transaction that applies its permissions, so that no crash comes
between the two. A release is of the ACL and label that were held; it takes effect when a sync
finds that the source still says so.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from acl.model.documents import DocumentState
from acl.model.grants import AclSnapshot
from acl.model.identifiers import (
    DocumentId,
    DocumentKey,
    ReadershipDigest,
    SourceName,
    TenantId,
)
from acl.registry import tables
from acl.registry.database import Database
from acl.registry.history import acls_at
from acl.registry.steps import intern_readership


@dataclass(frozen=True, slots=True)
class Hold:
    """
    What a sync holds back of one document.
    """

    key: DocumentKey
    source: SourceName
    document: DocumentId
    before: AclSnapshot | None
    wanted: AclSnapshot
    label: str
    exposed_to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeldDocument:
    """
    A row: what is held, since when, and whether it has been released.
    """

    key: DocumentKey
    source: SourceName
    document: DocumentId
    before: ReadershipDigest | None
    wanted: ReadershipDigest
    label: str
    exposed_to: tuple[str, ...]
    since: datetime
    released_at: datetime | None

    def is_of(self, wanted: ReadershipDigest, label: str) -> bool:
        """
        Say whether this is about that ACL and that label.
        """
        return (self.wanted, self.label) == (wanted, label)

    def to_json(self) -> dict[str, object]:
        """
        Return the row as JSON values.
        """
        return {
            "source": self.source,
            "document": self.document,
            "label": self.label,
            "exposed_to": list(self.exposed_to),
            "wanted": self.wanted,
            "since": self.since.isoformat(),
            "released_at": None if self.released_at is None else self.released_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Holding:
    """
    What a sync changes of these rows: some are new or want something else, some are let go.
    """

    holds: Sequence[Hold] = ()
    let_go: Sequence[DocumentKey] = ()

    def __bool__(self) -> bool:
        return bool(self.holds or self.let_go)


def write_holding(
    connection: Connection,
    holding: Holding,
    pushed: Collection[DocumentKey],
    now: datetime,
) -> None:
    """
    Write rows in the caller's transaction. What has been pushed meanwhile is not held.
    """
    columns = tables.held.c
    for key in holding.let_go:
        connection.execute(delete(tables.held).where(columns.document_key == key))
    for hold in holding.holds:
        if hold.key in pushed:
            continue
        values: dict[str, object] = {
            "before": intern_readership(connection, hold.before),
            "wanted": intern_readership(connection, hold.wanted),
            "label": hold.label,
            "exposed_to": json.dumps(hold.exposed_to),
            "released_at": None,
        }
        known = select(columns.document_key).where(columns.document_key == hold.key)
        if connection.scalar(known) is not None:
            where = columns.document_key == hold.key
            connection.execute(update(tables.held).where(where).values(**values))
            continue
        named = {"document_key": hold.key, "source": hold.source, "document": hold.document}
        connection.execute(insert(tables.held).values(**named, **values, since=now))


def held_of(connection: Connection, source: SourceName | None = None) -> list[HeldDocument]:
    """
    Return what is held of one source, or of all.
    """
    columns = tables.held.c
    found = select(tables.held).order_by(columns.source, columns.document)
    if source is not None:
        found = found.where(columns.source == source)
    return [_held(row) for row in connection.execute(found)]


def let_go_of_what_is_in_force(connection: Connection, source: SourceName) -> None:
    """
    Forget the rows of documents that have what was released.
    """
    documents, columns = tables.documents.c, tables.held.c
    done = (
        select(columns.document_key)
        .join(tables.documents, documents.key == columns.document_key)
        .where(columns.source == source, columns.released_at.is_not(None))
        .where(documents.state == DocumentState.LIVE.value)
        .where(documents.readership == columns.wanted, documents.label == columns.label)
    )
    keys = list(connection.scalars(done))
    for key in keys:
        connection.execute(delete(tables.held).where(columns.document_key == key))


class HeldDocuments:
    """
    Shows what is held, and releases it.
    """

    def __init__(self, database: Database, tenant: TenantId) -> None:
        self._database = database
        self._tenant = tenant

    def all(self, source: SourceName | None = None) -> list[HeldDocument]:
        """
        Return what is held of one source, or of all.
        """
        with self._database.reading() as connection:
            return held_of(connection, source)

    def acls(self, held: HeldDocument) -> Mapping[ReadershipDigest, AclSnapshot]:
        """
        Return the ACLs that a row names.
        """
        wanted = [held.wanted, *([held.before] if held.before else [])]
        with self._database.reading() as connection:
            return acls_at(connection, self._tenant, wanted)

    def release(self, held: Sequence[HeldDocument], *, now: datetime) -> int:
        """
        Release what these rows say, and nothing that a sync has held meanwhile; return how many.
        """
        columns = tables.held.c
        released = 0
        with self._database.writing() as connection:
            for one in held:
                done = connection.execute(
                    update(tables.held)
                    .where(columns.document_key == one.key, columns.wanted == one.wanted)
                    .where(columns.label == one.label, columns.released_at.is_(None))
                    .values(released_at=now)
                )
                released += done.rowcount
        return released


def _held(row: Row[Any]) -> HeldDocument:
    return HeldDocument(
        key=DocumentKey(row.document_key),
        source=SourceName(row.source),
        document=DocumentId(row.document),
        before=None if row.before is None else ReadershipDigest(row.before),
        wanted=ReadershipDigest(row.wanted),
        label=row.label,
        exposed_to=tuple(json.loads(row.exposed_to)),
        since=row.since,
        released_at=row.released_at,
    )
