"""
What an issuer answers at the end of a sign-in is judged before anybody is signed in.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest

from retrieval.console.provider import RETRY_SECONDS, ProviderUnavailableError
from retrieval.console.sessions import Begun
from retrieval.console.sign_in import SignInFailedError
from tests.acl.identity.issuers import NOW, OTHER_ISSUER, Issuer, trusted, verifier
from tests.retrieval.console.desks import (
    BEGUN,
    CAME,
    DOCUMENT,
    PAGE,
    Desk,
    access,
    granted,
    identity,
)


@pytest.mark.promise("page-session")
def test_a_good_answer_signs_somebody_in() -> None:
    desk = Desk()

    token, reader = desk.sign_in.finish(CAME, BEGUN)

    assert ("alice", PAGE) == (reader.subject, reader.client)
    assert desk.answer["access_token"] == token
    form = dict(httpx.QueryParams(desk.asked[-1].content.decode()))
    assert BEGUN.verifier == form["code_verifier"]
    assert "https://rag.acme.example/reader/signed-in" == form["redirect_uri"]
    assert "authorization" not in desk.asked[-1].headers


def test_a_client_with_a_secret_shows_it_to_the_token_endpoint_alone() -> None:
    desk = Desk()
    registration = replace(desk.sign_in.registration, secret=lambda: "s:e cret")
    sign_in = replace(desk.sign_in, registration=registration)

    sign_in.finish(CAME, BEGUN)

    shown = {one.url.path: one.headers.get("authorization") for one in desk.asked}
    assert shown["/token"] == "Basic cmVhZGVyLXBhZ2U6cyUzQWUrY3JldA=="
    assert [None] == [one for path, one in shown.items() if path != "/token"]
    assert "cret" not in repr(sign_in)


BOUND = "DPoP"
REFUSED: Mapping[str, Callable[[], dict[str, object]]] = {
    "no ID token": lambda: granted(id_token=None),
    "no access token": lambda: granted(access_token=None),
    "an ID token in its place": lambda: granted(access_token=identity()),
    "an access token in the place of the other": lambda: granted(id_token=access()),
    "an ID token of another request": lambda: granted(id_token=identity(nonce="x")),
    "an ID token of another client": lambda: granted(id_token=identity(aud="chat")),
    "an access token of another client": lambda: granted(access_token=access(client_id="chat")),
    "an access token for something else": lambda: granted(access_token=access(aud="x")),
    "an expired access token": lambda: granted(access_token=access(exp=NOW - 60)),
    "a bound token": lambda: granted(token_type=BOUND),
    "no kind of token": lambda: granted(token_type=None),
    "an error": lambda: {"error": "invalid_grant"},
}


@pytest.mark.promise("page-session")
@pytest.mark.parametrize("what", sorted(REFUSED))
def test_what_proves_nothing_signs_nobody_in(what: str) -> None:
    with pytest.raises(SignInFailedError):
        Desk(REFUSED[what]()).sign_in.finish(CAME, BEGUN)


@pytest.mark.promise("page-session")
def test_a_token_of_another_trusted_issuer_signs_nobody_in() -> None:
    """
    Though this service takes it, and it names a client of the same name. The control is this
    issuer's, before the same verifier.
    """
    own, other = Issuer("ES256"), Issuer("ES256", "globex", OTHER_ISSUER)
    both = verifier(trusted(own), trusted(other))
    theirs = other.token(claims={"client_id": PAGE})
    assert OTHER_ISSUER == both.verify(theirs).issuer

    with pytest.raises(SignInFailedError):
        Desk(granted(access_token=theirs), verifier=both).sign_in.finish(CAME, BEGUN)

    assert Desk(verifier=both).sign_in.finish(CAME, BEGUN)


@pytest.mark.promise("page-session")
def test_nothing_is_sent_to_the_issuer_for_an_answer_that_is_not_its_own() -> None:
    desk = Desk()
    desk.provider.endpoints()
    before = len(desk.asked)
    spoiled: list[tuple[dict[str, list[str]], Begun | None]] = [
        (CAME, None),
        ({**CAME, "iss": [OTHER_ISSUER]}, BEGUN),
        ({k: v for k, v in CAME.items() if k != "iss"}, BEGUN),
        ({**CAME, "code": ["c", "d"]}, BEGUN),
        ({**CAME, "error": ["access_denied"]}, BEGUN),
    ]
    for came, begun in spoiled:
        with pytest.raises(SignInFailedError):
            desk.sign_in.finish(came, begun)

    assert before == len(desk.asked)


def test_an_issuer_that_does_not_name_itself_need_not() -> None:
    """
    RFC 9207: only an issuer that promises `iss` must send it; another's is refused all the same.
    """
    document = {k: v for k, v in DOCUMENT.items() if not k.startswith("authorization_response")}
    without = {k: v for k, v in CAME.items() if k != "iss"}

    assert Desk(document=document).sign_in.finish(without, BEGUN)
    with pytest.raises(SignInFailedError):
        Desk(document=document).sign_in.finish({**without, "iss": [OTHER_ISSUER]}, BEGUN)


MISLEADING: Mapping[str, Mapping[str, Any]] = {
    "another issuer's": {"issuer": OTHER_ISSUER},
    "in the clear": {"token_endpoint": "http://idp.acme.example/token"},
    "a script": {"authorization_endpoint": "javascript:alert(1)"},
    "not there": {"token_endpoint": None},
    "a way out in the clear": {"end_session_endpoint": "http://idp.acme.example/out"},
}


@pytest.mark.parametrize("how", sorted(MISLEADING))
def test_a_misleading_discovery_document_leads_nowhere(how: str) -> None:
    desk = Desk(document={**DOCUMENT, **MISLEADING[how]})

    with pytest.raises(ProviderUnavailableError):
        desk.sign_in.address(BEGUN)


def test_an_issuer_that_fails_is_not_asked_for_every_stranger() -> None:
    desk, now = Desk(document={}), [0.0]
    desk.provider.clock = lambda: now[0]
    for _ in range(100):
        with pytest.raises(ProviderUnavailableError):
            desk.provider.endpoints()
    assert 1 == len(desk.asked)

    now[0], desk.document = RETRY_SECONDS, DOCUMENT

    assert desk.provider.endpoints().names_itself
    assert 2 == len(desk.asked)
