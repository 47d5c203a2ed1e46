"""
Answers the two doors: what is in force now, and what is stated of these documents.

Each answer comes from one transaction, with the view of its epoch (`acl.registry.views`).
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from acl.keys.acl_seal import AclSealer
from acl.keys.errors import SealBrokenError
from acl.keys.naming import Namer
from acl.model.documents import UNLABELLED, DocumentPermission, DocumentState
from acl.model.identifiers import (
    ChunkId,
    DocumentId,
    DocumentKey,
    Epoch,
    ReadershipDigest,
    SourceName,
    TenantId,
)
from acl.model.switches import Switches
from acl.registry import tables
from acl.registry.database import Database
from acl.registry.switching import load_switches
from acl.registry.views import MAX_KEYS_A_QUERY, PermissionView, ViewBuilder

logger = logging.getLogger(__name__)

NOT_THERE: Final = DocumentPermission(
    key=DocumentKey("0" * 32),
    source=SourceName("nowhere"),
    document=DocumentId("not-there"),
    state=DocumentState.HIDDEN,
    revision=0,
    acl_revision=0,
    readership=ReadershipDigest("0" * 64),
    label=UNLABELLED,
    seal=b"",
)
"""
Verified in place of a document that does not exist, and handed to nobody.
"""


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
        believed: Callable[["Currency", Switches], frozenset[SourceName]],
    ) -> None:
        """
        `believed` says whose group definitions count: those of configured sources whose
        permissions are fresh. The groups of others are then unknown.
        """
        self._database = database
        self._believed = believed
        self._sealer = sealer
        self._stand_in = {**asdict(sealer.sealed(NOT_THERE)), "state": NOT_THERE.state.value}
        self._views = ViewBuilder(tenant, namer)

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
                found = select(*_STATED).where(tables.documents.c.key.in_(some))
                rows += connection.execute(found).all()
            currency = self._currency(connection)
            view = self._view(connection, currency)
        stated = [row._mapping for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for it
        verified = [one for found in stated if (one := self._verified(found)) is not None]
        # What is not there takes as long as what is there and hidden: the two get one answer,
        # and the time to it must not tell them apart.
        for _ in range(len(wanted) - len(rows)):
            self._verified(self._stand_in)
        return view, currency, {statement.key: statement for statement in verified}

    def epoch(self) -> Epoch:
        """
        Return the present epoch.
        """
        with self._database.reading() as connection:
            return Epoch(connection.scalars(select(tables.epoch.c.value)).one())

    def keys_of(self, document: DocumentId, source: SourceName | None) -> list[DocumentKey]:
        """
        Return the keys of every document with this id, in one source or in all.
        """
        if not tables.storable(document) or not tables.storable(source or ""):
            return []
        found = select(tables.documents.c.key).where(tables.documents.c.document == document)
        if source is not None:
            found = found.where(tables.documents.c.source == source)
        with self._database.reading() as connection:
            return [DocumentKey(key) for key in connection.scalars(found)]

    def document_of(self, chunk: ChunkId) -> DocumentKey | None:
        """
        Return the document that a chunk belongs to.
        """
        if not tables.storable(chunk):
            return None
        wanted = select(tables.chunks.c.document_key).where(tables.chunks.c.chunk == chunk)
        with self._database.reading() as connection:
            key = connection.scalar(wanted)
        return None if key is None else DocumentKey(key)

    def _verified(self, found: Mapping[Any, Any]) -> DocumentPermission | None:
        try:
            statement = _statement(found)
            self._sealer.verify(statement)
        except SealBrokenError as error:
            logger.critical("%s; the document is withheld", error.diagnostics())
            return None
        except ValueError as error:
            logger.critical("the row of a document was edited: %s; it is withheld", error)
            return None
        return statement

    def _view(self, connection: Connection, currency: Currency) -> PermissionView:
        switches = load_switches(connection)
        return self._views.view(connection, switches, self._believed(currency, switches))

    def _currency(self, connection: Connection) -> Currency:
        observed = select(tables.sources.c.name, tables.sources.c.acl_observed_at).where(
            tables.sources.c.acl_observed_at.is_not(None)
        )
        pending = select(tables.unsettled.c.document_key)
        return Currency(
            acl_observed_at={SourceName(name): at for name, at in connection.execute(observed)},
            unsettled=frozenset(DocumentKey(key) for key in connection.scalars(pending)),
        )


_STATED = [
    tables.documents.c[name]
    for name in (
        "key",
        "source",
        "document",
        "state",
        "revision",
        "acl_revision",
        "readership",
        "label",
        "seal",
    )
]
_STATES = frozenset(state.value for state in DocumentState)


def permission_from(row: Row[tuple[object, ...]]) -> DocumentPermission:
    """
    Read one row of `documents`; its seal is not verified here.

    Raises:
        SealBrokenError: It holds a state that this program has never written.
    """
    return _statement(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it


def _statement(found: Mapping[Any, Any]) -> DocumentPermission:
    readership = found["readership"]
    if found["state"] not in _STATES:
        msg = (
            f"the row of {found['source']}/{found['document']} was edited: no document has state "
            f"{found['state']!r}; restore the registry from a backup, or set it to 'hidden'"
        )
        raise SealBrokenError(msg)
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
