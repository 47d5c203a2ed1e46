"""
The proposals ingested for real and asked in this process: everything as in production except
the socket of HTTP.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from fastapi.testclient import TestClient

from acl.index.embedder import Embedder, Vectors
from acl.model.identifiers import DocumentId, SourceName
from acl.settings import Configuration, load_configuration
from acl.wiring import Ground, open_ground
from ingestion.reconcile import Progress, SyncReport
from readership.demo.issuer import DEMO_RESOURCE, UNSAFE_DEMO_ISSUER, UnsafeDemoIssuer
from readership.syncing import SyncSession
from retrieval.answer import ReadingRoom
from retrieval.asked import AskedQuestion
from retrieval.passage import Answer
from retrieval.wiring import Tools, build_app, build_room
from tests.real_data.kubernetes import AUTHORITY
from tests.real_data.oracle import RedactedQuestion, StoredChunk

SOURCE: Final = SourceName("proposals")
CANDIDATES: Final = 100
CONFIGURATION: Final = f"""\
# A throw-away installation of the tests. Its issuer is unsafe on purpose.
[service]
tenant = "kubernetes"
resource = "{DEMO_RESOURCE}"
data_dir = "./data"

[[issuers]]
issuer = "{UNSAFE_DEMO_ISSUER}"
audiences = ["{DEMO_RESOURCE}"]
algorithms = ["ES256"]
jwks_file = "unsafe-demo-issuer.jwks.json"
max_lifetime = "24h"
[[issuers.links]]
claim = "sub"
authority = "{AUTHORITY}"

[index]
candidates = {CANDIDATES}

[[sources]]
name = "{SOURCE}"
path = "./{SOURCE}"
authority = "{AUTHORITY}"
staleness = "1d"
"""


@dataclass(frozen=True, slots=True)
class RememberingEmbedder:
    """
    The real embedder, and a memory of which text got which vector: the oracle reads it, and a
    question that fifty readers ask is embedded once.
    """

    real: Embedder
    seen: dict[str, Vectors] = field(default_factory=dict)

    @property
    def variant(self) -> str:
        return self.real.variant

    @property
    def dimension(self) -> int:
        return self.real.dimension

    def embed(self, texts: Sequence[str]) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if text not in self.seen]
        self.seen.update(zip(new, self.real.embed(new), strict=True))
        return np.array([self.seen[text] for text in texts], dtype=np.float32)


@dataclass(frozen=True)
class World:
    """
    One ingested installation.
    """

    configuration: Configuration
    session: SyncSession
    embedder: RememberingEmbedder
    issuer: UnsafeDemoIssuer
    ground: Ground
    room: ReadingRoom
    http: TestClient
    report: SyncReport
    tokens: dict[str, str] = field(default_factory=dict)

    def ask(self, room: ReadingRoom, reader: str, question: str, *, limit: int) -> Answer:
        """
        Ask as somebody, with a token of their own.
        """
        return room.answer([self.bearer(reader)], AskedQuestion(question, limit))

    def bearer(self, reader: str) -> str:
        """
        Return the header that says who asks.
        """
        if reader not in self.tokens:
            self.tokens[reader] = self.issuer.token(reader)
        return f"Bearer {self.tokens[reader]}"

    def stored(self, documents: Sequence[str]) -> list[StoredChunk]:
        """
        Unseal every chunk of these documents, asking nobody: a test holds the keys.
        """
        named = {self.ground.namer.document(SOURCE, DocumentId(one)): one for one in documents}
        view, currency, statements = self.room.permissions.permissions(named)
        seen = currency.acl_observed_at[SOURCE]
        return [
            StoredChunk(passage.id, named[key], passage.title, passage.text)
            for key, statement in statements.items()
            for passage in self.room.unsealer.whole(statement, seen, epoch=view.epoch)
        ]

    def prepared(self, question: str) -> RedactedQuestion:
        """
        Return a question as the service searches for it.
        """
        redacted = self.session.redactor.redact(question).text
        vector = self.embedder.real.embed([redacted])[0]
        return RedactedQuestion(redacted, vector.astype(np.float64))


@contextmanager
def ingested(directory: Path, write_exchange: Callable[[Path], None]) -> Iterator[World]:
    """
    Lay out an installation below `directory`, let `write_exchange` fill its source, ingest it
    and serve it.
    """
    with ExitStack() as stack:
        file = lay_out(directory)
        write_exchange(directory / SOURCE)
        issuer = UnsafeDemoIssuer.create(directory)
        configuration = load_configuration(file)
        session = stack.enter_context(SyncSession(configuration))
        embedder = RememberingEmbedder(session.embedder)
        session.embedder = embedder
        report = session.sync(configuration.settings.sources[0], Progress())
        ground = open_ground(configuration, may_write=False)
        stack.callback(ground.close)
        tools = Tools(embedder, session.redactor, session.lease)
        http = stack.enter_context(TestClient(build_app(ground, tools)))
        room = build_room(ground, tools)
        yield World(configuration, session, embedder, issuer, ground, room, http, report)


def lay_out(directory: Path) -> Path:
    """
    Write the configuration of a fresh installation; return its file.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = directory / "readership.toml"
    file.write_text(CONFIGURATION, encoding="utf-8")
    file.chmod(0o600)
    return file
