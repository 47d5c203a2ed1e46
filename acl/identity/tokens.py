"""
Verifies an access token.

The steps, in the order they are taken:

 1. Size: at most `MAX_TOKEN_CHARACTERS`, before anything is decoded.
 2. Shape: three non-empty base64url parts in canonical form, JWS compact and nothing else.
 3. Header and payload are one strict JSON object each (`strict_json`).
 4. Header: only `typ`, `alg`, `kid` may steer; every parameter that brings its own key or
    changes the meaning (`jwk`, `jku`, `x5u`, `x5c`, `x5t`, `b64`, `crit`, `zip`, `cty`) refuses the
    token (RFC 8725, section 3.10).
 5. `iss` is, byte for byte, a configured issuer.
 6. `typ` is one that the issuer's profile accepts (RFC 8725, section 3.11).
 7. `alg` is one of that issuer's, all of them asymmetric (RFC 8725, section 3.1).
 8. The signature verifies with that issuer's key of that `kid`, and with no other's.
 9. `aud` is a string or a list of strings and names one of the issuer's accepted audiences.
10. `exp` and `iat` are integers; not expired, not from the future, living no longer than
    `MAX_LIFETIME_SECONDS`; `nbf`, if present, has come.
11. `sub` is a well-formed string; the client claim is one too.
12. A token bound to a key (`cnf`) is refused: presented as a bearer token it proves nothing
    (RFC 9449, section 7.2).
13. Scopes are a space-separated string or a list of strings.

Every refusal is a `TokenRejectedError`: one answer outside, the reason for operators.
"""

import base64
import binascii
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jws import JWSRegistry

from acl.identity.errors import TokenRejectedError
from acl.identity.keysets import KeySource
from acl.identity.profiles import IssuerProfile
from acl.identity.reader import VerifiedClaims, VerifiedReader
from acl.model.strict_json import parse_object

MAX_TOKEN_CHARACTERS: Final = 16_384
"""
Entra's largest tokens, with 200 groups, stay below 12 KB.
"""

MAX_LIFETIME_SECONDS: Final = 3_600 * 24
"""
Upper bound for any issuer; each issuer's own limit is configured below it.
"""

MAX_SUBJECT_CHARACTERS: Final = 255  # OpenID Connect Core, section 2
MAX_KID_CHARACTERS: Final = 256
MAX_ACTORS: Final = 8
ALGORITHMS: Final = frozenset(
    {
        "RS256",
        "RS384",
        "RS512",
        "PS256",
        "PS384",
        "PS512",
        "ES256",
        "ES384",
        "ES512",
        "EdDSA",
        "Ed25519",
    }
)
REFUSED_HEADERS: Final = frozenset(
    {"jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "b64", "crit", "zip", "cty"}
)


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


class TokenVerifier:
    """
    Turns bearer tokens of the configured issuers into verified readers.
    """

    def __init__(self, issuers: Mapping[str, TrustedIssuer], clock: Callable[[], datetime]) -> None:
        self._issuers = issuers
        self._clock = clock

    def verify(self, token: str) -> VerifiedReader:
        """
        Verify one token.

        Raises:
            TokenRejectedError: It proves nothing.
            KeysUnavailableError: The issuer's keys could not be had; ask again later.
        """
        trusted, claims = self.signed(token)  # steps 1 to 9
        expires_at = _check_times(claims, trusted, self._clock())  # step 10
        _refuse(claims.get("cnf") is not None, "step 12: a sender-constrained token came as bearer")
        return VerifiedReader(
            issuer=trusted.issuer,
            subject=_name(claims.get("sub"), "sub"),  # step 11
            client=_name(_first(claims, trusted.client_claims), "the client claim"),
            actors=_actors(claims),
            scopes=_scopes(claims, trusted.profile),  # step 13
            expires_at=expires_at,
            claims=VerifiedClaims(claims),
        )

    def signed(self, token: str) -> tuple[TrustedIssuer, Mapping[str, object]]:
        """
        Take steps 1 to 9 alone: who signed this, as that type, for this audience.

        For what is signed and is no access token; whoever calls it checks the rest.

        Raises:
            TokenRejectedError, KeysUnavailableError: As `verify`.
        """
        header, claims = _parse(token)  # steps 1 to 3
        _check_header(header)  # step 4
        trusted = self._issuer(claims)  # step 5
        _check_type(header, trusted)  # step 6
        _check_signature(token, header, trusted)  # steps 7 and 8
        _check_audience(claims, trusted)  # step 9
        return trusted, claims

    def _issuer(self, claims: Mapping[str, object]) -> TrustedIssuer:
        named = claims.get("iss")
        trusted = self._issuers.get(named) if isinstance(named, str) else None
        if trusted is None:
            msg = f"step 5: issuer {named!r:.200} is not configured"
            raise TokenRejectedError(msg)
        return trusted


def _refuse(condition: bool, reason: str) -> None:  # noqa: FBT001 - reads as a sentence
    if condition:
        raise TokenRejectedError(reason)


def _parse(token: str) -> tuple[dict[str, object], dict[str, object]]:
    _refuse(len(token) > MAX_TOKEN_CHARACTERS, "step 1: the token is too long")
    parts = token.split(".")
    _refuse(len(parts) != 3 or not all(parts), "step 2: not three parts")  # noqa: PLR2004
    header, payload, _ = (_decode(part) for part in parts)
    try:
        return parse_object(header), parse_object(payload)
    except (ValueError, RecursionError) as error:
        msg = f"step 3: {error}"
        raise TokenRejectedError(msg) from error


def _decode(part: str) -> bytes:
    # Only the canonical spelling: several texts for one signature are several tokens to
    # every cache and log (Wycheproof tcId 367 and 370).
    try:
        decoded = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError) as error:
        msg = "step 2: a part is not base64url"
        raise TokenRejectedError(msg) from error
    canonical = base64.urlsafe_b64encode(decoded).rstrip(b"=").decode("ascii")
    _refuse(canonical != part, "step 2: a part is not canonical base64url")
    return decoded


