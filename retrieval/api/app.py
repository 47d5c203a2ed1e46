"""
The application: routes, errors, limits, and whether it is ready.
"""

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from importlib.metadata import version
from typing import Final

from anyio import to_thread
from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse

from acl.audit.chain import AuditTrail
from acl.audit.events import AuditEvent
from acl.audit.refusals import Refusals
from acl.errors import ReadershipError
from acl.model.scopes import PLAIN_SCOPES, SEARCH_SCOPE, ScopeNames
from retrieval.addresses import origin_of
from retrieval.answer import ReadingRoom
from retrieval.api import problems
from retrieval.api.actions import actions_routes
from retrieval.api.limits import MAX_BODY_BYTES, Limits
from retrieval.api.presented import CertificateHeader, Presentations
from retrieval.api.proof_routes import LARGER_BODIES, proof_routes
from retrieval.api.routes import BEARER_TOKEN, metadata_routes, readers_routes
from retrieval.api.schemas import Health
from retrieval.api.vector_stores import OpenAiErrors, store_routes
from retrieval.limits import LimitExceededError
from retrieval.mcp.desk import Desk
from retrieval.mcp.door import Door, mcp_routes
from retrieval.mcp.server import McpServer
from retrieval.mcp.visitors import Visitors
from retrieval.proving import ProofDesk

logger = logging.getLogger(__name__)

VERSION: Final = version("readership")
MCP: Final = "mcp"
"""
How the record calls the way of whoever comes in there.
"""


Probe = Callable[[], None]


def create_app(  # noqa: PLR0913 - what an application is made of
    room: ReadingRoom,
    *,
    resource: str,
    issuers: list[str],
    probes: Mapping[str, Probe],
    close: Callable[[], None],
    larger_bodies: Mapping[str, int] | None = None,
    names: ScopeNames = PLAIN_SCOPES,
    certificates: CertificateHeader | None = None,
    visitors: Visitors | None = None,
) -> FastAPI:
    """
    Build the application around a reading room.

    `probes` raise when what they are named after does not answer; `close` runs at the end.
    `larger_bodies` are those of routes that whoever starts the service adds (see `Limits`);
    `names` is how issuers name the scopes, and `certificates` whose word on client certificates
    is taken. `visitors` may come in to MCP: without them, by the resource's own name and from
    its own pages.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        del app
        yield
        await to_thread.run_sync(close)

    app = FastAPI(
        title="Readership",
        version=VERSION,
        summary="Search a company's documents, never beyond what the signed-in user may read.",
        lifespan=lifespan,
        servers=[{"url": origin_of(resource)}],
        # The interactive pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    proofs = room.verifier.expects_proofs
    challenges = problems.Challenges(resource, SEARCH_SCOPE, names, proofs=proofs)
    refused = RefusalRecorder(room.trail, room.clock)
    problems.install(app, challenges, refused)
    app.include_router(readers_routes(room))
    app.include_router(store_routes(room, BEARER_TOKEN))
    app.include_router(actions_routes(app))
    app.include_router(proof_routes(ProofDesk(room)))
    app.include_router(
        metadata_routes(resource, issuers, names, room.provenance.published, proofs=proofs)
    )
    app.include_router(_health_routes(probes))
    desk = Desk(replace(room, way=MCP), challenges, refused)
    server = McpServer(desk, names, VERSION, MAX_BODY_BYTES)
    app.include_router(mcp_routes(Door(room, visitors or Visitors.of(resource), server)))
    app.add_middleware(Presentations, resource=resource, certificates=certificates)
    app.add_middleware(Limits, larger={**LARGER_BODIES, **(larger_bodies or {})})
    app.add_middleware(OpenAiErrors)
    return app


class RefusalRecorder:
    """
    Records refused tokens and exceeded limits, and when they come in floods counts those it does
    not record.
    """

    def __init__(
        self, trail: AuditTrail, clock: Callable[[], datetime], action: str = "authenticate"
    ) -> None:
        self._refusals = Refusals(trail)
        self._clock = clock
        self._action = action

    def __call__(self, error: ReadershipError, request_id: str) -> None:
        """
        Record one refusal, or count it.
        """
        limited = isinstance(error, LimitExceededError)
        action, outcome = ("limit", "limited") if limited else (self._action, "refused")
        details = {"reason": error.diagnostics()}
        event = AuditEvent(self._clock(), request_id, action, outcome, details=details)
        try:
            self._refusals.append(event)
        except ReadershipError as unavailable:
            # The caller gets nothing either way.
            logger.critical("a refusal was not recorded: %s", unavailable.diagnostics())


def _health_routes(probes: Mapping[str, Probe]) -> APIRouter:
    router = APIRouter()

    @router.get("/healthz", operation_id="health", summary="Is the process there?")
    async def health() -> Health:
        return Health(status="ok")

    @router.get(
        "/readyz",
        operation_id="ready",
        summary="Could a question be answered now?",
        responses={
            200: {"model": Health, "description": "It could."},
            503: {"model": Health, "description": "Something that is needed does not answer."},
        },
    )
    def ready() -> JSONResponse:
        failing = sorted(name for name, probe in probes.items() if not _answers(probe))
        status = HTTPStatus.SERVICE_UNAVAILABLE if failing else HTTPStatus.OK
        body = Health(status="failing" if failing else "ok", failing=failing)
        return JSONResponse(body.model_dump(), status_code=status)

    return router


def _answers(probe: Probe) -> bool:
    try:
        probe()
    except ReadershipError:
        return False
    return True
