"""
The real registry, index, scopes and recheck, driven step by step; everything but HTTP.

Writing goes through the same calls in the same order as a sync (`ingestion.reconcile`), and may
be broken off after each of them, as if the process had died there.
"""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Final

import numpy as np

from acl.identity.linking import IdentityLink
from acl.identity.reader import VerifiedClaims
from acl.index.edge_reader import EdgeReader
from acl.index.reading import Question
from acl.index.writing import StagedChunk
from acl.model.documents import DocumentState
from acl.model.grants import AclSnapshot
from acl.model.identifiers import AuthorityId, DocumentId, DocumentKey, SourceName
from acl.model.labels import LabelPolicy
from acl.model.principals import Principal
from acl.model.switches import Switch, SwitchKind
from acl.registry.database import Database, open_database
from acl.registry.permissions import PermissionRegistry
from acl.registry.switchboard import SwitchBoard
from acl.registry.writing import PermissionChange, RegistryWriter
from ingestion.settle import Settler
from retrieval.admit import Directories
from retrieval.authorize import Authorized, Authorizer, LabelPolicies, SourceBudgets
from retrieval.recheck import Rechecker
from tests.acl.identity.readers import proven
from tests.acl.index.engines import DIMENSION, MENU, SALARY, Index, hash_of, vector
from tests.acl.people import ACME, CORP, HANDBOOK, INTRANET, NOON, WIKI
from tests.acl.registry.registries import NAMER, SEALER, new_revision
from tests.properties.reference import STALENESS

ISSUER: Final = "https://idp.acme.example"
SOURCES: Final = (HANDBOOK, INTRANET)
EVERYTHING: Final = 1_000
LABEL, SECRET, UNHEARD_OF = "internal", "secret", "unheard-of"
CHAT, VAULT = "chat", "vault"
"""
Two clients: one may carry away what is labelled internal, the other what is secret as well.
"""
LINKS: Final = tuple(IdentityLink(ISSUER, one, AuthorityId(one)) for one in (CORP, WIKI))
BUDGETS: Final = SourceBudgets(dict.fromkeys(SOURCES, timedelta(seconds=STALENESS)))
LABELS: Final = LabelPolicies({ISSUER: LabelPolicy((LABEL, SECRET), LABEL, {VAULT: SECRET})})
ANYTHING: Final = Question(np.ones(DIMENSION, dtype=np.float32), {})


class End(IntEnum):
    """
    Where a write ends. Only `DONE` is not a crash.
    """

    MARKED = 0
    STAGED = 1
    COMMITTED = 2
    DONE = 3


