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
10. `exp` and `iat` are integers; not expired, not from the future, living no longer than the
    issuer's limit, and never longer than `MAX_LIFETIME_SECONDS`; `nbf`, if present, has come.
11. `sub` is a well-formed string; the client claim is one too, and every other claim that names
    the client names the same.
12. A token that is bound to a key or certificate (`cnf`) comes with the proof of it, and where
    the operator demands bound tokens it is bound (`possession`).
13. Scopes are a space-separated string or a list of strings, and no claim is one that only ID
    tokens, logout tokens or security events have.
14. `act`, if present, is a chain of at most `MAX_ACTORS` actors of this issuer (RFC 8693,
    section 4.1).
15. Where the operator takes groups from this issuer's tokens, the token lists all of them.
16. Client and outermost actor may act for readers; the scopes shrink to what they may do
    (`acl.model.delegation`).
17. Where the operator wants the issuer asked as well, it says that the token is active, and
    nothing that the token does not; scopes and end shrink to what it says now (`confirmation`).

A token that is not of the JOSE family has nothing to verify by itself. If one issuer is asked
about such tokens, its answer takes the place of steps 1 to 8, and passes steps 9 to 16.

A refusal in steps 1 to 14 and 17 is a `TokenRejectedError`: one answer outside, the reason for
operators. Steps 15 and 16 refuse genuine tokens: their readers have no rights, and are told so
(`ReaderRefusedError`) once it is known that the token was not revoked (`revocation`).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from acl.identity import claims as said
from acl.identity import signed
from acl.identity.claims import MAX_LIFETIME_SECONDS
from acl.identity.confirmation import still_said
from acl.identity.dpop import ProofVerifier
from acl.identity.errors import ReaderRefusedError, TokenRejectedError
from acl.identity.introspection import Introspector
from acl.identity.jwks import ALGORITHMS
from acl.identity.possession import BEARER, Token, check_possession
from acl.identity.presented import Presented
from acl.identity.profiles import IssuerProfile
from acl.identity.reader import VERIFYING_RIGHT, VerifiedClaims, VerifiedReader
from acl.identity.signed import MAX_TOKEN_CHARACTERS, refuse
from acl.identity.trusted import TrustedIssuer
from acl.model.delegation import Delegation, Rights

__all__ = [
    "ALGORITHMS",
    "MAX_LIFETIME_SECONDS",
    "MAX_TOKEN_CHARACTERS",
    "TokenVerifier",
    "TrustedIssuer",
]

NOTHING_ELSE = Presented(())
"""
A token came by itself.
"""

NOTHING = Rights(frozenset(), frozenset(), ())
"""
Of a reader who is let in nowhere.
"""


