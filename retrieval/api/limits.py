"""
What is refused before it is read, and headers that every response carries. Plain ASGI.
"""

import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from retrieval.api.problems import problem

MAX_BODY_BYTES: Final = 64 * 1024
MAX_LENGTH_DIGITS: Final = 10
HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)


class _TooLargeError(Exception):
    pass


class Limits:
    """
    Caps request bodies and adds `HEADERS`.

    `larger` names the beginnings of paths that take larger bodies; what is there authenticates
    before it reads one.
    """

    def __init__(self, app: ASGIApp, larger: Mapping[str, int] | None = None) -> None:
        self._app = app
        self._larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """
        Pass one request on, unless its body is too large.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received, most = 0, self._most(scope)

        async def capped() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise _TooLargeError
            return message

        async def labelled(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *HEADERS]
            await send(message)

        if _announced(scope) > most:
            await _refuse(scope, receive, labelled, most)
            return
        try:
            await self._app(scope, capped, labelled)
        except _TooLargeError:
            await _refuse(scope, receive, labelled, most)

    def _most(self, scope: Scope) -> int:
        for beginning, most in self._larger.items():
            if scope["path"].startswith(beginning):
                return most
        return MAX_BODY_BYTES


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value) if len(value) < MAX_LENGTH_DIGITS else 10**MAX_LENGTH_DIGITS
    return 0


async def _refuse(scope: Scope, receive: Receive, send: Send, most: int) -> None:
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    detail = f"a request body has at most {most} bytes"
    response = problem(status, "too_large", detail, secrets.token_hex(16))
    await response(scope, receive, send)
