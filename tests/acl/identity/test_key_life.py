"""
The life of fetched keys: how often, how long, and what a wayward issuer can do to whom.
"""

import gzip
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest

from acl.identity.errors import KeysUnavailableError, TokenRejectedError
from acl.identity.keysets import (
    BELIEVED_SECONDS,
    FRESH_SECONDS,
    MAX_WAITING,
    REFETCH_SECONDS,
    STALE_SECONDS,
    DiscoveredKeys,
    KeyCondition,
)
from acl.identity.wire import MAX_BYTES, Wire
from tests.acl.identity.issuers import ISSUER, KID, Issuer, trusted, verifier
from tests.acl.identity.test_keysets import NEW, RSA, jwks
from tests.acl.identity.tls import TRUST


@dataclass
class Idp:
    """
    An identity provider on a wire that goes nowhere, with a clock of its own.
    """

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

    def tell_time(self) -> float:
        return self.now

    def sets(self) -> int:
        return self.fetched.count("/jwks")


@pytest.fixture
def idp() -> Idp:
    provider = Idp()
    publish(provider, RSA)
    provider.discovery = lambda: httpx.Response(
        200, json={"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks"}
    )
    return provider


def publish(idp: Idp, *keys: object) -> None:
    idp.keys = lambda: httpx.Response(200, content=jwks(*keys))


def at_once(job: Callable[[], None]) -> None:
    """
    Fetch before going on: no thread decides how a test ends.
    """
    job()


def discovered(idp: Idp, issuer: str = ISSUER, jwks_uri: str | None = None) -> DiscoveredKeys:
    wire = Wire(TRUST, transport=httpx.MockTransport(idp.answer))
    return DiscoveredKeys(issuer, wire, jwks_uri, idp.tell_time, at_once)


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


@pytest.mark.parametrize(
    "arrivals", [[], [1], [FRESH_SECONDS, FRESH_SECONDS + 1], [BELIEVED_SECONDS], range(1, 600, 7)]
)
def test_a_removed_key_is_refused_within_ten_minutes(idp: Idp, arrivals: list[float]) -> None:
    """
    However many tokens come in the meantime, or none.
    """
    keys = discovered(idp)
    keys.key(KID, "RS256")
    removed_at = idp.now
    publish(idp, NEW)
    for after in arrivals:
        idp.now = removed_at + after
        with suppress(TokenRejectedError):
            keys.key(KID, "RS256")

    idp.now = removed_at + 600
    with pytest.raises(TokenRejectedError):
        keys.key(KID, "RS256")


class Endless(httpx.AsyncByteStream):
    """
    A body without an end.
    """

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b" " * 4_096


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
    "endless": lambda _: httpx.Response(200, stream=Endless()),
    "a bomb": lambda _: httpx.Response(
        200, content=b"\x1f\x8b\x08broken", headers={"content-encoding": "gzip"}
    ),
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
    with pytest.raises(KeysUnavailableError):
        discovered(idp, "http://idp.acme.example").key(KID, "RS256")

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


def test_a_pinned_address_needs_no_discovery(idp: Idp) -> None:
    keys = discovered(idp, jwks_uri=f"{ISSUER}/jwks")

    assert KID == keys.key(KID, "RS256").kid
    assert ["/jwks"] == idp.fetched


def test_what_is_compressed_is_refused_whatever_is_in_it(idp: Idp) -> None:
    packed = gzip.compress(jwks(RSA))
    idp.keys = lambda: httpx.Response(200, content=packed, headers={"content-encoding": "gzip"})

    with pytest.raises(KeysUnavailableError) as refused:
        discovered(idp).key(KID, "RS256")

    assert "compressed" in refused.value.diagnostics()


def test_in_an_outage_a_new_key_is_neither_accepted_nor_refused(idp: Idp) -> None:
    """
    Only the issuer could tell whether there is such a key: 503. Known keys go on.
    """
    keys = discovered(idp)
    keys.key(KID, "RS256")
    idp.keys = lambda: httpx.Response(500)
    idp.now += REFETCH_SECONDS + 1

    with pytest.raises(KeysUnavailableError):
        keys.key("2027-02", "RS256")
    assert KID == keys.key(KID, "RS256").kid


