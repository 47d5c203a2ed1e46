"""
Answers the two doors: what is in force now, and what is stated of these documents.

Each answer comes from one transaction, with the view of its epoch (`acl.registry.views`).
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, exists, func, select, true

from acl.keys.acl_seal import AclSealer
from acl.keys.errors import SealBrokenError
from acl.keys.naming import Namer
from acl.model.definers import Definer
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
from acl.registry.errors import RegistryUnavailableError
from acl.registry.rows import permission_columns
from acl.registry.views import MAX_KEYS_A_QUERY, Edition, PermissionView, ViewBuilder

logger = logging.getLogger(__name__)

MAX_VERIFIED: Final = 4_096
"""
Rows whose seal was found to hold, of documents that a search has found: some 4 MB.
"""

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
Looked at in place of a document that does not exist where there is no document at all.
"""

# Put together once: statements are what a recheck mostly costs.
_PRESENT = select(
    tables.epoch.c.value,
    tables.epoch.c.documents,
    tables.epoch.c.directory,
    tables.sources.c.name,
    tables.sources.c.kind,
    tables.sources.c.acl_observed_at,
    exists(select(tables.unsettled.c.document_key)),
).select_from(tables.epoch.outerjoin(tables.sources, true()))
_SOURCE: Final = Definer.SOURCE.value
_UNSETTLED = select(tables.unsettled.c.document_key)
_STATED = (
    "key",
    "source",
    "document",
    "state",
    "revision",
    "acl_revision",
    "readership",
    "label",
    "seal",
)  # in the order of `DocumentPermission`
_STATED_COLUMNS = [tables.documents.c[name] for name in _STATED]
_STATEMENTS = select(*_STATED_COLUMNS).where(
    tables.documents.c.key.in_(bindparam("keys", expanding=True))
)
_named, _any = tables.documents.alias(), tables.documents.alias()
_STATEMENT_OR_ANOTHER = select(*_STATED_COLUMNS).where(
    tables.documents.c.key
    == func.coalesce(
        select(_named.c.key).where(_named.c.key == bindparam("key")).scalar_subquery(),
        select(func.min(_any.c.key)).scalar_subquery(),
    )
)


