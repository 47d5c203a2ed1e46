"""
The reader's page without a browser: an issuer that answers what a test says, and whoever has
signed in there.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http.cookies import SimpleCookie

import httpx
import httpx2
from fastapi.testclient import TestClient
from starlette.responses import Response

from acl.identity.tokens import TokenVerifier
from acl.identity.wire import Wire
from retrieval.answer import ReadingRoom
from retrieval.api.app import RefusalRecorder
from retrieval.console.citations import CitationRoom
from retrieval.console.provider import Provider
from retrieval.console.routes import SIGN_IN_ACTION, Console
from retrieval.console.sessions import Begun, Session, Sessions
from retrieval.console.sign_in import Registration, SignIn
from tests.acl.identity.issuers import ISSUER, KID, NOW, Issuer, clock, trusted
from tests.acl.identity.spoken import signed
from tests.acl.identity.tls import TRUST

PAGE = "reader-page"
BEGUN = Begun("state" * 10, "nonce" * 10, "verifier" * 6, "p-1")
CAME = {"code": ["c"], "state": [BEGUN.state], "iss": [ISSUER]}
DOCUMENT = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/auth",
    "token_endpoint": f"{ISSUER}/token",
    "authorization_response_iss_parameter_supported": True,
}


def identity(**claims: object) -> str:
    said = {"iss": ISSUER, "sub": "alice", "aud": PAGE, "iat": NOW - 1, "exp": NOW + 300}
    return signed(Issuer("ES256"), {"kid": KID}, {**said, "nonce": BEGUN.nonce, **claims})


def access(**claims: object) -> str:
    return Issuer("ES256").token(claims={"client_id": PAGE, **claims})


def granted(**members: object) -> dict[str, object]:
    """
    Return what a good issuer answers, with other members where a test wants them.
    """
    made = {"access_token": access(), "id_token": identity(), "token_type": "Bearer"}
    return {name: one for name, one in {**made, **members}.items() if one is not None}


class Desk:
    """
    An issuer that answers what a test says, and who signs in there.
    """

    def __init__(
        self,
        answer: Mapping[str, object] | None = None,
        document: Mapping[str, object] = DOCUMENT,
        verifier: TokenVerifier | None = None,
        now: Callable[[], datetime] = clock,
    ) -> None:
        self.asked: list[httpx.Request] = []
        self.answer, self.document = answer if answer is not None else granted(), document
        issuer = trusted(Issuer("ES256"))
        wire = Wire(TRUST, transport=httpx.MockTransport(self._answers))
        self.provider = Provider(ISSUER, wire)
        self.sign_in = SignIn(
            Registration(
                PAGE, "https://rag.acme.example/reader/signed-in", "openid rag.read", None
            ),
            self.provider,
            issuer,
            verifier or TokenVerifier({ISSUER: issuer}, clock),
            wire,
            now,
        )

    def _answers(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        body = self.answer if request.url.path == "/token" else self.document
        return httpx.Response(200, content=json.dumps(body))


def desk_of(room: ReadingRoom) -> Desk:
    """
    Return an issuer whose tokens a reading room takes.
    """
    return Desk(verifier=room.verifier, now=room.clock)


def console_of(room: ReadingRoom, desk: Desk) -> Console:
    """
    Return the page of a reading room.
    """
    refused = RefusalRecorder(room.trail, room.clock, SIGN_IN_ACTION)
    notes = room.cursors.notes
    return Console(CitationRoom.of(room), desk.sign_in, Sessions(notes), refused)


def cookies_of(response: Response) -> dict[str, str]:
    """
    Return what a browser keeps of a response.
    """
    kept = SimpleCookie("; ".join(response.headers.getlist("set-cookie")))
    return {name: one.value for name, one in kept.items() if one.value}


def opened(
    http: TestClient, sessions: Sessions, headers: Mapping[str, str], path: str
) -> httpx2.Response:
    """
    Open a page with a browser that whoever presents these headers to the API has signed in with.
    """
    response, hour = Response(), timedelta(hours=1)
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    if scheme == "Bearer":
        now = clock()
        sessions.keep(response, Session(token, "proof"), until=now + hour, now=now)
    cookies = "; ".join(f"{name}={value}" for name, value in cookies_of(response).items())
    return http.get(path, headers={"Cookie": cookies}, follow_redirects=False)
