"""
Asking a real server about tokens: what it must say, what it may cost, how long it counts.
"""

import base64
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote_plus

import pytest

from acl.errors import ConfigurationError
from acl.identity.claims import GroupClaim
from acl.identity.errors import (
    IntrospectionUnavailableError,
    ReaderRefusedError,
    TokenRejectedError,
)
from acl.identity.introspection import MAX_ASKING, MAX_REMEMBERED, MAX_WAITING, Introspector
from acl.identity.profiles import PROFILES
from acl.identity.tokens import TokenVerifier, TrustedIssuer
from acl.identity.wire import MAX_BYTES, Wire, private_authorities
from tests.acl.identity.forgeries import FORGERIES
from tests.acl.identity.issuers import (
    AUDIENCE,
    CLAIMS,
    ISSUER,
    LEEWAY,
    LIFETIME,
    NOW,
    OTHER_ISSUER,
    Issuer,
    clock,
    trusted,
)
from tests.acl.identity.tls import Asked, TlsServer, certify, sent, serving

pytestmark = pytest.mark.promise("introspection")

SIGNER: Final = Issuer("ES256")
OPAQUE: Final = "2YotnFZFEjr1zCsicMWpAA-opaque-canary"
SECRET: Final = "s3:cr et/ü"  # noqa: S105 - what the form encoding is for
CACHE: Final = 10.0
PATIENT: Final = 30.0  # no answer here is late by itself
ACTIVE: Final[dict[str, Any]] = {**CLAIMS, "active": True, "token_type": "Bearer"}


