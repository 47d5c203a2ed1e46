"""
Puts the page together, if it is configured.
"""

from collections.abc import Callable
from functools import partial

from fastapi import APIRouter

from acl.model.scopes import READ_SCOPE
from acl.settings import Configuration
from acl.settings_reader_page import ReaderPageSettings
from acl.wiring import Ground
from retrieval.addresses import origin_of
from retrieval.answer import ReadingRoom
from retrieval.api.app import RefusalRecorder
from retrieval.console.citations import CitationRoom
from retrieval.console.provider import Provider
from retrieval.console.routes import REDIRECT_PATH, SIGN_IN_ACTION, Console, console_routes
from retrieval.console.sessions import Sessions
from retrieval.console.sign_in import Registration, SignIn
from retrieval.identity_wiring import (
    TrustedIssuers,
    demands,
    read_secret,
    scope_names,
    wire_to,
)
from retrieval.notes import Notes


def page_routes(
    ground: Ground, room: ReadingRoom, notes: Notes, issuers: TrustedIssuers
) -> APIRouter | None:
    """
    Return the routes of the page; `None` if it is not configured. `issuers` are those of the
    process.

    Raises:
        ConfigurationError: A file of it cannot be used.
    """
    configuration = ground.configuration
    page = configuration.settings.reader_page
    if page is None:
        return None
    issuer = page.of(configuration.settings.issuers)
    wire = wire_to(configuration, issuer)
    sign_in = SignIn(
        registration=_registration(configuration, page),
        provider=Provider(issuer.issuer, wire),
        trusted=issuers[issuer.issuer],
        verifier=room.verifier,
        wire=wire,
        clock=ground.clock,
    )
    refused = RefusalRecorder(ground.trail, ground.clock, SIGN_IN_ACTION)
    return console_routes(Console(CitationRoom.of(room), sign_in, Sessions(notes), refused))


def _registration(configuration: Configuration, page: ReaderPageSettings) -> Registration:
    settings = configuration.settings
    demand = demands(configuration).by_scope.get((page.of(settings.issuers).issuer, READ_SCOPE))
    scopes = ["openid", scope_names(configuration).asked_as(READ_SCOPE)]
    if demand is not None and demand.scope is not None:
        scopes.append(demand.scope)
    return Registration(
        client=page.client_id,
        redirect=redirect_address(configuration),
        scope=" ".join(scopes),
        resource=settings.service.resource if page.resource_parameter else None,
        demand=demand,
        secret=_secret(configuration, page),
    )


def redirect_address(configuration: Configuration) -> str:
    """
    Return where the issuer is to send readers back to.
    """
    return origin_of(configuration.settings.service.resource) + REDIRECT_PATH


def require_page_secret(configuration: Configuration) -> None:
    """
    Read the secret of the page, if there is a page that has one.

    Raises:
        ConfigurationError: It cannot be read.
    """
    page = configuration.settings.reader_page
    if page is not None:
        _secret(configuration, page)


def _secret(configuration: Configuration, page: ReaderPageSettings) -> Callable[[], str] | None:
    if page.client_secret_file is None:
        return None
    path = configuration.beside(page.client_secret_file)
    read_secret(path)  # said at the start; afterwards it is read for every sign-in
    return partial(read_secret, path)
