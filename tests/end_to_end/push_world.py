"""
A service that takes pushes: real registry, engine, extraction and HTTP; the redactor is the
small one of the tests of the way in, and the embedder needs no model.
"""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response

from acl.index.engine_lease import EngineLease
from acl.index.hashing_embedder import HashingEmbedder
from acl.model.redaction import RedactedText
from acl.settings import Configuration, load_configuration
from acl.wiring import Ground, open_ground, open_lease, prepare_data_dir
from ingestion.extract import SandboxedExtractor
from ingestion.reconcile import Progress, SyncReport
from ingestion.wiring import build_reconciler, build_source
from readership.demo.issuer import DEMO_RESOURCE, UNSAFE_DEMO_ISSUER, UnsafeDemoIssuer
from readership.push_desk import PushDesk
from readership.push_routes import LARGER_BODIES, push_routes
from readership.pushing import open_push_desk
from retrieval.wiring import Tools, build_app
from tests.ingestion.world import MarkingRedactor, write_lines

PUSHER = "pusher"
WIKI, CRM, QUIET = "wiki", "crm", "quiet"
SETTLED_SECONDS = 60.0
CONFIGURATION = f"""
[service]
tenant = "acme"
resource = "{DEMO_RESOURCE}"
data_dir = "data"
[[issuers]]
issuer = "{UNSAFE_DEMO_ISSUER}"
audiences = ["{DEMO_RESOURCE}"]
algorithms = ["ES256"]
jwks_file = "unsafe-demo-issuer.jwks.json"
max_lifetime = "24h"
[[issuers.links]]
claim = "sub"
authority = "corp"
[embedding]
model = "hashing"
[[sources]]
name = "{WIKI}"
path = "{WIKI}"
authority = "corp"
push_clients = ["{PUSHER}"]
label = "internal"
[[sources.label_rules]]
documents = "open-*"
label = "public"
[[sources]]
name = "{CRM}"
authority = "corp"
push_clients = ["{PUSHER}", "crm-only"]
[[sources]]
name = "{QUIET}"
path = "{QUIET}"
authority = "corp"
"""


@dataclass
class PushWorld:
    """
    One running service, its folders, and clients that push and read.
    """

    directory: Path
    configuration: Configuration
    issuer: UnsafeDemoIssuer
    ground: Ground
    lease: EngineLease
    desk: PushDesk
    http: TestClient
    redactor: MarkingRedactor = field(default_factory=MarkingRedactor)

    def headers(self, client: str = PUSHER, scope: str = "rag.ingest") -> dict[str, str]:
        """
        Return what a push client sends.
        """
        token = self.issuer.token("service", scope=scope, client=client)
        return {"Authorization": f"Bearer {token}"}

    def put(
        self, path: str, body: object, *, source: str = WIKI, client: str = PUSHER, **more: str
    ) -> Response:
        """
        Put `documents/ID` or `groups/ID`; underscores in names of headers become hyphens.
        """
        named = {name.replace("_", "-"): value for name, value in more.items()}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.http.put(
            f"/v1/sources/{source}/{path}",
            content=content,
            headers={**self.headers(client), "Content-Type": "application/json", **named},
        )

    def delete(self, path: str, *, source: str = WIKI, **more: str) -> Response:
        """
        Delete `documents/ID` or `groups/ID`.
        """
        named = {name.replace("_", "-"): value for name, value in more.items()}
        address = f"/v1/sources/{source}/{path}"
        return self.http.delete(address, headers={**self.headers(), **named})

    def found(self, reader: str) -> dict[str, str]:
        """
        Return what a search finds for a reader, over HTTP: ids and texts.
        """
        answer = self.search(reader)
        assert 200 == answer.status_code, answer.text
        return {p["provenance"]["document"]: p["text"] for p in answer.json()["passages"]}

    def search(self, reader: str) -> Response:
        """
        Ask for everything that a reader may find.
        """
        bearer = {"Authorization": f"Bearer {self.issuer.token(reader)}"}
        body = {"query": "words", "limit": 50}
        return self.http.post("/v1/search", json=body, headers=bearer)

    def status(self, answer: Response, **more: str) -> Response:
        """
        Ask the status resource that an answer names.
        """
        return self.http.get(answer.headers["Location"], headers=self.headers(**more))

    def wait(self) -> None:
        """
        Return when no content is waiting.
        """
        deadline = time.monotonic() + SETTLED_SECONDS
        settler = self.desk.worker.settler
        while self.desk.queue.pending() or settler.registry.unsettled():
            assert time.monotonic() < deadline, "pushed content was not processed"
            time.sleep(0.01)

    def write(
        self, documents: Sequence[object], groups: Sequence[object] = (), source: str = WIKI
    ) -> None:
        """
        Replace the listing of a folder.
        """
        write_lines(self.folder(source) / "documents.jsonl", documents)
        write_lines(self.folder(source) / "groups.jsonl", groups)

    def folder(self, source: str = WIKI) -> Path:
        """
        Return a source's folder.
        """
        path = self.directory / source
        path.mkdir(exist_ok=True)
        return path

    def sync(self, source: str = WIKI, redactor: MarkingRedactor | None = None) -> SyncReport:
        """
        Sync one folder, as another process would: with connections of its own.
        """
        ground = open_ground(self.configuration, may_write=True)
        settings = self.configuration.source(source)
        try:
            with SandboxedExtractor() as extractor:
                reconciler = build_reconciler(
                    ground,
                    settings,
                    lease=self.lease,
                    embedder=HashingEmbedder(),
                    redactor=redactor or self.redactor,
                    extractor=extractor,
                )
                label = self.configuration.default_label(settings)
                return reconciler.sync(build_source(ground, settings), label, Progress())
        finally:
            ground.close()

    def pushes(self) -> list[dict[str, Any]]:
        """
        Return the audit trail's records of pushes.
        """
        events: list[dict[str, Any]] = list(self.ground.trail.events())
        return [event for event in events if event["action"] == "push"]