@dataclass(frozen=True, slots=True)
class Currency:
    """
    What changes without a new epoch: when each source's ACLs were last seen, when each directory
    was last heard, by its kind, and which documents' index points are being rewritten.
    """

    acl_observed_at: Mapping[SourceName, datetime]
    unsettled: frozenset[DocumentKey]
    heard: Mapping[tuple[SourceName, str], datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LookedUp:
    """
    What is stated of a document that was asked for by name. If it is not `there`, it is of
    another one, looked at so that the same is done in the same time, and is nobody's to have.

    `None` if the seal of the statement does not hold.
    """

    statement: DocumentPermission | None
    there: bool


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
        self._views = ViewBuilder(tenant, namer)
        # Of a row that is the same in every column, seal included, the seal holds as before.
        self._verify_once = lru_cache(MAX_VERIFIED)(self._verify)
        self._stand_in = tuple(permission_columns(sealer.sealed(NOT_THERE)).values())

    def current(
        self, first: Callable[[Connection], None] | None = None
    ) -> tuple[PermissionView, Currency]:
        """
        Return the view of the current epoch and what goes with it, from one transaction.

        `first` looks at the same state before, and may refuse.

        Raises:
            RegistryUnavailableError: The registry did not answer.
        """
        with self._database.reading() as connection:
            if first is not None:
                first(connection)
            return self._present(connection)

    def permissions(
        self, keys: Iterable[DocumentKey]
    ) -> tuple[PermissionView, Currency, Mapping[DocumentKey, DocumentPermission]]:
        """
        Return view, currency and the statements on these documents, from one transaction.

        A document that is unknown, or whose seal does not hold, is absent from the answer.
        """
        wanted = sorted(set(keys))
        with self._database.reading() as connection:
            rows: list[Row[Any]] = []
            for start in range(0, len(wanted), MAX_KEYS_A_QUERY):
                some = wanted[start : start + MAX_KEYS_A_QUERY]
                rows += connection.execute(_STATEMENTS, {"keys": some}).all()
            view, currency = self._present(connection)
        verified = [self._or_none(self._verify_once, row) for row in rows]
        return view, currency, {one.key: one for one in verified if one is not None}

    def look_up(
        self, keys: Sequence[DocumentKey]
    ) -> tuple[PermissionView, Currency, list[LookedUp]]:
        """
        Return view and currency, and what is stated of each of these documents, in their order.

        Hidden and absent get one answer, and the time to it must not tell them apart: for each
        key one row is read and one seal verified. For the same reason nothing is remembered.
        """
        with self._database.reading() as connection:
            rows = [
                connection.execute(_STATEMENT_OR_ANOTHER, {"key": key}).one_or_none()
                or self._stand_in
                for key in keys
            ]
            view, currency = self._present(connection)
        return (
            view,
            currency,
            [
                LookedUp(self._or_none(self._verify, row), row[0] == key)
                for key, row in zip(keys, rows, strict=True)
            ],
        )

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
        found = select(tables.chunks.c.document_key).where(tables.chunks.c.chunk == chunk)
        with self._database.reading() as connection:
            # A row comes back in any case, and takes its time.
            key = connection.scalar(select(found.scalar_subquery()))
        return None if key is None else DocumentKey(key)

    def _verify(self, stated: Sequence[Any]) -> DocumentPermission:
        statement = _permission(stated)
        self._sealer.verify(statement)
        return statement

    def _or_none(
        self, verify: Callable[..., DocumentPermission], row: Sequence[Any]
    ) -> DocumentPermission | None:
        try:
            return verify(row)
        except SealBrokenError as error:
            logger.critical("%s; the document is withheld", error.diagnostics())
        except ValueError as error:
            logger.critical("the row of a document was edited: %s; it is withheld", error)
        return None

    def _present(self, connection: Connection) -> tuple[PermissionView, Currency]:
        edition, currency = present(connection)
        view = self._views.view(
            connection, edition, lambda switches: self._believed(currency, switches)
        )
        return view, currency


def present(connection: Connection) -> tuple[Edition, Currency]:
    """
    Return which epoch it is, and what changes without a new one.

    Raises:
        RegistryUnavailableError: The registry has lost its epoch.
    """
    # One row for every source; what is not of the source is the same on each.
    rows = connection.execute(_PRESENT).all()
    if not rows:
        msg = "the registry has lost its epoch; restore it from a backup"
        raise RegistryUnavailableError(msg)
    epoch, documents, directory, _, _, _, some_unsettled = rows[0]
    unsettled = connection.scalars(_UNSETTLED) if some_unsettled else ()
    seen = {(SourceName(row[3]), str(row[4])): row[5] for row in rows if row[5] is not None}
    currency = Currency(
        acl_observed_at={name: at for (name, kind), at in seen.items() if kind == _SOURCE},
        unsettled=frozenset(DocumentKey(key) for key in unsettled),
        heard={one: at for one, at in seen.items() if one[1] != _SOURCE},
    )
    return Edition(Epoch(epoch), documents, directory), currency


_STATES: Final = {state.value: state for state in DocumentState}


def permission_from(row: Row[Any]) -> DocumentPermission:
    """
    Read one row of `documents`; its seal is not verified here.

    Raises:
        SealBrokenError: It holds a state that this program has never written.
    """
    return _permission([getattr(row, name) for name in _STATED])


def _permission(stated: Sequence[Any]) -> DocumentPermission:
    # By place: names would cost every recheck more than verifying the seals.
    key, source, document, state, revision, acl_revision, readership, label, seal = stated
    known = _STATES.get(state)
    if known is None:
        msg = (
            f"the row of {source}/{document} was edited: no document has state "
            f"{state!r}; restore the registry from a backup, or set it to 'hidden'"
        )
        raise SealBrokenError(msg)
    return DocumentPermission(
        key, source, document, known, revision, acl_revision, readership, label, seal
    )
