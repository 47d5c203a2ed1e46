"""
From a verified reader to principals, by the rules that the operator wrote down.

A link says: this claim of this issuer is a user's id in that authority. The value must be a
string and is taken byte for byte; nothing is matched by similarity, and an e-mail address is
a claim like any other, trusted only if the operator links it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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


def link(
    reader: VerifiedReader, links: Iterable[IdentityLink], tenant: TenantId
) -> frozenset[Principal]:
    """
    Return the reader's principals; empty if no link applies, and then the reader is nobody.
    """
    return linked_principals(reader.issuer, reader.claims, links, tenant)


def linked_principals(
    issuer: str, claims: Mapping[str, object], links: Iterable[IdentityLink], tenant: TenantId
) -> frozenset[Principal]:
    """
    Apply the links to claims, however they were come by; explanations use it offline.
    """
    found: set[Principal] = set()
    for rule in links:
        value = claims.get(rule.claim)
        if rule.issuer != issuer or not isinstance(value, str):
            continue
        try:
            found.add(Principal(tenant, rule.authority, PrincipalKind.USER, value))
        except ValueError:
            continue  # not an id that any source could have granted to
    return frozenset(found)
