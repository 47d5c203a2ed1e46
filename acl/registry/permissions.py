"""
Who may read what, as the registry has it at one epoch.

A request works on one `PermissionView`: groups and readerships as they were committed
together. Views are cached by epoch; the epoch itself is read anew for every request, which is
what makes a revocation hold at the next one.
"""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from sqlalchemy import Connection, Row, select

from acl.decision.membership import Directory
from acl.directory.stored import load_directory
from acl.keys.acl_seal import AclSealer
from acl.keys.errors import SealBrokenError
from acl.keys.naming import Namer
from acl.model.documents import DocumentPermission, DocumentState
from acl.model.grants import AclSnapshot
from acl.model.identifiers import (
    ChunkId,
    DocumentId,
    DocumentKey,
    Epoch,
    ReadershipDigest,
    ReadershipKey,
    SourceName,
    TenantId,
)
from acl.registry import tables
from acl.registry.database import Database

logger = logging.getLogger(__name__)

MAX_KEYS_A_QUERY = 500
"""
Keys looked up in one statement; SQLite allows a limited number of parameters.
"""


@dataclass(frozen=True, slots=True)
class PermissionView:
    """
    Groups and readerships of one epoch.
    """

    epoch: Epoch
    directory: Directory
    readerships: Mapping[ReadershipKey, AclSnapshot]
    by_digest: Mapping[ReadershipDigest, AclSnapshot]


@dataclass(frozen=True, slots=True)
class Currency:
    """
    What changes without a new epoch: when each source's ACLs were last seen, and which
    documents' index points are being rewritten.
    """

    acl_observed_at: Mapping[SourceName, datetime]
    unsettled: frozenset[DocumentKey]


class PermissionRegistry:
    """
    Reads permissions; changes nothing.
    """

    def __init__(
        self,
        database: Database,
        tenant: TenantId,
        namer: Namer,
        sealer: AclSealer,
        believed: Callable[["Currency"], frozenset[SourceName]] | None = None,
    ) -> None:
        """
        `believed` says whose group definitions count: those of configured sources whose
        permissions are fresh. The groups of others are then unknown. Without it all count,
        which is for looking at a registry and never for answering readers.
        """
        self._database = database
        self._believed = believed
        self._tenant = tenant
        self._namer = namer
        self._sealer = sealer
        self._lock = Lock()
        self._cached: PermissionView | None = None
        self._cached_for: tuple[Epoch, frozenset[SourceName] | None] | None = None

    def current(self) -> tuple[PermissionView, Currency]:
        """
        Return the view of the current epoch and what goes with it, from one transaction.

        Raises:
            RegistryUnavailableError: The registry did not answer.
        """
        with self._database.reading() as connection:
            currency = self._currency(connection)
            return self._view(connection, currency), currency

    def permissions(
        self, keys: Iterable[DocumentKey]
    ) -> tuple[PermissionView, Currency, Mapping[DocumentKey, DocumentPermission]]:
        """
        Return view, currency and the statements on these documents, from one transaction.

        A document that is unknown, or whose seal does not hold, is absent from the answer.
        """
        wanted = sorted(set(keys))
        with self._database.reading() as connection:
            rows: list[Row[tuple[object, ...]]] = []
            for start in range(0, len(wanted), MAX_KEYS_A_QUERY):
                some = wanted[start : start + MAX_KEYS_A_QUERY]
                found = select(tables.documents).where(tables.documents.c.key.in_(some))
                rows += connection.execute(found).all()
            currency = self._currency(connection)
            view = self._view(connection, currency)
        verified = [statement for row in rows if (statement := self._verified(row)) is not None]
        return view, currency, {statement.key: statement for statement in verified}

    def keys_of(self, document: DocumentId, source: SourceName | None) -> list[DocumentKey]:
        """
        Return the keys of every document with this id, in one source or in all.
        """
        found = select(tables.documents.c.key).where(tables.documents.c.document == document)
        if source is not None:
            found = found.where(tables.documents.c.source == source)
        with self._database.reading() as connection:
            return [DocumentKey(key) for key in connection.scalars(found)]

    def document_of(self, chunk: ChunkId) -> DocumentKey | None:
        """
        Return the document that a chunk belongs to.
        """
        wanted = select(tables.chunks.c.document_key).where(tables.chunks.c.chunk == chunk)
        with self._database.reading() as connection:
            key = connection.scalar(wanted)
        return None if key is None else DocumentKey(key)

    def _verified(self, row: Row[tuple[object, ...]]) -> DocumentPermission | None:
        try:
            statement = permission_from(row)
            self._sealer.verify(statement)
        except SealBrokenError as error:
            logger.critical("%s; the document is withheld", error.diagnostics())
            return None
        except ValueError as error:
            logger.critical("the row of a document was edited: %s; it is withheld", error)
            return None
        return statement

    def _view(self, connection: Connection, currency: Currency) -> PermissionView:
        epoch = Epoch(connection.scalars(select(tables.epoch.c.value)).one())
        believed = self._believed(currency) if self._believed is not None else None
        with self._lock:
            if self._cached is not None and self._cached_for == (epoch, believed):
                return self._cached
        by_digest = load_readerships(connection, self._tenant)
        view = PermissionView(
            epoch=epoch,
            directory=load_directory(connection, self._tenant, believed),
            readerships={self._namer.readership(d): acl for d, acl in by_digest.items()},
            by_digest=by_digest,
        )
        with self._lock:
            self._cached, self._cached_for = view, (epoch, believed)
        return view

    def _currency(self, connection: Connection) -> Currency:
        observed = select(tables.sources.c.name, tables.sources.c.acl_observed_at).where(
            tables.sources.c.acl_observed_at.is_not(None)
        )
        pending = select(tables.unsettled.c.document_key)
        return Currency(
            acl_observed_at={SourceName(name): at for name, at in connection.execute(observed)},
            unsettled=frozenset(DocumentKey(key) for key in connection.scalars(pending)),
        )


def permission_from(row: Row[tuple[object, ...]]) -> DocumentPermission:
    """
    Read one row of `documents`; its seal is not verified here.
    """
    found = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    readership = found["readership"]
    return DocumentPermission(
        key=DocumentKey(found["key"]),
        source=SourceName(found["source"]),
        document=DocumentId(found["document"]),
        state=DocumentState(found["state"]),
        revision=found["revision"],
        acl_revision=found["acl_revision"],
        readership=None if readership is None else ReadershipDigest(readership),
        label=found["label"],
        seal=found["seal"],
    )


def load_readerships(
    connection: Connection, tenant: TenantId
) -> dict[ReadershipDigest, AclSnapshot]:
    """
    Load the readerships that live documents refer to.

    One whose content does not have the digest it is filed under has been edited: it is left
    out, so nobody reads by it.
    """
    used = select(tables.documents.c.readership).where(
        tables.documents.c.state == DocumentState.LIVE.value
    )
    found = select(tables.readerships).where(tables.readerships.c.digest.in_(used))
    loaded: dict[ReadershipDigest, AclSnapshot] = {}
    for digest, gates in connection.execute(found):
        snapshot = parse_gates(tenant, gates)
        if snapshot is None or snapshot.digest() != digest:
            logger.critical("readership %s was edited; nobody reads by it", digest)
            continue
        loaded[ReadershipDigest(digest)] = snapshot
    return loaded


def parse_gates(tenant: TenantId, gates: str) -> AclSnapshot | None:
    """
    Read the stored gates of a readership; `None` if nobody wrote them so.
    """
    try:
        return AclSnapshot.from_json(tenant, json.loads(gates))
    except (ValueError, RecursionError):
        return None
