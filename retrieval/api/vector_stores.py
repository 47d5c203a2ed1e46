"""
Stands in for OpenAI's vector-store search, so that an unmodified `openai` client can ask.

A store is a source, or `all`. One that is not there and one in which the reader may see nothing
are one answer. Every error below `STORES_PATH` is in OpenAI's form, whoever made it.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from fastapi.params import Security
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from acl.model.scopes import SEARCH_SCOPE
from retrieval.answer import ReadingRoom
from retrieval.api.admitting import admitting, sender_of
from retrieval.api.problems import MEDIA_TYPE
from retrieval.api.store_schemas import StoreError, StoreId, StoreSearchPage, StoreSearchRequest

STORES_PATH: Final = "/v1/vector_stores/"
_TYPES: Final[Mapping[int, str]] = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
_ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": StoreError, "description": text}
    for status, text in (
        (400, "The request is malformed, or asks for what is not offered."),
        (401, "No token, or one that proves nothing."),
        (403, "The token lacks a scope."),
        (429, "One window allows no more; nothing was released."),
        (503, "Something that is needed did not answer; nothing was released."),
        ("4XX", "Anything else that the request is refused for."),
    )
}


def store_routes(room: ReadingRoom, declared: Security) -> APIRouter:
    """
    Return the route of vector stores; `declared` is how its token comes, for the description.
    """
    router = APIRouter(responses=_ERRORS, dependencies=[declared], route_class=admitting(room))
    known = frozenset(room.authorizer.budgets.staleness)

    @router.post(
        STORES_PATH + "{vector_store_id}/search",
        operation_id="searchVectorStore",
        summary="Search as with OpenAI's client; a store is a source, or all.",
        openapi_extra={"x-openai-isConsequential": False, "x-required-scope": SEARCH_SCOPE},
    )
    def search(
        request: Request, vector_store_id: Annotated[StoreId, Path()], body: StoreSearchRequest
    ) -> StoreSearchPage:
        answer = room.answer(sender_of(request), body.asked(vector_store_id, known))
        return StoreSearchPage.of(body.questions(), answer)

    return router


class OpenAiErrors:
    """
    Middleware: turns problem documents below `STORES_PATH` into errors in OpenAI's form.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """
        Pass one request on, and translate what comes back if it is a problem document.
        """
        if scope["type"] != "http" or not scope["path"].startswith(STORES_PATH):
            await self._app(scope, receive, send)
            return
        held: list[Message] = []

        async def translated(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_problem(message):
                held.append(message)
            elif not held:
                await send(message)
            else:
                held.append(message)
                if not message.get("more_body", False):
                    await _send_error(held, send)

        await self._app(scope, receive, translated)


def _is_problem(start: Message) -> bool:
    return MutableHeaders(raw=start["headers"]).get("content-type") == MEDIA_TYPE


async def _send_error(held: list[Message], send: Send) -> None:
    start, *parts = held
    told = json.loads(b"".join(part.get("body", b"") for part in parts))
    status = start["status"]
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        status = HTTPStatus.BAD_REQUEST  # as OpenAI answers what is malformed
    body = json.dumps(_error(int(status), told)).encode()
    headers = MutableHeaders(raw=list(start["headers"]))
    headers["content-type"] = "application/json"
    headers["content-length"] = str(len(body))
    await send({**start, "status": int(status), "headers": headers.raw})
    await send({"type": "http.response.body", "body": body})


def _error(status: int, told: Mapping[str, Any]) -> dict[str, object]:
    first = next(iter(told.get("errors") or ()), None)
    ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    named = "server_error" if ours else _TYPES.get(status, "invalid_request_error")
    where = first["where"].removeprefix("body.") if first else None
    what = first["what"].removeprefix("Value error, ") if first else told["detail"]
    message = f"{where}: {what}" if where else what
    error = {"message": message, "type": named, "param": where, "code": told["code"]}
    return {"error": error}
