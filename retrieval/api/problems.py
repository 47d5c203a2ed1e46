"""
Errors as problem documents (RFC 9457), and the challenges that go with 401 and 403.

Everything that a token can be wrong about gives the same 401. Everything that a reader may not
see gives the same 404 as what does not exist. What really happened goes to the operator.
"""

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from acl.audit.chain import AuditUnavailableError
from acl.errors import ReadershipError, RedactionError
from acl.identity.errors import (
    IntrospectionUnavailableError,
    KeysUnavailableError,
    ReaderRefusedError,
    TokenRejectedError,
)
from acl.identity.jwks import ALGORITHMS
from acl.index.errors import IndexUnavailableError, ScopeRefusedError
from acl.model.scopes import PLAIN_SCOPES, ScopeNames
from acl.registry.errors import NotRecordedError, RegistryUnavailableError
from retrieval.cursors import CursorRefusedError
from retrieval.errors import (
    AmbiguousDocumentError,
    EpochMovedError,
    EpochNotReachedError,
    HostRefusedError,
    InsufficientScopeError,
    NotAdmittedError,
    NotAuthenticatedError,
    NotFoundError,
    OriginRefusedError,
    StepUpRequiredError,
    SwitchedOffError,
)
from retrieval.limits import LimiterUnavailableError, LimitExceededError

logger = logging.getLogger(__name__)

METADATA_PATH: Final = "/.well-known/oauth-protected-resource"
MEDIA_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = "2"
MAX_FAULTS: Final = 20
"""
How many faults of one request are told; one body can have tens of thousands.
"""

_UNAVAILABLE: Final = "the service is temporarily unavailable"
STATUS: Final[Mapping[type[ReadershipError], HTTPStatus]] = {
    NotAuthenticatedError: HTTPStatus.UNAUTHORIZED,
    TokenRejectedError: HTTPStatus.UNAUTHORIZED,
    ReaderRefusedError: HTTPStatus.FORBIDDEN,
    HostRefusedError: HTTPStatus.MISDIRECTED_REQUEST,
    OriginRefusedError: HTTPStatus.FORBIDDEN,
    InsufficientScopeError: HTTPStatus.FORBIDDEN,
    StepUpRequiredError: HTTPStatus.UNAUTHORIZED,
    NotFoundError: HTTPStatus.NOT_FOUND,
    SwitchedOffError: HTTPStatus.FORBIDDEN,
    NotAdmittedError: HTTPStatus.FORBIDDEN,
    AmbiguousDocumentError: HTTPStatus.CONFLICT,
    EpochNotReachedError: HTTPStatus.CONFLICT,
    CursorRefusedError: HTTPStatus.BAD_REQUEST,
    NotRecordedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    EpochMovedError: HTTPStatus.SERVICE_UNAVAILABLE,
    KeysUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    IntrospectionUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    IndexUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    RegistryUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    AuditUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    ScopeRefusedError: HTTPStatus.SERVICE_UNAVAILABLE,
    LimitExceededError: HTTPStatus.TOO_MANY_REQUESTS,
    LimiterUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    RedactionError: HTTPStatus.SERVICE_UNAVAILABLE,
}
RECORDED: Final = (TokenRejectedError, ReaderRefusedError, HostRefusedError, OriginRefusedError)
"""
Refusals that operators find in the audit trail: all come from whoever knocks.
"""


@dataclass(frozen=True, slots=True)
class Challenges:
    """
    What a client is told about getting a token (RFC 9728, section 5.1; RFC 6750, section 3).
    """

    resource: str
    default_scope: str
    names: ScopeNames = PLAIN_SCOPES
    proofs: bool = False

    def metadata_url(self) -> str:
        """
        Return where the resource metadata is (RFC 9728, section 3.1).
        """
        parts = urlsplit(self.resource)
        rest = parts.path.removesuffix("/") if parts.path == "/" else parts.path
        query = f"?{parts.query}" if parts.query else ""
        return f"{parts.scheme}://{parts.netloc}{METADATA_PATH}{rest}{query}"

    def header(self, error: ReadershipError, operation: str | None = None) -> str | None:
        """
        Return the `WWW-Authenticate` value for an error, if it has one; `operation` is the
        scope, or the scopes, that the operation needs, where it is known.

        Only a token that was sent can have been wrong (RFC 6750, section 3.1).
        """
        challenge = self._bearer(error, operation)
        if challenge is None or not self.proofs:
            return challenge
        # RFC 9449, section 7.1: which algorithms a proof may have.
        return f'{challenge}, DPoP algs="{" ".join(sorted(ALGORITHMS))}"'

    def for_tool(self, error: ReadershipError) -> dict[str, list[str]] | None:
        """
        Return what belongs into `_meta` of a tool's result, for hosts that act on that.

        ChatGPT asks for another sign-in only if `error` and `error_description` are both there,
        and knows no other error than a lack of scope.
        """
        match error:
            case InsufficientScopeError():
                wanted = self.names.asked_as(*error.needed.split())
            case StepUpRequiredError():
                asked = self.names.asked_as(error.needed), error.demand.scope
                wanted = " ".join(filter(None, asked))
            case _:
                return None
        told = (
            f'resource_metadata="{self.metadata_url()}"',
            'error="insufficient_scope"',
            f'error_description="{error.public_message}"',
            f'scope="{wanted}"',
        )
        return {"mcp/www_authenticate": [f"Bearer {', '.join(told)}"]}

    def _bearer(self, error: ReadershipError, operation: str | None) -> str | None:
        common = f'resource_metadata="{self.metadata_url()}"'
        wanted = self.names.asked_as(*(operation or self.default_scope).split())
        match error:
            case NotAuthenticatedError():
                return f'Bearer {common}, scope="{wanted}"'
            case TokenRejectedError():
                return f'Bearer error="invalid_token", {common}, scope="{wanted}"'
            case InsufficientScopeError():
                needed = self.names.asked_as(*error.needed.split())
                return f'Bearer error="insufficient_scope", {common}, scope="{needed}"'
            case StepUpRequiredError():
                return f"Bearer {_stepping_up(error, self.names)}, {common}"
            case _:
                return None