@dataclass
class Desk:
    """
    An introspection endpoint that says of every token the same.
    """

    says: dict[str, Any] = field(default_factory=lambda: dict(ACTIVE))

    def __call__(self, asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        del asked
        sent(handler, json.dumps(self.says).encode())


@dataclass
class World:
    """
    A server, a verifier that asks it, and the time.
    """

    server: TlsServer
    desk: Desk
    trusted: TrustedIssuer
    now: datetime = field(default_factory=clock)

    def verifier(self, **members: object) -> TokenVerifier:
        one = replace(self.trusted, **members)  # type: ignore[arg-type]
        return TokenVerifier({one.issuer: one}, lambda: self.now)

    def asking(self, **members: object) -> TokenVerifier:
        """
        Return a verifier whose questions are asked in another way.
        """
        assert self.trusted.introspector is not None
        other = Introspector(**(questions(self.trusted.introspector) | members))
        return self.verifier(introspector=other)

    def questions(self) -> list[dict[str, list[str]]]:
        return [parse_qs(one.body.decode()) for one in self.server.asked]


def questions(one: Introspector) -> dict[str, Any]:
    names = ("issuer", "endpoint", "client_id", "secret", "cache_seconds", "opaque", "always")
    return {name: getattr(one, name) for name in (*names, "wire")}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certify(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def world(certificate: Path) -> Iterator[World]:
    desk = Desk()
    with serving(desk, certificate) as server:
        introspector = Introspector(
            ISSUER,
            f"{server.address}/introspect",
            "rag service",
            lambda: SECRET,
            CACHE,
            wire=Wire(private_authorities(certificate), PATIENT),
        )
        yield World(server, desk, replace(trusted(SIGNER), introspector=introspector))


def test_an_active_token_says_who_asks(world: World) -> None:
    reader = world.verifier().verify(OPAQUE)

    assert (ISSUER, "alice", "chat") == (reader.issuer, reader.subject, reader.client)
    assert {"rag.search", "rag.read"} == reader.scopes
    assert NOW + 600 + 30 == reader.expires_at.timestamp()
    (question,) = world.questions()
    assert {"token": [OPAQUE], "token_type_hint": ["access_token"]} == question


def test_the_service_says_who_it_is_as_rfc_6749_encodes_it(world: World) -> None:
    world.verifier().verify(OPAQUE)

    scheme, _, encoded = world.server.asked[0].headers["authorization"].partition(" ")
    pair = base64.b64decode(encoded).decode().split(":")

    assert "Basic" == scheme
    assert ["rag service", SECRET] == [unquote_plus(part) for part in pair]
    assert OPAQUE not in world.server.asked[0].path


INACTIVE: Final[dict[str, dict[str, Any]]] = {
    "not active": {"active": False},
    "another issuer": {"iss": OTHER_ISSUER},
    "no issuer": {"iss": None},
    "an issuer with a slash": {"iss": f"{ISSUER}/"},
    "another audience": {"aud": "https://other.acme.example"},
    "no audience": {"aud": None},
    "a refresh token": {"token_type": None},
    "another kind": {"token_type": "refresh_token"},
    "bound to a key": {"token_type": "DPoP"},
    "bound by its claims": {"cnf": {"jkt": "x"}},
    "no end": {"exp": None},
    "an end that is text": {"exp": str(NOW + 600)},
    "over": {"exp": NOW - 60},
    "no beginning": {"iat": None},
    "from the future": {"iat": NOW + 60},
    "not yet": {"nbf": NOW + 60},
    "too long": {"iat": NOW, "exp": NOW + LIFETIME + 1},
    "no subject": {"sub": None},
    "a subject that is a list": {"sub": ["alice"]},
    "no client": {"client_id": None},
    "two clients": {"azp": "desktop"},
    "malformed scopes": {"scope": {"rag.search": True}},
    "malformed actors": {"act": "agent"},
}


@pytest.mark.parametrize("case", sorted(INACTIVE))
def test_what_a_signed_token_must_say_the_answer_must_say(world: World, case: str) -> None:
    world.desk.says |= INACTIVE[case]

    with pytest.raises(TokenRejectedError) as refused:
        world.verifier().verify(OPAQUE)

    assert "invalid token" == str(refused.value)
    assert OPAQUE not in refused.value.diagnostics()


def test_an_answer_without_scopes_permits_nothing(world: World) -> None:
    del world.desk.says["scope"]

    assert frozenset() == world.verifier().verify(OPAQUE).scopes


def test_groups_and_agents_are_judged_as_in_a_signed_token(world: World) -> None:
    world.desk.says |= {"hasgroups": True}
    with pytest.raises(ReaderRefusedError):
        world.verifier(groups=GroupClaim("groups")).verify(OPAQUE).require_accepted()

    world.desk.says |= {"act": {"sub": "agent://stranger"}}
    with pytest.raises(ReaderRefusedError):
        world.asking(cache_seconds=0.0).verify(OPAQUE).require_accepted()


def raw(body: bytes, status: int = 200, **headers: str) -> Callable[..., None]:
    return lambda _, handler: sent(handler, body, status, **headers)


BROKEN: Final[dict[str, Callable[..., None]]] = {
    "401": raw(b"{}", 401),
    "500": raw(json.dumps(ACTIVE).encode(), 500),
    "a redirect": raw(b"", 307, Location="/elsewhere"),
    "not JSON": raw(b"<html>"),
    "a list": raw(b"[]"),
    "nothing": raw(b""),
    "a signed answer": raw(b"eyJhbGciOiJub25lIn0.e30."),
    "active twice": raw(b'{"active": false, "active": true}'),
    "active is text": raw(json.dumps({**ACTIVE, "active": "true"}).encode()),
    "active is one": raw(json.dumps({**ACTIVE, "active": 1}).encode()),
    "active is missing": raw(json.dumps(dict(CLAIMS)).encode()),
    "packed": raw(json.dumps(ACTIVE).encode(), Content_Encoding="gzip"),
    "a flood": raw(b" " * (MAX_BYTES + 1)),
    "hung up": lambda _, handler: None,  # noqa: ARG005
}


@pytest.mark.parametrize("case", sorted(BROKEN))
def test_an_answer_that_cannot_be_used_is_no_answer(world: World, case: str) -> None:
    """
    503: neither in nor out, no redirect followed, and the token told to nobody.
    """
    world.server.answer = BROKEN[case]

    with pytest.raises(IntrospectionUnavailableError) as refused:
        world.verifier().verify(OPAQUE)

    assert ["/introspect"] == [one.path for one in world.server.asked]
    assert OPAQUE not in refused.value.diagnostics()
    assert SECRET not in refused.value.diagnostics()
    world.server.answer = world.desk
    assert "alice" == world.verifier().verify(OPAQUE).subject


def test_a_server_that_is_not_trusted_gets_no_token(world: World) -> None:
    with pytest.raises(IntrospectionUnavailableError):
        world.asking(wire=Wire()).verify(OPAQUE)

    assert [] == world.server.asked


def test_an_address_in_the_clear_gets_no_token(world: World) -> None:
    endpoint = f"{world.server.address}/introspect".replace("https", "http")

    with pytest.raises(IntrospectionUnavailableError):
        world.asking(endpoint=endpoint).verify(OPAQUE)

    assert [] == world.server.asked


def test_without_credentials_nobody_is_asked(world: World) -> None:
    def gone() -> str:
        msg = "the file is gone"
        raise ConfigurationError(msg)

    with pytest.raises(IntrospectionUnavailableError) as refused:
        world.asking(secret=gone).verify(OPAQUE)

    assert "the file is gone" in refused.value.diagnostics()
    assert [] == world.server.asked


def test_an_answer_counts_as_long_as_configured(world: World) -> None:
    """
    A token that was revoked meanwhile is refused then, and not before.
    """
    judge = world.verifier()
    judge.verify(OPAQUE)
    world.desk.says = {"active": False}

    world.now += timedelta(seconds=CACHE - 1)
    judge.verify(OPAQUE)
    world.now += timedelta(seconds=1)
    with pytest.raises(TokenRejectedError):
        judge.verify(OPAQUE)

    assert 2 == len(world.server.asked)


def test_without_a_cache_every_request_asks(world: World) -> None:
    judge = world.asking(cache_seconds=0.0)
    judge.verify(OPAQUE)
    world.desk.says = {"active": False}

    with pytest.raises(TokenRejectedError):
        judge.verify(OPAQUE)


def test_no_answer_counts_past_the_end_of_its_token(world: World) -> None:
    world.desk.says |= {"exp": NOW + 3}
    judge = world.verifier()
    judge.verify(OPAQUE)
    world.desk.says = {"active": False}

    world.now += timedelta(seconds=3)
    with pytest.raises(TokenRejectedError):
        judge.verify(OPAQUE)

    assert 2 == len(world.server.asked)


def test_a_clock_that_was_put_back_makes_no_answer_count_longer(world: World) -> None:
    judge = world.verifier()
    judge.verify(OPAQUE)
    world.now -= timedelta(seconds=1)
    judge.verify(OPAQUE)

    assert 2 == len(world.server.asked)


def test_answers_are_of_one_token(world: World) -> None:
    judge = world.verifier()
    judge.verify(OPAQUE)
    world.desk.says = {"active": False}

    for other in (OPAQUE + "A", OPAQUE[:-1], OPAQUE.swapcase()):
        with pytest.raises(TokenRejectedError):
            judge.verify(other)
    judge.verify(OPAQUE)


def test_what_is_remembered_is_bounded_and_holds_no_token(world: World) -> None:
    assert world.trusted.introspector is not None
    one = world.trusted.introspector
    for number in range(MAX_REMEMBERED + 50):
        one._cache[number.to_bytes(32, "big")] = None  # type: ignore[assignment] # noqa: SLF001

    world.verifier().verify(OPAQUE)

    assert MAX_REMEMBERED == len(one._cache)  # noqa: SLF001
    assert OPAQUE.encode() not in one._cache  # noqa: SLF001
    assert {32} == {len(key) for key in one._cache}  # noqa: SLF001


def test_only_so_many_are_asked_about_at_once(world: World) -> None:
    """
    Whoever comes later is told to come back; and is let in once there is room.
    """
    assert world.trusted.introspector is not None
    taken = world.trusted.introspector._asking  # noqa: SLF001
    for _ in range(MAX_ASKING):
        taken.acquire()

    with pytest.raises(IntrospectionUnavailableError):
        world.verifier().verify(OPAQUE)

    assert [] == world.server.asked
    taken.release()
    assert "alice" == world.verifier().verify(OPAQUE).subject
    assert "alice" == world.verifier().verify(OPAQUE + "A").subject


@dataclass
class Slow:
    """
    A server that answers once it is let.
    """

    answer: Callable[..., None]
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    let: threading.Event = field(default_factory=threading.Event)

    def __call__(self, asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        self.arrived.release()
        self.let.wait(PATIENT)
        self.answer(asked, handler)


def waiting(one: Introspector, number: int) -> None:
    """
    Return once so many requests wait for an answer to another's question.
    """
    while MAX_WAITING - one._waiting._value < number:  # noqa: SLF001
        time.sleep(0.001)


@pytest.mark.parametrize(
    ("answer", "outcome"), [("desk", "alice"), ("500", "IntrospectionUnavailableError")]
)
def test_a_token_is_asked_about_once_however_many_bring_it(
    world: World, answer: str, outcome: str
) -> None:
    """
    The others wait for that answer, or for its failure; one more than may wait is told at once
    to come back, and so is every other token once too many are asked about.
    """
    slow = world.server.answer = Slow(BROKEN.get(answer, world.desk))
    judge, found = world.verifier(), list[str]()
    assert world.trusted.introspector is not None

    def ask() -> None:
        try:
            found.append(judge.verify(OPAQUE).subject)
        except IntrospectionUnavailableError as error:
            found.append(type(error).__name__)

    threads = [threading.Thread(target=ask) for _ in range(1 + MAX_WAITING)]
    for one in threads:
        one.start()
    slow.arrived.acquire()
    waiting(world.trusted.introspector, MAX_WAITING)
    with pytest.raises(IntrospectionUnavailableError) as refused:
        judge.verify(OPAQUE)
    assert "too many tokens at once" in refused.value.diagnostics()
    assert not found
    slow.let.set()
    for one in threads:
        one.join()

    assert [outcome] * (1 + MAX_WAITING) == found
    assert 1 == len(world.server.asked)
    world.server.answer = world.desk
    assert "alice" == judge.verify(OPAQUE).subject


def test_an_answer_that_would_not_count_is_not_waited_for(world: World) -> None:
    """
    Without a cache, whoever comes during a question asks for themselves: its answer may have
    been given before they came.
    """
    slow = world.server.answer = Slow(world.desk)
    judge = world.asking(cache_seconds=0.0)
    threads = [threading.Thread(target=judge.verify, args=(OPAQUE,)) for _ in range(3)]
    for one in threads:
        one.start()
    for _ in threads:
        slow.arrived.acquire()
    slow.let.set()
    for one in threads:
        one.join()

    assert 3 == len(world.server.asked)


def test_many_at_once_get_their_own_answers(world: World) -> None:
    """
    Sixteen threads, each with a token of its own.
    """

    def answer(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        (token,) = parse_qs(asked.body.decode())["token"]
        sent(handler, json.dumps({**ACTIVE, "sub": f"reader-of-{token}"}).encode())

    world.server.answer = answer
    judge, found = world.verifier(), {}

    def ask(token: str) -> None:
        found[token] = judge.verify(token).subject

    threads = [threading.Thread(target=ask, args=(f"token-{n}",)) for n in range(16)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert {f"token-{n}": f"reader-of-token-{n}" for n in range(16)} == found


@pytest.mark.parametrize("forgery", sorted(FORGERIES))
def test_what_looks_signed_is_judged_by_its_signature_alone(world: World, forgery: str) -> None:
    """
    An issuer that would call everything active is not asked; but a text that no longer looks
    like a signed token at all is for it to judge.
    """
    token = FORGERIES[forgery](SIGNER)
    world.desk.says["active"] = False

    with pytest.raises(TokenRejectedError):
        world.verifier().verify(token)

    asked = [one["token"][0] for one in world.questions()]
    assert all("." not in one and not one.startswith("eyJ") for one in asked)


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "a\0", "ü", "\ud800", "a=b", "%41", "a,b"])
def test_what_no_bearer_token_looks_like_is_sent_to_nobody(world: World, token: str) -> None:
    with pytest.raises(TokenRejectedError):
        world.verifier().verify(token)

    assert [] == world.server.asked


def test_without_introspection_an_opaque_token_is_no_token(world: World) -> None:
    for judge in (world.verifier(introspector=None), world.asking(opaque=False, always=True)):
        with pytest.raises(TokenRejectedError):
            judge.verify(OPAQUE)

    assert [] == world.server.asked


def test_a_signed_token_is_not_asked_about_unless_configured(world: World) -> None:
    assert "alice" == world.verifier().verify(SIGNER.token()).subject
    assert [] == world.server.asked


def test_a_signed_token_can_be_asked_about_as_well(world: World) -> None:
    """
    Once its signature holds, and not before: a forged one is shown to nobody.
    """
    judge = world.asking(always=True, cache_seconds=0.0)
    forged = FORGERIES["another key of the same kid"](SIGNER)
    with pytest.raises(TokenRejectedError):
        judge.verify(forged)
    assert [] == world.server.asked

    assert "alice" == judge.verify(SIGNER.token()).subject
    world.desk.says = {"active": False}
    with pytest.raises(TokenRejectedError) as refused:
        judge.verify(SIGNER.token())

    assert "not active" in refused.value.diagnostics()
    assert 2 == len(world.server.asked)


WIDER: Final[dict[str, dict[str, Any]]] = {
    "another subject": {"sub": "bob"},
    "another issuer": {"iss": OTHER_ISSUER},
    "no subject": {"sub": None},
    "another client": {"client_id": "desktop"},
    "another client by another claim": {"azp": "desktop"},
    "no client": {"client_id": None},
    "a key that the token is not bound to": {"cnf": {"jkt": "x"}},
    "an agent": {"act": {"sub": "agent://planner"}},
    "one more scope": {"scope": "rag.search rag.read rag.audit"},
    "one more scope by another claim": {"scope": "rag.search", "scp": "rag.audit"},
    "scopes that are none": {"scope": {"rag.search": True}},
    "another audience": {"aud": "https://other.acme.example"},
    "one more audience": {"aud": [AUDIENCE, "https://other.acme.example"]},
    "no audience": {"aud": None},
    "a later end": {"exp": NOW + 601},
    "an end that has come": {"exp": NOW - LEEWAY},
    "an end that is text": {"exp": str(NOW + 600)},
    "a beginning that has not come": {"nbf": NOW + LEEWAY + 1},
}


@pytest.mark.parametrize("case", sorted(WIDER))
def test_what_an_issuer_says_of_a_signed_token_may_only_narrow(world: World, case: str) -> None:
    if "scp" in WIDER[case]:
        world.trusted = replace(world.trusted, profile=PROFILES["generic"])
    world.desk.says |= WIDER[case]

    with pytest.raises(TokenRejectedError) as refused:
        world.asking(always=True).verify(SIGNER.token())

    assert refused.value.diagnostics().startswith("step 17:")


def test_scopes_and_end_shrink_to_what_the_issuer_says_now(world: World) -> None:
    judge = world.asking(always=True, cache_seconds=0.0)
    whole = judge.verify(SIGNER.token())
    world.desk.says |= {"scope": "rag.read", "exp": NOW + 60, "aud": [AUDIENCE]}

    left = judge.verify(SIGNER.token())

    assert {"rag.search", "rag.read"} == whole.scopes
    assert {"rag.read"} == left.scopes
    assert timedelta(seconds=540) == whole.expires_at - left.expires_at
    world.desk.says |= {"scope": ""}
    assert frozenset() == judge.verify(SIGNER.token()).scopes


def test_a_short_answer_about_a_signed_token_is_enough(world: World) -> None:
    """
    RFC 7662, section 2.2: only `active` is required, and the token has said the rest.
    """
    world.desk.says = {"active": True}

    assert "alice" == world.asking(always=True).verify(SIGNER.token()).subject


@pytest.mark.promise("token-kept-nowhere")
def test_nothing_of_an_opaque_token_is_logged(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    judge = world.asking(cache_seconds=0.0)
    judge.verify(OPAQUE)
    world.server.answer = BROKEN["500"]
    with pytest.raises(IntrospectionUnavailableError) as refused:
        judge.verify(OPAQUE)

    told = caplog.text + refused.value.diagnostics() + repr(judge) + repr(world.trusted)
    for kept in (OPAQUE, OPAQUE[8:-8], SECRET, "s3%3Acr"):
        assert kept not in told
    assert AUDIENCE in repr(world.trusted)
