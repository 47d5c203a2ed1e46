"""
Wycheproof's JOSE vectors through our own steps: nothing invalid is accepted, and what is valid
and refused is on a reviewed list.
"""

import json
from typing import Any, Final

import pytest

from acl.errors import ConfigurationError
from acl.identity import signed
from acl.identity.errors import TokenRejectedError
from acl.identity.jwks import ALGORITHMS, fit, parse_keys
from tests.acl.vectors import vectors, wycheproof

pytestmark = pytest.mark.filterwarnings("ignore:Key size should be:UserWarning")

EMPTY_OBJECT: Final = "e30"

SYMMETRIC: Final = "an HMAC: the key set would hold a secret, and is refused whole"
ANOTHER_ALG: Final = "the key's own alg is not the token's (RFC 7517, section 4.4)"
REFUSED_TOKENS: Final = {
    1: SYMMETRIC,
    346: ANOTHER_ALG,
    347: ANOTHER_ALG,
    348: SYMMETRIC,
    350: ANOTHER_ALG,
    351: ANOTHER_ALG,
    352: SYMMETRIC,
    357: SYMMETRIC,
    358: SYMMETRIC,
    359: SYMMETRIC,
    372: SYMMETRIC,
    373: SYMMETRIC,
    376: SYMMETRIC,
    377: SYMMETRIC,
}
"""
Valid vectors that we refuse, and why; a change here needs a reason.
"""

REFUSED_KEYS: Final = {2: SYMMETRIC, 13: SYMMETRIC, 14: SYMMETRIC, 15: SYMMETRIC}

ENCRYPTED: Final = "a JWE: an access token is signed, and nothing is decrypted here"
REFUSED_MIXED: Final = {1: SYMMETRIC, 48: SYMMETRIC, 50: ENCRYPTED, 67: ENCRYPTED}


def accepted(token: object, published: dict[str, Any]) -> bool:
    """
    Take steps 1 to 4, 7 and 8; the payloads of these vectors are not claims.
    """
    keys = published if "keys" in published else {"keys": [published]}
    text = token if isinstance(token, str) else json.dumps(token)
    head, _, rest = text.partition(".")
    payload, _, signature = rest.partition(".")
    try:
        header, _ = signed.parse(f"{head}.{EMPTY_OBJECT}.{signature}")
        signed._decode(payload)  # noqa: SLF001 - the payload is not claims, but is base64url
        signed.check_header(header)
        algorithm = signed.check_algorithm(header, ALGORITHMS)
        listed = parse_keys(json.dumps(keys).encode())
        signed.check_signature(text, algorithm, fit(listed, str(header["kid"]), algorithm))
    except (ConfigurationError, TokenRejectedError):
        return False
    return True


@pytest.mark.promise("forged-token")
@pytest.mark.parametrize(
    ("file", "refused", "count"),
    [
        ("json_web_signature_test", REFUSED_TOKENS, 401),
        ("json_web_key_test", REFUSED_KEYS, 26),
        ("json_web_crypto_test", REFUSED_MIXED, 83),
    ],
)
def test_what_is_accepted_is_exactly_what_is_valid(
    file: str, refused: dict[int, str], count: int
) -> None:
    """
    Zero invalid ones, every valid one but those on the list.
    """
    assert count == wycheproof(file)["numberOfTests"]
    valid, taken = set(), set()
    for group, vector in vectors(file):
        if vector["result"] == "valid":
            valid.add(vector["tcId"])
        token = vector.get("jws", vector.get("jwe"))
        if accepted(token, group.get("public") or group["private"]):
            taken.add(vector["tcId"])

    assert valid - set(refused) == taken
    assert set(refused) <= valid


@pytest.mark.promise("forged-token")
def test_a_verifier_that_believes_signatures_would_accept_invalid_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    The control: without the eighth step most invalid vectors are accepted.
    """
    monkeypatch.setattr(signed, "check_signature", lambda *_: None)

    invalid = [
        accepted(vector["jws"], group.get("public") or group["private"])
        for group, vector in vectors("json_web_signature_test")
        if vector["result"] == "invalid"
    ]

    assert sum(invalid) > len(invalid) // 2
