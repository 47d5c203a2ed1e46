"""
Security events (RFC 8935) and back-channel logouts over HTTP. `event_desk` decides.

Neither takes a token of a reader: what is sent proves itself by its signature.
"""

from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from acl.identity.statements import Blame, StatementRejectedError
from readership.event_desk import EventDesk
from retrieval.api.schemas import Problem

EVENTS_PATH: Final = "/ssf/events"
LOGOUT_PATH: Final = "/backchannel-logout"
EVENT_TYPE: Final = "application/secevent+jwt"
FORM_TYPE: Final = "application/x-www-form-urlencoded"
STATEMENTS_AT_ONCE: Final = 8
_UNAVAILABLE: Final[dict[int | str, dict[str, Any]]] = {
    503: {"model": Problem, "description": "Something that is needed did not answer; try again."}
}
_EXPLAINED: Final = {
    Blame.REQUEST: "the statement is malformed, or names nobody whom it may",
    Blame.KEY: "the signature does not verify with a key of the issuer",
    Blame.ISSUER: "the issuer is not configured here",
    Blame.AUDIENCE: "the audience is not this receiver",
}


def event_routes(desk: EventDesk, *, events: bool, logouts: bool) -> APIRouter:
    """
    Return the routes of the event desk, as far as somebody is configured who may use them.
    """
    router = APIRouter()
    # Of their own: however many statements come in, readers wait for none.
    threads = CapacityLimiter(STATEMENTS_AT_ONCE)
    if events:
        _event_route(router, desk, threads)
    if logouts:
        _logout_route(router, desk, threads)
    return router


def _event_route(router: APIRouter, desk: EventDesk, threads: CapacityLimiter) -> None:
    @router.post(
        EVENTS_PATH,
        operation_id="receiveSecurityEvent",
        summary="Take in a security event token (RFC 8935); in force on return.",
        status_code=HTTPStatus.ACCEPTED,
        openapi_extra=_body(EVENT_TYPE, {"type": "string"}),
        responses={400: {"description": "Not accepted; nothing was changed."}, **_UNAVAILABLE},
    )
    async def receive(request: Request) -> Response:
        try:
            token = await _sent(request, EVENT_TYPE)
            await to_thread.run_sync(desk.receive, token, limiter=threads)
        except StatementRejectedError as error:
            body = {"err": error.blame.value, "description": _EXPLAINED[error.blame]}
            return JSONResponse(body, status_code=HTTPStatus.BAD_REQUEST)
        return Response(status_code=HTTPStatus.ACCEPTED)


def _logout_route(router: APIRouter, desk: EventDesk, threads: CapacityLimiter) -> None:
    form = {
        "type": "object",
        "properties": {"logout_token": {"type": "string"}},
        "required": ["logout_token"],
    }

    @router.post(
        LOGOUT_PATH,
        operation_id="backchannelLogout",
        summary="Take in a logout token (OpenID Connect); in force on return.",
        openapi_extra=_body(FORM_TYPE, form),
        responses={400: {"description": "Not accepted; nothing was changed."}, **_UNAVAILABLE},
    )
    async def log_out(request: Request) -> Response:
        try:
            token = _logout_token(await _sent(request, FORM_TYPE))
            await to_thread.run_sync(desk.log_out, token, limiter=threads)
        except StatementRejectedError as error:
            # OpenID Connect Back-Channel Logout 1.0, section 2.8.
            body = {"error": "invalid_request", "error_description": _EXPLAINED[error.blame]}
            return JSONResponse(body, status_code=HTTPStatus.BAD_REQUEST)
        return Response(status_code=HTTPStatus.OK)


async def _sent(request: Request, media_type: str) -> str:
    named = request.headers.getlist("content-type")
    if len(named) != 1 or named[0].partition(";")[0].strip().lower() != media_type:
        msg = f"the body is not of type {media_type}"
        raise StatementRejectedError(Blame.REQUEST, msg)
    try:
        return (await request.body()).decode("ascii")
    except UnicodeDecodeError as error:
        msg = "the body is not ASCII"
        raise StatementRejectedError(Blame.REQUEST, msg) from error


def _logout_token(body: str) -> str:
    try:
        fields = parse_qsl(body, keep_blank_values=True, strict_parsing=True, max_num_fields=8)
    except ValueError as error:
        msg = "the body is no form"
        raise StatementRejectedError(Blame.REQUEST, msg) from error
    tokens = [value for name, value in fields if name == "logout_token"]
    if len(tokens) != 1:
        msg = f"the form has {len(tokens)} logout tokens"
        raise StatementRejectedError(Blame.REQUEST, msg)
    return tokens[0]


def _body(media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}}
