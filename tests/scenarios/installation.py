"""
One installation for many small worlds: keys, registry, engine, audit trail and tokens, all real.

Worlds share it and never see each other's documents: each has sources of its own, and a
reading room that knows only these. The clock is the tests'.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Final

from fastapi.testclient import TestClient
from sqlalchemy import select

from acl.directory.stored import replace_groups
from acl.identity.linking import IdentityLink
from acl.index.hashing_embedder import HashingEmbedder
from acl.model.documents import UNLABELLED
from acl.model.identifiers import AuthorityId, SourceName
from acl.model.principals import Principal, PrincipalKind
from acl.registry.epochs import next_epoch
from acl.registry.permissions import PermissionRegistry
from acl.registry.tables import groups
from acl.settings import load_configuration
from acl.settings_sources import SourceSettings
from acl.wiring import Ground, open_ground, open_lease, prepare_data_dir, require_same_installation
from ingestion.extract import SandboxedExtractor
from ingestion.reconcile import Progress, Reconciler, SyncReport
from ingestion.sources.exchange import ExchangeSource
from ingestion.wiring import build_reconciler
from retrieval.answer import ReadingRoom
from retrieval.api.app import create_app
from retrieval.authorize import SourceBudgets
from retrieval.console.routes import console_routes
from retrieval.wiring import Tools, build_room
from tests.acl.identity.issuers import AUDIENCE, ISSUER, Issuer, public_jwk
from tests.ingestion.world import MarkingRedactor, write_lines
from tests.retrieval.console.desks import Desk, console_of, desk_of

ALGORITHM: Final = "ES256"
STALENESS: Final = timedelta(hours=1)
TENANT: Final = "acme"
CONFIGURATION_FILE: Final = "readership.toml"
CONFIGURATION: Final = f"""\
# A throw-away installation of the tests, with a key that the tests hold.
[service]
tenant = "{{tenant}}"
resource = "{AUDIENCE}"
data_dir = "./data"
[[issuers]]
issuer = "{ISSUER}"
audiences = ["{AUDIENCE}"]
algorithms = ["{ALGORITHM}"]
jwks_file = "jwks.json"
[embedding]
model = "hashing"
"""


@dataclass
class Clock:
    """
    Stands where a test has set it.
    """

    now: datetime = datetime(2027, 1, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Installation:
    """
    What worlds share.
    """

    directory: Path
    clock: Clock
    ground: Ground
    tools: Tools
    extractor: SandboxedExtractor
    issuer: Issuer
    tokens: dict[tuple[str, str, datetime], str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)

    def fresh(self, *, beside: bool = False) -> str:
        """
        Return a name that no world has yet.

        What others have defined is undefined, unless this one is `beside` them: a definition that
        nobody believes leaves those of others in doubt.
        """
        if not beside:
            with self.ground.database.writing() as connection:
                epoch = next_epoch(connection, now=self.clock(), directory=True)
                for other in connection.scalars(select(groups.c.source).distinct()).all():
                    # Pushed ones, too, which no listing undoes.
                    replace_groups(connection, self.ground.tenant, SourceName(other), {}, epoch)
        return f"{self.ground.tenant}-{next(self.numbers)}"

    def source(self, name: str, authority: str) -> ExchangeSource:
        """
        Return an exchange-format source with a folder of its own.
        """
        folder = self.folder(name)
        tenant = self.ground.tenant
        return ExchangeSource(SourceName(name), folder, tenant, AuthorityId(authority), self.clock)

    def folder(self, name: str) -> Path:
        """
        Return a source's folder.
        """
        folder = self.directory / "sources" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def write(
        self, name: str, documents: Iterable[object], groups: Iterable[object] | None = None
    ) -> None:
        """
        Replace what a source says.
        """
        folder = self.folder(name)
        # Groups first, as an exporter does that is read in between.
        write_lines(folder / "groups.jsonl", list(groups or ()))
        write_lines(folder / "documents.jsonl", list(documents))

    def reconciler(self, name: str, authority: str) -> Reconciler:
        """
        Return what syncs a source.
        """
        settings = SourceSettings(name=name, path=self.folder(name), authority=authority)
        return build_reconciler(
            self.ground,
            settings,
            lease=self.tools.lease,
            embedder=self.tools.embedder,
            redactor=self.tools.redactor,
            extractor=self.extractor,
        )

    def sync(self, name: str, authority: str) -> SyncReport:
        """
        Sync a source at the clock's moment.
        """
        source = self.source(name, authority)
        return self.reconciler(name, authority).sync(source, UNLABELLED, Progress())

    def room(
        self, sources: Iterable[str], authorities: Iterable[str], staleness: timedelta = STALENESS
    ) -> ReadingRoom:
        """
        Return a reading room that knows these sources, and links ids of these authorities.
        """
        room = build_room(self.ground, self.tools)
        budgets = SourceBudgets({SourceName(name): staleness for name in sources})
        ground = self.ground
        permissions = PermissionRegistry(
            ground.database,
            ground.tenant,
            ground.namer,
            ground.sealer,
            believed=lambda currency, switches: budgets.fresh(currency, switches, self.clock()),
        )
        links = tuple(
            IdentityLink(ISSUER, claim_of(one), AuthorityId(one)) for one in sorted(authorities)
        )
        return replace(
            room,
            authorizer=replace(
                room.authorizer, permissions=permissions, links=links, budgets=budgets
            ),
            rechecker=replace(room.rechecker, permissions=permissions, budgets=budgets),
            permissions=permissions,
        )

    def bearer(self, subject: str, ids: Mapping[str, str]) -> dict[str, str]:
        """
        Return the header of a reader who has these ids, by authority.
        """
        key = (subject, json.dumps(ids, sort_keys=True), self.clock())
        if key not in self.tokens:
            issued = int(self.clock().timestamp()) - 60
            claims = {"sub": subject, "iat": issued, "exp": issued + 900}
            named = {claim_of(authority): one for authority, one in ids.items()}
            self.tokens[key] = self.issuer.token(claims={**claims, **named})
        return {"Authorization": f"Bearer {self.tokens[key]}"}

    def principals(self, ids: Mapping[str, str]) -> frozenset[Principal]:
        """
        Return the principals that a token with these ids is linked to.
        """
        tenant = self.ground.tenant
        return frozenset(
            Principal(tenant, AuthorityId(authority), PrincipalKind.USER, one)
            for authority, one in ids.items()
        )


def client(room: ReadingRoom, desk: Desk | None = None) -> TestClient:
    """
    Return an HTTP client of a reading room and its page; `tests.retrieval.console.desks.opened`
    opens the page with the app's `sessions`, and `desk` is where its readers sign in.
    """
    app = create_app(room, resource=AUDIENCE, issuers=[ISSUER], probes={}, close=lambda: None)
    console = console_of(room, desk or desk_of(room))
    app.include_router(console_routes(console))
    app.state.sessions = console.sessions
    return TestClient(app, raise_server_exceptions=False)


def claim_of(authority: str) -> str:
    """
    Return the claim that holds a reader's id in an authority.
    """
    return f"id_in_{authority}"


@contextmanager
def installation(directory: Path, tenant: str = TENANT) -> Iterator[Installation]:
    """
    Set an installation up below `directory`, until the end of the block.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    issuer, clock = Issuer(ALGORITHM), Clock()
    keys = directory / "jwks.json"
    keys.write_text(json.dumps({"keys": [public_jwk(ALGORITHM, issuer.key)]}), encoding="utf-8")
    file = directory / CONFIGURATION_FILE
    file.write_text(CONFIGURATION.format(tenant=tenant), encoding="utf-8")
    for path in (keys, file):
        path.chmod(0o600)
    configuration = load_configuration(file)
    prepare_data_dir(configuration)
    require_same_installation(configuration, HashingEmbedder())
    with opened(directory, issuer, clock) as one:
        yield one


@contextmanager
def opened(directory: Path, issuer: Issuer, clock: Clock) -> Iterator[Installation]:
    """
    Open an installation that is set up, as one more process on it, until the end of the block.
    """
    embedder = HashingEmbedder()
    with ExitStack() as stack:
        configuration = load_configuration(directory / CONFIGURATION_FILE)
        ground = open_ground(configuration, may_write=True, clock=clock)
        stack.callback(ground.close)
        lease = open_lease(ground, embedder)
        stack.callback(lease.close)
        extractor = stack.enter_context(SandboxedExtractor())
        tools = Tools(embedder, MarkingRedactor(), lease)
        yield Installation(directory, clock, ground, tools, extractor, issuer)
