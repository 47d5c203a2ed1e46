"""
The people, groups and moments that the tests of `acl` speak of.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from acl.decision.membership import Directory
from acl.decision.scoping import ScopeGround
from acl.decision.visibility import VisibilityIndex
from acl.model.documents import UNLABELLED
from acl.model.grants import AclSnapshot, Effect, Entry, Gate
from acl.model.identifiers import (
    AuthorityId,
    DocumentKey,
    Epoch,
    ReadershipKey,
    SourceName,
    TenantId,
)
from acl.model.principals import Principal, PrincipalKind, everyone
from acl.model.readerships import Readership

ACME: Final = TenantId("acme")
GLOBEX: Final = TenantId("globex")
CORP: Final = AuthorityId("corp")
WIKI: Final = AuthorityId("wiki")
HANDBOOK: Final = SourceName("handbook")
INTRANET: Final = SourceName("intranet")
NOON: Final = datetime(2027, 1, 1, 12, tzinfo=UTC)


def user(name: str, *, authority: AuthorityId = CORP, tenant: TenantId = ACME) -> Principal:
    return Principal(tenant, authority, PrincipalKind.USER, name)


def group(name: str, *, authority: AuthorityId = CORP, tenant: TenantId = ACME) -> Principal:
    return Principal(tenant, authority, PrincipalKind.GROUP, name)


ALICE: Final = user("alice")
BOB: Final = user("bob")
CAROL: Final = user("carol")
ENG: Final = group("eng")
STAFF: Final = group("staff")
CONTRACTORS: Final = group("contractors")
ACME_DOMAIN: Final = Principal(ACME, CORP, PrincipalKind.DOMAIN, "acme.example")
EVERYONE: Final = everyone(ACME)


def permit(*named: Principal, until: datetime | None = None) -> Entry:
    return Entry(Effect.PERMIT, frozenset(named), until)


def deny(*named: Principal, until: datetime | None = None) -> Entry:
    return Entry(Effect.DENY, frozenset(named), until)


def acl(*gates: Gate, tenant: TenantId = ACME) -> AclSnapshot:
    return AclSnapshot(tenant, gates)


def readable_by(*named: Principal) -> AclSnapshot:
    return acl((permit(*named),))


def directory(
    definitions: dict[Principal, set[Principal]] | None = None,
    *,
    conflicting: frozenset[Principal] = frozenset(),
) -> Directory:
    frozen = {one: frozenset(members) for one, members in (definitions or {}).items()}
    return Directory(ACME, frozen, conflicting)


def ground_of(
    known: Directory,
    readerships: Mapping[ReadershipKey, AclSnapshot],
    *,
    sources: Iterable[SourceName] = (HANDBOOK,),
    withheld: Iterable[DocumentKey] = (),
    epoch: int = 1,
) -> ScopeGround:
    """
    The facts for a scope over these readerships, all of them labelled alike.
    """
    labelled = {key: Readership(one, UNLABELLED) for key, one in readerships.items()}
    visibility = VisibilityIndex.of(known, labelled)
    return ScopeGround(Epoch(epoch), visibility, frozenset(sources), frozenset(withheld))
