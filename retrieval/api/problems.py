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
from acl.identity.errors import KeysUnavailableError, TokenRejectedError
from acl.index.errors import IndexUnavailableError, ScopeRefusedError
from acl.registry.errors import NotRecordedError, RegistryUnavailableError
from retrieval.errors import (
    AmbiguousDocumentError,
    EpochMovedError,
    EpochNotReachedError,
    InsufficientScopeError,
    NotAdmittedError,
    NotAuthenticatedError,
    NotFoundError,
    SwitchedOffError,
)

logger = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = "2"
_UNAVAILABLE: Final = "the service is temporarily unavailable"
STATUS: Final[Mapping[type[ReadershipError], HTTPStatus]] = {
    NotAuthenticatedError: HTTPStatus.UNAUTHORIZED,
    TokenRejectedError: HTTPStatus.UNAUTHORIZED,
    InsufficientScopeError: HTTPStatus.FORBIDDEN,
    NotFoundError: HTTPStatus.NOT_FOUND,
    SwitchedOffError: HTTPStatus.FORBIDDEN,
    NotAdmittedError: HTTPStatus.FORBIDDEN,
    AmbiguousDocumentError: HTTPStatus.CONFLICT,
    EpochNotReachedError: HTTPStatus.CONFLICT,
    NotRecordedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    EpochMovedError: HTTPStatus.SERVICE_UNAVAILABLE,
    KeysUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    IndexUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    RegistryUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    AuditUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    ScopeRefusedError: HTTPStatus.SERVICE_UNAVAILABLE,
    RedactionError: HTTPStatus.SERVICE_UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class Challenges:
    """
    What a client is told about getting a token (RFC 9728, section 5.1; RFC 6750, section 3).
    """

    resource: str
    default_scope: str

    def metadata_url(self) -> str:
        """
        Return where the resource metadata is (RFC 9728, section 3.1).
        """
        parts = urlsplit(self.resource)
        path = parts.path.rstrip("/")
        return f"{parts.scheme}://{parts.netloc}/.well-known/oauth-protected-resource{path}"

    def header(self, error: ReadershipError) -> str | None:
        """
        Return the `WWW-Authenticate` value for an error, if it has one.
        """
        common = f'resource_metadata="{self.metadata_url()}"'
        match error:
            case NotAuthenticatedError():
                return f'Bearer {common}, scope="{self.default_scope}"'
            case TokenRejectedError():
                return f'Bearer error="invalid_token", {common}, scope="{self.default_scope}"'
            case InsufficientScopeError():
                return f'Bearer error="insufficient_scope", {common}, scope="{error.needed}"'
            case _:
                return None


def install(
    app: FastAPI, challenges: Challenges, refused: Callable[[ReadershipError, str], None]
) -> None:
    """
    Make every error of the application a problem document.

    `refused` is told of every token that was refused, with the request's id.
    """

    # Not a coroutine: the framework then runs it beside the event loop, where it may wait
    # for the audit trail's disk.
    def ours(request: Request, error: Exception) -> JSONResponse:
        del request
        if not isinstance(error, ReadershipError):
            raise error
        request_id = secrets.token_hex(16)
        status = STATUS.get(type(error), HTTPStatus.INTERNAL_SERVER_ERROR)
        if isinstance(error, TokenRejectedError):
            refused(error, request_id)
        elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            logger.error("request %s: %s: %s", request_id, error.code, error.diagnostics())
        told = _UNAVAILABLE if status is HTTPStatus.SERVICE_UNAVAILABLE else error.public_message
        return problem(status, error.code, told, request_id, _headers(error))

    def _headers(error: ReadershipError) -> dict[str, str]:
        challenge = challenges.header(error)
        return {"WWW-Authenticate": challenge} if challenge else {}

    app.add_exception_handler(ReadershipError, ours)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(Exception, _unexpected)


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
        {"where": ".".join(str(part) for part in one["loc"]), "what": one["msg"]} for one in found
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
