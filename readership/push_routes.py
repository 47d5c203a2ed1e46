"""
The push API: paths, headers and status codes. `push_desk` decides.

A body is read only after its sender was admitted.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse

from acl.errors import ReadershipError
from acl.model.pushes import Conditions, PushState
from acl.model.scopes import INGEST_SCOPE
from acl.registry.errors import PreconditionFailedError, StaleEventError
from ingestion.pushed_body import MAX_BODY_BYTES, MalformedPushError
from ingestion.sources.members import MAX_ID_CHARACTERS
from readership.push_desk import PushDesk, Pusher, PushNotAllowedError, Receipt
from readership.push_headers import EPOCH_HEADER, EVENT_HEADER, conditions_of, entity_tag
from readership.push_schemas import DOCUMENT, GROUP, PushBody, PushStatusBody, described
from retrieval.api.presented import presented_by
from retrieval.api.problems import problem
from retrieval.api.routes import BEARER_TOKEN
from retrieval.api.schemas import Problem

PREFIX: Final = "/v1/sources/"
LARGER_BODIES: Final = {PREFIX: MAX_BODY_BYTES}
MAX_DETAIL_CHARACTERS: Final = 500
PUSHES_AT_ONCE: Final = 8
STATUS: Final[dict[type[ReadershipError], HTTPStatus]] = {
    PushNotAllowedError: HTTPStatus.FORBIDDEN,
    MalformedPushError: HTTPStatus.UNPROCESSABLE_ENTITY,
    StaleEventError: HTTPStatus.CONFLICT,
    PreconditionFailedError: HTTPStatus.PRECONDITION_FAILED,
}
_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Problem, "description": text, "content": {"application/problem+json": {}}}
    for status, text in (
        (401, "No token, or one that proves nothing."),
        (403, "The token lacks the scope, or its client may not push there."),
        (404, "No such path: an id that holds a line break has none."),
        (409, "A newer event has been accepted; nothing was changed."),
        (412, "The condition does not hold; nothing was changed."),
        (413, "The body is too large."),
        (422, "The statement cannot be used; nothing was changed."),
        (503, "Something that is needed did not answer."),
    )
}
Id = Annotated[str, Path(max_length=MAX_ID_CHARACTERS)]
Answer = TypeVar("Answer")


def push_routes(desk: PushDesk) -> APIRouter:
    """
    Return the routes of the push desk.
    """
    router = APIRouter(prefix="/v1", responses=_PROBLEMS, dependencies=[BEARER_TOKEN])
    serving = _Serving(desk)
    _document_routes(router, desk, serving)
    _group_routes(router, desk, serving)

    @router.get(
        "/sources/{source}/pushes/{push}",
        operation_id="getPush",
        summary="How far is the content of a push?",
        openapi_extra={"x-required-scope": INGEST_SCOPE},
        response_model=PushStatusBody,
        responses={404: {"model": Problem, "description": "No push of this client there."}},
    )
    async def push_status(request: Request, source: str, push: Id) -> Response:
        return await serving.status(request, source, push)

    return router


def _document_routes(router: APIRouter, desk: PushDesk, serving: "_Serving") -> None:
    @router.put(
        "/sources/{source}/documents/{id:path}",
        operation_id="putDocument",
        summary="State a document and its permission, which is in force on return.",
        response_model=PushBody,
        openapi_extra=described(INGEST_SCOPE, DOCUMENT),
        responses={201: {"model": PushBody}, 202: {"model": PushBody}},
    )
    async def put_document(request: Request, source: str, id: Id) -> Response:  # noqa: A002
        return await serving.put(request, source, id, "put document", desk.put_document)

    @router.delete(
        "/sources/{source}/documents/{id:path}",
        operation_id="deleteDocument",
        summary="Remove a document; no listing brings it back.",
        status_code=204,
        openapi_extra=described(INGEST_SCOPE),
    )
    async def delete_document(request: Request, source: str, id: Id) -> Response:  # noqa: A002
        return await serving.delete(request, source, id, "delete document", desk.delete_document)


def _group_routes(router: APIRouter, desk: PushDesk, serving: "_Serving") -> None:
    @router.put(
        "/sources/{source}/groups/{id:path}",
        operation_id="putGroup",
        summary="State a group's direct members, in force on return.",
        response_model=PushBody,
        openapi_extra=described(INGEST_SCOPE, GROUP),
        responses={201: {"model": PushBody}},
    )
    async def put_group(request: Request, source: str, id: Id) -> Response:  # noqa: A002
        return await serving.put(request, source, id, "put group", desk.put_group)

    @router.delete(
        "/sources/{source}/groups/{id:path}",
        operation_id="deleteGroup",
        summary="Leave a group undefined: unknown, which is not the same as empty.",
        status_code=204,
        openapi_extra=described(INGEST_SCOPE),
    )
    async def delete_group(request: Request, source: str, id: Id) -> Response:  # noqa: A002
        return await serving.delete(request, source, id, "delete group", desk.delete_group)


class _Serving:
    def __init__(self, desk: PushDesk) -> None:
        self._desk = desk
        # Of their own: however many pushes wait for their content, readers wait for none.
        self._threads = CapacityLimiter(PUSHES_AT_ONCE)

    async def put(
        self,
        request: Request,
        source: str,
        identifier: str,
        operation: str,
        accept: Callable[[Pusher, str, bytes, Conditions], Receipt],
    ) -> Response:
        pusher = await self._admitted(request, source, operation)
        if isinstance(pusher, Response):
            return pusher
        body = await request.body()
        return await to_thread.run_sync(
            self._answer,
            pusher,
            operation,
            lambda: _accepted(accept(pusher, identifier, body, _conditions(request)), identifier),
            limiter=self._threads,
        )

    async def delete(
        self,
        request: Request,
        source: str,
        identifier: str,
        operation: str,
        accept: Callable[[Pusher, str, Conditions], Receipt],
    ) -> Response:
        pusher = await self._admitted(request, source, operation)
        if isinstance(pusher, Response):
            return pusher

        def deleted() -> Response:
            receipt = accept(pusher, identifier, _conditions(request))
            headers = {EPOCH_HEADER: str(receipt.epoch)}
            return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)

        return await to_thread.run_sync(
            self._answer, pusher, operation, deleted, limiter=self._threads
        )

    async def status(self, request: Request, source: str, push: str) -> Response:
        pusher = await self._admitted(request, source, "status")
        if isinstance(pusher, Response):
            return pusher
        found = await to_thread.run_sync(self._desk.status, pusher, push)
        body = PushStatusBody(
            push=found.push,
            source=found.source,
            id=found.document,
            revision=found.statement,
            content=found.state,
            reason=found.reason,
            accepted_at=found.accepted_at,
            finished_at=found.finished_at,
        )
        headers = {"ETag": entity_tag(found.statement)}
        return JSONResponse(body.model_dump(mode="json"), headers=headers)

    async def _admitted(self, request: Request, source: str, operation: str) -> Pusher | Response:
        credentials = presented_by(request)
        try:
            return await to_thread.run_sync(self._desk.admit, credentials, source, operation)
        except PushNotAllowedError as error:
            return _refusal(error, error.request_id)

    def _answer(self, pusher: Pusher, operation: str, work: Callable[[], Response]) -> Response:
        self._desk.require_staying(pusher, operation)
        try:
            return work()
        except (MalformedPushError, StaleEventError, PreconditionFailedError) as error:
            self._desk.record_refusal(pusher, operation, error)
            return _refusal(error, pusher.request.id)


def _conditions(request: Request) -> Conditions:
    values = request.headers.getlist
    return conditions_of(values(EVENT_HEADER), values("if-match"), values("if-none-match"))


def _accepted(receipt: Receipt, identifier: str) -> Response:
    body = PushBody(
        request_id=receipt.request_id,
        source=receipt.source,
        id=identifier,
        revision=receipt.revision,
        epoch=receipt.epoch,
        content=receipt.state,
        reason=receipt.reason,
        push=receipt.push,
    )
    status = HTTPStatus.CREATED if receipt.created else HTTPStatus.OK
    headers = {"ETag": entity_tag(receipt.revision), EPOCH_HEADER: str(receipt.epoch)}
    if receipt.push is not None and receipt.state is not PushState.DONE:
        status = HTTPStatus.ACCEPTED
        headers["Location"] = f"{PREFIX}{receipt.source}/pushes/{receipt.push}"
    return JSONResponse(body.model_dump(mode="json"), status_code=status, headers=headers)


def _refusal(error: ReadershipError, request_id: str) -> Response:
    detail = error.public_message
    if isinstance(error, MalformedPushError | StaleEventError):
        detail = error.diagnostics()[:MAX_DETAIL_CHARACTERS]
    return problem(STATUS[type(error)], error.code, detail, request_id)
