"""
Wycheproof's JOSE vectors through our own steps: nothing invalid is accepted, and what is valid
and refused is on a reviewed list.
"""

import json
from typing import Any, Final

import pytest

from acl.errors import ConfigurationError
from acl.identity.errors import TokenRejectedError
from acl.identity.keysets import PublicKey, _fit, parse_keys
from acl.identity.profiles import PROFILES
from acl.identity.tokens import (
    ALGORITHMS,
    TrustedIssuer,
    _check_header,
    _check_signature,
    _decode,
    _parse,
)
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


class ListedKeys:
    """
    A key set as `KeySource` hands it out.
    """

    def __init__(self, keys: dict[str, Any]) -> None:
        self._keys = parse_keys(json.dumps(keys).encode())

    def key(self, kid: str, algorithm: str) -> PublicKey:
        return _fit(self._keys, kid, algorithm)


def accepted(jws: str, published: dict[str, Any]) -> bool:
    """
    Take steps 1 to 4, 7 and 8; the payloads of these vectors are not claims.
    """
    keys = published if "keys" in published else {"keys": [published]}
    head, _, rest = jws.partition(".")
    payload, _, signature = rest.partition(".")
    try:
        source = ListedKeys(keys)
        header, _ = _parse(f"{head}.{EMPTY_OBJECT}.{signature}")
        _decode(payload)
        _check_header(header)
        _check_signature(jws, header, issuer_with(source))
    except (ConfigurationError, TokenRejectedError):
        return False
    return True


def issuer_with(source: ListedKeys) -> TrustedIssuer:
    return TrustedIssuer(
        issuer="https://issuer.example",
        audiences=frozenset({"x"}),
        algorithms=ALGORITHMS,
        profile=PROFILES["rfc9068"],
        client_claims=("client_id",),
        max_lifetime_seconds=1,
        leeway_seconds=0,
        keys=source,
    )


@pytest.mark.parametrize(
    ("file", "refused", "count"),
    [("json_web_signature_test", REFUSED_TOKENS, 401), ("json_web_key_test", REFUSED_KEYS, 26)],
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
        if accepted(vector["jws"], group.get("public") or group["private"]):
            taken.add(vector["tcId"])

    assert valid - set(refused) == taken
    assert set(refused) <= valid
