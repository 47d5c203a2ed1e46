"""
The fictional company, ingested for real and served in this process.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi.testclient import TestClient
from httpx2 import Response

from acl.settings import Configuration, load_configuration
from acl.wiring import Ground, open_ground
from ingestion.reconcile import Progress, SyncReport
from readership.demo.company import lay_out
from readership.demo.issuer import UnsafeDemoIssuer
from readership.syncing import SyncSession
from retrieval.answer import ReadingRoom
from retrieval.api.app import create_app
from retrieval.wiring import Tools, build_app, build_room

NOBODY_CLAIMED = "nobody-the-company-knows"


@dataclass
class Company:
    """
    One ingested company: its folder, its issuer, and clients to ask it with.
    """

    directory: Path
    configuration: Configuration
    session: SyncSession
    issuer: UnsafeDemoIssuer
    ground: Ground
    tools: Tools
    room: ReadingRoom
    http: TestClient

    def sync(self) -> SyncReport:
        """
        Sync the one source.
        """
        return self.session.sync(self.configuration.settings.sources[0], Progress())

    def search(
        self, subject: str, query: str, *, limit: int = 50, http: TestClient | None = None
    ) -> Response:
        """
        Ask over HTTP.
        """
        body = {"query": query, "limit": limit}
        return (http or self.http).post("/v1/search", json=body, headers=self.bearer(subject))

    def documents(self, subject: str, query: str, *, http: TestClient | None = None) -> set[str]:
        """
        Return the ids of the documents that an answer is made of.
        """
        response = self.search(subject, query, http=http)
        assert 200 == response.status_code, response.text
        return {one["provenance"]["document"] for one in response.json()["passages"]}

    def get(self, subject: str, path: str) -> Response:
        """
        Get something over HTTP.
        """
        return self.http.get(path, headers=self.bearer(subject))

    def bearer(self, subject: str) -> dict[str, str]:
        """
        Return the header that says who asks.
        """
        return {"Authorization": f"Bearer {self.issuer.token(subject)}"}

    def serving(self, room: ReadingRoom) -> TestClient:
        """
        Return a client of another reading room over the same data, such as a sabotaged one.
        """
        app = create_app(
            room,
            resource=self.configuration.settings.service.resource,
            issuers=[],
            probes={},
            close=lambda: None,
        )
        return TestClient(app, raise_server_exceptions=False)


@contextmanager
def ingested(directory: Path) -> Iterator[Company]:
    """
    Lay the company out below `directory`, ingest it with the real models, and serve it.
    """
    with ExitStack() as stack:
        configuration = load_configuration(lay_out(directory))
        issuer = UnsafeDemoIssuer.create(directory)
        session = stack.enter_context(SyncSession(configuration))
        settings = configuration.settings.sources[0]
        session.sync(settings, Progress())
        ground = open_ground(configuration, may_write=False)
        stack.callback(ground.close)
        tools = Tools(session.embedder, session.redactor, session.lease)
        http = stack.enter_context(
            TestClient(build_app(ground, tools), raise_server_exceptions=False)
        )
        room = build_room(ground, tools)
        yield Company(directory, configuration, session, issuer, ground, tools, room, http)
