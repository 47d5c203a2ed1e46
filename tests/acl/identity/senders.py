"""
Whoever a token is bound to: makes keys, certificates, and proofs that can be spoiled.
"""

import base64
import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from acl.identity.presented import Presented
from tests.acl.identity.issuers import NOW, Issuer, b64

METHOD: Final = "POST"
ADDRESS: Final = "https://rag.acme.example/v1/search"


@dataclass(frozen=True)
class Prover:
    """
    A client with a key of its own.
    """

    algorithm: str = "ES256"
    owner: str = "client"

    @property
    def _signer(self) -> Issuer:
        return Issuer(self.algorithm, owner=self.owner)

    def jwk(self) -> dict[str, str]:
        """
        Return the public key as a proof brings it.
        """
        named = self._signer.jwk()
        return {one: named[one] for one in ("kty", "crv", "x", "y", "n", "e") if one in named}

    def thumbprint(self) -> str:
        """
        RFC 7638, section 3: the required members in order, without space.
        """
        text = json.dumps(self.jwk(), sort_keys=True, separators=(",", ":"))
        return b64(hashlib.sha256(text.encode()).digest())

    def proof(
        self,
        token: str,
        header: Mapping[str, Any] | None = None,
        claims: Mapping[str, Any] | None = None,
        *,
        without: tuple[str, ...] = (),
        now: int = NOW,
    ) -> str:
        """
        Return a proof for this token, with these members changed and those left out.
        """
        shown = {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.jwk(), **(header or {})}
        said = {
            "htm": METHOD,
            "htu": ADDRESS,
            "iat": now,
            "jti": uuid.uuid4().hex,
            "ath": b64(hashlib.sha256(token.encode()).digest()),
            **(claims or {}),
        }
        return self._signer.sign_texts(
            json.dumps({k: v for k, v in shown.items() if k not in without}),
            json.dumps({k: v for k, v in said.items() if k not in without}),
        )


def with_proofs(*proofs: str, method: str = METHOD, address: str = ADDRESS) -> Presented:
    """
    Return a request that brings these.
    """
    return Presented((), method, address, proofs)


@lru_cache(maxsize=4)
def certificate(name: str = "client") -> x509.Certificate:
    """
    Return somebody's certificate, made once a run.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    since = datetime(2026, 1, 1, tzinfo=UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=3_650))
        .sign(key, SHA256())
    )


def thumbprint(one: x509.Certificate) -> str:
    """
    Return what `x5t#S256` says of it.
    """
    return b64(hashlib.sha256(one.public_bytes(Encoding.DER)).digest())


def structured(one: x509.Certificate) -> str:
    """
    Write it as RFC 9440 does.
    """
    return f":{base64.b64encode(one.public_bytes(Encoding.DER)).decode()}:"


def escaped(one: x509.Certificate) -> str:
    """
    Write it as nginx does.
    """
    return quote(one.public_bytes(Encoding.PEM).decode(), safe="")
