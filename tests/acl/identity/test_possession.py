"""
A token counts for whom it was issued to: proofs (RFC 9449), certificates (RFC 8705), and neither.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import product
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from acl.identity import dpop
from acl.identity.dpop import AHEAD_SECONDS, PROOF_SECONDS, normalised
from acl.identity.errors import TokenRejectedError
from acl.identity.possession import SenderRule
from acl.identity.presented import Presented
from acl.identity.tokens import TokenVerifier
from tests.acl.identity.issuers import ALGORITHMS, ISSUER, NOW, Issuer, b64, trusted, unb64
from tests.acl.identity.senders import (
    ADDRESS,
    METHOD,
    Prover,
    certificate,
    escaped,
    structured,
    thumbprint,
    with_proofs,
)

pytestmark = pytest.mark.promise("sender-constraint")

BOTH: Final = SenderRule(dpop=True, certificates=True)
PROVER: Final = Prover()
OTHER: Final = Prover(owner="thief")


@dataclass
class Door:
    """
    A verifier of one issuer's tokens.
    """

    rule: SenderRule = BOTH
    now: float = NOW
    started: float = NOW - AHEAD_SECONDS
    issuer: Issuer = field(default_factory=lambda: Issuer("ES256"))

    def __post_init__(self) -> None:
        one = replace(trusted(self.issuer), senders=self.rule)
        now, self.now = self.now, self.started
        self._verifier = TokenVerifier(
            {ISSUER: one}, lambda: datetime.fromtimestamp(self.now, tz=UTC)
        )
        self.now = now

    def opens(self, token: str, scheme: str = "dpop", came: Presented | None = None) -> bool:
        try:
            self._verifier.verify(token, scheme, came or Presented(()))
        except TokenRejectedError:
            return False
        return True

    def bound(self, confirmation: object) -> str:
        return self.issuer.token(claims={"cnf": confirmation})


def bound_token(prover: Prover = PROVER, **claims: object) -> str:
    return Issuer("ES256").token(claims={"cnf": {"jkt": prover.thumbprint()}, **claims})


def of_bob() -> str:
    return bound_token(OTHER, sub="bob")


TOKEN: Final = bound_token()
FREE: Final = Issuer("ES256").token()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_opens_with_a_proof_of_its_key(algorithm: str) -> None:
    prover = Prover(algorithm)
    token = bound_token(prover)

    assert Door().opens(token, came=with_proofs(prover.proof(token)))
    assert not Door().opens(token, came=with_proofs(Prover(algorithm, "thief").proof(token)))


Spoil = Callable[[Prover], str]


def _header(**changed: Any) -> Spoil:  # noqa: ANN401 - whatever a proof may hold
    return lambda one: one.proof(TOKEN, header=changed)


def _claims(**changed: Any) -> Spoil:  # noqa: ANN401 - whatever a proof may hold
    return lambda one: one.proof(TOKEN, claims=changed)


def _without(member: str) -> Spoil:
    return lambda one: one.proof(TOKEN, without=(member,))


def _turned(proof: str) -> str:
    signed, _, signature = proof.rpartition(".")
    raw = bytearray(unb64(signature))
    raw[0] ^= 1
    return f"{signed}.{b64(bytes(raw))}"


SPOILED: Final[Mapping[str, Spoil]] = {
    **{f"without {one}": _without(one) for one in ("typ", "alg", "jwk")},
    **{f"without {one}": _without(one) for one in ("htm", "htu", "iat", "jti", "ath")},
    "an access token's type": _header(typ="at+jwt"),
    "a JWT": _header(typ="JWT"),
    "a type that is no text": _header(typ=["dpop+jwt"]),
    "no algorithm": _header(alg="none"),
    "a secret algorithm": _header(alg="HS256"),
    "another algorithm": _header(alg="ES384"),
    "an unknown algorithm": _header(alg="XS256"),
    "a private key": lambda one: one.proof(TOKEN, header={"jwk": {**one.jwk(), "d": "AA"}}),
    "a secret key": _header(jwk={"kty": "oct", "k": "AAAA"}),
    "no key": _header(jwk={}),
    "a key that is no object": _header(jwk="key"),
    "an encryption key": lambda one: one.proof(TOKEN, header={"jwk": {**one.jwk(), "use": "enc"}}),
    "a point off the curve": lambda one: one.proof(
        TOKEN, header={"jwk": {**one.jwk(), "x": b64(b"\1" * 32)}}
    ),
    "somebody else's key in the header": _header(jwk=OTHER.jwk()),
    "a critical extension": _header(crit=["b64"], b64=False),
    "a key by address": _header(jku="https://thief.example/keys"),
    "a certificate by address": _header(x5u="https://thief.example/cert"),
    "another method": _claims(htm="GET"),
    "a method in lower case": _claims(htm="post"),
    "a method that is no text": _claims(htm=["POST"]),
    "another path": _claims(htu="https://rag.acme.example/v1/explain"),
    "a path above": _claims(htu="https://rag.acme.example/v1"),
    "a path below": _claims(htu=f"{ADDRESS}/more"),
    "another host": _claims(htu="https://rag.globex.example/v1/search"),
    "a longer host": _claims(htu="https://rag.acme.example.thief.example/v1/search"),
    "a user at a host": _claims(htu="https://rag.acme.example@thief.example/v1/search"),
    "another scheme": _claims(htu="http://rag.acme.example/v1/search"),
    "another port": _claims(htu="https://rag.acme.example:8443/v1/search"),
    "a path alone": _claims(htu="/v1/search"),
    "an address that is none": _claims(htu="https://["),
    "an address that is no text": _claims(htu=[ADDRESS]),
    "too old": _claims(iat=NOW - PROOF_SECONDS - 1),
    "from the future": _claims(iat=NOW + AHEAD_SECONDS + 1),
    "a time that is text": _claims(iat=str(NOW)),
    "a time that is true": _claims(iat=True),
    "a time with a fraction": _claims(iat=NOW + 0.5),
    "an id that is empty": _claims(jti=""),
    "an id that is a number": _claims(jti=7),
    "an id without end": _claims(jti="x" * 257),
    "another token's hash": lambda one: one.proof(FREE),
    "a hash that is no text": _claims(ath=1),
    "a hash with padding": lambda one: one.proof(TOKEN, claims={"ath": "="}),
    "a broken signature": lambda one: _turned(one.proof(TOKEN)),
    "no signature": lambda one: one.proof(TOKEN).rpartition(".")[0] + ".",
    "two members of one name": lambda one: Issuer(one.algorithm, owner=one.owner).sign_texts(
        '{"typ":"at+jwt","typ":"dpop+jwt","alg":"ES256"}', "{}"
    ),
    "the token itself": lambda _: TOKEN,
    "nothing": lambda _: "",
    "not ASCII": lambda one: one.proof(TOKEN) + "é",
    "too long": lambda one: one.proof(TOKEN, claims={"more": "x" * 20_000}),
}


@pytest.mark.parametrize("kind", SPOILED)
def test_a_spoiled_proof_opens_nothing(kind: str) -> None:
    """
    And beside each, its maker's unspoiled one, so that nothing else can be why.
    """
    door = Door()

    assert not door.opens(TOKEN, came=with_proofs(SPOILED[kind](PROVER)))
    assert door.opens(TOKEN, came=with_proofs(PROVER.proof(TOKEN)))


def test_there_are_fifty_ways_to_spoil_a_proof() -> None:
    assert len(SPOILED) >= 50


@pytest.mark.parametrize("count", [0, 2])
def test_there_is_one_proof(count: int) -> None:
    proofs = [PROVER.proof(TOKEN) for _ in range(count)]

    assert not Door().opens(TOKEN, came=with_proofs(*proofs))


def test_a_proof_counts_once() -> None:
    """
    For as long as its time would be accepted, and no other key's proof is touched by it.
    """
    door, proof = Door(), PROVER.proof(TOKEN, claims={"iat": NOW + AHEAD_SECONDS, "jti": "one"})
    assert door.opens(TOKEN, came=with_proofs(proof))

    for later in (0, 1, PROOF_SECONDS, PROOF_SECONDS + AHEAD_SECONDS):
        door.now = NOW + later
        assert not door.opens(TOKEN, came=with_proofs(proof))
    door.now = NOW
    theirs = bound_token(OTHER)
    assert door.opens(theirs, came=with_proofs(OTHER.proof(theirs, claims={"jti": "one"})))


def test_a_refused_proof_takes_no_place() -> None:
    """
    Its id may still come in one that holds.
    """
    door = Door()

    assert not door.opens(TOKEN, came=with_proofs(PROVER.proof(FREE, claims={"jti": "one"})))
    assert door.opens(TOKEN, came=with_proofs(PROVER.proof(TOKEN, claims={"jti": "one"})))


def test_what_cannot_be_remembered_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A flood closes the door to whoever sends it, with whichever key, until it is forgotten.
    """
    monkeypatch.setattr(dpop, "MAX_PROOFS_A_SENDER", 3)
    door, theirs = Door(), of_bob()

    opened = [door.opens(TOKEN, came=with_proofs(PROVER.proof(TOKEN))) for _ in range(5)]

    assert [True, True, True, False, False] == opened
    assert door.opens(theirs, came=with_proofs(OTHER.proof(theirs)))
    another_key = bound_token(OTHER)
    assert not door.opens(another_key, came=with_proofs(OTHER.proof(another_key)))
    door.now = NOW + 2 * PROOF_SECONDS + 1
    assert door.opens(TOKEN, came=with_proofs(PROVER.proof(TOKEN, now=int(door.now))))


