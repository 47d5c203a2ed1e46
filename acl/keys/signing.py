"""
The Ed25519 key that vouches for what was released, and the public keys that it is checked with.

The private key is 32 bytes of a key file. A public key is a JWK (RFC 8037) whose `kid` is its
thumbprint (RFC 7638), so that an id names one key for ever, whoever has computed it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import OKPKey
from joserfc.util import urlsafe_b64encode

from acl.model.strict_json import parse_object

ALGORITHM: Final = "Ed25519"
"""
As RFC 9864 names it; the older name EdDSA leaves the curve open.
"""

MAX_RETIRED: Final = 63
"""
With the one that signs, as many as a key set may list.
"""

PUBLIC_MEMBERS: Final = frozenset({"kty", "crv", "x", "kid", "use", "alg"})


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """
    The private key that signs now, and the public ones that have signed before it.
    """

    seed: bytes = field(repr=False)
    retired: tuple[Mapping[str, str], ...] = ()

    @property
    def kid(self) -> str:
        """
        The id of the key that signs.
        """
        return public_jwk(self.seed)["kid"]

    def private(self) -> OKPKey:
        """
        Return the key that signs, for the library.
        """
        public = public_jwk(self.seed)
        return OKPKey.import_key({**public, "d": urlsafe_b64encode(self.seed).decode("ascii")})

    def public(self) -> list[Mapping[str, str]]:
        """
        Return every public key, the present one first.
        """
        present = public_jwk(self.seed)
        return [present, *(one for one in self.retired if one["kid"] != present["kid"])]


def public_jwk(seed: bytes) -> dict[str, str]:
    """
    Return the public half of a private key.
    """
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return _published(urlsafe_b64encode(raw).decode("ascii"))


def retired_keys(text: bytes) -> tuple[Mapping[str, str], ...]:
    """
    Read a list of public keys as this service has written it.

    Raises:
        ValueError: It holds anything else, such as a private key.
    """
    listed = parse_object(text).get("keys")
    if not isinstance(listed, list):
        msg = "it lists no keys"
        raise ValueError(msg)  # noqa: TRY004 - one family for everything malformed
    return tuple(_retired(one) for one in listed)


def _retired(listed: object) -> dict[str, str]:
    if not isinstance(listed, dict) or listed.keys() != PUBLIC_MEMBERS:
        msg = f"a key has the members {sorted(PUBLIC_MEMBERS)} and no other"
        raise ValueError(msg)
    key = {name: str(value) for name, value in listed.items()}
    if key != _published(key["x"]):
        msg = "a key is none that has signed here"
        raise ValueError(msg)
    return key


def _published(x: str) -> dict[str, str]:
    kid = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x}).thumbprint()
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "use": "sig", "alg": ALGORITHM}
