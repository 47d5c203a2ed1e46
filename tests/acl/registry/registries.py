"""
Registries of their own: a migrated copy for every test, in a file or on a server.
"""

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from acl.keys.acl_seal import AclSealer
from acl.keys.envelope import Meaning, new_envelope
from acl.keys.files import FileKek
from acl.keys.naming import Namer
from acl.model.cards import CARD_PART, ORIGINALS_PART, chunk_part
from acl.model.documents import DocumentPermission, DocumentState, Span
from acl.model.grants import AclSnapshot
from acl.model.identifiers import DocumentId, DocumentKey, SourceName
from acl.model.principals import Principal
from acl.model.switches import Switches
from acl.registry.content import ContentRegistry, SealedChunk
from acl.registry.database import Database, open_database
from acl.registry.permissions import Currency, PermissionRegistry
from acl.registry.rows import NewRevision
from acl.registry.writing import PermissionChange, RegistryWriter
from tests.acl.people import ACME, CORP, HANDBOOK, INTRANET, NOON
from tests.postgres import Server

NAMER: Final = Namer(ACME, b"n" * 32)
SEALER: Final = AclSealer(ACME, b"s" * 32)
KEK: Final = FileKek("file:content:1", b"k" * 32)
VAULT: Final = FileKek("file:vault:1", b"v" * 32)


def key_of(document: str, source: SourceName = HANDBOOK) -> DocumentKey:
    return NAMER.document(source, DocumentId(document))


@dataclass(frozen=True)
class Registry:
    """
    One registry, with what writes it, what reads it, and a way round both.
    """

    url: str
    database: Database
    writer: RegistryWriter
    reader: PermissionRegistry
    content: ContentRegistry

    def commit(
        self, document: str, acl: AclSnapshot, *, revision: int = 1, chunks: int = 2
    ) -> DocumentKey:
        """
        Make one document live.
        """
        revisions = [new_revision(document, acl, revision, chunks)]
        (key,) = self.writer.commit_revisions(HANDBOOK, revisions, now=NOON)
        return key

    def change(
        self,
        document: str,
        acl: AclSnapshot | None,
        *,
        state: DocumentState = DocumentState.LIVE,
        label: str = "internal",
    ) -> None:
        """
        Apply one permission change.
        """
        one = PermissionChange(DocumentId(document), state, acl, label)
        self.writer.apply_permissions(HANDBOOK, [one], None, now=NOON)

    def define(
        self, groups: Mapping[Principal, set[Principal]], source: SourceName = HANDBOOK
    ) -> None:
        """
        Replace the groups of one source.
        """
        frozen = {one: frozenset(members) for one, members in groups.items()}
        self.writer.apply_permissions(source, [], frozen, now=NOON)

    def settle(self, *keys: DocumentKey) -> None:
        """
        Say that the index follows what is committed of these documents.
        """
        self.writer.settle({key: self.writer.settled_state(key) for key in keys})

    def epoch(self) -> int:
        view, _ = self.reader.current()
        return view.epoch

    def reopened(self) -> "Registry":
        """
        Return the same registry with a reader that has seen nothing of it yet.
        """
        fresh = PermissionRegistry(self.database, ACME, NAMER, SEALER, every_source)
        return replace(self, reader=fresh)

    def statement(self, document: str) -> DocumentPermission | None:
        """
        Return what the registry vouches for.
        """
        _, _, found = self.reader.permissions([key_of(document)])
        return found.get(key_of(document))

    def sql(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """
        Do to the database what somebody with a shell on its machine could do.
        """
        if self.url.startswith("postgresql:"):
            return self._sql_of_postgres(statement, values)
        file = self.url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("PRAGMA foreign_keys=OFF")
            return connection.execute(statement, values).fetchall()

    def _sql_of_postgres(
        self, statement: str, values: tuple[object, ...]
    ) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url) as connection:
            connection.execute("SET session_replication_role = replica")  # no foreign keys
            wanted = statement.replace("%", "%%").replace("?", "%s")
            cursor = connection.execute(sql.SQL(wanted), values or None)
            return cursor.fetchall() if cursor.description else []


def every_source(currency: Currency, switches: Switches) -> frozenset[SourceName]:
    """
    Believe what both sources say, but for one that is switched off.
    """
    del currency
    return frozenset({HANDBOOK, INTRANET}) - switches.sources().keys()


@contextmanager
def copied(template: Path, directory: Path) -> Iterator[Registry]:
    """
    Yield a fresh registry in a SQLite file.
    """
    file = directory / "registry.db"
    shutil.copy(template, file)
    with opened(f"sqlite:///{file}") as registry:
        yield registry


@contextmanager
def on_postgres(server: Server, template: str) -> Iterator[Registry]:
    """
    Yield a fresh registry in a PostgreSQL database.
    """
    with server.database(template) as name, opened(server.address(name)) as registry:
        yield registry


@contextmanager
def opened(url: str) -> Iterator[Registry]:
    """
    Yield an empty registry with two sources; its reader opens it as the query service does.
    """
    writing = open_database(url, may_write=True)
    reading = open_database(url, may_write=False)
    registry = Registry(
        url,
        reading,
        RegistryWriter(writing, ACME, NAMER, SEALER),
        PermissionRegistry(reading, ACME, NAMER, SEALER, every_source),
        ContentRegistry(reading),
    )
    registry.writer.register_source(HANDBOOK, CORP)
    registry.writer.register_source(INTRANET, CORP)
    try:
        yield registry
    finally:
        writing.close()
        reading.close()


def new_revision(document: str, acl: AclSnapshot, revision: int, chunks: int) -> NewRevision:
    """
    Seal a small revision.
    """
    named = DocumentId(document)
    meaning = Meaning(ACME, HANDBOOK, named, revision)
    envelope, key = new_envelope(meaning, KEK)
    vault, vault_key = new_envelope(meaning, VAULT)
    sealed = tuple(
        SealedChunk(
            NAMER.chunk(key_of(document), revision, ordinal),
            ordinal,
            Span(10 * ordinal, 10 * ordinal + 10),
            envelope.seal(chunk_part(ordinal), b"text"),
        )
        for ordinal in range(chunks)
    )
    return NewRevision(
        document=named,
        revision=revision,
        acl=acl,
        label="internal",
        fingerprint="f" * 64,
        card_fingerprint="c" * 64,
        ingest_run="00000000-0000-4000-8000-000000000000",
        key=key,
        card=envelope.seal(CARD_PART, b"{}"),
        vault_key=vault_key,
        originals=vault.seal(ORIGINALS_PART, b"{}"),
        chunks=sealed,
    )
