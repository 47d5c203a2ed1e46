"""
What issuers do differently, as data.

A profile never loosens a rule of `tokens`; it only says which header type an access token of
this issuer bears and which claims carry the client and the scopes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

RFC9068_TYPES: Final = frozenset({"at+jwt", "application/at+jwt"})


@dataclass(frozen=True, slots=True)
class IssuerProfile:
    """
    The names that one kind of issuer uses.

    `types` are compared in lower case (RFC 2045 media types are case-insensitive).
    `scope_claims` and `client_claims` are tried in order; the first that is present counts.
    `needs_scope` refuses a token without any scope claim: where an ID token bears the same
    `typ`, that is what tells an access token apart.
    """

    types: frozenset[str]
    client_claims: tuple[str, ...]
    scope_claims: tuple[str, ...]
    needs_scope: bool = False


PROFILES: Final[Mapping[str, IssuerProfile]] = {
    # RFC 9068, sections 2.1 and 2.2.
    "rfc9068": IssuerProfile(RFC9068_TYPES, ("client_id",), ("scope",)),
    # Access tokens of Entra ID bear typ JWT; only they carry scp.
    "entra": IssuerProfile(frozenset({"jwt"}), ("azp", "appid"), ("scp",), needs_scope=True),
    "okta": IssuerProfile(frozenset({"jwt", *RFC9068_TYPES}), ("cid",), ("scp",), needs_scope=True),
    "keycloak": IssuerProfile(
        frozenset({"jwt", *RFC9068_TYPES}), ("azp", "client_id"), ("scope",), needs_scope=True
    ),
    "generic": IssuerProfile(
        RFC9068_TYPES, ("client_id", "azp"), ("scope", "scp"), needs_scope=True
    ),
}
