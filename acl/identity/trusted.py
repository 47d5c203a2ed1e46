"""
A trusted issuer: everything that the operator has said of one.
"""

from dataclasses import dataclass

from acl.errors import ConfigurationError
from acl.identity.claims import GroupClaim
from acl.identity.introspection import Introspector
from acl.identity.keysets import KeySource
from acl.identity.possession import SenderRule
from acl.identity.profiles import IssuerProfile
from acl.model.delegation import Delegation
from acl.model.scopes import PLAIN_SCOPES, ScopeNames

ANYBODY = Delegation()
"""
Every client may act, and no agent.
"""

BEARER_ONLY = SenderRule()
"""
Tokens are bound to nobody.
"""


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """
    One issuer, as configured: what its tokens must say and who vouches for their keys.
    """

    issuer: str
    audiences: frozenset[str]
    algorithms: frozenset[str]
    profile: IssuerProfile
    client_claims: tuple[str, ...]
    max_lifetime_seconds: int
    leeway_seconds: int
    keys: KeySource
    groups: GroupClaim | None = None
    delegation: Delegation = ANYBODY
    scope_names: ScopeNames = PLAIN_SCOPES
    introspector: Introspector | None = None
    senders: SenderRule = BEARER_ONLY

    def __post_init__(self) -> None:
        # Whatever built this: a verifier that accepts anything is never made.
        if not self.issuer or not self.audiences or not all(self.audiences):
            msg = f"issuer {self.issuer!r} needs a name, and audiences of which none is empty"
            raise ConfigurationError(msg)
