"""
What is refused before it is read, and headers that every response carries. Plain ASGI.
"""

import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from anyio import current_time, fail_after
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from retrieval.api.problems import problem

MAX_BODY_BYTES: Final = 64 * 1024
BODY_SECONDS: Final = 30.0
LARGER_BODY_SECONDS: Final = 120.0
"""
From the first read of a body, which comes after its sender was admitted, to its end.
"""

CLOSING: Final = {"Connection": "close"}
MAX_LENGTH_DIGITS: Final = 10
HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)


class _TooLargeError(Exception):
    pass


class _Body:
    """
    The body of one request, as it comes.
    """

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive, self._most = receive, most
        self._seconds = BODY_SECONDS if most == MAX_BODY_BYTES else LARGER_BODY_SECONDS
        self._deadline: float | None = None
        self._received, self._whole = 0, False

    async def receive(self) -> Message:
        if self._whole:  # what comes then is that the client has gone, whenever that is
            return await self._receive()
        if self._deadline is None:
            self._deadline = current_time() + self._seconds
        try:
            with fail_after(self._deadline - current_time()):
                message = await self._receive()
        except TimeoutError as error:
            # As the framework's own, so that whatever reads the body lets it through.
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, headers=CLOSING) from error
        self._whole = not message.get("more_body", False)
        self._received += len(message.get("body", b""))
        if self._received > self._most:
            raise _TooLargeError
        return message


class Limits:
    """
    Caps request bodies, and the time in which they must be there, and adds `HEADERS`.

    `larger` names the beginnings of paths that take larger bodies; what is there authenticates
    before it reads one.
    """

    def __init__(self, app: ASGIApp, larger: Mapping[str, int] | None = None) -> None:
        self._app = app
        self._larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """
        Pass one request on, unless its body is too large or too slow.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._most(scope)
        body = _Body(receive, most)

        async def labelled(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *HEADERS]
            await send(message)

        if _announced(scope) > most:
            await _refuse(scope, receive, labelled, most)
            return
        try:
            await self._app(scope, body.receive, labelled)
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
