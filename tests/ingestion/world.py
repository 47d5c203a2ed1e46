"""
A small world for the tests of the way in: folders, a registry and the engine, all real.

Only the redactor is made for tests: it finds two kinds of personal data by pattern, so that
its results are known and its calls can be counted. The real one has tests of its own.

A world holds many sites. A site is one source with a folder, an authority and readers of its
own, so that tests share the engine and the registry and never each other's documents.
"""

# ruff: noqa: ANN401 - wrappers and rows pass on what they are given

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from sqlalchemy import select

from acl.decision.read import Permit, decide_read
from acl.decision.scoping import ScopeGround, mint_scope
from acl.directory.stored import stored_groups
from acl.errors import RedactionError
from acl.index.edge_reader import EdgeReader
from acl.index.edge_writer import EdgeWriter
from acl.index.embedder import Vectors
from acl.index.engine_lease import EngineLease
from acl.index.hashing_embedder import HashingEmbedder
from acl.index.reading import Question
from acl.index.writing import ChunkWriter
from acl.keys.acl_seal import AclSealer
from acl.keys.envelope import EnvelopeKey, Meaning, OpenEnvelope, open_envelope
from acl.keys.files import create_keys, load_keys
from acl.keys.naming import Namer
from acl.keys.provider import WrappedKey
from acl.model.cards import CARD_PART, chunk_part
from acl.model.documents import UNLABELLED, DocumentState
from acl.model.identifiers import (
    AuthorityId,
    ChunkId,
    DocumentId,
    DocumentKey,
    SourceName,
    TenantId,
)
from acl.model.labels import NO_CEILING
from acl.model.principals import Principal, PrincipalKind
from acl.model.redaction import Finding, RedactedText
from acl.model.switches import Switches
from acl.registry import tables
from acl.registry.content import ContentRegistry, SealedRevision
from acl.registry.database import migrate, open_database
from acl.registry.permissions import Currency, PermissionRegistry
from acl.registry.writing import RegistryWriter
from ingestion.extract import SandboxedExtractor
from ingestion.pipeline import Pipeline
from ingestion.reconcile import Progress, Reconciler, SyncReport
from ingestion.seal import Sealer
from ingestion.settle import Settler
from ingestion.sources.exchange import ExchangeSource
from ingestion.sources.port import Source

TENANT = TenantId("acme")
UNREDACTABLE = "this text breaks the redactor"
EVERYTHING = 1_000
"""
More candidates than any test has chunks, so that a dense leg lists all that a scope covers.
"""

_PERSONAL = {
    "EMAIL_ADDRESS": re.compile(r"[\w.]+@[\w.]+\w"),
    "PERSON": re.compile(r"\bDr [A-Z]\w+"),
}


class MarkingRedactor:
    """
    Takes e-mail addresses and `Dr Somebody` for personal data, and remembers what it saw.
    """

    fingerprint = "marking/1"

    def __init__(self) -> None:
        self.seen: list[str] = []

    def redact(self, text: str) -> RedactedText:
        """
        Redact one text; `UNREDACTABLE` fails.
        """
        self.seen.append(text)
        if UNREDACTABLE in text:
            msg = "the test redactor was told to fail"
            raise RedactionError(msg)
        originals: dict[str, str] = {}
        findings: list[Finding] = []
        redacted = text
        for kind, pattern in _PERSONAL.items():
            for match in pattern.finditer(text):
                pseudonym = f"<{kind}_{hashlib.sha256(match[0].encode()).hexdigest()[:6]}>"
                originals[pseudonym] = match[0]
                findings.append(Finding(match.start(), match.end(), kind, 1.0, "pattern"))
                redacted = redacted.replace(match[0], pseudonym)
        return RedactedText(redacted, tuple(sorted(findings)), tuple(originals.items()))

    def redact_all(self, texts: Sequence[str]) -> Sequence[RedactedText]:
        """
        Redact each.
        """
        return [self.redact(text) for text in texts]


class SpiedEmbedder(HashingEmbedder):
    """
    Remembers what it embedded.
    """

    def __init__(self) -> None:
        self.seen: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        """
        Embed, and remember.
        """
        self.seen.extend(texts)
        return super().embed(texts)


@dataclass(frozen=True, slots=True)
class Tools:
    """
    The processes that worlds share.
    """

    lease: EngineLease
    extractor: SandboxedExtractor


