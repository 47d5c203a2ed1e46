"""
SCIM over HTTP: paths, methods and status codes (RFC 7644, section 3.2). `desk` decides.

Every path answers in SCIM's own form, and none to a client that was not admitted before: also
those that say what this service can do, and those that do not exist.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response, Security
from fastapi.responses import JSONResponse

from acl.errors import ReadershipError
from acl.identity.errors import ReaderRefusedError, TokenRejectedError
from acl.model.scopes import SCIM_SCOPE
from acl.model.strict_json import parse_object
from acl.registry.filtering import UnusableFilterError
from readership.scim import answers, discovery, groups, users
from readership.scim.desk import Provisioner, ScimDesk, new_request_id
from readership.scim.errors import RefusedRequestError
from readership.scim.resources import Json
from retrieval.api.presented import presented_by
from retrieval.api.problems import Challenges
from retrieval.api.routes import declared_bearer

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
Work: TypeAlias = Callable[[Provisioner, Json], Response]
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
    router = APIRouter(prefix=PREFIX, responses=_ERRORS, dependencies=[Security(declared_bearer)])
    serving = _Serving(desk, challenges)
    _user_routes(router, desk, serving)
    _group_routes(router, desk, serving)
    _discovery_routes(router, desk, serving)

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


def _user_routes(router: APIRouter, desk: ScimDesk, serving: "_Serving") -> None:
    one = "/Users/{id}"

    @router.get("/Users", operation_id="scimListUsers", openapi_extra=PLAIN)
    async def list_users(request: Request) -> Response:
        return await serving.read(
            request, "list users", lambda by, _: users.listed(desk, by, request)
        )

    @router.post(
        "/Users",
        operation_id="scimCreateUser",
        status_code=201,
        openapi_extra=WITH_BODY,
    )
    async def create_user(request: Request) -> Response:
        return await serving.change(
            request, "create user", lambda by, body: users.created(desk, by, request, body)
        )

    @router.get(one, operation_id="scimGetUser", openapi_extra=PLAIN)
    async def get_user(request: Request, id: str) -> Response:  # noqa: A002
        return await serving.read(
            request, "get user", lambda by, _: users.got(desk, by, request, id)
        )

    @router.put(one, operation_id="scimReplaceUser", openapi_extra=WITH_BODY)
    async def replace_user(request: Request, id: str) -> Response:  # noqa: A002
        return await serving.change(
            request, "replace user", lambda by, body: users.replaced(desk, by, request, id, body)
        )

    @router.patch(one, operation_id="scimPatchUser", openapi_extra=WITH_BODY)
    async def patch_user(request: Request, id: str) -> Response:  # noqa: A002
        return await serving.change(
            request, "patch user", lambda by, body: users.patched(desk, by, request, id, body)
        )

    @router.delete(one, operation_id="scimDeleteUser", status_code=204, openapi_extra=PLAIN)
    async def delete_user(request: Request, id: str) -> Response:  # noqa: A002
        return await serving.read(
            request, "delete user", lambda by, _: users.deleted(desk, by, request, id)
        )


def _group_routes(router: APIRouter, desk: ScimDesk, serving: "_Serving") -> None:
    one = "/Groups/{id}"

    @router.get("/Groups", operation_id="scimListGroups", openapi_extra=PLAIN)
    async def list_groups(request: Request) -> Response:
        return await serving.read(
            request, "list groups", lambda by, _: groups.listed(desk, by, request)
        )

    @router.post(
        "/Groups",
        operation_id="scimCreateGroup",
        status_code=201,
        openapi_extra=WITH_BODY,
    )
    async def create_group(request: Request) -> Response:
        return await serving.change(
            request, "create group", lambda by, body: groups.created(desk, by, request, body)
        )

    @router.get(one, operation_id="scimGetGroup", openapi_extra=PLAIN)
    async def get_group(request: Request, id: str) -> Response:  # noqa: A002
        return await serving.read(
            request, "get group", lambda by, _: groups.got(desk, by, request, id)
        )

    @router.put(one, operation_id="scimReplaceGroup", openapi_extra=WITH_BODY)
    async def replace_group(request: Request, id: str) -> Response:  # noqa: A002
        return await serving.change(
            request, "replace group", lambda by, body: groups.replaced(desk, by, request, id, body)
        )

    @router.patch(one, operation_id="scimPatchGroup", openapi_extra=WITH_BODY)
    async def patch_group(request: Request, id: str) -> Response:  # noqa: A002
        return await serving.change(
            request, "patch group", lambda by, body: groups.patched(desk, by, request, id, body)
        )

    @router.delete(one, operation_id="scimDeleteGroup", status_code=204, openapi_extra=PLAIN)
    async def delete_group(request: Request, id: str) -> Response:  # noqa: A002
        return await serving.read(
            request, "delete group", lambda by, _: groups.deleted(desk, by, request, id)
        )


def _discovery_routes(router: APIRouter, desk: ScimDesk, serving: "_Serving") -> None:
    @router.get("/ServiceProviderConfig", operation_id="scimServiceProvider", openapi_extra=PLAIN)
    async def service_provider(request: Request) -> Response:
        return await serving.read(request, "discover", lambda *_: discovery.service_provider(desk))

    @router.get("/ResourceTypes", operation_id="scimListResourceTypes", openapi_extra=PLAIN)
    async def list_types(request: Request) -> Response:
        return await serving.read(request, "discover", lambda *_: discovery.types(desk))

    @router.get("/ResourceTypes/{id}", operation_id="scimGetResourceType", openapi_extra=PLAIN)
    async def get_type(request: Request, id: str) -> Response:  # noqa: A002
        return await serving.read(request, "discover", lambda *_: discovery.types(desk, id))

    @router.get("/Schemas", operation_id="scimListSchemas", openapi_extra=PLAIN)
    async def list_schemas(request: Request) -> Response:
        return await serving.read(
            request, "discover", lambda by, _: discovery.kept_schemas(desk, by)
        )

    @router.get("/Schemas/{id}", operation_id="scimGetSchema", openapi_extra=PLAIN)
    async def get_schema(request: Request, id: str) -> Response:  # noqa: A002
        return await serving.read(
            request, "discover", lambda by, _: discovery.kept_schemas(desk, by, id)
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
        return await self._in_thread(self._work, by, operation, work, b"{}")

    async def change(self, request: Request, operation: str, work: Work) -> Response:
        """
        Serve a request with a body, which is read only now that its sender was admitted.
        """
        by = await self._admitted(request, operation)
        if isinstance(by, Response):
            return by
        body = await _body(request)
        try:
            await to_thread.run_sync(self._desk.require_staying, by, limiter=self._threads)
        except ReadershipError as error:
            return await self._turned_away(error, by.request_id)
        return await self._in_thread(self._work, by, operation, work, body)

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

    def _work(self, by: Provisioner, operation: str, work: Work, body: bytes | None) -> Response:
        try:
            return work(by, _parsed(body))
        except UnusableFilterError as error:
            return self._refused(by, operation, RefusedRequestError(str(error), "invalidFilter"))
        except ReadershipError as error:
            return self._refused(by, operation, error)

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