def _stepping_up(error: StepUpRequiredError, names: ScopeNames) -> str:
    """
    Return what RFC 9470, section 3, tells a client, with the scope that leads there.
    """
    demand = error.demand
    told = [
        f'error="{error.code}"',
        f'error_description="{error.public_message}"',
    ]
    if demand.contexts:
        told.append(f'acr_values="{" ".join(demand.contexts)}"')
    if demand.max_age is not None:
        told.append(f'max_age="{int(demand.max_age.total_seconds())}"')
    scope = " ".join(filter(None, (names.asked_as(error.needed), demand.scope)))
    return ", ".join([*told, f'scope="{scope}"'])


def install(
    app: FastAPI, challenges: Challenges, refused: Callable[[ReadershipError, str], None]
) -> None:
    """
    Make every error of the application a problem document.

    `refused` is told of all that is `RECORDED`, and of every request that was one too many, with
    the request's id.
    """

    # Not a coroutine: the framework then runs it beside the event loop, where it may wait
    # for the audit trail's disk.
    def ours(request: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, ReadershipError):
            raise error
        request_id = secrets.token_hex(16)
        status = STATUS.get(type(error), HTTPStatus.INTERNAL_SERVER_ERROR)
        if is_recorded(error):
            refused(error, request_id)
        elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            logger.error("request %s: %s: %s", request_id, error.code, error.diagnostics())
        return problem(status, error.code, told(error), request_id, _headers(request, error))

    def _headers(request: Request, error: ReadershipError) -> dict[str, str]:
        if isinstance(error, LimitExceededError):
            return {"Retry-After": str(error.retry_after_seconds)}
        stated = getattr(request.scope.get("route"), "openapi_extra", None) or {}
        challenge = challenges.header(error, stated.get("x-required-scope"))
        return {"WWW-Authenticate": challenge} if challenge else {}

    app.add_exception_handler(ReadershipError, ours)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(Exception, _unexpected)


def told(error: ReadershipError) -> str:
    """
    Return what a caller may be told of an error.
    """
    unavailable = STATUS.get(type(error)) is HTTPStatus.SERVICE_UNAVAILABLE
    return _UNAVAILABLE if unavailable else error.public_message


def is_recorded(error: ReadershipError) -> bool:
    """
    Say whether operators are to find a refusal in the audit trail.
    """
    # The other limits are recorded where the release is.
    one_too_many = isinstance(error, LimitExceededError) and error.limit == "requests"
    return one_too_many or isinstance(error, RECORDED)


def problem(
    status: HTTPStatus,
    code: str,
    detail: str,
    request_id: str,
    headers: Mapping[str, str] | None = None,
    *,
    errors: list[dict[str, object]] | None = None,
) -> JSONResponse:
    """
    Build one problem document.
    """
    body: dict[str, object] = {
        "type": f"urn:readership:problem:{code}",
        "title": status.phrase,
        "status": int(status),
        "code": code,
        "detail": detail,
        "request_id": request_id,
    }
    if errors is not None:
        body["errors"] = errors
    extra = dict(headers or {})
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        extra["Retry-After"] = RETRY_SECONDS
    return JSONResponse(body, status_code=status, headers=extra, media_type=MEDIA_TYPE)


async def _malformed(request: Request, error: Exception) -> JSONResponse:
    del request
    found = error.errors() if isinstance(error, RequestValidationError) else []
    # Where and what, but not the value: what was sent may be personal data.
    errors: list[dict[str, object]] = [
        {"where": ".".join(str(part) for part in one["loc"]), "what": one["msg"]}
        for one in found[:MAX_FAULTS]
    ]
    detail = "the request does not have the form that this operation takes"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return problem(status, "malformed", detail, secrets.token_hex(16), errors=errors)


async def _framework(request: Request, error: Exception) -> JSONResponse:
    del request
    code = error.status_code if isinstance(error, HTTPException) else 500
    status = HTTPStatus(code)
    headers = error.headers if isinstance(error, HTTPException) else None
    named = "not_found" if status is HTTPStatus.NOT_FOUND else status.phrase.lower()
    detail = "not found" if status is HTTPStatus.NOT_FOUND else status.phrase
    return problem(status, named.replace(" ", "_"), detail, secrets.token_hex(16), headers)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    request_id = secrets.token_hex(16)
    logger.error("request %s to %s failed", request_id, request.url.path, exc_info=error)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return problem(status, "internal", "the request failed", request_id)
