"""
From a verified reader to principals, by the rules that the operator wrote down.

1. An identity link says: this claim of this issuer is a user's id in that authority. The value
   must be a string and is taken byte for byte; nothing is matched by similarity, and an e-mail
   address is a claim like any other, trusted only if the operator links it.
2. A group link says: the groups in this issuer's tokens are groups of that authority. They count
   only for a reader who is also a user there by an identity link: of others nobody vouches that
   no denial means them.
3. A service link says: this subject, through this client of this issuer, is a service, and that
   user. Both are compared byte for byte; what else the token says gives it nothing.
4. Any other token behind which there seems to be no person (client credentials) is nobody,
   whatever its claims: that it looks like a service only takes away.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from acl.identity.reader import VerifiedReader
from acl.model.identifiers import AuthorityId, TenantId
from acl.model.principals import Principal, PrincipalKind


@dataclass(frozen=True, slots=True)
class IdentityLink:
    """
    The claim of one issuer that is a user's id in one authority.
    """

    issuer: str
    claim: str
    authority: AuthorityId


@dataclass(frozen=True, slots=True)
class GroupLink:
    """
    The groups in one issuer's tokens are groups of one authority.
    """

    issuer: str
    authority: AuthorityId


@dataclass(frozen=True, slots=True)
class ServiceLink:
    """
    A subject that reads for itself through one client of one issuer, as one user of one
    authority.
    """

    issuer: str
    client: str
    subject: str
    authority: AuthorityId
    user: str


Link: TypeAlias = IdentityLink | GroupLink | ServiceLink


def link(reader: VerifiedReader, links: Iterable[Link], tenant: TenantId) -> frozenset[Principal]:
    """
    Return the reader's principals; empty if no link applies, and then the reader is nobody.
    """
    rules = tuple(links)
    services = frozenset(
        Principal(tenant, rule.authority, PrincipalKind.USER, rule.user)
        for rule in rules
        if isinstance(rule, ServiceLink)
        and (rule.issuer, rule.client) == (reader.issuer, reader.client)
        and rule.subject == reader.subject
    )
    if services or reader.service:
        return services
    users = linked_principals(reader.issuer, reader.claims, rules, tenant)
    known_in = {user.authority for user in users}
    return users | {
        Principal(tenant, rule.authority, PrincipalKind.GROUP, group)
        for rule in rules
        if isinstance(rule, GroupLink)
        and rule.issuer == reader.issuer
        and rule.authority in known_in
        for group in reader.groups
    }


def linked_principals(
    issuer: str, claims: Mapping[str, object], links: Iterable[Link], tenant: TenantId
) -> frozenset[Principal]:
    """
    Apply the identity links to claims, however they were come by; explanations use it offline.
    """
    found: set[Principal] = set()
    for rule in links:
        if not isinstance(rule, IdentityLink):
            continue
        value = claims.get(rule.claim)
        if rule.issuer != issuer or not isinstance(value, str):
            continue
        try:
            found.add(Principal(tenant, rule.authority, PrincipalKind.USER, value))
        except ValueError:
            continue  # not an id that any source could have granted to
    return frozenset(found)
