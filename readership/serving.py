"""
`readership serve`: the HTTP service.
"""

import logging
import socket
from contextlib import ExitStack, suppress
from typing import Final

import uvicorn
from fastapi import FastAPI
from prometheus_client import start_http_server

from acl.errors import ConfigurationError, ReadershipError
from acl.settings import Configuration
from acl.wiring import (
    build_embedder,
    open_ground,
    open_lease,
    prepare_data_dir,
    require_same_installation,
)
from ingestion.wiring import build_answer_redactor, build_question_redactor
from readership.connections import PromptProtocol
from readership.event_routes import event_routes
from readership.provisioning import open_scim_desk, scim_challenges, takes_provisioning
from readership.push_routes import LARGER_BODIES, push_routes
from readership.pushing import open_push_desk, takes_pushes
from readership.receiving import open_event_desk, takes_events, takes_logouts
from readership.scim.routes import LARGER_BODIES as LARGER_SCIM_BODIES
from readership.scim.routes import scim_routes
from retrieval import metrics
from retrieval.console.wiring import require_page_secret
from retrieval.identity_wiring import TrustedIssuers, trusted_issuers
from retrieval.wiring import Tools, build_app

MAX_CONNECTIONS: Final = 512
SHUTDOWN_SECONDS: Final = 10
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})

logger = logging.getLogger(__name__)


def build_service(configuration: Configuration, stack: ExitStack) -> FastAPI:
    """
    Load everything and return the application; `stack` gives it all back.

    Raises:
        ConfigurationError: Something is missing or unsafe; the detail says what to do.
    """
    issuers = trusted_issuers(configuration)  # the most common mistakes: say so first
    require_page_secret(configuration)
    prepare_data_dir(configuration)
    logger.info("loading the embedding model")
    embedder = build_embedder(configuration)
    require_same_installation(configuration, embedder)
    ground = open_ground(configuration, may_write=False)
    stack.callback(ground.close)
    logger.info("loading the recognizers")
    redactor = build_question_redactor(ground, stack)
    redactor.redact("Warm up with Alice Example.")
    embedder.embed(["warm up"])
    logger.info("taking hold of the engine")
    lease = open_lease(ground, embedder)
    stack.callback(lease.close)
    tools = Tools(embedder, redactor, lease, build_answer_redactor(ground, stack))
    pushes, provisioning = takes_pushes(configuration), takes_provisioning(configuration)
    larger = {**(LARGER_BODIES if pushes else {}), **(LARGER_SCIM_BODIES if provisioning else {})}
    app = build_app(ground, tools, larger, issuers=issuers)
    if pushes:
        logger.info("opening the push desk")
        pushing = open_push_desk(configuration, embedder, lease, stack, issuers=issuers)
        app.include_router(push_routes(pushing))
    if provisioning:
        logger.info("opening the SCIM desk")
        desk = open_scim_desk(configuration, stack, issuers=issuers)
        app.include_router(scim_routes(desk, scim_challenges(configuration)))
    add_event_desk(app, configuration, stack, issuers=issuers)
    return app


def add_event_desk(
    app: FastAPI,
    configuration: Configuration,
    stack: ExitStack,
    *,
    issuers: TrustedIssuers | None = None,
) -> None:
    """
    Add what takes in security events and logouts, if anybody may send any.
    """
    events, logouts = takes_events(configuration), takes_logouts(configuration)
    if events or logouts:
        desk = open_event_desk(configuration, stack, issuers=issuers)
        app.include_router(event_routes(desk, events=events, logouts=logouts))


def serve_metrics(configuration: Configuration, stack: ExitStack) -> None:
    """
    Serve the numbers for operators on an address of their own, unless they are switched off.

    Raises:
        ConfigurationError: The address cannot be had.
    """
    settings = configuration.settings.metrics
    if settings.port == 0:
        return
    try:
        server, _ = start_http_server(settings.port, settings.host, registry=metrics.REGISTRY)
    except OSError as error:
        msg = (
            f"metrics cannot be served on {settings.host} port {settings.port}: "
            f"{error.strerror or error}; choose another metrics.port, or 0 for none"
        )
        raise ConfigurationError(msg) from error
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
    if settings.host not in LOOPBACK:
        logger.warning("%s is not loopback: anybody who reaches it reads metrics", settings.host)


def serve(configuration: Configuration, *, host: str, port: int) -> None:
    """
    Serve until a signal arrives.
    """
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", force=True
    )
    for talkative in ("alembic", "httpx", "mcp"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    with ExitStack() as stack:
        door = stack.enter_context(bound(host, port))
        serve_metrics(configuration, stack)
        app = build_service(configuration, stack)
        if host not in LOOPBACK:
            logger.warning("%s is not loopback: put TLS in front, tokens travel in the clear", host)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,  # paths and addresses of readers are audit matters, not logs
            server_header=False,
            # Who connects is who connects: certificates are believed by address.
            proxy_headers=False,
            limit_concurrency=MAX_CONNECTIONS,
            http=PromptProtocol,
            ws="none",
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
        logger.info("ready on http://%s:%s", host, door.getsockname()[1])
        server = uvicorn.Server(config)
        with suppress(KeyboardInterrupt):
            server.run(sockets=[door])
        if not server.started:
            msg = "the service did not start; what is logged above says why"
            raise ReadershipError(msg)


def bound(host: str, port: int) -> socket.socket:
    """
    Return a socket with the address, on which nobody listens yet.

    Raises:
        ConfigurationError: The address cannot be had.
    """
    try:
        family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with ExitStack() as undone:
            door = undone.enter_context(socket.socket(family, kind))
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            door.bind(address)
            undone.pop_all()
    except OSError as error:
        msg = f"cannot listen on {host} port {port}: {error.strerror}; choose another --port"
        raise ConfigurationError(msg) from error
    return door
