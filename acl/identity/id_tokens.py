"""
Verifies an ID token (OpenID Connect Core 1.0, section 3.1.3.7): who has just signed in at the
client that this service itself is, in answer to the very request that it made.

The steps, in the order they are taken:

1. Steps 1 to 4, 7 and 8 of `tokens`: strict JSON, no header that steers, the issuer's algorithms
   and keys.
2. `typ` is `JWT` or missing: no access token, logout token or security event passes for one.
3. `iss` is this issuer, byte for byte.
4. `aud` names this client; where it names others too, `azp` is this client.
5. `exp` and `iat` are times: not expired, not from the future, at most a day apart.
6. `nonce` is the one of this request.
7. `sub` is a well-formed name.

It grants nothing: what its subject may read is up to the access token that came with it.
"""

from collections.abc import Mapping
from datetime import datetime
from hmac import compare_digest

from acl.identity import claims as said
from acl.identity import signed
from acl.identity.claims import MAX_LIFETIME_SECONDS
from acl.identity.signed import refuse
from acl.identity.tokens import TrustedIssuer


def verify_id_token(
    token: str, trusted: TrustedIssuer, *, client: str, nonce: str, now: datetime
) -> str:
    """
    Return the subject that has signed in.

    Raises:
        TokenRejectedError: It proves nothing.
        KeysUnavailableError: The issuer's keys could not be had; try again later.
    """
    header, claims = signed.parse(token)  # step 1
    signed.check_header(header)
    algorithm = signed.check_algorithm(header, trusted.algorithms)
    signed.check_signature(token, algorithm, trusted.keys.key(str(header["kid"]), algorithm))
    refuse(str(header.get("typ", "JWT")).lower() != "jwt", "ID token: typ")  # step 2
    refuse(claims.get("iss") != trusted.issuer, "ID token: iss is not this issuer")  # step 3
    _check_audience(claims, client)  # step 4
    leeway = trusted.leeway_seconds
    said.check_times(claims, now, lifetime=MAX_LIFETIME_SECONDS, leeway=leeway)  # step 5
    named = claims.get("nonce")  # step 6
    same = isinstance(named, str) and compare_digest(named.encode(), nonce.encode())
    refuse(not same, "ID token: nonce is not this request's")
    return said.name_of(claims.get("sub"), "sub")  # step 7


def _check_audience(claims: Mapping[str, object], client: str) -> None:
    said.check_audience(claims, frozenset({client}))
    several = claims.get("aud") not in (client, [client])
    authorized = claims.get("azp", None if several else client)
    refuse(authorized != client, "ID token: azp is not this client")
