"""
Is a token presented by whom it was issued to?

The rules:

1. A token without `cnf` (RFC 7800) comes by scheme Bearer, and from an issuer of which the
   operator does not demand bound tokens.
2. `cnf` is an object that names a key by `jkt` (RFC 9449, section 6.1), a certificate by
   `x5t#S256` (RFC 8705, section 3.1), or both, and nothing else. All that it names is proven.
3. A key is proven by scheme DPoP with a proof (`dpop`). A token that is bound to a key and comes
   by scheme Bearer is refused (RFC 9449, section 7.2), and so is one that is not and comes by
   scheme DPoP.
4. A certificate is proven by the one header of a trusted proxy that has verified it
   (`certificates`).
5. Either way counts only where the operator has switched it on for this issuer.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from acl.identity.certificates import thumbprint_of
from acl.identity.dpop import ProofVerifier, Sender
from acl.identity.presented import Presented
from acl.identity.signed import refuse

KEY: Final = "jkt"
CERTIFICATE: Final = "x5t#S256"
BEARER: Final = "bearer"
DPOP: Final = "dpop"


@dataclass(frozen=True, slots=True)
class SenderRule:
    """
    What the operator has said of one issuer's tokens.
    """

    dpop: bool = False
    certificates: bool = False
    required: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """
    A token as it came: by which scheme, and with what.
    """

    text: str
    scheme: str
    presented: Presented


def check_possession(
    token: Token,
    claims: Mapping[str, object],
    rule: SenderRule,
    proofs: ProofVerifier,
    sender: Sender,
    now: datetime,
) -> None:
    """
    Refuse a token whose sender does not prove to have what it is bound to; `sender` is who they
    are if they do.

    Raises:
        TokenRejectedError: It is not proven.
    """
    bound = _bound_to(claims)
    refuse(not bound and rule.required, "step 12: this issuer's tokens must be bound to a key")
    by_proof = token.scheme == DPOP
    refuse((KEY in bound) != by_proof, f"step 12: it came by scheme {token.scheme!r:.20}")
    if by_proof:
        refuse(not rule.dpop, "step 12: proofs (DPoP) are not switched on for this issuer")
        proofs.verify(token.text, token.presented, bound[KEY], sender, now)
    if CERTIFICATE in bound:
        refuse(not rule.certificates, "step 12: certificates are not switched on for this issuer")
        shown = thumbprint_of(token.presented.certificates)
        same = hmac.compare_digest(shown.encode(), bound[CERTIFICATE].encode("utf-8", "replace"))
        refuse(not same, "step 12: it is bound to another certificate")


def _bound_to(claims: Mapping[str, object]) -> Mapping[str, str]:
    confirmation = claims.get("cnf")
    if confirmation is None:  # null says nothing
        return {}
    malformed = not isinstance(confirmation, dict) or not confirmation
    refuse(malformed, "step 12: cnf is malformed")
    named = dict(confirmation) if isinstance(confirmation, dict) else {}
    strange = sorted(str(one)[:40] for one in named.keys() - {KEY, CERTIFICATE})
    refuse(bool(strange), f"step 12: cnf names {strange}, which cannot be proven here")
    refuse(not all(isinstance(one, str) for one in named.values()), "step 12: cnf is malformed")
    return named
