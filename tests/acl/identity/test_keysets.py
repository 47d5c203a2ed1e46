"""
What a key set may hold, and keys from a file.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import ECKey

from acl.errors import ConfigurationError
from acl.identity.errors import KeysUnavailableError, TokenRejectedError
from acl.identity.jwks import MAX_KEYS, parse_keys
from acl.identity.keysets import KeyCondition, PinnedKeys
from tests.acl.identity.issuers import KID, Issuer, b64, public_jwk, unb64
from tests.acl.vectors import vectors

RSA = Issuer("RS256").jwk()
EC = Issuer("ES256").jwk(kid="ec")
PRIVATE = ECKey.generate_key("P-256", {"kid": "private"}).as_dict(private=True)
OKP = Issuer("EdDSA").jwk(kid="ed")
NEW = Issuer("RS256", owner="rotated").jwk(kid="2027-02")


def modulus(change: Callable[[int], int]) -> str:
    """
    Return RSA's modulus, spoiled.
    """
    changed = change(int.from_bytes(unb64(RSA["n"]), "big"))
    return b64(changed.to_bytes((changed.bit_length() + 7) // 8, "big"))


def jwks(*keys: object) -> bytes:
    return json.dumps({"keys": keys}).encode()


def test_a_set_of_public_signing_keys_is_read() -> None:
    assert {KID, "ec", "ed"} == parse_keys(jwks(RSA, EC, OKP)).keys()


def test_public_encryption_keys_are_passed_over() -> None:
    """
    Keycloak publishes them in the same set.
    """
    encrypting = {**NEW, "use": "enc", "alg": "RSA-OAEP"}

    assert {KID} == parse_keys(jwks(RSA, encrypting)).keys()


BAD: dict[str, object] = {
    "no set": [RSA],
    "no keys": {},
    "keys is null": {"keys": None},
    "keys is empty": {"keys": []},
    "keys is an object": {"keys": RSA},
    "too many": {"keys": [{**EC, "kid": str(number)} for number in range(MAX_KEYS + 1)]},
    "a key is text": {"keys": ["key"]},
    "a key is null": {"keys": [RSA, None]},
    "no kid": {"keys": [{k: v for k, v in RSA.items() if k != "kid"}]},
    "kid is a number": {"keys": [{**RSA, "kid": 7}]},
    "one kid twice": {"keys": [RSA, NEW | {"kid": KID}]},
    "one key twice": {"keys": [RSA, RSA]},
    "a secret among them": {"keys": [RSA, {"kty": "oct", "k": "c2VjcmV0", "kid": "s"}]},
    "a secret that encrypts": {"keys": [RSA, {"kty": "oct", "k": "c2", "kid": "s", "use": "enc"}]},
    "a private EC key": {"keys": [{**EC, "d": EC["x"]}]},
    "a private RSA key": {"keys": [{**RSA, "d": RSA["n"]}]},
    "a private key that encrypts": {"keys": [{**RSA, "d": RSA["n"], "use": "enc"}]},
    "only keys that encrypt": {"keys": [{**RSA, "use": "enc"}]},
    "another use": {"keys": [{**RSA, "use": "tls"}]},
    "use is null": {"keys": [{**RSA, "use": None}]},
    "kty is unknown": {"keys": [{**RSA, "kty": "ROT13"}]},
    "kty is a list": {"keys": [{**RSA, "kty": ["RSA"]}]},
    "kty is missing": {"keys": [{k: v for k, v in RSA.items() if k != "kty"}]},
    "a point off the curve": {"keys": [{**EC, "x": EC["y"]}]},
    "a curve of another name": {"keys": [{**EC, "crv": "P-999"}]},
    "half a point": {"keys": [{k: v for k, v in EC.items() if k != "y"}]},
    "the exponent 1": {"keys": [{**RSA, "e": "AQ"}]},
    "an even exponent": {"keys": [{**RSA, "e": "Ag"}]},
    "the exponent 3": {"keys": [{**RSA, "e": "Aw"}]},
    "an even exponent that is large": {"keys": [{**RSA, "e": "AQAC"}]},
    "an exponent below 65537": {"keys": [{**RSA, "e": "__8"}]},
    "an exponent of 65 bits": {"keys": [{**RSA, "e": "AQAAAAAAAAAB"}]},
    "an even modulus": {"keys": [{**RSA, "n": modulus(lambda n: n - 1)}]},
    "a modulus with a small factor": {"keys": [{**RSA, "n": modulus(lambda n: n - n % 334 + 167)}]},
    "a modulus that costs": {"keys": [{**RSA, "n": modulus(lambda n: n**5)}]},
    "a key that agrees": {"keys": [{"kty": "OKP", "crv": "X25519", "x": OKP["x"], "kid": "x"}]},
    "a curve of coins": {"keys": [{**EC, "crv": "secp256k1"}]},
    "operations without verify": {
        "keys": [{k: v for k, v in RSA.items() if k != "use"} | {"key_ops": ["encrypt"]}]
    },
    "a whole private key": {"keys": [PRIVATE]},
    "a whole private key among them": {"keys": [RSA, PRIVATE]},
    "operations that are text": {"keys": [{**RSA, "key_ops": "verify"}]},
    "a number as modulus": {"keys": [{**RSA, "n": 7}]},
    "a modulus that is not base64": {"keys": [{**RSA, "n": "é"}]},
    "an EC key called RSA": {"keys": [{**EC, "kty": "RSA"}]},
}


@pytest.mark.parametrize("case", sorted(BAD))
def test_any_other_set_is_refused_whole(case: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_keys(json.dumps(BAD[case]).encode())

    assert "key set" in refused.value.diagnostics()


def test_a_set_with_a_repeated_member_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        parse_keys(jwks(RSA)[:-1] + b', "keys": []}')


@pytest.mark.filterwarnings("ignore:Key size should be:UserWarning")
def test_a_short_rsa_key_is_refused() -> None:
    short = rsa.generate_private_key(public_exponent=65_537, key_size=1_024)  # noqa: S505

    with pytest.raises(ConfigurationError) as refused:
        parse_keys(jwks(public_jwk("RS256", short)))

    assert "not 2048 to 8192 bits" in refused.value.diagnostics()


def test_a_key_that_can_be_factored_is_refused() -> None:
    """
    Wycheproof's ROCA key; sound keys do not bear the fingerprint (their tests above pass).
    """
    (listed,) = (
        group["public"]["keys"][0]
        for group, vector in vectors("json_web_key_test")
        if vector["comment"] == "rejectsKeyWithRocaVulnerability"
    )

    with pytest.raises(ConfigurationError) as refused:
        parse_keys(jwks(listed))

    assert "ROCA" in refused.value.diagnostics()


def test_pinned_keys_are_read_again_when_the_file_changes(tmp_path: Path) -> None:
    """
    A new key counts at once, and a removed one no longer.
    """
    file = tmp_path / "jwks.json"
    file.write_bytes(jwks(RSA))
    keys = PinnedKeys(file)

    assert keys.key(KID, "RS256") is not None
    file.write_bytes(jwks(NEW))
    os.utime(file, ns=(1, 1))

    assert keys.key("2027-02", "RS256") is not None
    with pytest.raises(TokenRejectedError):
        keys.key(KID, "RS256")


@pytest.mark.parametrize("content", [None, b"", b"{}", jwks({**RSA, "d": "AQ"}), b"\xff"])
def test_a_pinned_file_that_cannot_be_used_is_unavailable(
    tmp_path: Path, content: bytes | None
) -> None:
    """
    Also after it had been good: a key that was taken away must not live on.
    """
    file = tmp_path / "jwks.json"
    file.write_bytes(jwks(RSA))
    keys = PinnedKeys(file)
    keys.key(KID, "RS256")
    file.unlink() if content is None else file.write_bytes(content)

    for _ in range(2):
        with pytest.raises(KeysUnavailableError) as refused:
            keys.key(KID, "RS256")
        assert "jwks.json" in refused.value.diagnostics()


@pytest.mark.parametrize(
    ("kid", "algorithm", "fits"),
    [
        (KID, "RS256", True),
        (KID, "PS256", False),
        (KID, "ES256", False),
        ("ec", "ES256", True),
        ("ec", "EdDSA", False),
        ("ed", "EdDSA", True),
        ("ed", "ES256", False),
        ("ed", "Ed25519", False),
        ("EC", "ES256", False),
    ],
)
def test_a_key_serves_its_own_algorithm_only(
    tmp_path: Path, kid: str, algorithm: str, *, fits: bool
) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(jwks(RSA, EC, OKP))
    keys = PinnedKeys(file)

    if fits:
        assert kid == keys.key(kid, algorithm).kid
    else:
        with pytest.raises(TokenRejectedError):
            keys.key(kid, algorithm)


def test_a_file_says_how_it_is(tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    keys = PinnedKeys(file)

    missing = keys.state()
    file.write_bytes(jwks(RSA, EC))
    found = keys.state()

    assert (KeyCondition.UNUSABLE, ()) == (missing.condition, missing.kids)
    assert "jwks.json" in missing.told()
    assert (KeyCondition.FRESH, (KID, "ec")) == (found.condition, found.kids)
    assert "2 keys" in found.told()
