"""
Signed provenance: what is stated, and that nothing else passes for it.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from acl.identity.errors import TokenRejectedError
from acl.identity.jwks import parse_keys
from acl.identity.logouts import LOGOUT
from acl.identity.profiles import PROFILES
from acl.identity.security_events import SECURITY_EVENT
from acl.identity.tokens import TokenVerifier, TrustedIssuer
from acl.keys.signing import SigningKeys
from acl.model.labels import NO_LABEL_POLICY
from retrieval.provenance import ProvenanceRefusedError, ProvenanceVerifier, digest
from retrieval.statement import audience_of
from tests.acl.identity.issuers import b64, unb64
from tests.acl.people import ACME, NOON
from tests.retrieval.departing import (
    KEYS,
    NAMES,
    OTHER_KEYS,
    RESOURCE,
    leaving,
    passage,
    verifier,
    writer,
)
from tests.retrieval.scene import Scene, reader

pytestmark = pytest.mark.promise("signed-provenance")

PLAN: Final = passage("plan")
MINUTES: Final = passage("minutes", label="secret")


@pytest.fixture
def signed(doors: Scene) -> str:
    return writer().write(leaving(doors.asks(), PLAN, MINUTES)).signed_provenance


def parts(statement: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    header, payload, signature = statement.split(".")
    return json.loads(unb64(header)), json.loads(unb64(payload)), unb64(signature)


def sign(header: object, payload: object, keys: SigningKeys = KEYS) -> str:
    """
    Sign anything with a key of this service.
    """
    head = ".".join(b64(json.dumps(one).encode()) for one in (header, payload))
    key = Ed25519PrivateKey.from_private_bytes(keys.seed)
    return f"{head}.{b64(key.sign(head.encode()))}"


def refused(statement: str, one: ProvenanceVerifier | None = None) -> str:
    with pytest.raises(ProvenanceRefusedError) as error:
        (one or verifier()).verify(statement)
    return error.value.diagnostics()


def test_what_was_released_is_stated(signed: str) -> None:
    """
    Everything that a guard needs, and neither a text nor a name of the reader.
    """
    found = verifier().verify(signed)

    assert ("0" * 32, "search", 7) == (found.request_id, found.operation, found.epoch)
    assert (reader().client, reader().issuer) == (found.client, found.client_issuer)
    assert (NOON, RESOURCE) == (found.at, found.issuer)
    assert [PLAN.citation, MINUTES.citation] == [one.citation for one in found.passages]
    assert [digest(PLAN.text), digest(MINUTES.text)] == [one.sha256 for one in found.passages]
    assert digest(f"{PLAN.text}\n{MINUTES.text}") == found.context_sha256
    assert ("secret", ("house",)) == (found.max_label, found.models)
    shown = json.dumps(parts(signed)[:2])
    assert not any(one in shown for one in ("alice", PLAN.text, MINUTES.text))


def test_models_are_those_that_may_see_the_most_sensitive_passage(doors: Scene) -> None:
    may = doors.asks()

    told = [
        (one.max_label, one.models)
        for one in (
            writer().write(leaving(may, PLAN, MINUTES)),
            writer().write(leaving(may, PLAN)),
            writer().write(leaving(may)),
            writer(policy=NO_LABEL_POLICY).write(leaving(may, PLAN)),
        )
    ]

    both = ("cloud", "house")
    assert [("secret", ("house",)), ("internal", both), (None, both), (None, None)] == told


def test_a_reader_has_one_pseudonym_that_only_the_key_makes() -> None:
    alice, bob = reader("alice"), reader("bob")
    elsewhere = replace(NAMES, key=b"s" * 32)

    assert NAMES.pseudonym(alice) == NAMES.pseudonym(reader("alice", client="another"))
    assert NAMES.pseudonym(alice) != NAMES.pseudonym(bob)
    assert NAMES.pseudonym(alice) != NAMES.pseudonym(reader("alice", issuer="https://b.example"))
    assert NAMES.pseudonym(alice) != elsewhere.pseudonym(alice)
    assert NAMES.carrier(alice) != NAMES.carrier(reader("alice", client="another"))
    # Neither a bare digest of what is known nor one with another use of the key.
    assert NAMES.pseudonym(alice) != hashlib.sha256(b"alice").hexdigest()[:32]


CHANGES: Final[dict[str, Callable[[dict[str, Any]], object]]] = {
    "another request": lambda said: said.update(jti="1" * 32),
    "another reader": lambda said: said.update(reader="0" * 32),
    "another client": lambda said: said["client"].update(id="other"),
    "a later epoch": lambda said: said.update(epoch=8),
    "another time": lambda said: said.update(iat=said["iat"] + 1),
    "another text": lambda said: said["passages"][0].update(sha256="0" * 64),
    "a truncated list": lambda said: said["passages"].pop(),
    "passages swapped": lambda said: said["passages"].reverse(),
    "a passage more": lambda said: said["passages"].append(said["passages"][0]),
    "a lower label": lambda said: said.update(max_label="public"),
    "more models": lambda said: said.update(models=["cloud", "house"]),
}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_what_is_altered_does_not_verify(signed: str, change: str) -> None:
    """
    The control: signed anew with our key the same change does verify.
    """
    header, said, signature = parts(signed)
    CHANGES[change](said)
    body = ".".join(b64(json.dumps(one).encode()) for one in (header, said))

    assert "signature" in refused(f"{body}.{b64(signature)}")
    assert verifier().verify(sign(header, said)).to_json() == said


@pytest.mark.parametrize("byte", range(0, 64, 7))
def test_a_flipped_bit_of_the_signature_does_not_verify(signed: str, byte: int) -> None:
    head, _, signature = signed.rpartition(".")
    spoiled = bytearray(unb64(signature))
    spoiled[byte] ^= 1

    refused(f"{head}.{b64(bytes(spoiled))}")


def test_another_key_does_not_verify(doors: Scene) -> None:
    """
    Whether it names its own key or ours.
    """
    foreign = writer(OTHER_KEYS).write(leaving(doors.asks(), PLAN)).signed_provenance
    header, said, _ = parts(foreign)
    ours = {**header, "kid": KEYS.kid}

    assert "no key" in refused(foreign)
    assert "signature" in refused(sign(ours, said, OTHER_KEYS))
    assert "0" * 32 == verifier(OTHER_KEYS).verify(foreign).request_id


def _hmac(statement: str, algorithm: str) -> str:
    header, said, _ = parts(statement)
    head = ".".join(b64(json.dumps(o).encode()) for o in ({**header, "alg": algorithm}, said))
    secret = unb64(KEYS.public()[0]["x"])
    return f"{head}.{b64(hmac.digest(secret, head.encode(), 'sha256'))}"


@pytest.mark.parametrize("algorithm", ["HS256", "none", "EdDSA", "RS256", "ed25519", ""])
def test_no_other_algorithm_counts(signed: str, algorithm: str) -> None:
    """
    Not even with a signature that is right but for the name.
    """
    header, said, _ = parts(signed)

    refused(sign({**header, "alg": algorithm}, said))
    refused(_hmac(signed, algorithm))


HEADERS: Final[dict[str, Callable[[dict[str, Any]], object]]] = {
    "an access token's type": lambda head: head.update(typ="at+jwt"),
    "a security event's type": lambda head: head.update(typ="secevent+jwt"),
    "a logout token's type": lambda head: head.update(typ="logout+jwt"),
    "another spelling of ours": lambda head: head.update(typ="Readership-Provenance+JWT"),
    "no type": lambda head: head.pop("typ"),
    "no key id": lambda head: head.pop("kid"),
    "a key of its own": lambda head: head.update(jwk=dict(KEYS.public()[0])),
    "an extension": lambda head: head.update(crit=["exp"], exp=1),
    "an unknown member": lambda head: head.update(x=1),
}


@pytest.mark.parametrize("change", sorted(HEADERS))
def test_no_other_header_counts(signed: str, change: str) -> None:
    """
    Although the key that signed it is ours.
    """
    header, said, _ = parts(signed)
    HEADERS[change](header)

    refused(sign(header, said))


MEMBERS: Final[dict[str, Callable[[dict[str, Any]], object]]] = {
    "a scope": lambda said: said.update(scope="rag.search"),
    "a subject": lambda said: said.update(sub="alice"),
    "an end": lambda said: said.update(exp=2_000_000_000),
    "another tenant's audience": lambda said: said.update(aud="urn:readership:provenance:globex"),
    "an access token's audience": lambda said: said.update(aud=RESOURCE),
    "no epoch": lambda said: said.pop("epoch"),
    "an epoch that is true": lambda said: said.update(epoch=True),
    "an epoch that is a text": lambda said: said.update(epoch="7"),
    "a negative time": lambda said: said.update(iat=-1),
    "a time beyond all years": lambda said: said.update(iat=10**17),
    "no passages": lambda said: said.pop("passages"),
    "no context": lambda said: said.pop("context_sha256"),
    "passages in an object": lambda said: said.update(passages={}),
    "a passage that is a text": lambda said: said.update(passages=["x"]),
    "a passage's member more": lambda said: said["passages"][0].update(text="x"),
    "a digest that is none": lambda said: said["passages"][0].update(sha256="x"),
    "a client that is a text": lambda said: said.update(client="chat"),
    "a model that is a number": lambda said: said.update(models=[1]),
}


@pytest.mark.parametrize("change", sorted(MEMBERS))
def test_no_other_members_count(signed: str, change: str) -> None:
    """
    Although the key that signed it is ours.
    """
    header, said, _ = parts(signed)
    MEMBERS[change](said)

    refused(sign(header, said))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda one: one[:0],
        lambda one: one[:1],
        lambda one: one[: one.rindex(".")],
        lambda one: one + "=",
        lambda one: f"{one}.",
        lambda one: one.replace(".", ".\n", 1),
        lambda one: " " + one,
        lambda one: one + "A" * 400_001,
        lambda one: f"e30.{one.split('.')[1]}.{one.split('.')[2]}",
        lambda one: "\u0660" + one,
    ],
    ids=["empty", "one part", "unsigned", "padded", "four parts", "broken", "spaced", "long",
         "no header", "not ASCII"],
)  # fmt: skip
def test_no_other_form_counts(signed: str, spoil: Callable[[str], str]) -> None:
    refused(spoil(signed))


def test_a_repeated_member_does_not_count(signed: str) -> None:
    header, said, _ = parts(signed)
    text = json.dumps(said)[:-1] + ', "jti": "2"}'
    head = f"{b64(json.dumps(header).encode())}.{b64(text.encode())}"
    key = Ed25519PrivateKey.from_private_bytes(KEYS.seed)

    assert "repeated" in refused(f"{head}.{b64(key.sign(head.encode()))}")


@pytest.mark.promise("statements-apart")
def test_a_statement_is_no_token_of_any_kind(signed: str) -> None:
    """
    Neither an access token, a security event nor a logout token; not even where an operator has
    taken this service for an issuer, keys, audience and all. The control is an access token that
    the same key has signed.
    """
    keys = parse_keys(json.dumps({"keys": [dict(one) for one in KEYS.public()]}).encode())

    class Ours:
        def key(self, kid: str, algorithm: str) -> Any:  # noqa: ANN401 - a key of the library
            assert "Ed25519" == algorithm
            return keys[kid]

    others = {"an event": SECURITY_EVENT, "a logout": LOGOUT}
    for name, profile in {**PROFILES, **others}.items():
        issuer = TrustedIssuer(
            issuer=RESOURCE,
            audiences=frozenset({audience_of(ACME), RESOURCE}),
            algorithms=frozenset({"Ed25519"}),
            profile=profile,
            client_claims=("client_id",),
            max_lifetime_seconds=3_600,
            leeway_seconds=30,
            keys=Ours(),
        )
        tokens = TokenVerifier({RESOURCE: issuer}, lambda: NOON)
        seconds = int(NOON.timestamp())
        claims = {
            "iss": RESOURCE, "aud": RESOURCE, "sub": "alice", "client_id": "chat",
            "iat": seconds, "exp": seconds + 60, "scope": "rag.search", "scp": "rag.search",
        }  # fmt: skip
        token = sign({"typ": min(profile.types), "alg": "Ed25519", "kid": KEYS.kid}, claims)

        with pytest.raises(TokenRejectedError) as error:
            tokens.verify(signed)
        assert "step 6" in error.value.diagnostics(), name
        refused(token)
        if name == "rfc9068":
            assert "alice" == tokens.verify(token).subject
