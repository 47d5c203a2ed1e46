"""
What one reader's request leaves behind serves no other reader, and nothing that has been revoked.
"""

import ast
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from acl.identity.reader import VerifiedClaims
from acl.keys.naming import Namer
from acl.model.identifiers import ReadershipDigest, TenantId
from acl.model.scope import ReadScope
from retrieval.authorize import Authorizer
from tests.acl.identity.readers import proven
from tests.ingestion.world import allow
from tests.properties.effort import DEEP
from tests.scenarios.installation import STALENESS, Installation, claim_of

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("acl", "ingestion", "retrieval", "readership", "readership_client")
REQUESTS: Final = 10_000 if DEEP else 600
READERS: Final = ("alice", "bob", "carol", "dave", "nobody")
GROUPS: Final = ("eng", "ops", "all")

REVIEWED: Final = {
    "acl/registry/permissions.py": "rows of documents whose seal holds, by everything in the row, "
    "seal included; who may read is not in them; of searches' hits only",
    "acl/registry/views.py": "groups, directories' users and readerships of one epoch, the same "
    "for all readers; and "
    "each reader's groups, by identity links, in the directory that they come from",
    "acl/identity/introspection.py": "what an issuer said, or is being asked, of a token, by the "
    "token's digest, for seconds, and never past its end",
    "acl/identity/dpop.py": "which proofs have come, by digest, and how many of each "
    "sender, for a minute; to refuse",
    "retrieval/console/provider.py": "the endpoints of an issuer, for minutes; no reader's",
    "acl/decision/visibility.py": "what a reader sees, by identity links, ceiling and the expiries "
    "that have passed, in the view of one epoch",
    "acl/decision/exposure.py": "standings of made-up readers during one sync; no reader's",
    "acl/index/engine_shard.py": "filters, by the whole scope that they were built from, with the "
    "rows that it covers, until any row changes",
    "acl/index/dense_copy.py": "the rows of all points, the same for all readers, read back after "
    "every write",
    "acl/index/dense_rows.py": "vectors of all points, with names, sources and readerships; which "
    "of them a search may look at is selected by its scope",
    "acl/keys/naming.py": "words and readerships to names, in an object of one tenant",
    "acl/index/terms.py": "words to stems, no data",
    "acl/index/hashing_embedder.py": "words to directions, no data",
    "ingestion/redact/places.py": "lists of places, no data",
    "ingestion/redact/people.py": "lists of names, no data",
}
"""
Every module that remembers something from one call to the next, and what it is.
"""


def modules() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def remembers(tree: ast.Module) -> bool:
    """
    Say whether a module uses a cache of the library, or calls something of its own one.
    """
    imported = {
        alias.name
        for one in ast.walk(tree)
        if isinstance(one, ast.ImportFrom) and one.module == "functools"
        for alias in one.names
    }
    library = {"lru_cache", "cache", "cached_property"}
    members = {one.attr for one in ast.walk(tree) if isinstance(one, ast.Attribute)}
    ours = {"_last", "_plans", "_remembered", "_standings", "_until", "_vectors", "_gathered"}
    own = any(name.startswith("_cache") for name in members)
    return own or bool(imported & library or members & (ours | library - {"cache"}))


@pytest.mark.promise("cache-isolation")
def test_every_cache_has_been_reviewed() -> None:
    """
    A new one must say here what it keeps, and why no reader's data is in it.
    """
    assert REVIEWED.keys() == {name for name, tree in modules() if remembers(tree)}


@dataclass
class Office:
    """
    One source whose groups change, and who asks about it.
    """

    shared: Installation
    source: str

    def documents(self) -> list[dict[str, object]]:
        """
        One document for each group, for each reader, for everyone and against a group.
        """
        acls = {f"for-{one}": allow(f"group:{one}") for one in GROUPS}
        acls |= {f"of-{one}": allow(f"user:{one}") for one in READERS}
        acls |= {"open": allow("everyone"), "not-ops": {**allow("everyone"), "deny": ["group:ops"]}}
        return [{"id": one, "text": "Some text.", "acl": acl} for one, acl in acls.items()]

    def say(self, members: dict[str, list[str]]) -> None:
        groups = [
            {"id": one, "members": [f"user:{u}" for u in some]} for one, some in members.items()
        ]
        self.shared.write(self.source, self.documents(), groups)
        self.shared.sync(self.source, "corp")

    def authorizer(self) -> Authorizer:
        """
        Return an authorizer that has never been asked.
        """
        return self.shared.room([self.source], ["corp"]).authorizer

    def scope(self, authorizer: Authorizer, reader: str) -> tuple[object, ...]:
        """
        Return everything that a reader's scope says.
        """
        claims = VerifiedClaims({} if reader == "nobody" else {claim_of("corp"): reader})
        expires = self.shared.clock() + timedelta(minutes=5)
        asking = proven(reader, expires_at=expires, claims=claims)
        return told(authorizer.authorize(asking, needs="rag.search").scope)