def lay_out(directory: Path) -> Configuration:
    """
    Write a configuration, and an issuer's public keys beside it.
    """
    file = directory / "readership.toml"
    file.write_text(CONFIGURATION, encoding="utf-8")
    file.chmod(0o600)
    return load_configuration(file)


@contextmanager
def serving(
    directory: Path, issuer: UnsafeDemoIssuer, redactor: MarkingRedactor | None = None
) -> Iterator[PushWorld]:
    """
    Serve what lies in `directory`, until the end of the block.
    """
    configuration = lay_out(directory)
    prepare_data_dir(configuration)
    mine = redactor or MarkingRedactor()
    with ExitStack() as stack:
        ground = open_ground(configuration, may_write=False)
        stack.callback(ground.close)
        embedder = HashingEmbedder()
        lease = open_lease(ground, embedder)
        stack.callback(lease.close)
        desk = open_push_desk(
            configuration, embedder, lease, stack, redactor=lambda _ground, _stack: mine
        )
        # Questions have one of their own: a push that is held up holds up no question.
        app = build_app(ground, Tools(embedder, MarkingRedactor(), lease), LARGER_BODIES)
        app.include_router(push_routes(desk))
        http = stack.enter_context(TestClient(app, raise_server_exceptions=False))
        yield PushWorld(directory, configuration, issuer, ground, lease, desk, http, mine)


class GatedRedactor(MarkingRedactor):
    """
    Lets no text pass while it is shut, which holds content up between the halves of a push.
    """

    def __init__(self) -> None:
        super().__init__()
        self._open = threading.Event()
        self._open.set()

    def redact_all(self, texts: Sequence[str]) -> Sequence[RedactedText]:
        """
        Redact, once the gate is open.
        """
        assert self._open.wait(SETTLED_SECONDS)
        return super().redact_all(texts)

    @contextmanager
    def shut(self) -> Iterator[None]:
        """
        Shut the gate for the length of a block.
        """
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()


@contextmanager
def started(directory: Path, redactor: MarkingRedactor | None = None) -> Iterator[PushWorld]:
    """
    Serve from an empty directory; the folder of the wiki has been synced once, empty of pushes.
    """
    directory.mkdir(parents=True, exist_ok=True)
    issuer = UnsafeDemoIssuer.create(directory)
    with serving(directory, issuer, redactor) as world:
        world.write([{"id": "listed", "text": "listed words", "acl": {"allow": ["user:lister"]}}])
        world.sync()
        yield world


def stated(text: str, *allowed: str, **members: object) -> dict[str, object]:
    """
    Return the body of a pushed document.
    """
    return {"text": text, "acl": {"allow": list(allowed)}, **members}
