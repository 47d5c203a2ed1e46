"""
The reader's page with an issuer that answers whatever a test says, with real signatures, and
browsers: jars of cookies over https.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlsplit

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.acl.identity.issuers import ISSUER
from tests.ingestion.world import allow
from tests.retrieval.console.desks import access, desk_of, granted, identity
from tests.scenarios.installation import Installation, claim_of, client

ORIGIN: Final = "https://rag.acme.example"
BACK: Final = "/reader/signed-in"
WORDS: Final = "A word of hers."


class Premises:
    """
    A page with one document of alice, and its issuer.
    """

    def __init__(self, shared: Installation) -> None:
        self.shared, source = shared, shared.fresh()
        line = {
            "id": "hers",
            "title": "Hers",
            "text": "A word of hers.",
            "acl": allow("user:alice"),
        }
        shared.write(source, [line])
        shared.sync(source, "corp")
        self.room = shared.room([source], ["corp"])
        self.desk = desk_of(self.room)
        served = client(self.room, self.desk).app
        assert isinstance(served, FastAPI)
        self.app = served
        headers = shared.bearer("alice", {"corp": "alice"})
        found = self.browser().http.post("/v1/search", json={"query": "word"}, headers=headers)
        self.passage = found.json()["passages"][0]["id"]

    def browser(self) -> "Browser":
        """
        Return a new one.
        """
        http = TestClient(self.app, ORIGIN, raise_server_exceptions=False, follow_redirects=False)
        return Browser(self, http)


@dataclass
class Browser:
    """
    One browser, with its cookies.
    """

    premises: Premises
    http: TestClient

    def opens(self, path: str | None = None, **headers: str) -> Response:
        return self.http.get(path or f"/d/{self.premises.passage}", headers=headers)

    def begins(self, path: str | None = None, **headers: str) -> dict[str, str]:
        """
        Ask for a page; return what the issuer is asked.
        """
        answer = self.opens(path, **headers)
        assert 303 == answer.status_code, answer.text
        return asked_of_issuer(answer)

    def comes_back(
        self, asked: Mapping[str, str], subject: str = "alice", lasting: int = 600, **changed: str
    ) -> Response:
        """
        Return from the issuer, as somebody who has signed in there, with a token that lasts so many
        seconds.
        """
        now = int(self.premises.shared.clock().timestamp())
        who = {"sub": subject, "iat": now - 1, "exp": now + 300}
        token = access(**{**who, "exp": now + lasting, claim_of("corp"): subject})
        named = identity(**who, nonce=asked["nonce"])
        self.premises.desk.answer = granted(id_token=named, access_token=token)
        came = {"code": "c", "state": asked["state"], "iss": ISSUER, **changed}
        return self.http.get(BACK, params=came)

    def signs_in(self, subject: str = "alice") -> Response:
        """
        Do all of it; return the page.
        """
        back = self.comes_back(self.begins(), subject)
        assert 303 == back.status_code, back.text
        return self.opens(back.headers["location"])

    def kept(self) -> dict[str, str]:
        return {one.name: one.value or "" for one in self.http.cookies.jar}


def asked_of_issuer(answer: Response) -> dict[str, str]:
    query = urlsplit(answer.headers["location"]).query
    return {name: one for name, (one,) in parse_qs(query).items()}


def has_session(answer: Response) -> bool:
    cookies = answer.headers.get_list("set-cookie")
    return any("-session-" in one and "Max-Age=0" not in one for one in cookies)
