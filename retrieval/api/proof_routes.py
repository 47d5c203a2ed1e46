"""
The paths of those who check what was released. A body is read only after its sender was admitted.
"""

import secrets
from typing import Any, Final, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from acl.model.scopes import SEARCH_SCOPE
from acl.model.strict_json import parse_object
from retrieval.api.presented import presented_by
from retrieval.api.proof_schemas import CheckRequest, CheckResponse, VerifyRequest, VerifyResponse
from retrieval.api.routes import BEARER_TOKEN, NOT_FOUND, PROBLEMS, TOO_LARGE
from retrieval.provenance import ProvenanceRefusedError
from retrieval.proving import ProofDesk
from retrieval.responses import is_alone

MAX_BODY_BYTES: Final = 1024 * 1024
CHECKS_AT_ONCE: Final = 2
"""
A check is work for a processor, up to a second besides redaction: readers must not wait for it.
"""

LARGER_BODIES: Final = {"/v1/verify": MAX_BODY_BYTES, "/v1/answers/": MAX_BODY_BYTES}
Body = TypeVar("Body", bound=BaseModel)


def proof_routes(desk: ProofDesk) -> APIRouter:
    """
    Return the routes of the proof desk.
    """
    responses = PROBLEMS | TOO_LARGE
    router = APIRouter(prefix="/v1", responses=responses, dependencies=[BEARER_TOKEN])
    turns = CapacityLimiter(CHECKS_AT_ONCE)

    @router.post(
        "/verify",
        operation_id="verifyProvenance",
        summary="Was this released by this service, to whom, and is it unchanged?",
        openapi_extra=_taking(VerifyRequest),
    )
    async def verify(request: Request) -> VerifyResponse:
        await to_thread.run_sync(desk.admitted, presented_by(request))
        body = _read(VerifyRequest, await request.body())
        return await to_thread.run_sync(_verdict, desk, body)

    @router.post(
        "/answers/check",
        operation_id="checkAnswer",
        summary="Does an answer keep to what was released for it?",
        openapi_extra=_taking(CheckRequest),
        responses=NOT_FOUND,
    )
    async def check(request: Request) -> CheckResponse:
        may = await to_thread.run_sync(desk.admitted, presented_by(request))
        body = _read(CheckRequest, await request.body())
        checked = to_thread.run_sync(desk.checked, may, body.asked(), limiter=turns)
        return CheckResponse.of(*await checked)

    return router


def _verdict(desk: ProofDesk, body: VerifyRequest) -> VerifyResponse:
    request_id, answer = secrets.token_hex(16), body.answer()
    compared = not is_alone(answer)
    try:
        return VerifyResponse.of(request_id, *desk.verified(answer), compared=compared)
    except ProvenanceRefusedError:
        return VerifyResponse.of(request_id, None, [], compared=False)


def _taking(body: type[BaseModel]) -> dict[str, Any]:
    schema = body.model_json_schema(ref_template="#/components/schemas/{model}")
    content = {"application/json": {"schema": schema}}
    return {
        "x-required-scope": SEARCH_SCOPE,
        "requestBody": {"required": True, "content": content},
    }


def _read(kind: type[Body], body: bytes) -> Body:
    try:
        return kind.model_validate(parse_object(body))
    except ValidationError as error:
        errors = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        raise RequestValidationError(errors) from error
    except (ValueError, RecursionError) as error:
        malformed = {"loc": ("body",), "msg": "not one strict JSON object", "type": "json"}
        raise RequestValidationError([malformed]) from error
