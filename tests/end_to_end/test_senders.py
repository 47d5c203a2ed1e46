"""
Over HTTP: a token that is bound to a key or certificate opens for whom it was issued to.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from acl.identity import tokens
from acl.identity.dpop import ProofVerifier
from tests.acl.identity.senders import Prover, certificate, escaped, structured, thumbprint
from tests.end_to_end.event_world import CONFIGURATION, SOURCE, EventWorld, lay_out, plan, process
from tests.retrieval.mcp.speaking import HANDSHAKE, headers_of, message

pytestmark = pytest.mark.promise("sender-constraint")

ORIGIN: Final = "https://rag.acme.example"
SEARCH: Final = f"{ORIGIN}/v1/search"
PROVER: Final = Prover()
ASKED: Final = {"query": "words", "limit": 5}
PROXY: Final = "10.1.2.3"
BOUND: Final = CONFIGURATION.replace(
    'jwks_file = "issuer.json"\n',
    'jwks_file = "issuer.json"\nsender = { dpop = true, certificates = true }\n',
) + (f'[client_certificates]\nheader = "x-client-cert"\nproxies = ["{PROXY}/32", "fd00::/8"]\n')


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventWorld]:
    """
    A process that has run for a minute.
    """

    def running(started: datetime) -> ProofVerifier:
        # For long enough that proofs of now can be none of an earlier process.
        return ProofVerifier(started - timedelta(minutes=1))

    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setattr(tokens, "ProofVerifier", running)
        one = stack.enter_context(process(lay_out(tmp_path_factory.mktemp("bound"), text=BOUND)))
        pushed = one.http.put(
            f"/v1/sources/{SOURCE}/documents/plan", json=plan(), headers=one.token()
        )
        assert 201 == pushed.status_code, pushed.text
        yield one


def from_(world: EventWorld, peer: str) -> TestClient:
    """
    Return a client that connects from this address.
    """
    return TestClient(world.http.app, client=(peer, 50_000), raise_server_exceptions=False)


def bound(world: EventWorld, confirmation: Mapping[str, str]) -> str:
    return world.token(cnf=dict(confirmation))["Authorization"].removeprefix("Bearer ")


def proven(token: str, method: str = "POST", address: str = SEARCH) -> dict[str, str]:
    claims = {"htm": method, "htu": address}
    proof = PROVER.proof(token, claims=claims, now=int(time.time()))
    return {"Authorization": f"DPoP {token}", "DPoP": proof}


def test_a_proof_is_for_one_request(world: EventWorld) -> None:
    """
    By its method and by the address that clients know, whatever this process is called.
    """
    token = bound(world, {"jkt": PROVER.thumbprint()})

    once = proven(token)
    assert 200 == world.search(once).status_code
    assert 401 == world.search(once).status_code
    assert 401 == world.search({"Authorization": f"Bearer {token}"}).status_code
    assert 401 == world.search(proven(token, "GET")).status_code
    assert 401 == world.search(proven(token, address="http://testserver/v1/search")).status_code

    document = f"{ORIGIN}/v1/documents/plan"
    read = proven(token, "GET", document)
    assert 200 == world.http.get("/v1/documents/plan", headers=read).status_code
    again = proven(token, "GET", f"{document}?source={SOURCE}")
    found = world.http.get("/v1/documents/plan", params={"source": SOURCE}, headers=again)
    assert 200 == found.status_code
    elsewhere = proven(token, "GET", document)
    assert 401 == world.http.get("/v1/documents/other", headers=elsewhere).status_code


def test_a_proof_opens_one_call_of_a_tool(world: EventWorld) -> None:
    """
    Verified once for a request to the agents' face, and so good for one.
    """
    token = bound(world, {"jkt": PROVER.thumbprint()})
    called = message(HANDSHAKE, "tools/call", {"name": "search", "arguments": {"query": "words"}})

    def asked(headers: Mapping[str, str]) -> Response:
        return world.http.post("/mcp", json=called, headers={**headers_of(HANDSHAKE), **headers})

    once = proven(token, address=f"{ORIGIN}/mcp")
    answer = asked(once)
    assert 200 == answer.status_code, answer.text
    assert answer.json()["result"]["structuredContent"]["results"]
    assert 401 == asked(once).status_code
    assert 401 == asked(proven(token)).status_code
    bearer = asked({"Authorization": f"Bearer {token}"})
    assert 401 == bearer.status_code
    assert "DPoP algs=" in bearer.headers["www-authenticate"]


def test_a_proof_is_for_the_address_as_it_was_sent(world: EventWorld) -> None:
    """
    An id with a slash in it is another document than two parts of a path.
    """
    token = bound(world, {"jkt": PROVER.thumbprint()})
    where = f"/v1/sources/{SOURCE}/documents/a%2Fb"

    for proof, status in ((f"{ORIGIN}{where.replace('%2F', '/')}", 401), (ORIGIN + where, 201)):
        sent = proven(token, "PUT", proof)
        assert status == world.http.put(where, json=plan(), headers=sent).status_code


def test_pushes_need_the_proof_as_well(world: EventWorld) -> None:
    token, where = bound(world, {"jkt": PROVER.thumbprint()}), f"/v1/sources/{SOURCE}/groups/eng"

    for sent, status in (
        ({"Authorization": f"Bearer {token}"}, 401),
        (proven(token, "PUT", ORIGIN + where), 201),
    ):
        done = world.http.put(where, json={"members": ["user:alice"]}, headers=sent)
        assert status == done.status_code, done.text


@pytest.mark.promise("uniform-401")
def test_whatever_a_proof_lacks_the_answer_is_that_of_any_bad_token(world: EventWorld) -> None:
    """
    And it says what a client needs to know to make one.
    """
    token = bound(world, {"jkt": PROVER.thumbprint()})
    ways = [
        {"Authorization": "Bearer nonsense"},
        {"Authorization": f"Bearer {token}"},
        {"Authorization": f"DPoP {token}"},
        {**proven(token), "DPoP": "nonsense"},
        proven(token, "GET"),
    ]

    answers = [world.search(one) for one in ways]

    assert {401} == {one.status_code for one in answers}
    assert 1 == len({one.headers["www-authenticate"] for one in answers})
    bodies = [{**one.json(), "request_id": ""} for one in answers]
    assert all(bodies[0] == one for one in bodies)
    assert ', DPoP algs="ES256 ' in answers[0].headers["www-authenticate"]
    metadata = world.http.get("/.well-known/oauth-protected-resource").json()
    assert "ES256" in metadata["dpop_signing_alg_values_supported"]


@pytest.mark.parametrize("write", [structured, escaped])
def test_only_a_trusted_proxys_word_on_a_certificate_is_taken(
    world: EventWorld, write: type
) -> None:
    """
    From any other address the same header counts for nothing.
    """
    mine = certificate()
    token = bound(world, {"x5t#S256": thumbprint(mine)})
    sent = {"Authorization": f"Bearer {token}", "X-Client-Cert": write(mine)}

    peers = {PROXY: 200, f"::ffff:{PROXY}": 200, "fd00::7": 200, "10.1.2.4": 401, "::1": 401}
    peers |= {"127.0.0.1": 401, "testclient": 401}
    for peer, status in peers.items():
        answer = from_(world, peer).post("/v1/search", json=ASKED, headers=sent)
        assert status == answer.status_code, peer
    forwarded = {**sent, "X-Forwarded-For": PROXY, "Forwarded": f"for={PROXY}"}
    assert (
        401
        == from_(world, "10.1.2.4").post("/v1/search", json=ASKED, headers=forwarded).status_code
    )
    without = {"Authorization": sent["Authorization"]}
    assert 401 == from_(world, PROXY).post("/v1/search", json=ASKED, headers=without).status_code


def test_a_proxy_that_does_not_remove_what_callers_sent_opens_nothing(world: EventWorld) -> None:
    """
    The header then comes twice, and nobody can tell whose is whose.
    """
    mine = certificate()
    token = bound(world, {"x5t#S256": thumbprint(mine)})
    headers = [
        ("Authorization", f"Bearer {token}"),
        ("X-Client-Cert", structured(mine)),
        ("X-Client-Cert", structured(certificate("thief"))),
    ]

    assert 401 == from_(world, PROXY).post("/v1/search", json=ASKED, headers=headers).status_code


def test_by_default_a_bound_token_opens_nothing(tmp_path: Path) -> None:
    """
    Whatever comes with it, and nothing is said of proofs.
    """
    with process(lay_out(tmp_path / "plain")) as world:
        keyed = bound(world, {"jkt": PROVER.thumbprint()})
        certified = bound(world, {"x5t#S256": thumbprint(certificate())})
        shown = {"Authorization": f"Bearer {certified}", "Client-Cert": structured(certificate())}

        assert 200 == world.search(world.token()).status_code
        refused = world.search(proven(keyed))
        assert 401 == refused.status_code
        assert "DPoP" not in refused.headers["www-authenticate"]
        assert (
            401
            == from_(world, "127.0.0.1").post("/v1/search", json=ASKED, headers=shown).status_code
        )
