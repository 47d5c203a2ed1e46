"""
What is refused before it is read, and headers that every response carries. Plain ASGI.
"""

import secrets
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
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """
        Pass one request on, unless its body is too large.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received = 0

        async def capped() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY_BYTES:
                raise _TooLargeError
            return message

        async def labelled(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *HEADERS]
            await send(message)

        if _announced(scope) > MAX_BODY_BYTES:
            await _refuse(scope, receive, labelled)
            return
        try:
            await self._app(scope, capped, labelled)
        except _TooLargeError:
            await _refuse(scope, receive, labelled)


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value) if len(value) < MAX_LENGTH_DIGITS else MAX_BODY_BYTES + 1
    return 0


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    detail = f"a request body has at most {MAX_BODY_BYTES} bytes"
    response = problem(status, "too_large", detail, secrets.token_hex(16))
    await response(scope, receive, send)
