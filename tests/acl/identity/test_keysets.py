"""
Where keys come from: what a key set may hold, and what fetching one can do to us.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from acl.errors import ConfigurationError
from acl.identity import keysets
from acl.identity.errors import KeysUnavailableError, TokenRejectedError
from acl.identity.keysets import (
    FRESH_SECONDS,
    MAX_BYTES,
    MAX_KEYS,
    REFETCH_SECONDS,
    STALE_SECONDS,
    DiscoveredKeys,
    PinnedKeys,
    parse_keys,
)
from tests.acl.identity.issuers import ISSUER, KID, Issuer, public_jwk, trusted, verifier
from tests.acl.vectors import vectors

RSA = Issuer("RS256").jwk()
EC = Issuer("ES256").jwk(kid="ec")
OKP = Issuer("EdDSA").jwk(kid="ed")
NEW = Issuer("RS256", owner="rotated").jwk(kid="2027-02")


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

    assert "2048 bits" in refused.value.diagnostics()


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


@dataclass
class Idp:
    """
    An identity provider on a wire that goes nowhere, with a clock of its own.
    """

    clock: SimpleNamespace
    now: float = 1_000.0
    fetched: list[str] = field(default_factory=list)
    discovery: Any = None
    keys: Any = None

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.fetched.append(request.url.path)
        chosen = self.discovery if "well-known" in request.url.path else self.keys
        answer = chosen() if callable(chosen) else chosen
        assert isinstance(answer, httpx.Response)
        return answer

    def sets(self) -> int:
        return self.fetched.count("/jwks")


@pytest.fixture
def idp(monkeypatch: pytest.MonkeyPatch) -> Idp:
    provider = Idp(SimpleNamespace())
    provider.clock.monotonic = lambda: provider.now
    monkeypatch.setattr(keysets, "time", provider.clock)
    publish(provider, RSA)
    provider.discovery = lambda: httpx.Response(
        200, json={"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks"}
    )
    return provider


def publish(idp: Idp, *keys: object) -> None:
    idp.keys = lambda: httpx.Response(200, content=jwks(*keys))


def discovered(idp: Idp) -> DiscoveredKeys:
    client = httpx.Client(transport=httpx.MockTransport(idp.answer), follow_redirects=False)
    return DiscoveredKeys(ISSUER, client)


def test_keys_are_fetched_once_while_they_are_fresh(idp: Idp) -> None:
    keys = discovered(idp)
    for _ in range(100):
        assert keys.key(KID, "RS256") is not None
    idp.now += FRESH_SECONDS + 1
    keys.key(KID, "RS256")

    assert 2 == idp.sets()


def test_a_flood_of_unknown_kids_fetches_once_in_thirty_seconds(idp: Idp) -> None:
    keys = discovered(idp)
    for number in range(10_000):
        idp.now += 0.01
        with pytest.raises(TokenRejectedError):
            keys.key(f"kid-{number}", "RS256")

    assert 1 + int(100 // REFETCH_SECONDS) == idp.sets()
    assert keys.key(KID, "RS256") is not None


def test_a_rotated_key_is_usable_within_thirty_seconds(idp: Idp) -> None:
    keys = discovered(idp)
    keys.key(KID, "RS256")
    publish(idp, RSA, NEW)
    idp.now += REFETCH_SECONDS + 1

    assert keys.key("2027-02", "RS256") is not None


def test_a_removed_key_is_refused_within_ten_minutes(idp: Idp) -> None:
    keys = discovered(idp)
    keys.key(KID, "RS256")
    publish(idp, NEW)
    idp.now += FRESH_SECONDS + REFETCH_SECONDS + 1

    assert FRESH_SECONDS + REFETCH_SECONDS < 600
    with pytest.raises(TokenRejectedError):
        keys.key(KID, "RS256")


def _slowly(idp: Idp) -> httpx.Response:
    def drip() -> Iterator[bytes]:
        for byte in jwks(RSA):
            idp.now += 1
            yield bytes([byte])

    return httpx.Response(200, content=drip())


def _broken(_: Idp) -> httpx.Response:
    message = "the wire is cut"
    raise httpx.ConnectError(message)


def _timeout(_: Idp) -> httpx.Response:
    message = "no answer"
    raise httpx.ReadTimeout(message)


FAULTS: dict[str, Callable[[Idp], httpx.Response]] = {
    "500": lambda _: httpx.Response(500),
    "404": lambda _: httpx.Response(404, content=jwks(RSA)),
    "204": lambda _: httpx.Response(204),
    "a redirect": lambda _: httpx.Response(302, headers={"location": f"{ISSUER}/jwks2"}),
    "a redirect elsewhere": lambda _: httpx.Response(307, headers={"location": "https://evil"}),
    "not JSON": lambda _: httpx.Response(200, text="<html>"),
    "not a key set": lambda _: httpx.Response(200, json=[]),
    "a secret key": lambda _: httpx.Response(200, content=jwks({**RSA, "d": "AQ"})),
    "too large": lambda _: httpx.Response(200, content=b" " * (MAX_BYTES + 1)),
    "endless": lambda _: httpx.Response(200, content=(b" " * 4096 for _ in range(10**6))),
    "a bomb": lambda _: httpx.Response(
        200, content=b"\x1f\x8b\x08broken", headers={"content-encoding": "gzip"}
    ),
    "a byte a second": _slowly,
    "a cut wire": _broken,
    "a timeout": _timeout,
}


@pytest.mark.parametrize("where", ["keys", "discovery"])
@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_an_issuer_in_trouble_is_unavailable_and_nobody_is_let_in(
    idp: Idp, fault: str, where: str
) -> None:
    """
    Neither a 401 nor an unknown error, no redirect followed, and no second try at once.
    """
    setattr(idp, where, lambda: FAULTS[fault](idp))
    keys = discovered(idp)

    for _ in range(3):
        with pytest.raises(KeysUnavailableError):
            keys.key(KID, "RS256")

    assert {"/.well-known/openid-configuration", "/jwks"} >= set(idp.fetched)
    assert len(idp.fetched) <= 2


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"issuer": ISSUER},
        {"issuer": f"{ISSUER}/", "jwks_uri": f"{ISSUER}/jwks"},
        {"issuer": "https://evil.example", "jwks_uri": f"{ISSUER}/jwks"},
        {"issuer": ISSUER, "jwks_uri": "http://idp.acme.example/jwks"},
        {"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"},
        {"issuer": ISSUER, "jwks_uri": "/jwks"},
        {"issuer": ISSUER, "jwks_uri": ""},
        {"issuer": ISSUER, "jwks_uri": None},
        {"issuer": ISSUER, "jwks_uri": 7},
        {"issuer": ISSUER, "jwks_uri": "https://[::1"},
        {"issuer": ISSUER, "jwks_uri": "https://idp.acme.example:port/jwks"},
        {"issuer": ISSUER, "jwks_uri": "https://x/" + "a" * 70_000},
        {"issuer": ISSUER, "jwks_uri": "https://idp\0.example/jwks"},
    ],
)
def test_a_discovery_document_that_is_not_the_issuers_is_not_followed(
    idp: Idp, document: dict[str, object]
) -> None:
    idp.discovery = lambda: httpx.Response(200, json=document)

    with pytest.raises(KeysUnavailableError):
        discovered(idp).key(KID, "RS256")

    assert ["/.well-known/openid-configuration"] == idp.fetched


def test_an_issuer_over_http_is_never_asked(idp: Idp) -> None:
    client = httpx.Client(transport=httpx.MockTransport(idp.answer))

    with pytest.raises(KeysUnavailableError):
        DiscoveredKeys("http://idp.acme.example", client).key(KID, "RS256")

    assert [] == idp.fetched


def test_keys_outlive_an_outage_up_to_their_limit_and_no_longer(idp: Idp) -> None:
    """
    Then a valid token is neither accepted nor refused: 503.
    """
    issuer = Issuer("RS256")
    keys = discovered(idp)
    judge = verifier(replace(trusted(issuer), keys=keys))
    started = idp.now
    judge.verify(issuer.token())
    idp.keys = lambda: httpx.Response(500)

    while idp.now - started <= STALE_SECONDS:
        judge.verify(issuer.token())
        idp.now += REFETCH_SECONDS + 1

    with pytest.raises(KeysUnavailableError):
        judge.verify(issuer.token())
    publish(idp, RSA)
    idp.now += REFETCH_SECONDS + 1
    assert "alice" == judge.verify(issuer.token()).subject
