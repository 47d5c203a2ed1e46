"""
Requests and responses as bytes: what no HTTP client would send reaches the application, too.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import FastAPI
from starlette.types import Message, Scope

Headers = Iterable[tuple[bytes, bytes]]
HOST: Final = (b"host", b"rag.acme.example")


@dataclass(frozen=True)
class Reply:
    """
    All that came back, and whether the body that was sent was read.
    """

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    read: bool = field(default=False, compare=False)

    def but_for_its_id(self) -> tuple[int, tuple[tuple[bytes, bytes], ...], bytes]:
        """
        Return every byte, with zeros for the id that is drawn for each request.
        """
        drawn = json.loads(self.body)["request_id"].encode()
        return self.status, self.headers, self.body.replace(drawn, b"0" * len(drawn))


async def exchanged(
    app: FastAPI, method: str, path: str, headers: Headers, body: bytes = b""
) -> Reply:
    """
    Send one request to an application.
    """
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": list(headers),
        "server": ("rag.acme.example", 443),
        "client": ("127.0.0.1", 1),
    }
    sent: list[dict[str, Any]] = []
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(dict(message))

    await app(scope, receive, send)
    answer = b"".join(one.get("body", b"") for one in sent[1:])
    return Reply(sent[0]["status"], tuple(sorted(sent[0]["headers"])), answer, read=not waiting)
