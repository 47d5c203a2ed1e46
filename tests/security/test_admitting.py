"""
Who asks is looked at before what they ask.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Final

import anyio
import pytest
from fastapi import FastAPI

from acl.model.revocations import CutOff, TokensOf
from acl.registry.revoking import RevocationBoard
from retrieval.api.app import create_app
from retrieval.api.problems import MAX_FAULTS
from tests.acl.identity.issuers import AUDIENCE, ISSUER
from tests.scenarios.installation import Installation
from tests.security.bytewise import HOST, Reply, exchanged

STORE: Final = "/v1/vector_stores/all/search"
POSTED: Final = ("/v1/search", "/v1/explain", STORE)


@pytest.fixture(scope="module")
def app(shared: Installation) -> FastAPI:
    room = shared.room([], ["corp"])
    return create_app(room, resource=AUDIENCE, issuers=[ISSUER], probes={}, close=lambda: None)


@pytest.fixture
def alice(shared: Installation) -> dict[str, str]:
    return shared.bearer("alice", {"corp": "alice"})


def posted(app: FastAPI, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    named = {"Content-Type": "application/json", **headers}
    raw = [(name.lower().encode(), value.encode()) for name, value in named.items()]
    return anyio.run(partial(exchanged, app, "POST", path, [HOST, *raw], body))


STRANGERS: Final[Mapping[str, Mapping[str, str]]] = {
    "no token": {},
    "a token that proves nothing": {"Authorization": "Bearer e30.e30.eA"},
    "two tokens": {"Authorization": "Bearer x", "authorization": "Bearer y"},
}
INTRICATE: Final = (
    b'{"query":"x","filters":' + b'{"type":"and","filters":[' * 100 + b'{"a":0,"b":0}' + b"]}" * 100
)
UNREADABLE: Final = {
    "no text": b'{"query":"\xff"}',
    "a number without end": b'{"query":"x","limit":' + b"9" * 5_000 + b"}",
    "deeper than parsers go": b"[" * 60_000,
    "no JSON": b"{",
    "another question": b'{"unknown":1}',
    "intricate": INTRICATE + b"}",
}


@pytest.mark.promise("little-for-strangers")
@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize("who", sorted(STRANGERS))
def test_no_body_of_a_stranger_is_read(
    app: FastAPI, alice: dict[str, str], path: str, who: str
) -> None:
    """
    The control is somebody who is known.
    """
    unknown, known = (posted(app, path, b"{", one) for one in (STRANGERS[who], alice))

    assert (401, False) == (unknown.status, unknown.read)
    assert (True, True) == (known.status in {400, 422}, known.read)


@pytest.mark.promise("uniform-401")
@pytest.mark.parametrize("what", sorted(UNREADABLE))
def test_what_cannot_be_read_is_told_to_nobody_who_proves_nothing(
    app: FastAPI, alice: dict[str, str], what: str
) -> None:
    """
    They get what they get for a question that is well-formed, byte for byte.
    """
    forged = STRANGERS["a token that proves nothing"]
    good = posted(app, "/v1/search", b'{"query":"x"}', forged)

    bad = posted(app, "/v1/search", UNREADABLE[what], forged)

    assert good.but_for_its_id() == bad.but_for_its_id()
    assert posted(app, STORE, UNREADABLE[what], alice).status == 400
    assert posted(app, STORE, UNREADABLE[what], forged).status == 401


@pytest.mark.promise("token-revocation")
@pytest.mark.parametrize("what", sorted(UNREADABLE))
def test_whoever_was_shut_out_is_not_told_what_is_malformed(
    shared: Installation, app: FastAPI, what: str
) -> None:
    subject = f"erin sends {what}"
    erin = shared.bearer(subject, {"corp": "erin"})
    before = posted(app, "/v1/search", UNREADABLE[what], erin).status
    board, now = RevocationBoard(shared.ground.database), shared.clock()
    cut = CutOff(TokensOf(ISSUER, "sub", subject), now + timedelta(seconds=1))
    board.apply([cut], reason="a test", now=now)

    after = posted(app, "/v1/search", UNREADABLE[what], erin).status

    assert (True, 401) == (before in {400, 422}, after)


@pytest.mark.promise("host-limits")
def test_few_of_many_faults_are_told(app: FastAPI, alice: dict[str, str]) -> None:
    """
    An answer to a malformed request is no many times its length.
    """
    asked = {"query": "x"} | {f"unknown {n}": n for n in range(2_000)}
    body = json.dumps(asked).encode()

    told = posted(app, "/v1/search", body, alice)

    assert MAX_FAULTS == len(json.loads(told.body)["errors"])
    assert len(told.body) < len(body)


@pytest.mark.promise("honoured-or-refused")
def test_a_filter_that_is_too_deep_is_not_looked_into(app: FastAPI, alice: dict[str, str]) -> None:
    """
    Each fault would be told with the whole way to it.
    """
    told = json.loads(posted(app, STORE, INTRICATE + b"}", alice).body)["error"]

    assert ("filters", "filters: at most 32 comparisons, nested 4 deep") == (
        told["param"],
        told["message"],
    )
