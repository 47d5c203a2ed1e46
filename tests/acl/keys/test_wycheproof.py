"""
Wycheproof's vectors on the calls that we make: AES-256-GCM with 96-bit nonces, and HKDF.
"""

import hashlib
import hmac

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from acl.keys.envelope import KEY_BYTES, NONCE_BYTES
from tests.acl.vectors import vectors


def test_aes_gcm() -> None:
    """
    Every vector with our sizes; every altered one is refused.
    """
    tried = 0
    for group, vector in vectors("aes_gcm_test"):
        if (group["keySize"], group["ivSize"]) != (8 * KEY_BYTES, 8 * NONCE_BYTES):
            continue
        tried += 1
        key, iv, aad, msg, ct, tag = (
            bytes.fromhex(vector[name]) for name in ("key", "iv", "aad", "msg", "ct", "tag")
        )
        if vector["result"] == "valid":
            assert msg == AESGCM(key).decrypt(iv, ct + tag, aad)
            assert ct + tag == AESGCM(key).encrypt(iv, msg, aad)
        else:
            with pytest.raises(InvalidTag):
                AESGCM(key).decrypt(iv, ct + tag, aad)

    assert tried >= 60


def test_hkdf_expand() -> None:
    """
    We expand only, our keys being uniform; the extract step is made here by hand.
    """
    tried = 0
    for _, vector in vectors("hkdf_sha256_test"):
        salt = bytes.fromhex(vector["salt"]) or bytes(32)
        extracted = hmac.new(salt, bytes.fromhex(vector["ikm"]), hashlib.sha256).digest()
        info = bytes.fromhex(vector["info"])
        tried += 1
        if vector["result"] == "valid":
            expanded = HKDFExpand(SHA256(), vector["size"], info).derive(extracted)
            assert bytes.fromhex(vector["okm"]) == expanded
        else:
            with pytest.raises(ValueError, match=r"(?i)larger|length"):
                HKDFExpand(SHA256(), vector["size"], info).derive(extracted)

    assert 86 == tried