@contextmanager
def tools(directory: Path) -> Iterator[Tools]:
    """
    Start, or join, the engine on `directory`, and start an extractor.
    """
    with ExitStack() as stack:
        lease = EngineLease(directory, HashingEmbedder.dimension)
        lease.open()
        stack.callback(lease.close)
        yield Tools(lease, stack.enter_context(SandboxedExtractor()))


def wall_clock() -> datetime:
    """
    Return the present moment.
    """
    return datetime.now(UTC)


def every_source(currency: Currency, switches: Switches) -> frozenset[SourceName]:
    """
    Believe every source that was ever synced.
    """
    return frozenset(currency.acl_observed_at) - switches.sources().keys()


class World:
    """
    One tenant's keys and registry below `directory`, made if they are not there.
    """

    def __init__(self, directory: Path, shared: Tools) -> None:
        self.directory = directory
        self.tools = shared
        self.tenant = TENANT
        self.data = directory / "data"
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        create_keys(self.data / "keys")
        self.keys = load_keys(self.data / "keys")
        self.namer = Namer(TENANT, self.keys.index)
        self.acl_sealer = AclSealer(TENANT, self.keys.acl_seal)
        url = f"sqlite:///{self.data / 'registry.db'}"
        migrate(url)
        self.database = open_database(url, may_write=True)
        self.registry = RegistryWriter(self.database, TENANT, self.namer, self.acl_sealer)
        self.permissions = PermissionRegistry(
            self.database, TENANT, self.namer, self.acl_sealer, every_source
        )
        self.content = ContentRegistry(self.database)
        self.index = EdgeWriter(shared.lease, self.namer, HashingEmbedder.dimension)
        self.reader = EdgeReader(shared.lease, TENANT, self.namer, wall_clock)
        self._sites = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.database.close()

    def site(self, name: str | None = None) -> "Site":
        """
        Return a new site, or the one of this name.
        """
        self._sites += 1
        return Site(self, name or f"site-{self._sites}")


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """
    What the registry has of a document, opened; nothing that differs between equal runs.

    `gates` is the ACL as it is stored, with the site's authority named `corp`.
    """

    state: DocumentState
    reason: str
    revision: int
    acl_revision: int
    gates: str | None
    label: str
    fingerprint: str | None
    card_fingerprint: str | None
    card: Mapping[str, object] | None
    chunks: tuple[tuple[int, int, int | None, str], ...]
    points: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    The state of a site: registry, index, and what each of its readers finds.
    """

    documents: Mapping[str, StoredDocument]
    groups: Mapping[str, frozenset[str]]
    unsettled: frozenset[str]
    found: Mapping[str, Mapping[str, str]]


@dataclass
class Site:
    """
    One source of a world.
    """

    world: World
    name: str
    redactor: MarkingRedactor = field(default_factory=MarkingRedactor)
    embedder: SpiedEmbedder = field(default_factory=SpiedEmbedder)

    @property
    def source_name(self) -> SourceName:
        """
        The source's name.
        """
        return SourceName(self.name)

    @property
    def authority(self) -> AuthorityId:
        """
        The namespace of its principals, nobody else's.
        """
        return AuthorityId(f"corp-{self.name}")

    @property
    def folder(self) -> Path:
        """
        The exchange-format folder.
        """
        path = self.world.directory / self.name
        path.mkdir(exist_ok=True)
        return path

    def user(self, name: str) -> Principal:
        """
        Return a user of this site.
        """
        return Principal(TENANT, self.authority, PrincipalKind.USER, name)

    def group(self, name: str) -> Principal:
        """
        Return a group of this site.
        """
        return Principal(TENANT, self.authority, PrincipalKind.GROUP, name)

    def key(self, document: str) -> DocumentKey:
        """
        Return the name under which registry and index know a document.
        """
        return self.world.namer.document(self.source_name, DocumentId(document))

    def write(self, documents: Sequence[object], groups: Sequence[object] | None = None) -> None:
        """
        Replace the folder's listing; `bytes` and `str` are written as they are.
        """
        write_lines(self.folder / "documents.jsonl", documents)
        if groups is not None:
            write_lines(self.folder / "groups.jsonl", groups)

    def source(self) -> ExchangeSource:
        """
        Return the source that reads the folder.
        """
        return ExchangeSource(self.source_name, self.folder, TENANT, self.authority, wall_clock)

    def reconciler(
        self,
        *,
        registry: RegistryWriter | None = None,
        index: ChunkWriter | None = None,
        extractor: SandboxedExtractor | None = None,
    ) -> Reconciler:
        """
        Return what syncs the site, with a part replaced where a test wants another.
        """
        world = self.world
        writer, points = registry or world.registry, index or world.index
        sealer = Sealer(TENANT, world.namer, world.keys.content, world.keys.vault)
        pipeline = Pipeline(
            extractor or world.tools.extractor,
            self.redactor,
            self.embedder,
            sealer,
            world.namer,
            UNLABELLED,
        )
        settler = Settler(writer, points, world.namer)
        return Reconciler(writer, points, pipeline, settler, world.namer, wall_clock)

    def sync(
        self, source: Source | None = None, reconciler: Reconciler | None = None
    ) -> SyncReport:
        """
        Sync the site.
        """
        running = reconciler or self.reconciler()
        return running.sync(source or self.source(), UNLABELLED, Progress())

    def forget_calls(self) -> None:
        """
        Start counting anew.
        """
        self.redactor.seen.clear()
        self.embedder.seen.clear()

    def readable(self, reader: str) -> dict[str, str]:
        """
        Return what the registry alone lets a user read, by document, in full.
        """
        view, currency, statements = self.world.permissions.permissions(self._keys())
        standing = view.directory.standing_of([self.user(reader)])
        readable: dict[str, str] = {}
        for key, statement in statements.items():
            if statement.state is not DocumentState.LIVE or key in currency.unsettled:
                continue
            acl = view.by_digest.get(statement.readership) if statement.readership else None
            if isinstance(decide_read(standing, acl, now=wall_clock()), Permit):
                revision = self.world.content.whole(key)
                readable[statement.document] = "" if revision is None else self._text(revision)
        return readable

    def found(self, reader: str) -> dict[str, str]:
        """
        Return what a search that matches everything finds for a user, by document, in full.

        A document of which only some chunks are found fails the test.
        """
        view, currency = self.world.permissions.current()
        ground = ScopeGround(
            view.epoch, view.visibility, frozenset({self.source_name}), currency.unsettled
        )
        now = wall_clock()
        scope = mint_scope(
            frozenset({self.user(reader)}),
            ground,
            now=now,
            token_expires_at=now + timedelta(hours=1),
            ceiling=NO_CEILING,
        )
        question = Question(HashingEmbedder().embed(["anything"])[0], {})
        leg, _ = self.world.reader.search(question, scope=scope, candidates=EVERYTHING)
        chunks: dict[DocumentKey, set[ChunkId]] = {}
        for hit, _ in leg.hits:
            chunks.setdefault(hit.document, set()).add(hit.chunk)
        names = {self.key(name): name for name in self._names()}
        found: dict[str, str] = {}
        for key, some in chunks.items():
            revision = self.world.content.whole(key)
            owned = {chunk.chunk for chunk in revision.chunks} if revision else set()
            assert owned == some, f"{names.get(key, key)} is half visible"
            found[names[key]] = self._text(revision) if revision else ""
        return found

    def snapshot(self, *readers: str) -> Snapshot:
        """
        Return the state of the site, and what these readers find.
        """
        with self.world.database.reading() as connection:
            groups = stored_groups(connection, TENANT, self.source_name)
            unsettled = set(connection.scalars(select(tables.unsettled.c.document_key)))
        return Snapshot(
            documents={row.document: self._stored(row) for row in self.rows()},
            groups={one.id: frozenset(m.id for m in members) for one, members in groups.items()},
            unsettled=frozenset(n for n in self._names() if self.key(n) in unsettled),
            found={reader: self.found(reader) for reader in readers},
        )

    def rows(self) -> Sequence[Any]:
        """
        Return the site's rows of `documents`.
        """
        wanted = select(tables.documents).where(tables.documents.c.source == self.name)
        with self.world.database.reading() as connection:
            return connection.execute(wanted.order_by(tables.documents.c.document)).all()

    def chunk_rows(self) -> list[tuple[object, ...]]:
        """
        Return the site's rows of `chunks`, sealed bytes included.
        """
        wanted = select(tables.chunks).order_by(tables.chunks.c.chunk)
        keys = set(self._keys())
        with self.world.database.reading() as connection:
            rows = connection.execute(wanted).all()
        return [tuple(row) for row in rows if row.document_key in keys]

    def epoch(self) -> int:
        """
        Return the registry's epoch, which other sites move too.
        """
        return self.world.permissions.current()[0].epoch

    def state(self, document: str) -> DocumentState:
        """
        Return a document's state.
        """
        return self.world.registry.known(self.source_name)[DocumentId(document)].permission.state

    def reason(self, document: str) -> str:
        """
        Return why a document is not live.
        """
        return self.world.registry.known(self.source_name)[DocumentId(document)].reason

    def card(self, document: str) -> dict[str, Any]:
        """
        Return a document's card, opened.
        """
        (row,) = [row for row in self.rows() if row.document == document]
        opened: dict[str, Any] = json.loads(self._envelope(row).unseal(CARD_PART, row.card))
        return opened

    def chunks(self, document: str) -> list[str]:
        """
        Return a document's chunks, opened.
        """
        revision = self.world.content.whole(self.key(document))
        return [] if revision is None else [text for *_, text in self._opened(revision)]

    def _names(self) -> list[str]:
        return [row.document for row in self.rows()]

    def _keys(self) -> list[DocumentKey]:
        return [self.key(name) for name in self._names()]

    def _stored(self, row: Any) -> StoredDocument:
        revision = self.world.content.whole(self.key(row.document))
        card = self.card(row.document) if row.card is not None else None
        return StoredDocument(
            state=DocumentState(row.state),
            reason=row.reason,
            revision=row.revision,
            acl_revision=row.acl_revision,
            gates=self._gates(row.readership),
            label=row.label,
            fingerprint=row.fingerprint,
            card_fingerprint=row.card_fingerprint,
            card=card,
            chunks=tuple(self._opened(revision)) if revision else (),
            points=self.world.index.count(self.key(row.document), row.revision),
        )

    def _gates(self, digest: str | None) -> str | None:
        wanted = select(tables.readerships.c.gates).where(tables.readerships.c.digest == digest)
        with self.world.database.reading() as connection:
            gates = connection.scalar(wanted)
        return None if gates is None else str(gates).replace(self.authority, "corp")

    def _envelope(self, row: Any) -> OpenEnvelope:
        meaning = Meaning(TENANT, self.source_name, DocumentId(row.document), row.revision)
        key = EnvelopeKey(WrappedKey(row.kek_id, row.wrapped_key), row.commitment)
        return open_envelope(meaning, key, self.world.keys.content)

    def _opened(self, revision: SealedRevision) -> list[tuple[int, int, int | None, str]]:
        (name,) = [name for name in self._names() if self.key(name) == revision.document]
        meaning = Meaning(TENANT, self.source_name, DocumentId(name), revision.revision)
        envelope = open_envelope(meaning, revision.key, self.world.keys.content)
        return [
            (
                chunk.span.start,
                chunk.span.end,
                chunk.span.page,
                envelope.unseal(chunk_part(chunk.ordinal), chunk.sealed).decode(),
            )
            for chunk in revision.chunks
        ]

    def _text(self, revision: SealedRevision) -> str:
        return "".join(text for *_, text in self._opened(revision))


def write_lines(path: Path, rows: Sequence[object]) -> None:
    """
    Replace a JSON-lines file as a careful exporter does: whole, by renaming.
    """
    draft = path.with_suffix(".draft")
    draft.write_bytes(b"".join(_line(row) + b"\n" for row in rows))
    draft.rename(path)


def _line(row: object) -> bytes:
    if isinstance(row, bytes):
        return row
    return row.encode() if isinstance(row, str) else json.dumps(row).encode()


def document(name: str, text: str = "", **members: object) -> dict[str, object]:
    """
    Return a line of `documents.jsonl`, open to everyone unless `acl` says otherwise.
    """
    stated: dict[str, object] = {"id": name, "acl": {"allow": ["everyone"]}}
    if "path" not in members:
        stated["text"] = text or f"The text of {name}."
    return stated | members


def allow(*principals: str) -> dict[str, list[str]]:
    """
    Return the short form of an ACL.
    """
    return {"allow": list(principals)}