@dataclass
class Stack:
    """
    One registry on a file of its own, and an engine that it has to itself for the time.
    """

    template: Path
    directory: Path
    index: Index
    now: datetime = NOON
    revisions: dict[str, int] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.file = self.directory / "registry.db"
        shutil.copy(self.template, self.file)
        self.databases: list[Database] = []
        self.reopen()
        for source in SOURCES:
            self.writer.register_source(source, CORP)

    def reopen(self) -> None:
        """
        Close the registry and open it again, as a process that starts anew does.
        """
        self._close()
        url = f"sqlite:///{self.file}"
        writing, reading = open_database(url, may_write=True), open_database(url, may_write=False)
        self.databases = [writing, reading]
        self.writer = RegistryWriter(writing, ACME, NAMER, SEALER)
        self.board = SwitchBoard(writing)
        self.settler = Settler(self.writer, self.index.writer, NAMER)
        self.permissions = PermissionRegistry(
            reading,
            ACME,
            NAMER,
            SEALER,
            believed=lambda currency, switches: BUDGETS.fresh(currency, switches, self.now),
        )
        self.authorizer = Authorizer(
            self.permissions, LINKS, BUDGETS, LABELS, Directories(), ACME, self.clock
        )
        self.rechecker = Rechecker(self.permissions, BUDGETS, NAMER, self.clock)
        self.reader = EdgeReader(self.index.lease, ACME, NAMER, self.clock)

    def close(self) -> None:
        """
        Leave an empty engine and no files.
        """
        self.index.writer.remove([_key(document) for document in self.revisions])
        self._close()
        for file in self.directory.glob("registry.db*"):
            file.unlink()

    def clock(self) -> datetime:
        """
        Return the moment at which the test stands.
        """
        return self.now

    def hear(self, source: SourceName) -> None:
        """
        Record that a source was heard.
        """
        self.writer.observed(source, at=self.now)

    def define(self, source: SourceName, groups: Mapping[Principal, frozenset[Principal]]) -> None:
        """
        Replace the groups of a source.
        """
        self.writer.apply_permissions(source, [], groups, now=self.now)

    def write(self, document: str, acl: AclSnapshot, end: End) -> None:
        """
        Write a new revision of a document, as far as `end`.
        """
        key, revision = _key(document), self.revisions.get(document, 0) + 1
        new = replace(new_revision(document, acl, revision, 1), label=self._label(document))
        self.writer.mark_unsettled([key], now=self.now)
        # From here on the engine may hold something of this document.
        self.revisions.setdefault(document, 0)
        if end is End.MARKED:
            return
        self.index.writer.discard_uncommitted({key: revision - 1})
        self.index.writer.stage([_point(document, revision)])
        self.index.writer.flush()
        if end is End.STAGED:
            return
        touched = self.writer.commit_revisions(HANDBOOK, [new], now=self.now)
        self.revisions[document] = revision
        if end is End.DONE:
            self.settler.settle(touched)

    def permit(self, acls: Mapping[str, AclSnapshot | None], end: End) -> None:
        """
        State new ACLs; `None` hides.
        """
        live, hidden = DocumentState.LIVE, DocumentState.HIDDEN
        said = [(d, live if acl else hidden, acl) for d, acl in acls.items()]
        self._change([self._changed(*one) for one in said], end)

    def remove(self, document: str, end: End) -> None:
        """
        Leave a tombstone.
        """
        self._change([self._changed(document, DocumentState.REMOVED, None)], end)

    def switch(self, document: str, *, off: bool) -> None:
        """
        Take a document out of service, or put it into service again.
        """
        one = Switch(SwitchKind.DOCUMENT, HANDBOOK, document)
        if off:
            self.board.switch_off(one, "a test", now=self.now)
        else:
            self.board.switch_on(one, now=self.now)

    def recover(self) -> None:
        """
        Do what every sync does first.
        """
        self.settler.settle_all()

    def index_anew(self) -> None:
        """
        Doubt every point of the index and settle it.
        """
        self.settler.settle(self.writer.mark_all_unsettled(now=self.now))

    def asks(
        self, ids: Mapping[str, str], client: str = CHAT, sources: Iterable[str] | None = None
    ) -> Authorized:
        """
        Take a reader with these ids through the first door.
        """
        expires = self.now + timedelta(hours=1)
        claims = VerifiedClaims(ids)
        reader = proven("someone", issuer=ISSUER, client=client, expires_at=expires, claims=claims)
        return self.authorizer.authorize(reader, needs="rag.search", sources=sources)

    def names(self) -> dict[DocumentKey, str]:
        """
        Return every document that the engine may hold something of.
        """
        return {_key(document): document for document in self.revisions}

    def visible(self, ids: Mapping[str, str]) -> tuple[set[str], set[str], set[str]]:
        """
        Return what a reader finds in the index, what of that passes the recheck, and what
        the reader can fetch by id.
        """
        may = self.asks(ids)
        dense, _ = self.reader.search(ANYTHING, scope=may.scope, candidates=EVERYTHING)
        hits = [hit for hit, _ in dense.hits]
        names = self.names()
        released = self.rechecker.still_readable(hits, may).released
        _, fetched = self.rechecker.readable_documents(names.keys(), may)
        return (
            {names[hit.document] for hit in hits},
            {names[one.hit.document] for one in released},
            {names[statement.key] for statement, _ in fetched},
        )

    def _change(self, changes: Sequence[PermissionChange], end: End) -> None:
        touched = self.writer.apply_permissions(HANDBOOK, changes, None, now=self.now)
        if end is End.DONE:
            self.settler.settle(touched)

    def _label(self, document: str) -> str:
        return self.labels.get(document, LABEL)

    def _changed(
        self, document: str, state: DocumentState, acl: AclSnapshot | None
    ) -> PermissionChange:
        return PermissionChange(DocumentId(document), state, acl, self._label(document))

    def _close(self) -> None:
        for database in self.databases:
            database.close()


def _key(document: str) -> DocumentKey:
    return NAMER.document(HANDBOOK, DocumentId(document))


def _point(document: str, revision: int) -> StagedChunk:
    # Every document says something of both, and none as much as another.
    key, drawn = _key(document), hash_of(document)
    terms = {SALARY: 1.0 + drawn % 7, MENU: 1.0 + drawn % 5}
    return StagedChunk(NAMER.chunk(key, revision, 0), HANDBOOK, key, revision, vector(drawn), terms)
