"""
Steps 1 to 4, 7 and 8 of `tokens`: what a token is made of, and who signed it.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Final

from joserfc import jws
from joserfc._rfc7515.model import JWSAlgModel
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jws import JWSRegistry

from acl.identity.errors import TokenRejectedError
from acl.identity.jwks import ALGORITHMS, PublicKey
from acl.model.strict_json import parse_object

MAX_TOKEN_CHARACTERS: Final = 16_384
"""
Entra's largest tokens, with 200 groups, stay below 12 KB.
"""

MAX_KID_CHARACTERS: Final = 256
JWS_PARTS: Final = 3
REFUSED_HEADERS: Final = frozenset(
    {"jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "b64", "crit", "zip", "cty"}
)


class OneAlgorithm(JWSRegistry):
    """
    Lets the library use one algorithm and no other.

    It also keeps quiet about the name EdDSA, which RFC 9864 renames and issuers will send for
    years: to silence a warning where it is raised would change the warnings of every thread.
    """

    max_header_length = MAX_TOKEN_CHARACTERS

    def __init__(self, algorithm: str) -> None:
        super().__init__(algorithms=[algorithm], strict_check_header=False)

    def get_alg(self, name: str) -> JWSAlgModel:
        """
        Return the algorithm.
        """
        if [name] != self.allowed:
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


REGISTRIES: Final = {algorithm: OneAlgorithm(algorithm) for algorithm in ALGORITHMS}


def refuse(condition: bool, reason: str) -> None:  # noqa: FBT001 - reads as a sentence
    """
    Refuse the token if this is so.

    Raises:
        TokenRejectedError: It is.
    """
    if condition:
        raise TokenRejectedError(reason)


def looks_signed(token: str) -> bool:
    """
    Say whether a token is, or pretends to be, of the JOSE family: a signed or encrypted one.

    It is then judged by its signature alone, however broken, and no issuer is asked about it.
    """
    return token.count(".") >= JWS_PARTS - 1 or token.startswith(("eyJ", "e30", "{"))


def parse(
    token: str, *, most: int = MAX_TOKEN_CHARACTERS
) -> tuple[dict[str, object], dict[str, object]]:
    """
    Return header and payload: steps 1 to 3.

    Raises:
        TokenRejectedError: It is too long, not in compact form, or not strict JSON.
    """
    refuse(len(token) > most, "step 1: the token is too long")
    parts = token.split(".")
    refuse(len(parts) != JWS_PARTS or not all(parts), "step 2: not three parts")
    header, payload, _ = (_decode(part) for part in parts)
    try:
        return parse_object(header), parse_object(payload)
    except (ValueError, RecursionError) as error:
        msg = f"step 3: {error}"
        raise TokenRejectedError(msg) from error


def check_header(header: Mapping[str, object]) -> None:
    """
    Step 4: nothing but `typ`, `alg` and `kid` steers.

    Raises:
        TokenRejectedError: It brings a key or changes the meaning, or lacks `alg` or `kid`.
    """
    refused = sorted(REFUSED_HEADERS & header.keys())
    refuse(bool(refused), f"step 4: header parameters {refused} are refused")
    kid = header.get("kid")
    refuse(
        not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID_CHARACTERS,
        "step 4: kid is missing or malformed",
    )
    refuse(not isinstance(header.get("alg"), str), "step 4: alg is missing or malformed")


def check_algorithm(header: Mapping[str, object], accepted: frozenset[str]) -> str:
    """
    Step 7: the algorithm is one of the issuer's.

    Raises:
        TokenRejectedError: It is not.
    """
    algorithm = str(header["alg"])
    refuse(algorithm not in accepted & ALGORITHMS, f"step 7: alg {algorithm!r:.40}")
    return algorithm


def check_signature(
    token: str, algorithm: str, key: PublicKey, *, registry: OneAlgorithm | None = None
) -> None:
    """
    Step 8: the signature is this key's.

    Raises:
        TokenRejectedError: It is not.
    """
    try:
        registry = registry or REGISTRIES[algorithm]
        jws.deserialize_compact(token.encode("ascii"), key, registry=registry)
    except (JoseError, ValueError, TypeError, UnicodeError) as error:
        msg = f"step 8: the signature does not verify: {error}"
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
    refuse(canonical != part, "step 2: a part is not canonical base64url")
    return decoded
