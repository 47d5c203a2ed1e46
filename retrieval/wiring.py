"""
Builds the reading room from the configuration.

The redactor is handed in: it is the way in's adapter, and the way out never imports it.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from threading import Lock
from typing import Final

from fastapi import FastAPI
from limits.errors import ConfigurationError as LimitsConfigurationError
from limits.storage import MemoryStorage, RedisStorage, storage_from_string

from acl.decision.admission import SpeakingDirectory
from acl.errors import ConfigurationError
from acl.identity.tokens import TokenVerifier
from acl.index.edge_reader import EdgeReader
from acl.index.embedder import Embedder
from acl.index.engine_lease import EngineLease
from acl.keys.password import read_password
from acl.model.assurance import Demand
from acl.model.identifiers import AuthorityId, SourceName
from acl.model.labels import NO_LABEL_POLICY, LabelPolicy
from acl.model.redaction import Redactor
from acl.model.switches import Switches
from acl.registry.content import ContentRegistry
from acl.registry.history import History
from acl.registry.permissions import Currency, PermissionRegistry
from acl.settings import Configuration
from acl.settings_directories import ScimDirectorySettings
from acl.settings_labels import LabelSettings
from acl.settings_limits import MEMORY
from acl.wiring import Ground
from retrieval.addresses import origin_of
from retrieval.admit import Directories
from retrieval.answer import ReadingRoom
from retrieval.api.app import Probe, create_app
from retrieval.authorize import Authorizer, LabelPolicies, SourceBudgets
from retrieval.console.wiring import page_routes
from retrieval.cursors import Cursors
from retrieval.explain import Explainer
from retrieval.identity_wiring import (
    TrustedIssuers,
    certificate_header,
    demands,
    identity_links,
    revocation_rule,
    scope_names,
    trusted_issuers,
)
from retrieval.limits import Budget, Limiter
from retrieval.mcp.visitors import Visitors
from retrieval.notes import Notes
from retrieval.prepare import QuestionPreparer
from retrieval.provenance import ProvenanceVerifier, ReaderNames, WaybillWriter
from retrieval.recheck import Rechecker
from retrieval.screen import Screen
from retrieval.search import ScopedSearch
from retrieval.statement import audience_of
from retrieval.unseal import Unsealer

STORAGE_SECONDS: Final = 1.0
"""
How long a shared storage of limits may take to answer.
"""


@dataclass(frozen=True, slots=True)
class Tools:
    """
    What is slow to load and therefore loaded once, by whoever starts the service.

    `checker` redacts the answers that are checked; questions wait for them if there is none.
    """

    embedder: Embedder
    redactor: Redactor
    lease: EngineLease
    checker: Redactor | None = None


def build_room(
    ground: Ground, tools: Tools, *, issuers: TrustedIssuers | None = None
) -> ReadingRoom:
    """
    Put the eight steps together; `issuers` as in `build_verifier`.

    Raises:
        ConfigurationError: No issuer is configured, or a key file cannot be used.
    """
    configuration = ground.configuration
    permissions = permission_registry(ground)
    budgets = source_budgets(configuration)
    return ReadingRoom(
        verifier=build_verifier(ground, issuers),
        authorizer=Authorizer(
            permissions,
            identity_links(configuration),
            budgets,
            label_policies(configuration),
            speaking_directories(configuration),
            ground.tenant,
            ground.clock,
            demands(configuration),
            revocation_rule(configuration),
        ),
        preparer=QuestionPreparer(tools.redactor, tools.embedder, ground.namer),
        checker=tools.checker or tools.redactor,
        search=ScopedSearch(
            EdgeReader(tools.lease, ground.tenant, ground.namer, ground.clock),
            configuration.settings.index.candidates,
        ),
        rechecker=Rechecker(permissions, budgets, ground.namer, ground.clock),
        unsealer=Unsealer(ContentRegistry(ground.database), ground.keys.content, ground.tenant),
        permissions=permissions,
        explainer=build_explainer(ground),
        limiter=build_limiter(ground),
        waybills=WaybillWriter(
            ground.keys.provenance.private(),
            reader_names(ground),
            label_policies(configuration),
            configuration.settings.service.resource,
            ground.clock,
        ),
        provenance=build_provenance_verifier(ground),
        trail=ground.trail,
        audit_key=ground.keys.audit,
        clock=ground.clock,
        cursors=Cursors(build_notes(ground)),
        origin=origin_of(configuration.settings.service.resource),
        screen=screen(configuration),
    )


def build_notes(ground: Ground) -> Notes:
    """
    Return what writes notes for others to keep, the same in every process.
    """
    return Notes(ground.keys.audit, ground.clock)


def screen(configuration: Configuration) -> Screen:
    """
    Return the policy on injected instructions.
    """
    settings = configuration.settings.injection
    cleared = tuple((one.source, one.documents) for one in settings.cleared)
    return Screen(settings.policy == "quarantine", cleared)


def build_explainer(ground: Ground) -> Explainer:
    """
    Return what explains decisions, now and in the past.
    """
    return Explainer(
        permissions=permission_registry(ground),
        history=History(ground.database, ground.tenant),
        links=identity_links(ground.configuration),
        budgets=source_budgets(ground.configuration),
        labels=label_policies(ground.configuration),
        directories=speaking_directories(ground.configuration),
        tenant=ground.tenant,
        clock=ground.clock,
    )


def build_provenance_verifier(ground: Ground) -> ProvenanceVerifier:
    """
    Return what verifies this installation's own statements of provenance.
    """
    return ProvenanceVerifier.of(ground.keys.provenance.public(), audience_of(ground.tenant))


def reader_names(ground: Ground) -> ReaderNames:
    """
    Return what names readers where their own names must not stand.
    """
    return ReaderNames(ground.tenant, ground.keys.readers)


def build_limiter(ground: Ground) -> Limiter:
    """
    Return what counts what readers carry away. Nothing is asked of a shared storage yet.

    Raises:
        ConfigurationError: Its password file, or the library for it, cannot be used.
    """
    configuration = ground.configuration
    settings = configuration.settings.limits
    budget = Budget(
        settings.window,
        settings.requests,
        settings.passages,
        settings.documents,
        settings.bytes,
    )
    names = reader_names(ground)
    if settings.storage == MEMORY:
        return Limiter(MemoryStorage(), budget, names, Lock())
    options: dict[str, float | str | bool] = {
        "socket_timeout": STORAGE_SECONDS,
        "socket_connect_timeout": STORAGE_SECONDS,
    }
    if settings.password_file is not None:
        options["password"] = read_password(configuration.beside(settings.password_file))
    try:
        storage = storage_from_string(settings.storage, wrap_exceptions=True, **options)
    except LimitsConfigurationError as error:
        msg = f"limits.storage needs the extra 'redis' or 'valkey': {error}"
        raise ConfigurationError(msg) from error
    if not isinstance(storage, RedisStorage):
        msg = f"limits.storage {settings.storage} is neither Redis nor Valkey"
        raise ConfigurationError(msg)
    return Limiter(storage, budget, names, nullcontext())


def build_verifier(ground: Ground, issuers: TrustedIssuers | None = None) -> TokenVerifier:
    """
    Return what verifies the tokens of the configured issuers.

    `issuers` are those of the process, if it verifies tokens in several places.

    Raises:
        ConfigurationError: No issuer is configured, or a key file cannot be used.
    """
    return TokenVerifier(issuers or trusted_issuers(ground.configuration), ground.clock)


def build_app(
    ground: Ground,
    tools: Tools,
    larger_bodies: Mapping[str, int] | None = None,
    *,
    issuers: TrustedIssuers | None = None,
) -> FastAPI:
    """
    Build the HTTP application; see `create_app`, and `build_verifier` for `issuers`.
    """
    settings = ground.configuration.settings
    issuers = issuers or trusted_issuers(ground.configuration)
    room = build_room(ground, tools, issuers=issuers)
    probes: Mapping[str, Probe] = {
        "registry": lambda: _ask_registry(room),
        "index": lambda: _ask_index(tools),
        "limits": room.limiter.require_counting,
    }
    app = create_app(
        room,
        resource=settings.service.resource,
        issuers=[issuer.issuer for issuer in settings.issuers],
        probes=probes,
        close=tools.lease.close,
        larger_bodies=larger_bodies,
        names=scope_names(ground.configuration),
        certificates=certificate_header(ground.configuration),
        visitors=Visitors.of(
            settings.service.resource, settings.mcp.allowed_hosts, settings.mcp.allowed_origins
        ),
    )
    page = page_routes(ground, room, build_notes(ground), issuers)
    if page is not None:
        app.include_router(page)
    return app


def source_budgets(configuration: Configuration) -> SourceBudgets:
    """
    Return how old each source's permissions may be.
    """
    sources = configuration.settings.sources
    return SourceBudgets({SourceName(one.name): one.staleness for one in sources})


def label_policies(configuration: Configuration) -> LabelPolicies:
    """
    Return the label policy of every issuer.
    """
    settings = configuration.settings
    names = [issuer.issuer for issuer in settings.issuers]
    labels = settings.labels
    if labels is None:
        return LabelPolicies(dict.fromkeys(names, NO_LABEL_POLICY))
    return LabelPolicies(
        {name: _label_policy(labels, name) for name in names},
        {
            (name, one.acr): Demand((one.acr,), frozenset(one.amr), one.max_age)
            for name in names
            for one in labels.assurance
            if one.applies(name)
        },
    )


def _label_policy(labels: LabelSettings, issuer: str) -> LabelPolicy:
    return LabelPolicy(
        order=tuple(labels.order),
        default=labels.ceiling or labels.order[0],
        clients={
            one.client: labels.of_client(one) for one in labels.clients if one.applies(issuer)
        },
        assurance={one.acr: one.ceiling for one in labels.assurance if one.applies(issuer)},
        actors={one.actor: one.ceiling for one in labels.actors if one.applies(issuer)},
        models={one.name: one.ceiling for one in labels.models},
    )


def permission_registry(ground: Ground) -> PermissionRegistry:
    """
    Return the registry's permissions, with the groups of fresh, configured sources only, and of
    directories that are believed.
    """
    budgets = source_budgets(ground.configuration)
    directories = speaking_directories(ground.configuration)

    def believed(currency: Currency, switches: Switches) -> frozenset[SourceName]:
        now = ground.clock()
        fresh = budgets.fresh(currency, switches, now)
        return fresh | directories.believed(currency, switches, now)

    return PermissionRegistry(
        ground.database, ground.tenant, ground.namer, ground.sealer, believed=believed
    )


def speaking_directories(configuration: Configuration) -> Directories:
    """
    Return the configured directories.
    """
    directories = configuration.settings.directories
    return Directories(
        speaking=tuple(
            SpeakingDirectory(
                SourceName(one.name),
                AuthorityId(one.authority),
                admits_unknown=one.unknown_users == "allow",
            )
            for one in directories
            if isinstance(one, ScimDirectorySettings)
        ),
        staleness={SourceName(one.name): one.staleness for one in directories},
    )


def _ask_registry(room: ReadingRoom) -> None:
    room.permissions.current()


def _ask_index(tools: Tools) -> None:
    tools.lease.call("ping", timeout_seconds=5.0)
