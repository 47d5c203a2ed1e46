"""
Steps 9 to 15 of `tokens`: what the claims of a token must say, whoever vouches for them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NoReturn

from acl.identity.errors import ReaderRefusedError, TokenRejectedError
from acl.identity.profiles import CLIENT_CLAIMS, IssuerProfile
from acl.identity.signed import refuse
from acl.model.assurance import SignIn
from acl.model.identifiers import AuthorityId, TenantId
from acl.model.principals import Principal, PrincipalKind

MAX_LIFETIME_SECONDS: Final = 3_600 * 24
"""
Upper bound for any issuer; each issuer's own limit is configured below it.
"""

MAX_NAME_CHARACTERS: Final = 255  # OpenID Connect Core, section 2
MAX_ACTORS: Final = 8
OTHER_KINDS: Final = frozenset({"at_hash", "c_hash", "s_hash", "events"})
"""
Claims of ID tokens (OpenID Connect Core, section 3.1.3.6), and of logout tokens and security
events (RFC 8417), which some issuers sign with the `typ` of their access tokens.
"""

SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749, section 3.3


@dataclass(frozen=True, slots=True)
class GroupClaim:
    """
    The claim that lists all groups of a reader; `may_lack` takes a token without it for that of
    a reader who is in none.
    """

    name: str
    may_lack: bool = False


def check_audience(claims: Mapping[str, object], accepted: frozenset[str]) -> frozenset[str]:
    """
    Step 9: the token is meant for this service; return all that it is meant for.

    Raises:
        TokenRejectedError: It is not.
    """
    named = claims.get("aud")
    audiences = [named] if isinstance(named, str) else named
    if not isinstance(audiences, list) or not all(isinstance(one, str) for one in audiences):
        msg = "step 9: aud is missing or malformed"
        raise TokenRejectedError(msg)
    refuse(accepted.isdisjoint(audiences), f"step 9: audience {audiences!r:.200}")
    return frozenset(audiences)


def check_times(
    claims: Mapping[str, object], now: datetime, *, lifetime: int, leeway: int
) -> datetime:
    """
    Step 10: the token is valid now, and not for too long; return when it ends.

    Raises:
        TokenRejectedError: It is not.
    """
    seconds = int(now.timestamp())
    expires, issued = _time(claims, "exp"), _time(claims, "iat")
    refuse(expires <= seconds - leeway, "step 10: the token has expired")
    refuse(issued > seconds + leeway, "step 10: the token is from the future")
    longest = min(lifetime, MAX_LIFETIME_SECONDS)
    refuse(not 0 < expires - issued <= longest, f"step 10: lives {expires - issued} s")
    if "nbf" in claims:
        refuse(_time(claims, "nbf") > seconds + leeway, "step 10: the token is not yet valid")
    return datetime.fromtimestamp(expires + leeway, tz=UTC)


def name_of(value: object, claim: str, *, step: int = 11) -> str:
    """
    Step 11, and for actors step 14: return a well-formed name.

    Raises:
        TokenRejectedError: It is none.
    """
    if (
        not isinstance(value, str)
        or not 0 < len(value) <= MAX_NAME_CHARACTERS
        or not value.isprintable()
    ):
        msg = f"step {step}: {claim} is missing or malformed"
        raise TokenRejectedError(msg)
    return value


def client_of(claims: Mapping[str, object], named: tuple[str, ...]) -> str:
    """
    Step 11: return the client, which every claim that could name it names alike.

    Raises:
        TokenRejectedError: There is none, or two.
    """
    chosen = next((claim for claim in named if claim in claims), "the client claim")
    client = name_of(claims.get(chosen), chosen)
    if chosen in CLIENT_CLAIMS:
        others = {claim for claim in CLIENT_CLAIMS if claims.get(claim, client) != client}
        refuse(bool(others), f"step 11: {sorted(others)} name another client than {chosen}")
    return client


def is_service(
    claims: Mapping[str, object], subject: str, client: str, profile: IssuerProfile
) -> bool:
    """
    Say whether the client seems to act for itself, with no person behind the token.

    Some of these marks a person may be able to choose: they may take away, and give nothing.
    """
    # The second is how Auth0 writes the first.
    return subject in {client, f"{client}@clients"} or any(
        str(claims.get(claim, "")).startswith(beginning)
        for claim, beginning in profile.service_marks
    )


def scopes_of(claims: Mapping[str, object], profile: IssuerProfile) -> frozenset[str]:
    """
    Step 13: return what the token lets its bearer ask for.

    Raises:
        TokenRejectedError: Scopes are malformed, or missing where every access token has some;
            or the token is of another kind, whatever its `typ` is.
    """
    kinds = sorted(OTHER_KINDS & claims.keys())
    refuse(bool(kinds), f"step 13: {kinds} are not in access tokens")
    stated = next((claims[name] for name in profile.scope_claims if name in claims), None)
    if stated is None:
        refuse(profile.needs_scope, "step 13: no scope claim: not an access token")
        return frozenset()
    return scopes_in(stated)


def scopes_in(stated: object) -> frozenset[str]:
    """
    Read the value of a scope claim.

    Raises:
        TokenRejectedError: It is malformed.
    """
    scopes = [one for one in stated.split(" ") if one] if isinstance(stated, str) else stated
    if not isinstance(scopes, list) or not all(
        isinstance(one, str) and SCOPE.fullmatch(one) for one in scopes
    ):
        msg = "step 13: scopes are malformed"
        raise TokenRejectedError(msg)
    return frozenset(scopes)


def actors_of(claims: Mapping[str, object], issuer: str) -> tuple[str, ...]:
    """
    Step 14: return the chain of actors, outermost first.

    Raises:
        TokenRejectedError: It is malformed or too deep, or an actor is of another issuer.
    """
    chain: list[str] = []
    actor = claims.get("act")
    while actor is not None:
        if not isinstance(actor, dict) or len(chain) == MAX_ACTORS:
            msg = "step 14: act is malformed or too deep"
            raise TokenRejectedError(msg)
        # A subject is unique only with its issuer, and actors are listed for this one.
        refuse(actor.get("iss", issuer) != issuer, "step 14: an actor is of another issuer")
        chain.append(name_of(actor.get("sub"), "act.sub", step=14))
        actor = actor.get("act")
    return tuple(chain)


def sign_in_of(claims: Mapping[str, object], profile: IssuerProfile, latest: datetime) -> SignIn:
    """
    Return how the reader signed in; what is malformed, or is said to have been after `latest`,
    counts as not said.
    """
    contexts = [one for name in profile.context_claims for one in _texts(claims.get(name))]
    moment = claims.get("auth_time")
    at = None
    if type(moment) is int and 0 < moment <= latest.timestamp():
        at = datetime.fromtimestamp(moment, tz=UTC)
    return SignIn(frozenset(contexts), frozenset(_texts(claims.get("amr"))), at)


def groups_of(claims: Mapping[str, object], claim: GroupClaim | None) -> frozenset[str]:
    """
    Step 15: return all groups of the reader; none unless the operator takes them from tokens.

    Raises:
        ReaderRefusedError: The list is left out, cut off or malformed. Part of the groups would
            let through whom a denial of the others keeps out.
    """
    if claim is None:
        return frozenset()
    elsewhere = claims.get("_claim_names")
    # OpenID Connect Core, section 5.6.2: the list is at an address that the token names. No
    # token makes this service ask anybody.
    if elsewhere is not None and (not isinstance(elsewhere, dict) or claim.name in elsewhere):
        _incomplete("the token names an address for them instead (_claim_names)")
    if claims.get("hasgroups") not in (None, False):
        _incomplete("the token says that they did not fit (hasgroups)")
    listed = claims.get(claim.name)
    if listed is None:
        if not claim.may_lack:
            _incomplete(f"the token has no claim {claim.name!r}")
        return frozenset()
    if not isinstance(listed, list) or not all(map(_names_a_group, listed)):
        _incomplete(f"the claim {claim.name!r} is no list of names")
    return frozenset(listed)


def _incomplete(why: str) -> NoReturn:
    msg = f"step 15: the groups are not fully known: {why}"
    raise ReaderRefusedError(msg)


def _names_a_group(value: object) -> bool:
    try:
        Principal(TenantId("-"), AuthorityId("-"), PrincipalKind.GROUP, str(value))
    except ValueError:
        return False
    return isinstance(value, str)


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str)]


def _time(claims: Mapping[str, object], claim: str) -> int:
    value = claims.get(claim)
    if not isinstance(value, int) or isinstance(value, bool):
        msg = f"step 10: {claim} is missing or not an integer"
        raise TokenRejectedError(msg)
    return value
