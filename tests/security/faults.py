"""
Things that go wrong, each with a way to make it go wrong.

Every fault is a context manager over a `Ward`. What it breaks for others it mends at its end.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import httpx

from acl.audit.chain import AuditTrail
from acl.identity.claims import GroupClaim
from acl.identity.errors import KeysUnavailableError
from acl.identity.introspection import Introspector
from acl.identity.jwks import PublicKey
from acl.identity.tokens import TokenVerifier, TrustedIssuer
from acl.identity.wire import Wire
from acl.index.edge_reader import EdgeReader
from acl.index.engine_lease import EngineLease
from acl.keys.acl_seal import AclSealer
from acl.keys.files import FileKek
from acl.keys.naming import Namer
from acl.model.assurance import Demand, Demands
from acl.model.delegation import Allowance, Delegation
from acl.model.redaction import RedactedText
from acl.model.revocations import CutOff, TokensOf
from acl.registry.content import ContentRegistry
from acl.registry.database import open_database
from acl.registry.permissions import PermissionRegistry
from acl.registry.revoking import RevocationBoard
from ingestion.settle import Settler
from retrieval.identity_wiring import trusted_issuers
from tests.acl.identity.issuers import ISSUER
from tests.acl.identity.tls import TRUST
from tests.ingestion.world import UNREDACTABLE, MarkingRedactor
from tests.security.endpoints import PAGE
from tests.security.ward import ALICE, ENG, KEEPER, Ward

Fault = Callable[[Ward], AbstractContextManager[None]]


def stated(line: dict[str, object] | str, *groups: object) -> Fault:
    """
    The source says this of the document instead.
    """

    @contextmanager
    def fault(ward: Ward) -> Iterator[None]:
        one = (
            line
            if isinstance(line, str)
            else {k: v for k, v in ward.line(**line).items() if v != ...}
        )
        ward.state([one], list(groups or [ENG]))
        yield

    return fault


def edited(statement: str, mended: str | None = None) -> Fault:
    """
    Somebody edited the registry's row of the document; `?` stands for its key. `mended` makes
    the row one again that the other wards' syncs can live with.
    """

    @contextmanager
    def fault(ward: Ward) -> Iterator[None]:
        ward.sql(statement, *[ward.key()] * statement.count("?"))
        # A process that starts anew: one that runs keeps what it has verified.
        ground = ward.installation.ground
        ward.read_by(ground.namer, ground.sealer)
        try:
            yield
        finally:
            if mended:
                ward.sql(mended, ward.key())

    return fault


def changed(change: Callable[[Ward], None]) -> Fault:
    """
    Something of the ward is replaced.
    """

    @contextmanager
    def fault(ward: Ward) -> Iterator[None]:
        change(ward)
        yield

    return fault


@contextmanager
def incomplete_listing(ward: Ward) -> Iterator[None]:
    ward.installation.write(ward.source, [KEEPER, "{"], [ENG])
    ward.installation.sync(ward.source, "corp")
    yield


@contextmanager
def repeated_id(ward: Ward) -> Iterator[None]:
    ward.state([ward.line(), ward.line()], [ENG])
    yield


@contextmanager
def conflicting_group(ward: Ward) -> Iterator[None]:
    other = ward.installation.fresh(beside=True)
    ward.installation.write(other, [KEEPER], [{"id": "eng", "members": ["user:bob"]}])
    ward.installation.sync(other, "corp")
    ward.room = ward.installation.room([ward.source, other], ALICE)
    yield


@contextmanager
def epoch_missing(ward: Ward) -> Iterator[None]:
    ((value,),) = ward.sql("SELECT value FROM epoch")
    ward.sql("DELETE FROM epoch")
    try:
        yield
    finally:
        ward.sql("INSERT INTO epoch (id, value) VALUES (1, ?)", value)


@contextmanager
def revocations_unreadable(ward: Ward) -> Iterator[None]:
    ward.sql("ALTER TABLE revocations RENAME TO lost")
    try:
        yield
    finally:
        ward.sql("ALTER TABLE lost RENAME TO revocations")


@contextmanager
def token_revoked(ward: Ward, tokens: TokensOf) -> Iterator[None]:
    now = ward.installation.clock()
    board = RevocationBoard(ward.installation.ground.database)
    board.apply([CutOff(tokens, now)], reason="a test", now=now)
    try:
        yield
    finally:
        ward.sql("DELETE FROM revocations")


@contextmanager
def registry_down(ward: Ward) -> Iterator[None]:
    nowhere = open_database("sqlite:////nonexistent/registry.db", may_write=False)
    ground = ward.installation.ground
    ward.with_permissions(
        PermissionRegistry(
            nowhere, ground.tenant, ground.namer, ground.sealer, lambda *_: frozenset()
        )
    )
    yield
    nowhere.close()


@contextmanager
def content_down(ward: Ward) -> Iterator[None]:
    nowhere = open_database("sqlite:////nonexistent/registry.db", may_write=False)
    unsealer = replace(ward.room.unsealer, content=ContentRegistry(nowhere))
    ward.room = replace(ward.room, unsealer=unsealer)
    yield
    nowhere.close()


@contextmanager
def audit_down(ward: Ward) -> Iterator[None]:
    nowhere = open_database("sqlite:////nonexistent/audit.db", may_write=True)
    ward.room = replace(ward.room, trail=AuditTrail(nowhere, b"k" * 32, Path("/nonexistent/x")))
    yield
    nowhere.close()


@contextmanager
def clock_off(ward: Ward, by: timedelta, *, token_first: bool) -> Iterator[None]:
    clock = ward.installation.clock
    before = clock.now
    if token_first:
        ward.token = ward.headers()
    clock.now = before + by
    try:
        yield
    finally:
        clock.now = before


def engine_down(ward: Ward) -> None:
    ground = ward.installation.ground
    lease = EngineLease(ward.installation.directory / "no-engine", 384)
    reader = EdgeReader(lease, ground.tenant, ground.namer, ward.installation.clock)
    ward.room = replace(ward.room, search=replace(ward.room.search, searcher=reader))


def points_lost(ward: Ward) -> None:
    _settler(ward).index.remove([ward.key()])


def unsettled(ward: Ward) -> None:
    _settler(ward).registry.mark_unsettled([ward.key()], now=ward.installation.clock())


def other_kek(ward: Ward) -> None:
    keks = FileKek("file:content:1", b"x" * 32)
    ward.room = replace(ward.room, unsealer=replace(ward.room.unsealer, keks=keks))


def kek_removed(ward: Ward) -> None:
    keks = FileKek("file:content:2", b"x" * 32)
    ward.room = replace(ward.room, unsealer=replace(ward.room.unsealer, keks=keks))


def other_seal_key(ward: Ward) -> None:
    ground = ward.installation.ground
    ward.read_by(ground.namer, AclSealer(ground.tenant, b"x" * 32))


def other_index_key(ward: Ward) -> None:
    ground = ward.installation.ground
    namer = Namer(ground.tenant, b"x" * 32)
    ward.read_by(namer, ground.sealer)
    ward.room = replace(ward.room, rechecker=replace(ward.room.rechecker, namer=namer))


def not_linked(ward: Ward) -> None:
    ward.room = ward.installation.room([ward.source], [])


def source_not_configured(ward: Ward) -> None:
    ward.room = ward.installation.room(["another"], ALICE)


def redactor_down(ward: Ward) -> None:
    class Broken(MarkingRedactor):
        def redact(self, text: str) -> RedactedText:
            return super().redact(UNREDACTABLE + text)

    preparer = replace(ward.room.preparer, redactor=Broken())
    ward.room = replace(ward.room, preparer=preparer, checker=Broken())


def issuer_keys_down(ward: Ward) -> None:
    class Silent:
        def key(self, kid: str, algorithm: str) -> PublicKey:
            msg = f"no answer about {kid} {algorithm}"
            raise KeysUnavailableError(msg)

    trusted = trusted_issuers(ward.installation.ground.configuration)
    silent = {ISSUER: replace(trusted[ISSUER], keys=Silent())}
    ward.room = replace(ward.room, verifier=TokenVerifier(silent, ward.installation.clock))


def believing(change: Callable[[TrustedIssuer], TrustedIssuer]) -> Callable[[Ward], None]:
    """
    Configure the issuer in another way.
    """

    def fault(ward: Ward) -> None:
        issuer = change(trusted_issuers(ward.installation.ground.configuration)[ISSUER])
        verifier = TokenVerifier({ISSUER: issuer}, ward.installation.clock)
        ward.room = replace(ward.room, verifier=verifier)

    return fault


def signed_in_too_weakly(ward: Ward) -> None:
    demand = Demand(contexts=("phr",))
    scopes = ("rag.search", "rag.read", "rag.audit")
    demands = Demands({(ISSUER, one): demand for one in scopes})
    ward.room = replace(ward.room, authorizer=replace(ward.room.authorizer, demands=demands))


def _asked_in_vain(issuer: TrustedIssuer) -> TrustedIssuer:
    def silence(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(str(request.url))

    wire = Wire(TRUST, transport=httpx.MockTransport(silence))
    endpoint = f"{ISSUER}/introspect"
    introspector = Introspector(ISSUER, endpoint, "rag", str, 0, always=True, wire=wire)
    return replace(issuer, introspector=introspector)


def _settler(ward: Ward) -> Settler:
    return ward.installation.reconciler(ward.source, "corp").settler


HOUR: Final = timedelta(hours=1)
NOTHING: Final = Allowance(sources=frozenset())
FAULTS: Final[Mapping[str, Fault]] = {
    "ACL absent": stated({"acl": ...}),
    "ACL null": stated({"acl": None}),
    "ACL empty": stated({"acl": {}}),
    "ACL not an object": stated({"acl": ["everyone"]}),
    "unknown kind of principal": stated({"acl": {"allow": ["everyone", "role:admin"]}}),
    "unknown kind of entry": stated({"acl": {"gates": [[{"audit": ["everyone"]}]]}}),
    "an unreadable gate": stated({"acl": {"gates": [[{"permit": ["everyone"]}], None]}}),
    "too many gates": stated({"acl": {"gates": [[{"permit": ["everyone"]}]] * 65}}),
    "expiry that is no time": stated(
        {"acl": {"gates": [[{"permit": ["everyone"], "until": "soon"}]]}}
    ),
    "truncated line": stated('{"id": "ward", "text": "The zanzibarcanary", "acl": {"allow": ["ev'),
    "incomplete listing": incomplete_listing,
    "repeated id": repeated_id,
    "group undefined": stated({}, {"id": "ops", "members": ["user:alice"]}),
    "denied group undefined": stated({"acl": {"allow": ["everyone"], "deny": ["group:gone"]}}),
    "group unreadable": stated({}, {"id": "eng", "members": "user:alice"}),
    "group defined twice": stated({}, ENG, ENG),
    "group in conflict": conflicting_group,
    "seal broken": edited("UPDATE documents SET seal = zeroblob(32) WHERE key = ?"),
    "ACL revision edited": edited("UPDATE documents SET acl_revision = 99 WHERE key = ?"),
    "label edited": edited("UPDATE documents SET label = 'public' WHERE key = ?"),
    "readership edited": edited(
        """UPDATE readerships SET gates = replace(gates, '"group"', '"user"')
        WHERE digest = (SELECT readership FROM documents WHERE key = ?)"""
    ),
    "readership exchanged": edited(
        """UPDATE documents SET readership = (SELECT readership FROM documents WHERE key != ?
        AND readership IS NOT NULL LIMIT 1) WHERE key = ?"""
    ),
    "readership gone": edited(
        "DELETE FROM readerships WHERE digest = (SELECT readership FROM documents WHERE key = ?)"
    ),
    "readership no JSON": edited(
        """UPDATE readerships SET gates = '[[' WHERE digest =
        (SELECT readership FROM documents WHERE key = ?)"""
    ),
    "state unknown": edited(
        "UPDATE documents SET state = 'open' WHERE key = ?",
        "UPDATE documents SET state = 'live' WHERE key = ?",
    ),
    "text edited": edited("UPDATE chunks SET sealed = zeroblob(64) WHERE document_key = ?"),
    "data key edited": edited("UPDATE documents SET wrapped_key = zeroblob(60) WHERE key = ?"),
    "card edited": edited("UPDATE documents SET card = zeroblob(60) WHERE key = ?"),
    "epoch missing": epoch_missing,
    "registry down": registry_down,
    "content down": content_down,
    "audit down": audit_down,
    "engine down": changed(engine_down),
    "index points lost": changed(points_lost),
    "unsettled": changed(unsettled),
    "key-encryption key exchanged": changed(other_kek),
    "key-encryption key removed": changed(kek_removed),
    "seal key exchanged": changed(other_seal_key),
    "index key exchanged": changed(other_index_key),
    "reader not linked": changed(not_linked),
    "source not configured": changed(source_not_configured),
    "redactor down": changed(redactor_down),
    "issuer's keys not to be had": changed(issuer_keys_down),
    "issuer not to be asked": changed(believing(_asked_in_vain)),
    "groups left out of the token": changed(
        believing(lambda one: replace(one, groups=GroupClaim("groups")))
    ),
    "client not listed": changed(
        believing(lambda one: replace(one, delegation=Delegation({"desktop": Allowance()})))
    ),
    "client may look into nothing": changed(
        believing(lambda one: replace(one, delegation=Delegation({"chat": NOTHING})))
    ),
    "signed in too weakly": changed(signed_in_too_weakly),
    "clock back an hour": lambda ward: clock_off(ward, -HOUR, token_first=False),
    "clock back an hour, token kept": lambda ward: clock_off(ward, -HOUR, token_first=True),
    "revocations not to be read": revocations_unreadable,
    "token revoked": lambda ward: token_revoked(ward, TokensOf(ISSUER, "sub", "alice")),
    "issuer's tokens revoked": lambda ward: token_revoked(ward, TokensOf(ISSUER)),
    "source dark": lambda ward: clock_off(ward, HOUR + timedelta(seconds=1), token_first=False),
    "token outlived": lambda ward: clock_off(ward, HOUR, token_first=True),
}
"""
By name. None of them may let a passage out.
"""

FETCHING: Final = frozenset({"getPassage", "getDocument", "mcp/fetch", PAGE})
SERVED_ALL_THE_SAME: Final[Mapping[str, frozenset[str]]] = {
    "engine down": FETCHING,
    "index points lost": FETCHING,
    "index key exchanged": frozenset({"getPassage", "mcp/fetch", PAGE}),
    "redactor down": FETCHING,
}
"""
What a fault does not touch: fetching by id needs neither the engine nor a redacted question, and
a passage's id is looked up and not derived. The registry decides as always.
"""
