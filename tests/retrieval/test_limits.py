"""
A body that does not come is not waited for, wherever it is read.
"""

import json
from typing import Any

import anyio
import pytest
from fastapi import FastAPI, Request
from starlette.types import Message

from retrieval.api import limits, problems
from retrieval.api.limits import MAX_BODY_BYTES, Limits
from retrieval.api.problems import Challenges

PART: Message = {"type": "http.request", "body": b'{"a": ', "more_body": True}
NOTHING: Message = {"type": "http.request", "body": b"", "more_body": True}
REST: Message = {"type": "http.request", "body": b"1}", "more_body": False}


def application() -> FastAPI:
    app = FastAPI()
    problems.install(app, Challenges("https://rag.acme.example", "rag.search"), lambda *_: None)

    @app.post("/parsed")
    def parsed(body: dict[str, Any]) -> object:
        return body

    @app.post("/read")
    async def read(request: Request) -> object:
        return json.loads(await request.body())

    @app.post("/large/streamed")
    async def streamed(request: Request) -> object:
        return json.loads(b"".join([part async for part in request.stream()]))

    app.add_middleware(Limits, larger={"/large/": 2 * MAX_BODY_BYTES})
    return app


async def answered(path: str, parts: list[Message], pause: float = 0.0) -> tuple[int, Any, Any]:
    """
    Return what is answered to a client that sends these parts, one after each pause, and then
    nothing.
    """
    coming, sent = list(parts), list[Message]()

    async def receive() -> Message:
        if not coming:
            await anyio.sleep_forever()
        await anyio.sleep(pause)
        return coming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    await application()(scope, receive, send)
    body = b"".join(one.get("body", b"") for one in sent[1:])
    return sent[0]["status"], dict(sent[0]["headers"]), json.loads(body)


@pytest.mark.parametrize("path", ["/parsed", "/read", "/large/streamed"])
def test_a_body_that_does_not_come_is_not_waited_for(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    408, and the connection is closed: what comes of it later would be taken for a request.
    """
    whole = anyio.run(answered, path, [PART, REST])
    monkeypatch.setattr(limits, "BODY_SECONDS", 0.1)
    monkeypatch.setattr(limits, "LARGER_BODY_SECONDS", 0.1)

    status, headers, body = anyio.run(answered, path, [PART])

    assert (200, {"a": 1}) == (whole[0], whole[2])
    assert (408, "request_timeout") == (status, body["code"])
    assert b"close" == headers[b"connection"]
    assert b"no-store" == headers[b"cache-control"]


def test_the_time_is_for_all_of_a_body(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Not for each part of it.
    """
    monkeypatch.setattr(limits, "BODY_SECONDS", 0.5)

    status, _, _ = anyio.run(answered, "/read", [PART, *[NOTHING] * 200, REST], 0.01)

    assert 408 == status
