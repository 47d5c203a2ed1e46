"""
Answers in SCIM's own form: resources, lists of them, and errors (RFC 7644, sections 3.1, 3.12).
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from fastapi.responses import JSONResponse

from acl.errors import InputError, ReadershipError
from acl.registry.errors import (
    NotProvisionedError,
    PreconditionFailedError,
    TakenError,
    UnusableStatementError,
)
from acl.registry.filtering import UnusableFilterError
from readership.push_headers import EPOCH_HEADER
from readership.scim.errors import (
    INVALID_FILTER,
    INVALID_VALUE,
    ProvisioningNotAllowedError,
    RefusedRequestError,
)
from readership.scim.requests import Wanted
from readership.scim.resources import Json, Written
from retrieval.api.problems import RETRY_SECONDS
from retrieval.api.problems import STATUS as STATUS_OF_READERS

MEDIA_TYPE: Final = "application/scim+json"
ERROR: Final = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
MAX_DETAIL_CHARACTERS: Final = 500
UNAVAILABLE: Final = "the service is temporarily unavailable"
STATUS: Final[Mapping[type[ReadershipError], HTTPStatus]] = {
    **STATUS_OF_READERS,
    ProvisioningNotAllowedError: HTTPStatus.FORBIDDEN,
    NotProvisionedError: HTTPStatus.NOT_FOUND,
    TakenError: HTTPStatus.CONFLICT,
    UnusableStatementError: HTTPStatus.BAD_REQUEST,
    PreconditionFailedError: HTTPStatus.PRECONDITION_FAILED,
}
SCIM_TYPE: Final[Mapping[type[ReadershipError], str]] = {
    TakenError: "uniqueness",
    UnusableStatementError: INVALID_VALUE,
}


def resource(
    written: Written, wanted: Wanted, status: HTTPStatus = HTTPStatus.OK, epoch: int = 0
) -> JSONResponse:
    """
    Answer with a resource; `epoch` is that of the change, if there was one.
    """
    headers = {"ETag": written.version, "Location": written.location} | in_force(epoch)
    return answer(wanted.of(written.body), status, headers)


def in_force(epoch: int) -> dict[str, str]:
    """
    Return the header that says from which epoch on a change holds.
    """
    return {EPOCH_HEADER: str(epoch)} if epoch else {}


def listed(resources: Sequence[Json], total: int, start: int) -> JSONResponse:
    """
    Answer with a page of a list; `start` counts from 0.
    """
    body: Json = {
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start + 1,
        "itemsPerPage": len(resources),
        "Resources": list(resources),
    }
    return answer(body)


def answer(
    body: Json, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """
    Answer with any body.
    """
    return JSONResponse(body, status_code=status, headers=headers, media_type=MEDIA_TYPE)


def refusal(error: Exception, headers: Mapping[str, str]) -> JSONResponse:
    """
    Say that a request was refused, and no more of why than its client may know.
    """
    match error:
        case RefusedRequestError():
            return _error(error.status, error.diagnostics(), error.scim_type, headers)
        case UnusableFilterError():
            return _error(HTTPStatus.BAD_REQUEST, str(error), INVALID_FILTER, headers)
        case ReadershipError():
            status = STATUS.get(type(error), HTTPStatus.INTERNAL_SERVER_ERROR)
            told = error.diagnostics() if isinstance(error, InputError) else error.public_message
            if status is HTTPStatus.SERVICE_UNAVAILABLE:
                told, headers = UNAVAILABLE, {**headers, "Retry-After": RETRY_SECONDS}
            return _error(status, told, SCIM_TYPE.get(type(error), ""), headers)
        case _:
            raise error


def _error(
    status: HTTPStatus, detail: str, scim_type: str, headers: Mapping[str, str]
) -> JSONResponse:
    body: Json = {"schemas": [ERROR], "status": str(int(status))}
    if scim_type and status in {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT}:
        body["scimType"] = scim_type
    # What was sent may hold what no answer can.
    body["detail"] = detail[:MAX_DETAIL_CHARACTERS].encode("ascii", "backslashreplace").decode()
    return answer(body, status, headers)
