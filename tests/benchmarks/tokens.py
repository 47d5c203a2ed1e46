"""
What it costs to judge a token with keys that are known.

The baseline is a bare `joserfc.jwt.decode` of the same token with the same key, which checks
the signature and nothing else; the two take turns in one run. Spoiled tokens are measured as
processor time. At last, good tokens are judged while others name keys that nobody has and the
issuer takes its time: they must not become slower.
"""

import gc
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import httpx
import numpy as np
from joserfc import jwt
from joserfc.errors import SecurityWarning

from acl.errors import ReadershipError
from acl.identity.jwks import PublicKey, parse_keys
from acl.identity.keysets import REFETCH_SECONDS, DiscoveredKeys
from acl.identity.tokens import TokenVerifier
from acl.identity.wire import Wire
from tests.acl.identity.issuers import ISSUER, KID, Issuer, trusted, verifier
from tests.acl.identity.test_keysets import jwks
from tests.acl.identity.tls import TRUST
from tests.security.test_forged_tokens import mutated

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
ROUNDS: Final = 3_000
SPOILED: Final = 5_000
FLOOD_SECONDS: Final = 4.0
SLOW_SECONDS: Final = 1.0
WARM_UP: Final = 200


def measure(told: Callable[[str], None]) -> dict[str, Any]:
    """
    Run the benchmarks of tokens.
    """
    told("judging tokens")
    found: dict[str, Any] = {one: _against_the_library(Issuer(one)) for one in ALGORITHMS}
    told("spoiled tokens")
    spoiled = _spoiled(Issuer("RS256"))
    told("good tokens in a flood of unknown keys")
    return {"algorithms": found, "spoiled_cpu_ms": spoiled, "flood": _in_a_flood(Issuer("ES256"))}


def _against_the_library(issuer: Issuer) -> dict[str, Any]:
    judge, token = verifier(replace(trusted(issuer), keys=_known(issuer))), issuer.token()
    key = parse_keys(jwks(issuer.jwk()))[KID]

    def ours() -> None:
        judge.verify(token)

    def theirs() -> None:
        _bare(token, key, issuer.algorithm)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # once, before any timing
        for _ in range(WARM_UP):
            ours()
            theirs()
        gc.disable()
        try:
            pairs = [(_seconds(ours), _seconds(theirs)) for _ in range(ROUNDS)]
        finally:
            gc.enable()
    verified, bare = zip(*pairs, strict=True)
    return {
        "verify_ms": _percentiles(verified),
        "library_ms": _percentiles(bare),
        "ratio_p50": float(np.median(verified) / np.median(bare)),
    }


def _bare(token: str, key: PublicKey, algorithm: str) -> None:
    jwt.decode(token, key, algorithms=[algorithm])


def _known(issuer: Issuer, seconds: float = 0.0) -> DiscoveredKeys:
    """
    Return keys that are fetched, from an issuer that from now on takes its time.
    """
    taken = [0.0]

    def answer(request: httpx.Request) -> httpx.Response:
        del request
        time.sleep(taken[0])
        return httpx.Response(200, content=jwks(issuer.jwk()))

    wire = Wire(TRUST, transport=httpx.MockTransport(answer))
    keys = DiscoveredKeys(ISSUER, wire, f"{ISSUER}/jwks")
    keys.key(KID, issuer.algorithm)
    taken[0] = seconds
    return keys


def _spoiled(issuer: Issuer) -> dict[str, float]:
    drawn = np.random.default_rng(5)
    judge, token = verifier(trusted(issuer)), issuer.token()
    times = []
    for _ in range(SPOILED):
        spoiled = mutated(token, drawn)
        began = time.thread_time()
        _judged(judge, spoiled)
        times.append(time.thread_time() - began)
    return _percentiles(times)


def _judged(judge: TokenVerifier, token: str) -> bool:
    try:
        judge.verify(token)
    except ReadershipError:
        return False
    return True


def _in_a_flood(issuer: Issuer) -> dict[str, Any]:
    """
    Judge good tokens beside two threads of unknown keys; once with an issuer that answers at
    once, and once, after the interval has passed, with one that takes a second.
    """
    strangers = [issuer.token({"kid": f"unknown-{number}"}) for number in range(500)]
    measured = {}
    for name, seconds in (("issuer answers", 0.0), ("issuer takes a second", SLOW_SECONDS)):
        keys = _known(issuer, seconds)
        keys.clock = lambda: time.monotonic() + REFETCH_SECONDS  # an unknown key makes a fetch
        judge = verifier(replace(trusted(issuer), keys=keys))
        measured[name] = _beside(judge, issuer.token(), strangers)
    quick, late = (one["p99"] for one in measured.values())
    return {"good_ms": measured, "p99_ratio": late / quick}


def _beside(judge: TokenVerifier, token: str, strangers: list[str]) -> Mapping[str, float]:
    until = time.monotonic() + FLOOD_SECONDS

    def flood() -> None:
        while time.monotonic() < until:
            for one in strangers[:20]:
                _judged(judge, one)
            time.sleep(0.01)

    threads = [threading.Thread(target=flood) for _ in range(2)]
    for one in threads:
        one.start()
    times = []
    while time.monotonic() < until:
        times.append(_seconds(lambda: judge.verify(token)))
    for one in threads:
        one.join()
    return _percentiles(times)


def _seconds(job: Callable[[], object]) -> float:
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


def _percentiles(seconds: Any) -> dict[str, float]:  # noqa: ANN401 - whatever holds numbers
    at = np.percentile(np.asarray(seconds, dtype=float) * 1_000, (50, 95, 99))
    return dict(zip(("p50", "p95", "p99"), map(float, at), strict=True))