def told(scope: ReadScope) -> tuple[object, ...]:
    return scope.tenant, scope.readerships, scope.sources, scope.withheld, scope.expires_at


@pytest.fixture
def office(shared: Installation) -> Iterator[Office]:
    one = Office(shared, shared.fresh())
    before = shared.clock.now
    yield one
    shared.clock.now = before


@pytest.mark.promise("cache-isolation")
@pytest.mark.promise("revocation")
@pytest.mark.timeout(3_600)
def test_a_scope_is_what_it_would_be_without_any_cache(office: Office) -> None:
    """
    Readers at random, groups that change and a source that goes dark in between: each scope is
    the one that an authorizer mints which has never seen anybody.
    """
    drawn = np.random.default_rng(7)
    old, distinct = office.authorizer(), set()
    start = office.shared.clock.now
    for number in range(REQUESTS):
        if number % 40 == 0:
            office.shared.clock.now = start
            office.say({one: [r for r in READERS if drawn.integers(2)] for one in GROUPS})
        elif number % 40 == 30:
            office.shared.clock.now = start + STALENESS + timedelta(seconds=1)
        reader = READERS[int(drawn.integers(len(READERS)))]
        found = office.scope(old, reader)
        assert office.scope(office.authorizer(), reader) == found, (number, reader)
        distinct.add(found[1])

    assert len(distinct) > 10


@pytest.mark.promise("cache-isolation")
def test_readers_at_once_get_their_own_scopes(office: Office) -> None:
    """
    Eight threads and one view.
    """
    office.say({"eng": ["alice"], "ops": ["bob", "carol"], "all": ["alice", "bob", "dave"]})
    expected = {one: office.scope(office.authorizer(), one) for one in READERS}
    shared, asked = office.authorizer(), READERS * 60

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda one: office.scope(shared, one), asked))

    assert [expected[one] for one in asked] == found
    assert len(READERS) == len({scope[1] for scope in expected.values()})


@pytest.mark.promise("cache-isolation")
def test_a_cache_that_outlives_its_epoch_would_be_noticed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The control: the first view is kept for ever, and a reader keeps what was revoked.
    """
    office.say({"eng": ["bob"], "ops": [], "all": []})
    old = office.authorizer()
    current = old.permissions.current
    view, _ = current()
    monkeypatch.setattr(old.permissions, "current", lambda *_: (view, current()[1]))
    assert office.scope(old, "bob") == office.scope(office.authorizer(), "bob")

    office.say({"eng": [], "ops": [], "all": []})

    assert office.scope(old, "bob") != office.scope(office.authorizer(), "bob")


@pytest.mark.promise("cache-isolation")
@pytest.mark.promise("other-tenant")
def test_tenants_do_not_share_the_names_of_anything() -> None:
    """
    Asked in turns, each object answers as one of its own that nobody else has asked.
    """
    tenants = [TenantId("acme"), TenantId("globex")]
    warm = [Namer(one, b"n" * 32) for one in tenants]
    words = [f"word-{number}" for number in range(200)]

    in_turns = [[namer.term(word) for namer in warm] for word in words * 2]
    alone = [[Namer(one, b"n" * 32).term(word) for one in tenants] for word in words * 2]

    assert alone == in_turns
    assert all(acme != globex for acme, globex in alone)
    digest = ReadershipDigest("d" * 64)
    labels = ["internal", "secret", "internal"]
    named = [[namer.readership(digest, label) for namer in warm] for label in labels]
    assert 4 == len({name for names in named for name in names})
