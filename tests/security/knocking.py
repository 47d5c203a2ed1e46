"""
Requests as bytes: what no HTTP client would send reaches the application all the same.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
from fastapi import FastAPI
from starlette.types import Message, Scope

from retrieval.answer import ReadingRoom
from retrieval.api.app import create_app
from tests.acl.identity.issuers import AUDIENCE, ISSUER
from tests.retrieval.mcp.speaking import PATH as MCP_PATH
from tests.retrieval.mcp.speaking import headers_of, message


@dataclass(frozen=True)
class Door:
    """
    Where to knock, and what to ask there.
    """

    path: str
    asked: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


SEARCH: Final = Door("/v1/search", {"query": "anything"})


def agents_door(era: str) -> Door:
    """
    Return the one that agents come in by.
    """
    called = {"name": "search", "arguments": {"query": "anything"}}
    asked = message(era, "tools/call", called)
    return Door(MCP_PATH, asked, headers_of(era, "tools/call", "search"))


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


def knock(room: ReadingRoom, tokens: Iterable[str], door: Door = SEARCH) -> list[Reply]:
    """
    Ask a question with each token, one after the other.
    """
    app = create_app(room, resource=AUDIENCE, issuers=[ISSUER], probes={}, close=lambda: None)
    return anyio.run(_each, app, door, list(tokens))


async def _each(app: FastAPI, door: Door, tokens: list[str]) -> list[Reply]:
    said = [f"Bearer {one}".encode("utf-8", "surrogatepass") for one in tokens]
    return [await _asked(app, door, one) for one in said]


async def _asked(app: FastAPI, door: Door, authorization: bytes) -> Reply:
    named = {"Host": "rag.acme.example", "Content-Type": "application/json", **door.headers}
    headers = [(name.lower().encode(), value.encode()) for name, value in named.items()]
    headers.append((b"authorization", authorization))
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": door.path,
        "raw_path": door.path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "server": ("rag.acme.example", 443),
        "client": ("127.0.0.1", 1),
    }
    sent: list[dict[str, Any]] = []
    body = json.dumps(door.asked).encode()
    asked: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return asked.pop(0) if asked else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(dict(message))

    await app(scope, receive, send)
    answer = b"".join(one.get("body", b"") for one in sent[1:])
    return Reply(sent[0]["status"], tuple(sorted(sent[0]["headers"])), answer)
