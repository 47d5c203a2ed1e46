"""
What the brake needs to know before a sync: what is in force, and what is held.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from acl.decision.membership import Directory
from acl.directory.stored import directory_of, stored_groups
from acl.model.documents import DocumentState
from acl.model.grants import AclSnapshot
from acl.model.identifiers import (
    DocumentId,
    DocumentKey,
    Epoch,
    ReadershipDigest,
    SourceName,
    TenantId,
)
from acl.model.principals import Principal
from acl.registry import tables
from acl.registry.database import Database
from acl.registry.held import HeldDocument, held_of
from acl.registry.history import MAX_KEYS_A_QUERY, acls_at

GroupLists = Mapping[Principal, frozenset[Principal]]


@dataclass(frozen=True, slots=True)
class LiveElsewhere:
    """
    A live document of another source.
    """

    key: DocumentKey
    source: SourceName
    document: DocumentId
    readership: ReadershipDigest
    label: str


@dataclass(frozen=True, slots=True)
class LastLive:
    """
    By which ACL a withheld document was last readable, and since when it has been withheld.
    """

    readership: ReadershipDigest
    withheld: Epoch


class BrakeRegistry:
    """
    Reads; changes nothing. `sources` are the configured ones: the groups of others do not count.
    """

    def __init__(self, database: Database, tenant: TenantId, sources: Sequence[SourceName]) -> None:
        self._database = database
        self._tenant = tenant
        self._sources = sources

    def is_first(self, source: SourceName) -> bool:
        """
        Say whether no sync of the source was ever carried through to its end.
        """
        done = tables.sources.c.first_sync_done_at
        wanted = select(done).where(tables.sources.c.name == source)
        with self._database.reading() as connection:
            return connection.scalar(wanted) is None

    def held(self, source: SourceName) -> dict[DocumentId, HeldDocument]:
        """
        Return what is held of a source.
        """
        with self._database.reading() as connection:
            return {one.document: one for one in held_of(connection, source)}

    def groups(self) -> dict[SourceName, GroupLists]:
        """
        Return the groups as each source defines them.
        """
        with self._database.reading() as connection:
            return {one: stored_groups(connection, self._tenant, one) for one in self._sources}

    def directory(self, groups: Mapping[SourceName, GroupLists]) -> Directory:
        """
        Put group definitions together; how old a source's statements are does not count here.
        """
        stated = [
            (source, group, members)
            for source, lists in groups.items()
            for group, members in lists.items()
        ]
        return directory_of(self._tenant, stated, frozenset())

    def acls(self, digests: Sequence[ReadershipDigest]) -> Mapping[ReadershipDigest, AclSnapshot]:
        """
        Return ACLs by digest.
        """
        with self._database.reading() as connection:
            return acls_at(connection, self._tenant, digests)

    def last_live(self, keys: Sequence[DocumentKey]) -> dict[DocumentKey, LastLive]:
        """
        Return what withheld documents were last readable by; not what has been removed since.
        """
        found: dict[DocumentKey, LastLive] = {}
        with self._database.reading() as connection:
            for start in range(0, len(keys), MAX_KEYS_A_QUERY):
                found |= _last_live(connection, keys[start : start + MAX_KEYS_A_QUERY])
        return found

    def groups_changed(self) -> Epoch:
        """
        Return the epoch at which any group last changed.
        """
        with self._database.reading() as connection:
            return Epoch(connection.scalars(select(tables.epoch.c.directory)).one())

    def readerships_elsewhere(self, source: SourceName) -> list[ReadershipDigest]:
        """
        Return by which ACLs documents of other sources are readable.
        """
        columns = tables.documents.c
        wanted = (
            select(columns.readership)
            .where(columns.state == DocumentState.LIVE.value, columns.source != source)
            .where(columns.readership.is_not(None))
            .distinct()
        )
        with self._database.reading() as connection:
            return [ReadershipDigest(str(one)) for one in connection.scalars(wanted)]

    def live_elsewhere(
        self, source: SourceName, readerships: Sequence[ReadershipDigest]
    ) -> list[LiveElsewhere]:
        """
        Return the documents of other sources with these ACLs, but for pushed ones.
        """
        columns = tables.documents.c
        pushed = select(tables.pushed_documents.c.document_key)
        wanted = (
            select(columns.key, columns.source, columns.document, columns.readership, columns.label)
            .where(columns.state == DocumentState.LIVE.value, columns.source != source)
            .where(columns.key.not_in(pushed))
        )
        with self._database.reading() as connection:
            return [
                LiveElsewhere(*row)
                for start in range(0, len(readerships), MAX_KEYS_A_QUERY)
                for row in connection.execute(
                    wanted.where(
                        columns.readership.in_(readerships[start : start + MAX_KEYS_A_QUERY])
                    )
                )
            ]


def _last_live(connection: Connection, keys: Sequence[DocumentKey]) -> dict[DocumentKey, LastLive]:
    past = tables.document_history.c
    wanted = (
        select(past.document_key, past.state, past.readership, past.epoch)
        .where(past.document_key.in_(keys))
        .order_by(past.epoch)
    )
    found: dict[DocumentKey, LastLive] = {}
    live: dict[DocumentKey, ReadershipDigest] = {}
    for key, state, readership, epoch in connection.execute(wanted):
        if state == DocumentState.LIVE.value and readership is not None:
            live[key] = ReadershipDigest(readership)
            continue
        if state == DocumentState.REMOVED.value:
            found.pop(key, None)
        elif key in live:
            found[key] = LastLive(live[key], Epoch(epoch))
        live.pop(key, None)
    return found
