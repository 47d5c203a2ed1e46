"""
What was in force in the past: every permission and membership list that there has been.

Written in the transaction that commits it; read by explanations, never by a door.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, Select, and_, func, insert, select

from acl.decision.admission import People
from acl.decision.membership import Directory
from acl.directory.changes import changed_since
from acl.directory.people import people_at
from acl.directory.stored import directory_of, members_from
from acl.model.documents import DocumentState
from acl.model.grants import AclSnapshot
from acl.model.identifiers import (
    AuthorityId,
    DocumentId,
    DocumentKey,
    Epoch,
    ReadershipDigest,
    SourceName,
    TenantId,
)
from acl.model.principals import Principal, PrincipalKind
from acl.model.switches import Switches
from acl.registry import tables
from acl.registry.database import Database
from acl.registry.epochs import epoch_at
from acl.registry.errors import NotRecordedError
from acl.registry.switching import load_switches
from acl.registry.views import verified_acls

MAX_KEYS_A_QUERY = 500


@dataclass(frozen=True, slots=True)
class PastPermission:
    """
    What was stated of a document at an epoch.
    """

    key: DocumentKey
    source: SourceName
    document: DocumentId
    since: Epoch
    state: DocumentState
    acl_revision: int
    readership: ReadershipDigest | None
    label: str


@dataclass(frozen=True, slots=True)
class PastView:
    """
    What was in force at an epoch; `at` is the moment that was asked for, or its commit.
    """

    epoch: Epoch
    at: datetime
    directory: Directory
    people: People
    switches: Switches
    documents: tuple[PastPermission, ...]
    acls: Mapping[ReadershipDigest, AclSnapshot]


class History:
    """
    Answers for the past; changes nothing.
    """

    def __init__(self, database: Database, tenant: TenantId) -> None:
        self._database = database
        self._tenant = tenant

    def at(self, when: Epoch | datetime, document: DocumentId | None = None) -> PastView:
        """
        Return what was in force, with the documents of one id or with all.

        Raises:
            NotRecordedError: Nothing is recorded of that epoch or moment.
        """
        with self._database.reading() as connection:
            epoch, moment = _resolved(connection, when)
            switches = load_switches(connection, at=epoch)
            documents = documents_at(connection, epoch, document)
            digests = [one.readership for one in documents if one.readership is not None]
            return PastView(
                epoch,
                moment,
                directory_at(connection, self._tenant, epoch, switches.groups(self._tenant)),
                people_at(connection, epoch),
                switches,
                tuple(documents),
                acls_at(connection, self._tenant, digests),
            )


def _resolved(connection: Connection, when: Epoch | datetime) -> tuple[Epoch, datetime]:
    if isinstance(when, datetime):
        epoch = epoch_at(connection, when)
        if epoch is None:
            msg = f"nothing is recorded of {when.isoformat()}: the registry is younger"
            raise NotRecordedError(msg)
        return epoch, when
    columns = tables.epochs.c
    moment = connection.scalar(select(columns.at).where(columns.epoch == when))
    if moment is None:
        known = select(func.min(columns.epoch), func.max(columns.epoch))
        first, last = connection.execute(known).one()
        msg = f"epoch {when} is not recorded; recorded are {first or 'none'} to {last or 'none'}"
        raise NotRecordedError(msg)
    return when, moment


def record_documents(connection: Connection, keys: Sequence[DocumentKey], epoch: Epoch) -> None:
    """
    Write down what these documents' permissions are as of an epoch.
    """
    now = tables.documents.c
    columns = ("source", "document", "state", "revision", "acl_revision", "readership", "label")
    for start in range(0, len(keys), MAX_KEYS_A_QUERY):
        some = list(dict.fromkeys(keys))[start : start + MAX_KEYS_A_QUERY]
        found = select(now.key, *(now[name] for name in columns)).where(now.key.in_(some))
        rows = [
            {"document_key": row.key, "epoch": epoch, **{name: row[name] for name in columns}}
            for row in connection.execute(found).mappings()
        ]
        if rows:
            connection.execute(insert(tables.document_history), rows)


def documents_at(
    connection: Connection, epoch: Epoch, document: DocumentId | None = None
) -> list[PastPermission]:
    """
    Return what was stated at an epoch of one document id, or of every document.
    """
    past = tables.document_history.c
    newest = (
        select(past.document_key, func.max(past.epoch).label("epoch"))
        .where(past.epoch <= epoch)
        .group_by(past.document_key)
        .subquery()
    )
    same = and_(past.document_key == newest.c.document_key, past.epoch == newest.c.epoch)
    found = select(tables.document_history).join(newest, same)
    if document is not None:
        found = found.where(past.document == document)
    return [_permission(row) for row in connection.execute(found.order_by(past.document_key))]


def acls_at(
    connection: Connection, tenant: TenantId, digests: Sequence[ReadershipDigest]
) -> Mapping[ReadershipDigest, AclSnapshot]:
    """
    Return ACLs by digest; what a digest names never changes.
    """
    wanted = sorted(set(digests))
    loaded: dict[ReadershipDigest, AclSnapshot] = {}
    for start in range(0, len(wanted), MAX_KEYS_A_QUERY):
        some = wanted[start : start + MAX_KEYS_A_QUERY]
        rows = select(tables.readerships).where(tables.readerships.c.digest.in_(some))
        loaded |= verified_acls(connection.execute(rows), tenant)
    return loaded


def directory_at(
    connection: Connection, tenant: TenantId, epoch: Epoch, unknown: frozenset[Principal]
) -> Directory:
    """
    Return the groups as all sources defined them at an epoch.

    How old a source's statements were at the time is not recorded; all are believed.
    """
    past = tables.group_history.c
    named = (past.source, past.authority, past.id)
    newest = (
        select(*named, func.max(past.epoch).label("epoch"))
        .where(past.epoch <= epoch)
        .group_by(*named)
        .subquery()
    )
    same = and_(
        past.source == newest.c.source,
        past.authority == newest.c.authority,
        past.id == newest.c.id,
        past.epoch == newest.c.epoch,
    )
    found: Select[tuple[str, ...]] = select(tables.group_history).join(newest, same)
    stated: dict[tuple[str, Principal], frozenset[Principal]] = {}
    for row in connection.execute(found.where(past.members.is_not(None))):
        group = Principal(tenant, AuthorityId(row.authority), PrincipalKind.GROUP, row.id)
        stated[row.source, group] = members_from(tenant, row.members)
    for group_stated, changes in changed_since(connection, tenant, newest, epoch).items():
        for added, removed in changes:
            stated[group_stated] = (stated[group_stated] | added) - removed
    listed = [(source, group, some) for (source, group), some in stated.items()]
    return directory_of(tenant, listed, unknown)


def _permission(row: Row[tuple[object, ...]]) -> PastPermission:
    past = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    readership = past["readership"]
    return PastPermission(
        key=DocumentKey(past["document_key"]),
        source=SourceName(past["source"]),
        document=DocumentId(past["document"]),
        since=Epoch(past["epoch"]),
        state=DocumentState(past["state"]),
        acl_revision=past["acl_revision"],
        readership=None if readership is None else ReadershipDigest(readership),
        label=past["label"],
    )
