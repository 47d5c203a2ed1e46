"""
What issuers do differently, as data.

A profile never loosens a rule of `tokens`; it says which header type an access token of this
issuer bears, which claims carry client, scopes, groups and the way of signing in, and what gives
a token away that no person is behind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

RFC9068_TYPES: Final = frozenset({"at+jwt", "application/at+jwt"})
CLIENT_CLAIMS: Final = ("client_id", "azp", "appid", "cid")
"""
Every claim that is known to name the client. Those that a token has must agree.
"""

SERVICE_MARKS: Final = (
    ("idtyp", "app"),  # Entra ID
    ("gty", "client"),  # Auth0: client-credentials
    ("preferred_username", "service-account-"),  # Keycloak, whose subject is a user of its own
)
"""
Claims that begin like this in tokens of services.
"""


@dataclass(frozen=True, slots=True)
class IssuerProfile:
    """
    The names that one kind of issuer uses.

    `types` are compared in lower case (RFC 2045 media types are case-insensitive).
    `scope_claims` and `client_claims` are tried in order; the first that is present counts.
    `needs_scope` refuses a token without any scope claim: where an ID token bears the same
    `typ`, that is what tells an access token apart.
    `context_claims` hold authentication contexts, a string or a list of them.
    `service_marks` give a token away behind which there is no person; everywhere a token whose
    subject is its client is a service's (RFC 9068, section 2.2).
    """

    types: frozenset[str]
    client_claims: tuple[str, ...]
    scope_claims: tuple[str, ...]
    needs_scope: bool = False
    group_claim: str = "groups"
    context_claims: tuple[str, ...] = ("acr",)
    service_marks: tuple[tuple[str, str], ...] = SERVICE_MARKS


PROFILES: Final[Mapping[str, IssuerProfile]] = {
    # RFC 9068, sections 2.1 and 2.2.
    "rfc9068": IssuerProfile(RFC9068_TYPES, ("client_id",), ("scope",)),
    # Access tokens of Entra ID bear typ JWT; only they carry scp. Authentication contexts of
    # Conditional Access are in acrs.
    "entra": IssuerProfile(
        frozenset({"jwt"}),
        ("azp", "appid"),
        ("scp",),
        needs_scope=True,
        context_claims=("acrs", "acr"),
    ),
    "okta": IssuerProfile(frozenset({"jwt", *RFC9068_TYPES}), ("cid",), ("scp",), needs_scope=True),
    "keycloak": IssuerProfile(
        frozenset({"jwt", *RFC9068_TYPES}),
        ("azp", "client_id"),
        ("scope",),
        needs_scope=True,
    ),
    "generic": IssuerProfile(
        RFC9068_TYPES, ("client_id", "azp"), ("scope", "scp"), needs_scope=True
    ),
}
