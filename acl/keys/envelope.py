"""
Seals the parts of one document revision, and unseals them again.

The scheme:

1. Every document revision has its own random 256-bit data key, wrapped by a `KekProvider`.
2. A commitment, HKDF(data key, "commitment"), is stored beside the wrapped key and compared
   before anything is decrypted: AES-GCM alone lets one ciphertext open under two keys.
3. Every part (a chunk, the card, the originals) has its own key, HKDF(data key, part name).
4. A part is AES-256-GCM with a fresh nonce; the associated data is the part's full meaning:
   format, tenant, source, document, revision, part. A part moved elsewhere does not open.
5. The ACL is not in the associated data: a permission change must not touch text. It has a
   seal of its own, `acl.keys.acl_seal`.

A sealed part is: version byte, 12-byte nonce, ciphertext with its 16-byte tag.
Text is padded to multiples of `PADDING` bytes first, so that lengths tell little.
"""

import hmac
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from acl.keys.errors import SealBrokenError
from acl.keys.provider import KekProvider, WrappedKey
from acl.model.encoding import encode
from acl.model.identifiers import DocumentId, SourceName, TenantId

FORMAT = 1
KEY_BYTES = 32
NONCE_BYTES = 12
PADDING = 256


@dataclass(frozen=True, slots=True)
class Meaning:
    """
    What a sealed revision is, bound to its ciphertext.
    """

    tenant: TenantId
    source: SourceName
    document: DocumentId
    revision: int

    def encoded(self, part: str) -> bytes:
        """
        Return the associated data of one part, such as `chunk:3`, `card` or `originals`.
        """
        return encode([FORMAT, self.tenant, self.source, self.document, self.revision, part])


@dataclass(frozen=True, slots=True)
class EnvelopeKey:
    """
    A revision's data key as it is stored: wrapped, and committed to.
    """

    wrapped: WrappedKey
    commitment: bytes


class OpenEnvelope:
    """
    A revision whose data key is at hand; made by `new_envelope` or `open_envelope` only.
    """

    def __init__(self, meaning: Meaning, dek: bytes) -> None:
        self._meaning = meaning
        self._dek = dek

    def seal(self, part: str, plaintext: bytes) -> bytes:
        """
        Seal one part. Sealing the same part twice is safe: the nonce is fresh.
        """
        nonce = secrets.token_bytes(NONCE_BYTES)
        body = self._aead(part).encrypt(nonce, _pad(plaintext), self._meaning.encoded(part))
        return bytes([FORMAT]) + nonce + body

    def unseal(self, part: str, sealed: bytes) -> bytes:
        """
        Return the plaintext of one part.

        Raises:
            SealBrokenError: These bytes were not sealed as this part of this revision.
        """
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        if sealed[:1] != bytes([FORMAT]):
            msg = f"{self._meaning}: {part} has an unknown format"
            raise SealBrokenError(msg)
        try:
            padded = self._aead(part).decrypt(nonce, body, self._meaning.encoded(part))
            return _unpad(padded)
        except (InvalidTag, ValueError) as error:
            msg = f"{self._meaning}: {part} is not what was sealed there"
            raise SealBrokenError(msg) from error

    def _aead(self, part: str) -> AESGCM:
        return AESGCM(_derive(self._dek, "part", part))


def new_envelope(meaning: Meaning, keks: KekProvider) -> tuple[OpenEnvelope, EnvelopeKey]:
    """
    Make a fresh data key for a revision.
    """
    dek = secrets.token_bytes(KEY_BYTES)
    wrapped = keks.wrap(dek, context=meaning.encoded("dek"))
    return OpenEnvelope(meaning, dek), EnvelopeKey(wrapped, _derive(dek, "commitment", ""))


def open_envelope(meaning: Meaning, key: EnvelopeKey, keks: KekProvider) -> OpenEnvelope:
    """
    Unwrap a revision's data key.

    Raises:
        SealBrokenError: The wrapped key is not this revision's, or its commitment differs.
    """
    dek = keks.unwrap(key.wrapped, context=meaning.encoded("dek"))
    if not hmac.compare_digest(_derive(dek, "commitment", ""), key.commitment):
        msg = f"{meaning}: the data key is not the one that was committed to"
        raise SealBrokenError(msg)
    return OpenEnvelope(meaning, dek)


def _derive(dek: bytes, purpose: str, name: str) -> bytes:
    # The data key is uniformly random, so HKDF-Expand alone suffices (RFC 5869, section 3.3).
    return HKDFExpand(SHA256(), KEY_BYTES, encode(["readership", purpose, name])).derive(dek)


def _pad(plaintext: bytes) -> bytes:
    filled = len(plaintext) + 1
    return plaintext + b"\x80" + bytes(-filled % PADDING)


def _unpad(padded: bytes) -> bytes:
    plaintext, marker, rest = padded.rpartition(b"\x80")
    if not marker or rest.strip(b"\0"):
        msg = "padding is damaged"
        raise ValueError(msg)
    return plaintext
