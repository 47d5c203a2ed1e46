"""
A token issuer whose every token can be spoiled: it signs whatever it is given.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from acl.identity.errors import TokenRejectedError
from acl.identity.jwks import PublicKey, parse_keys
from acl.identity.profiles import PROFILES
from acl.identity.tokens import TokenVerifier, TrustedIssuer

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
ISSUER: Final = "https://idp.acme.example"
OTHER_ISSUER: Final = "https://idp.globex.example"
AUDIENCE: Final = "https://rag.acme.example/mcp"
KID: Final = "2027-01"
NOW: Final = 1_798_804_800
LEEWAY: Final = 30
LIFETIME: Final = 3_600

HEADER: Final[Mapping[str, Any]] = {"typ": "at+jwt", "kid": KID}
CLAIMS: Final[Mapping[str, Any]] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "alice",
    "client_id": "chat",
    "iat": NOW - 60,
    "exp": NOW + 600,
    "scope": "rag.search rag.read",
}


def clock() -> datetime:
    return datetime.fromtimestamp(NOW, tz=UTC)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@cache
def private_key(algorithm: str, owner: str = "acme") -> PrivateKey:
    """
    Return an owner's key for an algorithm, made once a run.
    """
    del owner
    if algorithm.startswith("E") and algorithm != "EdDSA":
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def sign(algorithm: str, key: PrivateKey, message: bytes) -> bytes:
    """
    Sign as RFC 7518 and RFC 8037 say.
    """
    match key:
        case rsa.RSAPrivateKey() if algorithm.startswith("P"):
            return key.sign(message, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())
        case rsa.RSAPrivateKey():
            return key.sign(message, padding.PKCS1v15(), SHA256())
        case ec.EllipticCurvePrivateKey():
            r, s = decode_dss_signature(key.sign(message, ec.ECDSA(SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        case _:
            return key.sign(message)


def public_jwk(algorithm: str, key: PrivateKey, kid: str = KID) -> dict[str, str]:
    """
    Return the public key as an issuer publishes it.
    """
    public = key.public_key()
    match public:
        case rsa.RSAPublicKey():
            numbers = public.public_numbers()
            modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
            body = {"kty": "RSA", "n": b64(modulus), "e": b64(numbers.e.to_bytes(3, "big"))}
        case ec.EllipticCurvePublicKey():
            point = public.public_numbers()
            x, y = b64(point.x.to_bytes(32, "big")), b64(point.y.to_bytes(32, "big"))
            body = {"kty": "EC", "crv": "P-256", "x": x, "y": y}
        case _:
            raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
            body = {"kty": "OKP", "crv": "Ed25519", "x": b64(raw)}
    return {**body, "kid": kid, "use": "sig", "alg": algorithm}


@dataclass(frozen=True)
class Issuer:
    """
    Signs with one key; `token` is where a test says what is wrong.
    """

    algorithm: str
    owner: str = "acme"
    issuer: str = ISSUER

    @property
    def key(self) -> PrivateKey:
        return private_key(self.algorithm, self.owner)

    def token(
        self,
        header: Mapping[str, Any] | None = None,
        claims: Mapping[str, Any] | None = None,
        *,
        without: tuple[str, ...] = (),
    ) -> str:
        """
        Return a valid token with these members changed and those left out.
        """
        shown = {**HEADER, "alg": self.algorithm, **(header or {})}
        said = {**CLAIMS, "iss": self.issuer, **(claims or {})}
        return self.sign_texts(
            json.dumps({k: v for k, v in shown.items() if k not in without}),
            json.dumps({k: v for k, v in said.items() if k not in without}),
        )

    def sign_texts(self, header: str | bytes, payload: str | bytes) -> str:
        """
        Sign texts that need not be JSON.
        """
        parts = [b64(p.encode() if isinstance(p, str) else p) for p in (header, payload)]
        return self.sign_parts(".".join(parts))

    def sign_parts(self, signed: str) -> str:
        """
        Sign whatever stands before the last dot.
        """
        return f"{signed}.{b64(sign(self.algorithm, self.key, signed.encode()))}"

    def jwk(self, kid: str = KID) -> dict[str, str]:
        return public_jwk(self.algorithm, self.key, kid)


@dataclass
class SpiedKeys:
    """
    A key set in memory that remembers what it was asked for.
    """

    keys: Mapping[str, PublicKey]
    asked: list[tuple[str, str]] = field(default_factory=list)

    def key(self, kid: str, algorithm: str) -> PublicKey:
        self.asked.append((kid, algorithm))
        if kid not in self.keys:
            msg = f"step 8: the issuer has no key {kid!r:.80}"
            raise TokenRejectedError(msg)
        return self.keys[kid]


def spied(*jwks: Mapping[str, str]) -> SpiedKeys:
    """
    Return a key set of these keys.
    """
    return SpiedKeys(parse_keys(json.dumps({"keys": jwks}).encode()))


def trusted(issuer: Issuer, *, profile: str = "rfc9068") -> TrustedIssuer:
    """
    Return an issuer's configuration.
    """
    return TrustedIssuer(
        issuer=issuer.issuer,
        audiences=frozenset({AUDIENCE}),
        algorithms=frozenset({issuer.algorithm}),
        profile=PROFILES[profile],
        client_claims=PROFILES[profile].client_claims,
        max_lifetime_seconds=LIFETIME,
        leeway_seconds=LEEWAY,
        keys=spied(issuer.jwk()),
    )


def verifier(*issuers: TrustedIssuer) -> TokenVerifier:
    """
    Return a verifier that trusts these, at `NOW`.
    """
    return TokenVerifier({one.issuer: one for one in issuers}, clock)
