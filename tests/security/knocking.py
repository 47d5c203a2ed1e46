"""
Requests as bytes: what no HTTP client would send reaches the application all the same.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import anyio
from fastapi import FastAPI
from starlette.types import Message, Scope

from retrieval.answer import ReadingRoom
from retrieval.api.app import create_app
from tests.acl.identity.issuers import AUDIENCE, ISSUER

QUESTION: Final = json.dumps({"query": "anything"}).encode()


@dataclass(frozen=True)
class Reply:
    """
    All that came back.
    """

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def but_for_its_id(self) -> tuple[int, tuple[tuple[bytes, bytes], ...], bytes]:
        """
        Return every byte, with zeros for the id that is drawn for each request.
        """
        drawn = json.loads(self.body)["request_id"].encode()
        return self.status, self.headers, self.body.replace(drawn, b"0" * len(drawn))


def knock(room: ReadingRoom, tokens: Iterable[str]) -> list[Reply]:
    """
    Ask a question with each token, one after the other.
    """
    app = create_app(room, resource=AUDIENCE, issuers=[ISSUER], probes={}, close=lambda: None)
    return anyio.run(_each, app, list(tokens))


async def _each(app: FastAPI, tokens: list[str]) -> list[Reply]:
    return [await _asked(app, f"Bearer {one}".encode("utf-8", "surrogatepass")) for one in tokens]


async def _asked(app: FastAPI, authorization: bytes) -> Reply:
    headers = [
        (b"host", b"rag.acme.example"),
        (b"content-type", b"application/json"),
        (b"authorization", authorization),
    ]
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": "/v1/search",
        "raw_path": b"/v1/search",
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "server": ("rag.acme.example", 443),
        "client": ("127.0.0.1", 1),
    }
    sent: list[dict[str, Any]] = []
    asked: list[Message] = [{"type": "http.request", "body": QUESTION, "more_body": False}]

    async def receive() -> Message:
        return asked.pop(0) if asked else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(dict(message))

    await app(scope, receive, send)
    body = b"".join(one.get("body", b"") for one in sent[1:])
    return Reply(sent[0]["status"], tuple(sorted(sent[0]["headers"])), body)