class TokenVerifier:
    """
    Turns tokens of the configured issuers into verified readers.
    """

    def __init__(self, issuers: Mapping[str, TrustedIssuer], clock: Callable[[], datetime]) -> None:
        self._issuers = issuers
        self._clock = clock
        self._proofs = ProofVerifier(clock())

    @property
    def expects_proofs(self) -> bool:
        """
        Whether tokens of any issuer may come with a proof (DPoP).
        """
        return any(one.senders.dpop for one in self._issuers.values())

    def verify(
        self, token: str, scheme: str = BEARER, presented: Presented = NOTHING_ELSE
    ) -> VerifiedReader:
        """
        Verify one token, with what came beside it.

        Raises:
            TokenRejectedError: It proves nothing.
            KeysUnavailableError: The issuer's keys could not be had; ask again later.
            IntrospectionUnavailableError: The issuer did not answer; ask again later.
        """
        came = Token(token, scheme, presented)
        asked = self._asked_about(token)
        if asked is not None:
            return self._reader(asked[1].claims_of(token, self._clock()), asked[0], came)
        trusted, claims = self._signed(token)  # steps 1 to 8
        reader = self._reader(claims, trusted, came)  # steps 9 to 16
        if trusted.introspector is not None and trusted.introspector.always:
            now = self._clock()
            left = still_said(claims, trusted.introspector.active(token, now), trusted, now)
            return replace(  # step 17
                reader,
                scopes=reader.scopes & left.scopes,
                expires_at=min(reader.expires_at, left.expires_at),
                right=VERIFYING_RIGHT,
            )
        return reader

    def _asked_about(self, token: str) -> tuple[TrustedIssuer, Introspector] | None:
        """
        Return the issuer that is asked about opaque tokens, if this is one.
        """
        if signed.looks_signed(token) or len(token) > MAX_TOKEN_CHARACTERS:
            return None
        for one in self._issuers.values():
            if one.introspector is not None and one.introspector.opaque:
                return one, one.introspector
        return None

    def statement(self, token: str) -> tuple[TrustedIssuer, Mapping[str, object]]:
        """
        Take steps 1 to 9 alone: who signed this, as that type, for this audience.

        For what is signed and is no access token; whoever calls it checks the rest.

        Raises:
            TokenRejectedError, KeysUnavailableError: As `verify`.
        """
        trusted, claims = self._signed(token)  # steps 1 to 8
        said.check_audience(claims, accepted=trusted.audiences)  # step 9
        return trusted, claims

    def _signed(self, token: str) -> tuple[TrustedIssuer, Mapping[str, object]]:
        header, claims = signed.parse(token)  # steps 1 to 3
        signed.check_header(header)  # step 4
        trusted = self._issuer(claims)  # step 5
        _check_type(header, trusted.profile)  # step 6
        algorithm = signed.check_algorithm(header, trusted.algorithms)  # step 7
        key = trusted.keys.key(str(header["kid"]), algorithm)
        signed.check_signature(token, algorithm, key)  # step 8
        return trusted, claims

    def _issuer(self, claims: Mapping[str, object]) -> TrustedIssuer:
        named = claims.get("iss")
        trusted = self._issuers.get(named) if isinstance(named, str) else None
        if trusted is None:
            msg = f"step 5: issuer {named!r:.200} is not configured"
            raise TokenRejectedError(msg)
        return trusted

    def _reader(
        self, claims: Mapping[str, object], trusted: TrustedIssuer, came: Token
    ) -> VerifiedReader:
        profile, now, leeway = trusted.profile, self._clock(), trusted.leeway_seconds
        said.check_audience(claims, trusted.audiences)  # step 9
        expires_at = said.check_times(  # step 10
            claims, now, lifetime=trusted.max_lifetime_seconds, leeway=leeway
        )
        subject = said.name_of(claims.get("sub"), "sub")  # step 11
        client = said.client_of(claims, trusted.client_claims)
        sender = (trusted.issuer, subject, client)
        check_possession(came, claims, trusted.senders, self._proofs, sender, now)  # step 12
        scopes = trusted.scope_names.own(said.scopes_of(claims, profile))  # step 13
        actors = said.actors_of(claims, trusted.issuer)  # step 14
        groups, rights, refused = frozenset[str](), NOTHING, ""
        try:
            groups = said.groups_of(claims, trusted.groups)  # step 15
            rights = _rights(trusted.delegation, scopes, client, actors)  # step 16
        except ReaderRefusedError as error:
            refused = error.diagnostics()
        return VerifiedReader(
            issuer=trusted.issuer,
            subject=subject,
            client=client,
            actors=actors,
            scopes=rights.scopes,
            expires_at=expires_at,
            claims=VerifiedClaims(MappingProxyType(dict(claims))),
            service=said.is_service(claims, subject, client, profile),
            groups=groups,
            sources=rights.sources,
            sign_in=said.sign_in_of(claims, profile, now + timedelta(seconds=leeway)),
            via=rights.via,
            refused=refused,
            right=VERIFYING_RIGHT,
        )


def _check_type(header: Mapping[str, object], profile: IssuerProfile) -> None:
    named = header.get("typ")
    refuse(
        not isinstance(named, str) or named.lower() not in profile.types,
        f"step 6: typ {named!r:.80} is not an access token's",
    )


def _rights(
    delegation: Delegation, scopes: frozenset[str], client: str, actors: tuple[str, ...]
) -> Rights:
    try:
        return delegation.rights(scopes, client, actors)
    except LookupError as error:
        msg = f"step 16: {error.args[0]}"
        raise ReaderRefusedError(msg) from error
