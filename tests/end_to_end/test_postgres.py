"""
A whole installation on PostgreSQL: synced, served, and revoked by another process.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from fastapi.testclient import TestClient

from acl.settings import Configuration, load_configuration
from acl.wiring import open_ground
from ingestion.reconcile import Progress, SyncReport
from readership.demo.issuer import DEMO_RESOURCE, UNSAFE_DEMO_ISSUER, UnsafeDemoIssuer
from readership.doctor import examine
from readership.syncing import SyncSession
from retrieval.wiring import Tools, build_app
from tests.ingestion.world import allow, document, write_lines
from tests.postgres import Server

pytestmark = pytest.mark.models

CONFIGURATION: Final = """\
[service]
tenant = "acme"
resource = "{resource}"
data_dir = "./data"
[registry]
url = "{url}"
[embedding]
model = "hashing"
[redaction]
processes = 1
[[issuers]]
issuer = "{issuer}"
audiences = ["{resource}"]
algorithms = ["ES256"]
jwks_file = "unsafe-demo-issuer.jwks.json"
max_lifetime = "24h"
[[issuers.links]]
claim = "sub"
authority = "corp"
[[sources]]
name = "handbook"
kind = "exchange"
path = "./handbook"
authority = "corp"
"""
REVOKING: Final = """
import sys
from pathlib import Path
from acl.model.identifiers import AuthorityId, SourceName
from acl.model.principals import Principal, PrincipalKind
from acl.registry.writing import RegistryWriter
from acl.settings import load_configuration
from acl.wiring import open_ground

ground = open_ground(load_configuration(Path(sys.argv[1])), may_write=True)
writer = RegistryWriter(ground.database, ground.tenant, ground.namer, ground.sealer)
eng = Principal(ground.tenant, AuthorityId("corp"), PrincipalKind.GROUP, "eng")
writer.apply_permissions(SourceName("handbook"), [], {eng: frozenset()}, now=ground.clock())
ground.close()
"""
_END_ALL_BUT_THE_SYNC: Final = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s "
    "AND pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')"
)
ROOT: Final = Path(__file__).parents[2]


@dataclass
class Installation:
    """
    What was synced, and a client of what serves it. The sync's session is still open.
    """

    configuration: Configuration
    issuer: UnsafeDemoIssuer
    report: SyncReport
    http: TestClient
    server: Server
    database: str

    def found(self, subject: str) -> set[str]:
        """
        Ask over HTTP, and return which documents the answer is made of.
        """
        response = self.http.post(
            "/v1/search",
            json={"query": "When is the launch?", "limit": 50},
            headers={"Authorization": f"Bearer {self.issuer.token(subject)}"},
        )
        assert 200 == response.status_code, response.text
        return {one["provenance"]["document"] for one in response.json()["passages"]}

    @contextmanager
    def away(self) -> Iterator[None]:
        """
        Let nobody into the database inside the block, and end who is there but the sync.
        """
        allowed = f"ALTER DATABASE {self.database} ALLOW_CONNECTIONS"
        self.server.execute(f"{allowed} false")
        self.server.execute(_END_ALL_BUT_THE_SYNC, self.database)
        try:
            yield
        finally:
            self.server.execute(f"{allowed} true")


@pytest.fixture(scope="module")
def installation(
    postgres: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    directory = tmp_path_factory.mktemp("on-postgres")
    with ExitStack() as stack:
        name = stack.enter_context(postgres.database())
        configuration = lay_out(directory, postgres.address(name))
        issuer = UnsafeDemoIssuer.create(directory)
        session = stack.enter_context(SyncSession(configuration))
        report = session.sync(configuration.settings.sources[0], Progress())
        ground = open_ground(configuration, may_write=False)
        stack.callback(ground.close)
        app = build_app(ground, Tools(session.embedder, session.redactor, session.lease))
        http = stack.enter_context(TestClient(app, raise_server_exceptions=False))
        yield Installation(configuration, issuer, report, http, postgres, name)


def lay_out(directory: Path, url: str) -> Configuration:
    """
    Write a configuration and a small source.
    """
    (directory / "handbook").mkdir()
    plans = "The launch is on 17 November."
    documents = [
        document("menu", "There is soup on the day of the launch."),
        document("plans", plans, acl=allow("group:eng")),
        document("budget", plans, acl={"allow": ["everyone"], "deny": ["user:alice"]}),
        {"id": "draft", "text": plans},
    ]
    write_lines(directory / "handbook" / "documents.jsonl", documents)
    write_lines(directory / "handbook" / "groups.jsonl", [{"id": "eng", "members": ["user:alice"]}])
    file = directory / "readership.toml"
    text = CONFIGURATION.format(resource=DEMO_RESOURCE, issuer=UNSAFE_DEMO_ISSUER, url=url)
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    return load_configuration(file)


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """
    Run Python in another process, on this checkout.
    """
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.promise("revocation")
def test_what_another_process_revokes_holds_at_the_next_request(
    installation: Installation,
) -> None:
    """
    The group loses its member; index, service and its connections are as they were.
    """
    assert {"seen": 4, "new": 3, "hidden": 1} == installation.report.counts
    assert {"menu", "plans"} == installation.found("alice")
    assert {"menu", "budget"} == installation.found("bob")

    revoked = run("-c", REVOKING, str(installation.configuration.file))

    assert "" == revoked.stderr
    assert {"menu"} == installation.found("alice")
    assert {"menu", "budget"} == installation.found("bob")


@pytest.mark.promise("one-sync")
def test_a_sync_on_another_machine_leaves(installation: Installation, tmp_path: Path) -> None:
    """
    It has a data directory of its own, with a copy of the keys.
    """
    home = installation.configuration.file.parent
    shutil.copytree(home, tmp_path / "other", ignore=shutil.ignore_patterns("data"))
    data = tmp_path / "other" / "data"
    data.mkdir(mode=0o700)
    shutil.copytree(home / "data" / "keys", data / "keys")

    left = run("-m", "readership", "--config", str(tmp_path / "other" / "readership.toml"), "sync")

    assert 1 == left.returncode
    assert "another sync is running on this registry" in " ".join(left.stderr.split())


def test_the_doctor_names_the_database(installation: Installation) -> None:
    findings = examine(installation.configuration)

    found = next(one for one in findings if one.name == "registry")

    assert found.healthy, found
    assert "PostgreSQL" in found.detail
    assert installation.database in found.detail


@pytest.mark.promise("registry-loss")
def test_without_its_database_the_service_says_503(installation: Installation) -> None:
    """
    Nothing is released, nothing is told of the database, and it is over when that is back.
    """
    assert "menu" in installation.found("bob")
    with installation.away():
        response = installation.http.post(
            "/v1/search",
            json={"query": "When is the launch?"},
            headers={"Authorization": f"Bearer {installation.issuer.token('bob')}"},
        )

    assert 503 == response.status_code
    assert not any(word in response.text for word in ("postgres", installation.database, "menu"))
    assert "menu" in installation.found("bob")
