"""
The official SDK, as little of it as speaks the protocol; its names stop here.

Both eras come from one server: with the handshake (up to 2025-11-25) and without (2026-07-28).
There are no sessions. Every HTTP request gets a transport of its own, which ends with it: nothing
that the SDK keeps can carry one reader's answer to another (as in CVE-2026-25536 of its sibling).

What the SDK leaves open is closed here: it drops `securitySchemes` from tools; it tells callers
what an unexpected exception says; it would trace what is asked. Authentication, Host and Origin,
and what a body may be are decided in `door`, before any of this.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import mcp_types as types
from anyio import to_thread
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from pydantic import BaseModel
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from acl.identity.reader import VerifiedReader
from acl.model.scopes import ScopeNames
from retrieval.mcp.desk import Desk, Outcome
from retrieval.mcp.tools import INSTRUCTIONS, NEEDS, declared

NAME: Final = "readership"
TITLE: Final = "Readership"
READER: Final = "readership.reader"
"""
Where in a request's own scope the door puts whom it has verified.
"""

_DOOR_HAS_CHECKED: Final = TransportSecuritySettings(enable_dns_rebinding_protection=False)


class McpServer:
    """
    Answers requests that the door let in.
    """

    def __init__(self, desk: Desk, names: ScopeNames, version: str, max_body_bytes: int) -> None:
        self._max_body_bytes = max_body_bytes
        tools = declared(names)
        schemas = {one["name"]: one["inputSchema"] for one in tools}
        self._server: Server[Any] = Server(
            NAME,
            title=TITLE,
            version=version,
            instructions=INSTRUCTIONS,
            get_tool_input_schema=schemas.get,
            on_list_tools=_listing(tools),
            on_call_tool=_calling(desk),
        )
        # In place of the SDK's own, which traces requests.
        self._server.middleware[:] = [_securing(tools)]

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """
        Answer one request, with a transport that nobody else has used or will.
        """
        alone = StreamableHTTPSessionManager(
            self._server,
            json_response=True,
            stateless=True,
            security_settings=_DOOR_HAS_CHECKED,
            max_request_body_size=self._max_body_bytes,
        )
        async with alone.run():
            await alone.handle_request(scope, receive, send)


def _listing(tools: list[dict[str, Any]]) -> Any:  # noqa: ANN401 - the SDK's type of a handler
    listed = [types.Tool.model_validate(one) for one in tools]

    async def list_tools(
        _: ServerRequestContext[Any], params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        if params is not None and params.cursor is not None:
            raise MCPError(code=types.INVALID_PARAMS, message="there is one page of tools")
        return types.ListToolsResult(tools=listed)

    return list_tools


def _calling(desk: Desk) -> Any:  # noqa: ANN401 - the SDK's type of a handler
    async def call_tool(
        context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        if params.name not in NEEDS:
            raise MCPError(code=types.INVALID_PARAMS, message="unknown tool")
        reader = _reader(context)
        # In the pool that REST's operations wait in, and as many at a time.
        outcome = await to_thread.run_sync(desk.call, reader, params.name, params.arguments or {})
        return _result(outcome)

    return call_tool


def _reader(context: ServerRequestContext[Any]) -> VerifiedReader:
    request = context.request
    reader = request.scope.get(READER) if isinstance(request, Request) else None
    if not isinstance(reader, VerifiedReader):
        # Not through the door: no answer, whatever is asked.
        raise MCPError(code=types.INTERNAL_ERROR, message="the request failed")
    return reader


def _result(outcome: Outcome) -> types.CallToolResult:
    return types.CallToolResult.model_validate(
        {
            "content": [{"type": "text", "text": outcome.text}],
            "structuredContent": outcome.structured,
            "isError": outcome.failed,
            "_meta": dict(outcome.meta) or None,
        }
    )


def _securing(tools: list[dict[str, Any]]) -> Any:  # noqa: ANN401 - the SDK's type of a middleware
    """
    Put `securitySchemes` back, which the SDK's model of a tool does not have.
    """
    schemes = {one["name"]: json.dumps(one["securitySchemes"]) for one in tools}

    async def secured(context: ServerRequestContext[Any], call_next: CallNext) -> HandlerResult:
        result = await call_next(context)
        if context.method != "tools/list" or result is None:
            return result
        listed = _as_dict(result)
        for tool in listed["tools"]:
            tool["securitySchemes"] = json.loads(schemes[tool["name"]])
        return listed

    return secured


def _as_dict(result: BaseModel | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(result, BaseModel):
        return result.model_dump(by_alias=True, mode="json", exclude_none=True)
    return dict(result)
