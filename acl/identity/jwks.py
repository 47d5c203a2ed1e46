"""
What a key set may hold.

The rules:

1. A set lists 1 to `MAX_KEYS` keys, each with a `kid` of its own; a set in which two keys share
   one is refused, since a token could then be judged by either.
2. Every key is a public signing key of a supported kind. A set that also holds a secret key is
   refused whole. Public encryption keys, which Keycloak lists beside its signing keys, are
   passed over.
3. RSA: 2,048 to 8,192 bits, an odd exponent from 65537 to 64 bits (FIPS 186-5, section 5.1; more
   costs whoever verifies), no small factor, and not the fingerprint of ROCA (CVE-2017-15361).
4. EC: P-256, P-384 or P-521, and the point lies on the curve. OKP: Ed25519 or Ed448; a key that
   agrees on keys (X25519) signs nothing.
5. A key serves one family of algorithms: RSA the RS and PS ones, a curve its ES one, Ed25519 and
   Ed448 EdDSA. If the key names its `alg`, it serves that one only (RFC 7517, section 4.4), and if
   it lists `key_ops`, `verify` is among them (section 4.3).
"""

import math
from collections.abc import Mapping
from typing import Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from acl.errors import ConfigurationError
from acl.identity.errors import TokenRejectedError
from acl.model.strict_json import parse_object

MAX_KEYS: Final = 64
MIN_RSA_BITS: Final = 2_048
MAX_RSA_BITS: Final = 8_192
MIN_EXPONENT: Final = 65_537
MAX_EXPONENT_BITS: Final = 64
ROCA_GENERATOR: Final = 65_537
ROCA_PRIMES: Final = tuple(
    p for p in range(3, 168, 2) if all(p % factor for factor in range(3, 13, 2) if factor < p)
)

PublicKey = RSAKey | ECKey | OKPKey
_KEY_TYPES: Final[Mapping[str, type[RSAKey] | type[ECKey] | type[OKPKey]]] = {
    "RSA": RSAKey,
    "EC": ECKey,
    "OKP": OKPKey,
}
_RSA_ALGORITHMS: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_CURVE_ALGORITHMS: Final[Mapping[str, frozenset[str]]] = {
    "P-256": frozenset({"ES256"}),
    "P-384": frozenset({"ES384"}),
    "P-521": frozenset({"ES512"}),
    "Ed25519": frozenset({"EdDSA", "Ed25519"}),
    "Ed448": frozenset({"EdDSA"}),
}
ALGORITHMS: Final = _RSA_ALGORITHMS.union(*_CURVE_ALGORITHMS.values())
"""
All that any issuer may use; every one is asymmetric (RFC 8725, section 3.1).
"""


def parse_keys(text: bytes) -> Mapping[str, PublicKey]:
    """
    Read a JWK set into keys by id.

    Raises:
        ConfigurationError: It is not a set of public signing keys.
    """
    try:
        listed = parse_object(text).get("keys")
        if not isinstance(listed, list) or not 0 < len(listed) <= MAX_KEYS:
            msg = f"a key set lists 1 to {MAX_KEYS} keys"
            raise ValueError(msg)  # noqa: TRY301
        keys = [_parse_key(one) for one in listed if not _only_encrypts(one)]
        if not keys:
            msg = "it lists encryption keys only"
            raise ValueError(msg)  # noqa: TRY301
    except (ValueError, JoseError, TypeError, KeyError, AttributeError) as error:
        msg = f"not a usable key set: {error}"
        raise ConfigurationError(msg) from error
    by_id = dict(keys)
    if len(by_id) != len(keys):
        msg = "not a usable key set: two keys share one kid"
        raise ConfigurationError(msg)
    return by_id


def fit(keys: Mapping[str, PublicKey], kid: str, algorithm: str) -> PublicKey:
    """
    Return the key of an id, if it serves an algorithm.

    Raises:
        TokenRejectedError: There is none, or it serves another one.
    """
    key = keys.get(kid)
    if key is None:
        msg = f"step 8: the issuer has no key {kid!r:.80}"
        raise TokenRejectedError(msg)
    if not serves(key, algorithm):
        msg = f"step 8: key {kid!r:.80} is not for {algorithm!r:.40}"
        raise TokenRejectedError(msg)
    return key


def serves(key: PublicKey, algorithm: str) -> bool:
    """
    Say whether a key is for an algorithm: rule 5.
    """
    return algorithm in _family(key) and key.get("alg", algorithm) == algorithm


def _family(key: PublicKey) -> frozenset[str]:
    if isinstance(key, RSAKey):
        return _RSA_ALGORITHMS
    return _CURVE_ALGORITHMS.get(key.curve_name, frozenset())


def _parse_key(listed: object) -> tuple[str, PublicKey]:
    if not isinstance(listed, dict) or not isinstance(listed.get("kid"), str):
        msg = "every key needs a kid"
        raise ValueError(msg)  # noqa: TRY004 - one family for everything malformed
    return listed["kid"], public_key(listed, f"key {listed['kid']!r:.80}")


def public_key(listed: object, named: str) -> PublicKey:
    """
    Read one key: rules 2 to 4. `named` is how a refusal calls it.

    Raises:
        ValueError, JoseError, TypeError, KeyError, AttributeError: It is no such key.
    """
    if not isinstance(listed, dict):
        msg = f"{named} is not an object"
        raise ValueError(msg)  # noqa: TRY004 - one family for everything malformed
    if {"d", "k"} & listed.keys():
        msg = f"{named} is secret; publish public keys only"
        raise ValueError(msg)
    if not _signs(listed):
        msg = f"{named} is not a signing key of a supported type"
        raise ValueError(msg)
    key = _KEY_TYPES[listed["kty"]].import_key(listed)
    if isinstance(key, RSAKey):
        numbers = key.public_key.public_numbers()
        _require_sound_rsa(named, numbers.n, numbers.e)
    elif key.curve_name not in _CURVE_ALGORITHMS:
        msg = f"{named} is on {key.curve_name}, which signs nothing here"
        raise ValueError(msg)
    return key


def _signs(listed: Mapping[str, object]) -> bool:
    operations = listed.get("key_ops", ["verify"])
    return (
        listed.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
        and listed.get("kty") in _KEY_TYPES
    )


def _only_encrypts(listed: object) -> bool:
    return isinstance(listed, dict) and listed.get("use") == "enc" and not {"d", "k"} & set(listed)


def _require_sound_rsa(named: str, modulus: int, exponent: int) -> None:
    if not MIN_RSA_BITS <= modulus.bit_length() <= MAX_RSA_BITS:
        msg = f"RSA {named} has not {MIN_RSA_BITS} to {MAX_RSA_BITS} bits"
        raise ValueError(msg)
    if exponent % 2 == 0 or not MIN_EXPONENT <= exponent < 1 << MAX_EXPONENT_BITS:
        msg = f"RSA {named} has the exponent {exponent!r:.40}, which is not safe; use 65537"
        raise ValueError(msg)
    if math.gcd(modulus, _SMALL_FACTORS) != 1:
        msg = f"RSA {named} has a small factor; replace it"
        raise ValueError(msg)
    if _roca(modulus):
        msg = f"RSA {named} can be factored (ROCA, CVE-2017-15361); replace it"
        raise ValueError(msg)


_SMALL_FACTORS: Final = math.prod((2, *ROCA_PRIMES))


def _roca(modulus: int) -> bool:
    # The primes of such a key are powers of 65537 modulo many small primes, and so is the modulus.
    return all(
        modulus % prime in {pow(ROCA_GENERATOR, power, prime) for power in range(prime)}
        for prime in ROCA_PRIMES
    )
