"""
Who comes in to `/mcp`, and in which form.

The rules, in the order they are applied:

1. The Host is this service's: 421 (a name that somebody else's DNS points here is not).
2. The Origin, if there is one, is listed: 403 (a page in a browser, of somebody else).
3. The token is good, not revoked, and its reader may use a tool: 401, 403, with a challenge.
4. The method is POST: 405. There are no sessions to end and no streams to listen to.
5. The body is one JSON-RPC request or notification, said unmistakably: 413, 415, 400.

Every request passes all of them, whatever it asks for; only then does the SDK see it. What the
SDK answers is collected and sent whole: every answer is one JSON document.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from anyio import sleep_forever, to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.types import Message, Scope

from acl.model.scopes import READERS_SCOPES
from acl.model.strict_json import parse_object
from retrieval.answer import ReadingRoom
from retrieval.api.presented import presented_by
from retrieval.mcp.server import READER, McpServer
from retrieval.mcp.visitors import Visitors

PATH: Final = "/mcp"
JSON: Final = "application/json"
ACCEPTED_TYPES: Final = frozenset({JSON, "application/octet-stream"})
"""
OpenAI's scanner of tools sends JSON as a stream of octets.
"""

ANYTHING: Final = b"application/json, text/event-stream"
PARSE_ERROR: Final = -32_700
INVALID_REQUEST: Final = -32_600
UNSUPPORTED: Final = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
METHODS: Final = ("GET", "POST", "DELETE")


class Door:
    """
    Lets requests in to the MCP server.
    """

    def __init__(self, room: ReadingRoom, visitors: Visitors, server: McpServer) -> None:
        self._room = room
        self._visitors = visitors
        self._server = server

    async def enter(self, request: Request) -> Response:
        """
        Answer one request.

        Raises:
            ReadershipError: Refused by the first three rules.
        """
        # 1, 2. Said to anybody, and before a token is looked at.
        self._visitors.require_welcome(
            request.headers.getlist("host"), request.headers.getlist("origin")
        )
        # 3. Who asks? Verified once: the tools trust what this returns.
        reader = await to_thread.run_sync(self._room.welcome, presented_by(request))
        # 4.
        if request.method != "POST":
            return Response(status_code=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "POST"})
        # 5.
        body = await request.body()
        refused = _unreadable(request, body)
        if refused is not None:
            return refused
        return await self._answered(_prepared(request.scope, READER, reader), body)

    async def _answered(self, scope: Scope, body: bytes) -> Response:
        sent: list[Message] = []
        asked: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            if not asked:
                await sleep_forever()  # whoever listens for the end of the connection
            return asked.pop()

        async def send(message: Message) -> None:
            sent.append(message)

        await self._server.answer(scope, receive, send)
        start = sent[0]
        response = Response(
            b"".join(one.get("body", b"") for one in sent[1:]), status_code=start["status"]
        )
        kept = [(name, value) for name, value in start["headers"] if name != b"content-length"]
        response.raw_headers.extend(kept)
        return response


def mcp_routes(door: Door) -> APIRouter:
    """
    Return the route of the door. It is no operation of the API that OpenAPI describes.
    """
    router = APIRouter()
    router.add_api_route(
        PATH,
        door.enter,
        methods=list(METHODS),
        include_in_schema=False,
        response_class=Response,
        response_model=None,
        openapi_extra={"x-required-scope": " ".join(READERS_SCOPES)},
    )
    return router


def _unreadable(request: Request, body: bytes) -> Response | None:
    named = request.headers.getlist("content-type")
    kinds = {one.partition(";")[0].strip().lower() for one in named}
    if len(named) != 1 or not kinds <= ACCEPTED_TYPES:
        return _protocol_error(INVALID_REQUEST, f"the Content-Type is not {JSON}", UNSUPPORTED)
    if body.lstrip()[:1] == b"[":
        return _protocol_error(INVALID_REQUEST, "one message a request; no batches")
    try:
        message = parse_object(body)
    except ValueError:
        return _protocol_error(PARSE_ERROR, "not one JSON object")
    if not _is_request(message):
        return _protocol_error(INVALID_REQUEST, "not a JSON-RPC 2.0 request or notification")
    return None


def _is_request(message: Mapping[str, object]) -> bool:
    """
    Say whether a message asks for something (JSON-RPC 2.0, section 4). The SDK would take one
    whose id is malformed for a notification, and tell of others by what stands in them.
    """
    params, identifier = message.get("params", {}), message.get("id", 0)
    return (
        message.get("jsonrpc") == "2.0"
        and isinstance(message.get("method"), str)
        and isinstance(params, dict)
        and isinstance(identifier, str | int)
        and not isinstance(identifier, bool)
        and message.keys().isdisjoint({"result", "error"})
    )


def _protocol_error(
    code: int, message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST
) -> Response:
    error = {"code": code, "message": message}
    return JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, status_code=status)


def _prepared(scope: Scope, member: str, value: object) -> Scope:
    """
    Return the scope with one more member, and with what clients mean by `Accept` and
    `Content-Type` written as the SDK wants it.
    """
    headers = [(n, v) for n, v in scope["headers"] if n != b"content-type"]
    if not any(name == b"accept" for name, _ in headers):
        headers.append((b"accept", ANYTHING))
    headers.append((b"content-type", JSON.encode()))
    return {**scope, "headers": headers, member: value}
