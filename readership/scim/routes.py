"""
SCIM over HTTP: paths, methods and status codes (RFC 7644, section 3.2). `desk` decides.

Every path answers in SCIM's own form, and none to a client that was not admitted before: also
those that say what this service can do, and those that do not exist.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from acl.errors import ReadershipError
from acl.identity.errors import ReaderRefusedError, TokenRejectedError
from acl.model.scopes import SCIM_SCOPE
from acl.model.strict_json import parse_object
from acl.registry.filtering import UnusableFilterError
from readership.scim import answers, discovery, operations
from readership.scim.desk import Provisioner, ScimDesk, new_request_id
from readership.scim.errors import RefusedRequestError
from readership.scim.kinds import GROUPS, USERS, Kind
from readership.scim.resources import Json
from retrieval.api.presented import presented_by
from retrieval.api.problems import Challenges
from retrieval.api.routes import BEARER_TOKEN

PREFIX: Final = "/scim/v2"
MAX_BODY_BYTES: Final = 8 * 2**20
LARGER_BODIES: Final = {f"{PREFIX}/": 2**40}
"""
These routes count for themselves, so that they refuse in SCIM's form.
"""

AT_ONCE: Final = 8
METHODS: Final = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
NOT_BUILT: Final = frozenset({"Me", "Bulk", ".search"})
ENDPOINTS: Final = frozenset(
    {"Users", "Groups", "ServiceProviderConfig", "Schemas", "ResourceTypes"}
)
Work: TypeAlias = Callable[[operations.Call, Json], Response]
_OPEN: Final[dict[str, Any]] = {"type": "object", "additionalProperties": True}
_ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"description": text, "content": {answers.MEDIA_TYPE: {"schema": _OPEN}}}
    for status, text in (
        (400, "The request cannot be used; nothing was changed."),
        (401, "No token, or one that proves nothing."),
        (403, "The token lacks the scope, or its client provisions no directory."),
        (404, "There is no such resource."),
        (409, "Another resource has this name or id."),
        (412, "The condition does not hold; nothing was changed."),
        (413, "The body is too large."),
        (503, "Something that is needed did not answer."),
    )
}
PLAIN: Final[dict[str, Any]] = {"x-required-scope": SCIM_SCOPE}
WITH_BODY: Final[dict[str, Any]] = {
    **PLAIN,
    "requestBody": {"required": True, "content": {answers.MEDIA_TYPE: {"schema": _OPEN}}},
}


def scim_routes(desk: ScimDesk, challenges: Challenges) -> APIRouter:
    """
    Return the routes of the SCIM desk.
    """
    router = APIRouter(prefix=PREFIX, responses=_ERRORS, dependencies=[BEARER_TOKEN])
    serving = _Serving(desk, challenges)
    _resource_routes(router, serving, USERS)
    _resource_routes(router, serving, GROUPS)
    _discovery_routes(router, serving)

    @router.api_route("/{rest:path}", methods=METHODS, include_in_schema=False)
    async def nothing_there(request: Request, rest: str) -> Response:
        first, _, more = rest.partition("/")
        return await serving.read(request, "unknown", lambda *_: _nowhere(first, more))

    return router


def _nowhere(first: str, more: str) -> Response:
    if first in NOT_BUILT or more in NOT_BUILT:
        msg = "this part of SCIM is not supported"
        raise RefusedRequestError(msg, "", HTTPStatus.NOT_IMPLEMENTED)
    status = HTTPStatus.NOT_FOUND
    if first in ENDPOINTS and "/" not in more:
        status = HTTPStatus.METHOD_NOT_ALLOWED
    raise RefusedRequestError(status.phrase, "", status)


def _resource_routes(router: APIRouter, serving: "_Serving", kind: Kind[Any, Any]) -> None:
    name, what = kind.name, kind.name.lower()
    every, one = f"/{name}s", f"/{name}s/{{id}}"

    @router.get(every, operation_id=f"scimList{name}s", openapi_extra=PLAIN)
    async def list_all(request: Request) -> Response:
        return await serving.read(
            request, f"list {what}s", lambda call, _: operations.listed(kind, call)
        )

    @router.post(every, operation_id=f"scimCreate{name}", status_code=201, openapi_extra=WITH_BODY)
    async def create(request: Request) -> Response:
        return await serving.change(
            request, f"create {what}", lambda call, body: operations.created(kind, call, body)
        )

    @router.get(one, operation_id=f"scimGet{name}", openapi_extra=PLAIN)
    async def get(request: Request, id: str) -> Response:  # noqa: A002
        return await serving.read(
            request, f"get {what}", lambda call, _: operations.got(kind, call, id)
        )

    @router.put(one, operation_id=f"scimReplace{name}", openapi_extra=WITH_BODY)
    async def replace(request: Request, id: str) -> Response:  # noqa: A002
        return await serving.change(
            request, f"replace {what}", lambda call, body: operations.replaced(kind, call, id, body)
        )

    @router.patch(one, operation_id=f"scimPatch{name}", openapi_extra=WITH_BODY)
    async def patch(request: Request, id: str) -> Response:  # noqa: A002
        return await serving.change(
            request, f"patch {what}", lambda call, body: operations.patched(kind, call, id, body)
        )

    @router.delete(one, operation_id=f"scimDelete{name}", status_code=204, openapi_extra=PLAIN)
    async def delete(request: Request, id: str) -> Response:  # noqa: A002
        return await serving.read(
            request, f"delete {what}", lambda call, _: operations.deleted(kind, call, id)
        )


def _discovery_routes(router: APIRouter, serving: "_Serving") -> None:
    @router.get("/ServiceProviderConfig", operation_id="scimServiceProvider", openapi_extra=PLAIN)
    async def service_provider(request: Request) -> Response:
        return await serving.read(
            request, "discover", lambda call, _: discovery.service_provider(call.desk)
        )

    @router.get("/ResourceTypes", operation_id="scimListResourceTypes", openapi_extra=PLAIN)
    async def list_types(request: Request) -> Response:
        return await serving.read(request, "discover", lambda call, _: discovery.types(call.desk))

    @router.get("/ResourceTypes/{id}", operation_id="scimGetResourceType", openapi_extra=PLAIN)
    async def get_type(request: Request, id: str) -> Response:  # noqa: A002
        return await serving.read(
            request, "discover", lambda call, _: discovery.types(call.desk, id)
        )

    @router.get("/Schemas", operation_id="scimListSchemas", openapi_extra=PLAIN)
    async def list_schemas(request: Request) -> Response:
        return await serving.read(
            request, "discover", lambda call, _: discovery.kept_schemas(call.desk, call.by)
        )

    @router.get("/Schemas/{id}", operation_id="scimGetSchema", openapi_extra=PLAIN)
    async def get_schema(request: Request, id: str) -> Response:  # noqa: A002
        return await serving.read(
            request, "discover", lambda call, _: discovery.kept_schemas(call.desk, call.by, id)
        )


class _Serving:
    def __init__(self, desk: ScimDesk, challenges: Challenges) -> None:
        self._desk = desk
        self._challenges = challenges
        # Of their own: however much is provisioned, readers wait for none of it.
        self._threads = CapacityLimiter(AT_ONCE)

    async def read(self, request: Request, operation: str, work: Work) -> Response:
        """
        Serve a request without a body.
        """
        by = await self._admitted(request, operation)
        if isinstance(by, Response):
            return by
        call = operations.Call(self._desk, by, request)
        return await self._in_thread(self._work, call, operation, work, b"{}")

    async def change(self, request: Request, operation: str, work: Work) -> Response:
        """
        Serve a request with a body, which is read only now that its sender was admitted.
        """
        by = await self._admitted(request, operation)
        if isinstance(by, Response):
            return by
        body = await _body(request)
        try:
            await to_thread.run_sync(
                self._desk.require_staying, by, operation, limiter=self._threads
            )
        except ReadershipError as error:
            return await self._turned_away(error, by.request.id)
        call = operations.Call(self._desk, by, request)
        return await self._in_thread(self._work, call, operation, work, body)

    async def _in_thread(self, function: Callable[..., Response], *arguments: object) -> Response:
        return await to_thread.run_sync(function, *arguments, limiter=self._threads)

    async def _admitted(self, request: Request, operation: str) -> Provisioner | Response:
        credentials = presented_by(request)
        request_id = new_request_id()
        try:
            return await to_thread.run_sync(
                self._desk.admit, credentials, request_id, operation, limiter=self._threads
            )
        except ReadershipError as error:
            return await self._turned_away(error, request_id)

    async def _turned_away(self, error: ReadershipError, request_id: str) -> Response:
        if isinstance(error, TokenRejectedError | ReaderRefusedError):
            await to_thread.run_sync(self._desk.refused_token, error, request_id)
        challenge = self._challenges.header(error)
        return answers.refusal(error, {"WWW-Authenticate": challenge} if challenge else {})

    def _work(
        self, call: operations.Call, operation: str, work: Work, body: bytes | None
    ) -> Response:
        try:
            return work(call, _parsed(body))
        except UnusableFilterError as error:
            return self._refused(
                call.by, operation, RefusedRequestError(str(error), "invalidFilter")
            )
        except ReadershipError as error:
            return self._refused(call.by, operation, error)

    def _refused(self, by: Provisioner, operation: str, error: ReadershipError) -> JSONResponse:
        try:
            self._desk.record_refusal(by, operation, error)
        except ReadershipError as unavailable:
            return answers.refusal(unavailable, {})
        return answers.refusal(error, {})


def _parsed(body: bytes | None) -> Json:
    if body is None:
        msg = f"a request body has at most {MAX_BODY_BYTES} bytes"
        raise RefusedRequestError(msg, "", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        return parse_object(body)
    except ValueError as error:
        raise RefusedRequestError(str(error)) from error


async def _body(request: Request) -> bytes | None:
    """
    Return the body, or `None` if it is too large; the rest of it is not read then.
    """
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)
