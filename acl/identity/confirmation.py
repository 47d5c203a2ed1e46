"""
Step 17 of `tokens`: what an issuer says now of a token that it has signed.

It may take away, and nothing else:

1. Issuer, subject, actors, client, and what the token is bound to, are the token's.
2. Every audience is one of the token's, and one of them is accepted here.
3. The end is not later than the token's, and has not come.
4. Every scope is one of the token's; those that are left out are gone.

What an answer does not say stays as the token has it: only `active` is required (RFC 7662,
section 2.2). Whoever answers something wider or different means another token.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from acl.identity import claims as said
from acl.identity.errors import TokenRejectedError
from acl.identity.profiles import CLIENT_CLAIMS
from acl.identity.signed import refuse
from acl.identity.trusted import TrustedIssuer

SAME: Final = ("iss", "sub", "act", "cnf")
TIMES: Final = frozenset({"exp", "nbf"})


@dataclass(frozen=True, slots=True)
class Left:
    """
    What is left of a token.
    """

    scopes: frozenset[str]
    expires_at: datetime


def still_said(
    claims: Mapping[str, object],
    answer: Mapping[str, object],
    trusted: TrustedIssuer,
    now: datetime,
) -> Left:
    """
    Compare an answer with the claims of its token, and return what is left.

    Raises:
        TokenRejectedError: The answer is wider, different or malformed.
    """
    try:
        _require_same(claims, answer, trusted)
        _require_audience(claims, answer, trusted)
        return Left(_scopes(claims, answer, trusted), _end(claims, answer, trusted, now))
    except TokenRejectedError as error:
        msg = f"step 17: the issuer's answer: {error.diagnostics()}"
        raise TokenRejectedError(msg) from error


def _require_same(
    claims: Mapping[str, object], answer: Mapping[str, object], trusted: TrustedIssuer
) -> None:
    named = [one for one in {*CLIENT_CLAIMS, *trusted.client_claims} if one in claims]
    differ = [one for one in (*SAME, *named) if answer.get(one, claims.get(one)) != claims.get(one)]
    refuse(bool(differ), f"{sorted(differ)} are not the token's")
    said.client_of({**claims, **answer}, trusted.client_claims)  # by whichever claim


def _require_audience(
    claims: Mapping[str, object], answer: Mapping[str, object], trusted: TrustedIssuer
) -> None:
    if "aud" in answer:
        had = said.check_audience(claims, trusted.audiences)
        more = said.check_audience(answer, trusted.audiences) - had
        refuse(bool(more), f"audiences {sorted(more)!r:.200} are not the token's")


def _scopes(
    claims: Mapping[str, object], answer: Mapping[str, object], trusted: TrustedIssuer
) -> frozenset[str]:
    own = trusted.scope_names.own
    scopes = had = own(said.scopes_of(claims, trusted.profile))
    # Answers have `scope` (RFC 7662, section 2.2), whatever the issuer's tokens call it.
    for name in sorted({"scope", *trusted.profile.scope_claims} & answer.keys()):
        has = own(said.scopes_in(answer[name]))
        refuse(not has <= had, f"scopes {sorted(has - had)!r:.200} are not the token's")
        scopes &= has
    return scopes


def _end(
    claims: Mapping[str, object],
    answer: Mapping[str, object],
    trusted: TrustedIssuer,
    now: datetime,
) -> datetime:
    times = {**claims, **{one: answer[one] for one in TIMES & answer.keys()}}
    lifetime, leeway = trusted.max_lifetime_seconds, trusted.leeway_seconds
    end = said.check_times(times, now, lifetime=lifetime, leeway=leeway)
    later = end > said.check_times(claims, now, lifetime=lifetime, leeway=leeway)
    refuse(later, "it ends later than the token")
    return end