def test_nobody_takes_the_last_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    However much is sent, half of what is free stays for others, and half of that for yet others.
    """
    monkeypatch.setattr(dpop, "MAX_PROOFS", 8)
    door, theirs = Door(), of_bob()

    alice = [door.opens(TOKEN, came=with_proofs(PROVER.proof(TOKEN))) for _ in range(8)]
    bob = [door.opens(theirs, came=with_proofs(OTHER.proof(theirs))) for _ in range(8)]
    carol = bound_token(OTHER, sub="carol")

    assert (4, 2) == (sum(alice), sum(bob))
    assert door.opens(carol, came=with_proofs(OTHER.proof(carol)))


def test_a_proof_from_before_the_start_does_not_count() -> None:
    """
    The process that ended may have seen it, also one whose time was ahead then.
    """
    door = Door(started=NOW)
    for iat in (NOW - 1, NOW, NOW + AHEAD_SECONDS - 1):
        proof = PROVER.proof(TOKEN, claims={"iat": iat})
        assert not door.opens(TOKEN, came=with_proofs(proof))

    fresh = PROVER.proof(TOKEN, claims={"iat": NOW + AHEAD_SECONDS})
    assert door.opens(TOKEN, came=with_proofs(fresh))


def test_a_long_id_takes_no_more_room() -> None:
    door = Door()
    proof = PROVER.proof(TOKEN, claims={"jti": "\u4e00" * 256})

    assert door.opens(TOKEN, came=with_proofs(proof))

    (kept,) = door._verifier._proofs._until  # noqa: SLF001
    assert 32 == len(kept)


def test_a_bound_token_is_no_bearer_token() -> None:
    """
    Also with a proof beside it; and one that is not bound does not come by scheme DPoP.
    """
    proof = with_proofs(PROVER.proof(TOKEN))

    assert not Door().opens(TOKEN, "bearer")
    assert not Door().opens(TOKEN, "bearer", proof)
    assert Door().opens(FREE, "bearer")
    assert Door().opens(Door().bound(None), "bearer")
    assert not Door().opens(FREE, "dpop", with_proofs(PROVER.proof(FREE)))


BOUND_OTHERWISE: Final[Mapping[str, object]] = {
    "nothing": {},
    "false": False,
    "a list": [],
    "a text": "jkt",
    "no key": {"jkt": None},
    "a number": {"jkt": 7},
    "a list of keys": {"jkt": [PROVER.thumbprint()]},
    "an empty key": {"jkt": ""},
    "a key with padding": {"jkt": PROVER.thumbprint() + "="},
    "somebody else's key": {"jkt": OTHER.thumbprint()},
    "a key by id": {"kid": "one"},
    "a whole key": {"jwk": PROVER.jwk()},
    "a key and an id": {"jkt": PROVER.thumbprint(), "kid": "one"},
    "a certificate that is a number": {"x5t#S256": 7},
}


@pytest.mark.parametrize("kind", BOUND_OTHERWISE)
def test_what_is_bound_in_another_way_opens_nothing(kind: str) -> None:
    """
    By neither scheme, and whatever comes with it.
    """
    door = Door()
    token = door.bound(BOUND_OTHERWISE[kind])

    for scheme in ("bearer", "dpop"):
        came = replace(with_proofs(PROVER.proof(token)), certificates=(structured(certificate()),))
        assert not door.opens(token, scheme, came)
    right = door.bound({"jkt": PROVER.thumbprint()})
    assert door.opens(right, came=with_proofs(PROVER.proof(right)))


WRITTEN: Final = (structured, escaped)


@pytest.mark.parametrize("write", WRITTEN)
def test_a_token_opens_with_its_certificate(write: Callable[[Any], str]) -> None:
    door, mine, other = Door(), certificate(), certificate("thief")
    token = door.bound({"x5t#S256": thumbprint(mine)})

    def came(*written: str) -> Presented:
        return Presented((), certificates=written)

    assert door.opens(token, "bearer", came(write(mine)))
    assert not door.opens(token, "bearer", came(write(other)))
    assert not door.opens(token, "bearer", came())
    assert not door.opens(token, "bearer", came(write(mine), write(mine)))
    assert not door.opens(token, "dpop", came(write(mine)))
    for spoiled in ("", ":", "::", ":AAAA:", "AAAA", write(mine)[:-9], write(mine) + write(other)):
        assert not door.opens(token, "bearer", came(spoiled))


def test_a_certificate_of_no_known_version_is_none() -> None:
    """
    The library has an error of its own for it.
    """
    der = certificate().public_bytes(Encoding.DER)
    third, fifth = b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x04"
    assert 1 == der.count(third)
    spoiled = der.replace(third, fifth)
    token = Door().bound({"x5t#S256": b64(hashlib.sha256(spoiled).digest())})

    written = f":{base64.b64encode(spoiled).decode()}:"
    assert not Door().opens(token, "bearer", Presented((), certificates=(written,)))


def test_of_two_bindings_both_are_proven() -> None:
    door, mine = Door(), certificate()
    token = door.bound({"jkt": PROVER.thumbprint(), "x5t#S256": thumbprint(mine)})

    shown = (structured(mine),)
    for proof, certificates in product((True, False), (shown, ())):
        proofs = (PROVER.proof(token),) if proof else ()
        came = Presented((), METHOD, ADDRESS, proofs, certificates)
        assert (proof and bool(certificates)) == door.opens(token, "dpop", came)


def test_what_is_not_switched_on_opens_nothing() -> None:
    """
    The strictest is the default: bound tokens are refused whatever comes with them.
    """
    mine = certificate()
    for rule in (SenderRule(), SenderRule(certificates=True), SenderRule(dpop=True)):
        door = Door(rule)
        keyed, certified = (
            door.bound({"jkt": PROVER.thumbprint()}),
            door.bound({"x5t#S256": thumbprint(mine)}),
        )
        came = Presented((), certificates=(structured(mine),))
        assert rule.dpop == door.opens(keyed, came=with_proofs(PROVER.proof(keyed)))
        assert rule.certificates == door.opens(certified, "bearer", came)
        assert door.opens(FREE, "bearer")


def test_where_bound_tokens_are_demanded_no_other_counts() -> None:
    door = Door(SenderRule(dpop=True, required=True))
    token = door.bound({"jkt": PROVER.thumbprint()})

    assert not door.opens(FREE, "bearer")
    assert door.opens(token, came=with_proofs(PROVER.proof(token)))


@pytest.mark.parametrize(
    ("address", "spelled"),
    [
        ("HTTPS://RAG.Acme.Example/v1/search", ADDRESS),
        ("https://rag.acme.example:443/v1/search", ADDRESS),
        (f"{ADDRESS}?query=x#there", ADDRESS),
        ("https://rag.acme.example/v1/%73earch", ADDRESS),
        ("https://rag.acme.example/a%2fb", "https://rag.acme.example/a%2Fb"),
        ("https://rag.acme.example", "https://rag.acme.example/"),
        ("https://[::1]:8443/x", "https://[::1]:8443/x"),
    ],
)
def test_an_address_has_one_spelling(address: str, spelled: str) -> None:
    """
    RFC 9449, section 4.3: compared after normalisation, without query and fragment.
    """
    assert spelled == normalised(address)


@pytest.mark.parametrize(
    "other", ["https://rag.acme.example/a/b", "https://rag.acme.example/v1/search/"]
)
def test_different_addresses_stay_different(other: str) -> None:
    assert normalised(other) not in {
        normalised(ADDRESS),
        normalised("https://rag.acme.example/a%2Fb"),
    }
