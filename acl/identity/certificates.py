"""
The certificate that a trusted proxy has verified, from the header in which it says so.

Two forms are read: RFC 9440 (`:base64 of DER:`), and percent-encoded PEM, which nginx writes
(`$ssl_client_escaped_cert`). Whether the header is the proxy's is for whoever takes it from the
request to know (`retrieval.api.presented`); whether the certificate is valid, for the proxy.
"""

import base64
import hashlib
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from acl.identity.errors import TokenRejectedError
from acl.identity.signed import refuse

MAX_CHARACTERS: Final = 16_384
_PEM: Final = "-----BEGIN"


def thumbprint_of(certificates: Sequence[str]) -> str:
    """
    Return the SHA-256 thumbprint of the one certificate, as `x5t#S256` writes it.

    Raises:
        TokenRejectedError: There is not exactly one, or it is none.
    """
    refuse(len(certificates) != 1, f"step 12: {len(certificates)} certificates came with it")
    written = certificates[0].strip()
    refuse(len(written) > MAX_CHARACTERS, "step 12: the certificate is too long")
    try:
        der = _certificate(written).public_bytes(Encoding.DER)
    except (ValueError, x509.InvalidVersion) as error:
        msg = "step 12: what the proxy sent is not a certificate"
        raise TokenRejectedError(msg) from error
    digest = hashlib.sha256(der).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _certificate(written: str) -> x509.Certificate:
    if len(written) > 1 and written[0] == written[-1] == ":":
        return x509.load_der_x509_certificate(base64.b64decode(written[1:-1], validate=True))
    pem = unquote(written)
    if not pem.startswith(_PEM):
        msg = "neither RFC 9440 nor PEM"
        raise ValueError(msg)
    (one,) = x509.load_pem_x509_certificates(pem.encode("ascii", "strict"))
    return one