def _check_header(header: Mapping[str, object]) -> None:
    refused = sorted(REFUSED_HEADERS & header.keys())
    _refuse(bool(refused), f"step 4: header parameters {refused} are refused")
    kid = header.get("kid")
    _refuse(
        not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID_CHARACTERS,
        "step 4: kid is missing or malformed",
    )
    _refuse(not isinstance(header.get("alg"), str), "step 4: alg is missing or malformed")


def _check_type(header: Mapping[str, object], trusted: TrustedIssuer) -> None:
    named = header.get("typ")
    _refuse(
        not isinstance(named, str) or named.lower() not in trusted.profile.types,
        f"step 6: typ {named!r:.80} is not an access token's",
    )


def _check_signature(token: str, header: Mapping[str, object], trusted: TrustedIssuer) -> None:
    algorithm, kid = str(header["alg"]), str(header["kid"])
    _refuse(algorithm not in trusted.algorithms & ALGORITHMS, f"step 7: alg {algorithm!r:.40}")
    key = trusted.keys.key(kid, algorithm)
    try:
        with warnings.catch_warnings():
            # RFC 9864 renames EdDSA to Ed25519; issuers will send the old name for years.
            warnings.simplefilter("ignore", SecurityWarning)
            jws.deserialize_compact(token.encode("ascii"), key, registry=_registry(algorithm))
    except (JoseError, ValueError, TypeError, UnicodeError) as error:
        msg = f"step 8: the signature does not verify: {error}"
        raise TokenRejectedError(msg) from error


def _registry(algorithm: str) -> JWSRegistry:
    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = MAX_TOKEN_CHARACTERS
    return registry


def _check_audience(claims: Mapping[str, object], trusted: TrustedIssuer) -> None:
    named = claims.get("aud")
    audiences = [named] if isinstance(named, str) else named
    if not isinstance(audiences, list) or not all(isinstance(one, str) for one in audiences):
        msg = "step 9: aud is missing or malformed"
        raise TokenRejectedError(msg)
    _refuse(trusted.audiences.isdisjoint(audiences), f"step 9: audience {audiences!r:.200}")


def _check_times(claims: Mapping[str, object], trusted: TrustedIssuer, now: datetime) -> datetime:
    seconds = int(now.timestamp())
    expires, issued = _time(claims, "exp"), _time(claims, "iat")
    leeway = trusted.leeway_seconds
    _refuse(expires <= seconds - leeway, "step 10: the token has expired")
    _refuse(issued > seconds + leeway, "step 10: the token is from the future")
    lifetime = min(trusted.max_lifetime_seconds, MAX_LIFETIME_SECONDS)
    _refuse(not 0 < expires - issued <= lifetime, f"step 10: lives {expires - issued} s")
    if "nbf" in claims:
        _refuse(_time(claims, "nbf") > seconds + leeway, "step 10: the token is not yet valid")
    return datetime.fromtimestamp(expires + leeway, tz=UTC)


def _time(claims: Mapping[str, object], claim: str) -> int:
    value = claims.get(claim)
    if not isinstance(value, int) or isinstance(value, bool):
        msg = f"step 10: {claim} is missing or not an integer"
        raise TokenRejectedError(msg)
    return value


def _first(claims: Mapping[str, object], names: tuple[str, ...]) -> object:
    return next((claims[name] for name in names if name in claims), None)


def _name(value: object, claim: str) -> str:
    if (
        not isinstance(value, str)
        or not 0 < len(value) <= MAX_SUBJECT_CHARACTERS
        or not value.isprintable()
    ):
        msg = f"step 11: {claim} is missing or malformed"
        raise TokenRejectedError(msg)
    return value


def _actors(claims: Mapping[str, object]) -> tuple[str, ...]:
    chain: list[str] = []
    actor = claims.get("act")
    while actor is not None:
        if not isinstance(actor, dict) or len(chain) == MAX_ACTORS:
            msg = "step 11: act is malformed or too deep"
            raise TokenRejectedError(msg)
        chain.append(_name(actor.get("sub"), "act.sub"))
        actor = actor.get("act")
    return tuple(chain)


def _scopes(claims: Mapping[str, object], profile: IssuerProfile) -> frozenset[str]:
    stated = _first(claims, profile.scope_claims)
    if stated is None:
        _refuse(profile.needs_scope, "step 13: no scope claim: not an access token")
        return frozenset()
    scopes = stated.split(" ") if isinstance(stated, str) else stated
    if not isinstance(scopes, list) or not all(isinstance(one, str) for one in scopes):
        msg = "step 13: scopes are malformed"
        raise TokenRejectedError(msg)
    return frozenset(one for one in scopes if one)