def test_after_a_quiet_night_the_first_token_waits_for_the_truth(idp: Idp) -> None:
    """
    The key was taken away while nobody asked: the first to come is refused, not the second.
    """
    keys = discovered(idp)
    keys.key(KID, "RS256")
    publish(idp, NEW)
    idp.now += BELIEVED_SECONDS + 1

    with pytest.raises(TokenRejectedError):
        keys.key(KID, "RS256")


@dataclass
class Held:
    """
    A way to begin fetches that lets the test say when they end.
    """

    jobs: list[Callable[[], None]] = field(default_factory=list)

    def __call__(self, job: Callable[[], None]) -> None:
        self.jobs.append(job)

    def finish(self) -> None:
        for job in self.jobs:
            job()
        self.jobs.clear()


def waiting(idp: Idp) -> tuple[DiscoveredKeys, Held]:
    """
    Return keys that are known, and whose next fetch hangs.
    """
    held = Held()
    keys = replace(discovered(idp), start=held)
    threading.Timer(0.05, held.finish).start()
    keys.key(KID, "RS256")
    return keys, held


def test_a_known_key_waits_for_no_fetch(idp: Idp) -> None:
    """
    Neither for that of an unknown `kid`, nor for that of its own set's next edition.
    """
    keys, held = waiting(idp)
    idp.now += REFETCH_SECONDS
    strangers = [threading.Thread(target=refused, args=(keys, f"x{n}")) for n in range(3)]
    for one in strangers:
        one.start()
    while not held.jobs:
        pass

    assert KID == keys.key(KID, "RS256").kid
    idp.now += BELIEVED_SECONDS - REFETCH_SECONDS
    assert KID == keys.key(KID, "RS256").kid

    held.finish()
    for one in strangers:
        one.join()


def refused(keys: DiscoveredKeys, kid: str) -> None:
    with pytest.raises(TokenRejectedError):
        keys.key(kid, "RS256")


def test_no_more_than_a_few_wait_for_a_fetch(idp: Idp) -> None:
    """
    Unknown `kid`s cannot occupy every thread that serves requests.
    """
    keys, held = waiting(idp)
    idp.now += REFETCH_SECONDS
    waiters = [threading.Thread(target=refused, args=(keys, f"x{n}")) for n in range(MAX_WAITING)]
    for one in waiters:
        one.start()
    while keys._waiting < MAX_WAITING:  # noqa: SLF001
        pass

    with pytest.raises(KeysUnavailableError) as told:
        keys.key("one-more", "RS256")

    assert "already wait" in told.value.diagnostics()
    held.finish()
    for one in waiters:
        one.join()
    assert 1 + 1 == idp.sets()


def test_a_fetch_that_never_ends_is_overtaken(idp: Idp) -> None:
    """
    And what it says in the end is no longer believed.
    """
    keys, held = waiting(idp)
    idp.now += FRESH_SECONDS + 1
    keys.key(KID, "RS256")
    hanging, held.jobs = held.jobs, []
    idp.now += REFETCH_SECONDS
    publish(idp, RSA, NEW)
    keys.key(KID, "RS256")
    held.finish()

    publish(idp, RSA)
    for job in hanging:
        job()

    assert "2027-02" == keys.key("2027-02", "RS256").kid


def test_keys_say_how_they_are(idp: Idp) -> None:
    """
    What `doctor` shows: not asked, fresh, ageing in an outage, unusable, and why.
    """
    keys = discovered(idp)
    seen = [keys.state()]
    keys.key(KID, "RS256")
    seen.append(keys.state())
    idp.keys = lambda: httpx.Response(500)
    idp.now += FRESH_SECONDS + 1
    keys.key(KID, "RS256")
    seen.append(keys.state())
    idp.now += STALE_SECONDS
    with pytest.raises(KeysUnavailableError):
        keys.key(KID, "RS256")
    seen.append(keys.state())

    assert list(KeyCondition) == sorted((one.condition for one in seen), key=order)
    assert ["not asked", "fresh", "ageing", "unusable"] == [one.condition for one in seen]
    assert "answered 500" in seen[2].told()
    assert FRESH_SECONDS + 1 == seen[2].age_seconds
    assert (KID,) == seen[1].kids


def order(condition: KeyCondition) -> int:
    return list(KeyCondition).index(condition)
