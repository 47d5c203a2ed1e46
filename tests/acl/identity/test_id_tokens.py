"""
An ID token is taken from this issuer, for this client, in answer to this request, or not at all.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from acl.identity.errors import TokenRejectedError
from acl.identity.id_tokens import verify_id_token
from tests.acl.identity.issuers import AUDIENCE, KID, NOW, OTHER_ISSUER, Issuer, clock, trusted
from tests.acl.identity.spoken import signed

PAGE = "reader-page"
NONCE = "n-0S6_WzA2Mj"
HEADER: Mapping[str, Any] = {"kid": KID}
CLAIMS: Mapping[str, Any] = {
    "iss": Issuer("ES256").issuer,
    "sub": "alice",
    "aud": PAGE,
    "iat": NOW - 10,
    "exp": NOW + 3_600,
    "nonce": NONCE,
    "at_hash": "MTIzNDU2Nzg5MDEyMzQ1Ng",
}


def verified(
    claims: Mapping[str, Any] | None = None,
    header: Mapping[str, Any] | None = None,
    *,
    by: Issuer | None = None,
    without: tuple[str, ...] = (),
) -> str:
    issuer = Issuer("ES256")
    token = signed(
        by or issuer, {**HEADER, **(header or {})}, {**CLAIMS, **(claims or {})}, without
    )
    return verify_id_token(token, trusted(issuer), client=PAGE, nonce=NONCE, now=clock())


@pytest.mark.promise("page-session")
@pytest.mark.parametrize(
    ("claims", "header"),
    [
        ({}, {}),
        ({}, {"typ": "JWT"}),
        ({"aud": [PAGE]}, {}),
        ({"aud": [PAGE, "other"], "azp": PAGE}, {}),
        ({"azp": PAGE}, {}),
    ],
    ids=["plain", "typed", "a list", "several audiences", "authorized party"],
)
def test_a_genuine_one_names_who_has_signed_in(
    claims: Mapping[str, Any], header: Mapping[str, Any]
) -> None:
    assert "alice" == verified(claims, header)


SPOILED: Mapping[str, Mapping[str, Any]] = {
    "of another issuer": {"claims": {"iss": OTHER_ISSUER}},
    "for another client": {"claims": {"aud": "other"}},
    "for the resource": {"claims": {"aud": AUDIENCE}},
    "for several without saying for whom": {"claims": {"aud": [PAGE, "other"]}},
    "for several and another": {"claims": {"aud": [PAGE, "other"], "azp": "other"}},
    "authorized for another": {"claims": {"azp": "other"}},
    "of another request": {"claims": {"nonce": "other"}},
    "of no request": {"without": ("nonce",)},
    "of a request that is a list": {"claims": {"nonce": [NONCE]}},
    "expired": {"claims": {"exp": NOW - 60}},
    "from the future": {"claims": {"iat": NOW + 60}},
    "without an end": {"without": ("exp",)},
    "without a subject": {"without": ("sub",)},
    "an access token": {"header": {"typ": "at+jwt"}},
    "a logout token": {"header": {"typ": "logout+jwt"}},
    "unsigned": {"header": {"alg": "none"}},
    "with a key of its own": {"header": {"jwk": {}}},
    "signed by somebody else": {"by": Issuer("ES256", owner="thief")},
}


@pytest.mark.promise("page-session")
@pytest.mark.parametrize("how", sorted(SPOILED))
def test_a_spoiled_one_names_nobody(how: str) -> None:
    with pytest.raises(TokenRejectedError):
        verified(**SPOILED[how])
