"""
The paths. Each hands whom it is asked by to the reading room, which decides.
"""

import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import unquote, urlsplit

from fastapi import APIRouter, Path, Query, Request, Security
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer

from acl.identity.jwks import ALGORITHMS
from acl.keys.signing import ALGORITHM
from acl.model.scopes import (
    AUDIT_SCOPE,
    READ_SCOPE,
    READERS_SCOPES,
    SEARCH_SCOPE,
    ScopeNames,
)
from retrieval.answer import ReadingRoom
from retrieval.api.actions import ACTION_TAG
from retrieval.api.admitting import admitting, sender_of
from retrieval.api.problems import METADATA_PATH, problem
from retrieval.api.schemas import (
    DocumentResponse,
    ExplainRequest,
    ExplainResponse,
    PassageResponse,
    Problem,
    SearchRequest,
    SearchResponse,
)

MAX_ID_CHARACTERS: Final = 1_024
JWKS_PATH: Final = "/.well-known/jwks.json"

# Declares the scheme in OpenAPI; it decides nothing, `retrieval.authenticate` does.
BEARER_TOKEN: Final = Security(
    HTTPBearer(
        auto_error=False, bearerFormat="JWT", description="An access token for this resource."
    )
)
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": text, "content": {"application/problem+json": {}}}
    for status, text in (
        (401, "No token, or one that proves nothing."),
        (403, "The token lacks a scope."),
        (422, "The request is malformed."),
        (429, "The reader has had as much through this client as one window allows."),
        (503, "Something that is needed did not answer; nothing was released."),
    )
}
_CURSOR: dict[int | str, dict[str, Any]] = {
    400: {
        "model": Problem,
        "description": "The cursor is not one of this reader and question, or has ended.",
        "content": {"application/problem+json": {}},
    },
    409: {
        "model": Problem,
        "description": "The epoch that was asked for has not been reached.",
        "content": {"application/problem+json": {}},
    },
}
TOO_LARGE: dict[int | str, dict[str, Any]] = {
    413: {
        "model": Problem,
        "description": "The body is too large.",
        "content": {"application/problem+json": {}},
    }
}
NOT_FOUND: dict[int | str, dict[str, Any]] = {
    404: {
        "model": Problem,
        "description": "Nothing there for this reader: absent and forbidden are one answer.",
        "content": {"application/problem+json": {}},
    }
}


class _KeySet(JSONResponse):
    media_type = "application/jwk-set+json"


def readers_routes(room: ReadingRoom) -> APIRouter:
    """
    Return the routes of the reading room.
    """
    router = APIRouter(
        prefix="/v1", responses=PROBLEMS, dependencies=[BEARER_TOKEN], route_class=admitting(room)
    )

    @router.post(
        "/search",
        operation_id="searchDocuments",
        summary="Search the documents that the signed-in user may read.",
        tags=[ACTION_TAG],
        responses=_CURSOR | TOO_LARGE,
        openapi_extra={"x-openai-isConsequential": False, "x-required-scope": SEARCH_SCOPE},
    )
    def search(request: Request, body: SearchRequest) -> SearchResponse:
        return SearchResponse.of(room.answer(sender_of(request), body.asked()))

    @router.get(
        "/passages/{passage_id}",
        operation_id="getPassage",
        summary="Get one passage, authorised anew.",
        tags=[ACTION_TAG],
        openapi_extra={"x-openai-isConsequential": False, "x-required-scope": READ_SCOPE},
        responses=NOT_FOUND,
    )
    def passage(
        request: Request, passage_id: Annotated[str, Path(max_length=MAX_ID_CHARACTERS)]
    ) -> PassageResponse:
        return PassageResponse.asked_for(room.passage(sender_of(request), passage_id))

    @router.get(
        "/documents/{document_id:path}",
        operation_id="getDocument",
        summary="Get a document by its source's id, authorised anew.",
        tags=[ACTION_TAG],
        openapi_extra={"x-openai-isConsequential": False, "x-required-scope": READ_SCOPE},
        responses=NOT_FOUND
        | {409: {"model": Problem, "description": "Several sources have it; name one."}},
    )
    def document(
        request: Request,
        document_id: Annotated[str, Path(max_length=MAX_ID_CHARACTERS)],
        source: Annotated[str | None, Query(max_length=64)] = None,
    ) -> DocumentResponse:
        return DocumentResponse.of(room.document(sender_of(request), document_id, source))

    @router.post(
        "/explain",
        operation_id="explainDecision",
        summary="Say why somebody may or may not read a document. For operators.",
        openapi_extra={"x-required-scope": AUDIT_SCOPE},
        responses=TOO_LARGE,
    )
    def explain(request: Request, body: ExplainRequest) -> ExplainResponse:
        request_id, found = room.explain(sender_of(request), body.asked())
        return ExplainResponse.of(request_id, found)

    return router


def metadata_routes(
    resource: str,
    issuers: list[str],
    names: ScopeNames,
    keys: Sequence[Mapping[str, str]],
    *,
    proofs: bool = False,
) -> APIRouter:
    """
    Return the protected-resource metadata (RFC 9728): at the path of the resource, where
    clients that know the resource look, and at the root, where all others do. They name where
    `keys` are, with which provenance is verified.

    Resource and issuers are written as they are configured: a client compares them byte by byte.
    """
    router = APIRouter()
    parts = urlsplit(resource)
    path = unquote(parts.path)
    body = {
        "resource": resource,
        "authorization_servers": issuers,
        "scopes_supported": [names.asked_as(one) for one in READERS_SCOPES],
        "bearer_methods_supported": ["header"],
        "resource_name": "Readership",
        "jwks_uri": f"{parts.scheme}://{parts.netloc}{JWKS_PATH}",
        "resource_signing_alg_values_supported": [ALGORITHM],
    }
    if proofs:
        body["dpop_signing_alg_values_supported"] = sorted(ALGORITHMS)

    def metadata() -> JSONResponse:
        return JSONResponse(body)

    def metadata_of(named: str) -> JSONResponse:
        # Of another resource nothing is known here (RFC 9728, section 3.3).
        if f"/{named}" != path:
            status = HTTPStatus.NOT_FOUND
            return problem(status, "not_found", "not found", secrets.token_hex(16))
        return JSONResponse(body)

    def public_keys() -> _KeySet:
        return _KeySet({"keys": [dict(one) for one in keys]})

    router.add_api_route(METADATA_PATH, metadata, operation_id="resourceMetadata")
    router.add_api_route(
        JWKS_PATH, public_keys, operation_id="provenanceKeys", response_class=_KeySet
    )
    router.add_api_route(f"{METADATA_PATH}/{{named:path}}", metadata_of, include_in_schema=False)
    return router
