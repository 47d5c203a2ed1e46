"""
What verification yields.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

VerifiedClaims = NewType("VerifiedClaims", Mapping[str, object])
"""
Claims whose signature, type, issuer, audience and times were checked.

Only `acl.identity.tokens` makes one. Do not cast to it.
"""


@dataclass(frozen=True, slots=True)
class VerifiedReader:
    """
    Who asks, through which client, and what the token lets them ask for.

    A subject is unique only with its issuer. `actors` is the delegation chain, outermost
    first (RFC 8693, section 4.1); only the outermost may ever matter to a decision.
    """

    issuer: str
    subject: str
    client: str
    actors: tuple[str, ...]
    scopes: frozenset[str]
    expires_at: datetime
    claims: VerifiedClaims
