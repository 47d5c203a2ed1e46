"""
Builds the reading room from the configuration.

The redactor is handed in: it is the way in's adapter, and the way out never imports it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import FastAPI

from acl.decision.admission import SpeakingDirectory
from acl.identity.tokens import TokenVerifier
from acl.index.edge_reader import EdgeReader
from acl.index.embedder import Embedder
from acl.index.engine_lease import EngineLease
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
from acl.wiring import Ground
from retrieval.admit import Directories
from retrieval.answer import ReadingRoom
from retrieval.api.app import Probe, create_app
from retrieval.authorize import Authorizer, LabelPolicies, SourceBudgets
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
from retrieval.mcp.visitors import Visitors
from retrieval.prepare import QuestionPreparer
from retrieval.recheck import Rechecker
from retrieval.screen import Screen
from retrieval.search import ScopedSearch
from retrieval.unseal import Unsealer


@dataclass(frozen=True, slots=True)
class Tools:
    """
    What is slow to load and therefore loaded once, by whoever starts the service.
    """

    embedder: Embedder
    redactor: Redactor
    lease: EngineLease


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
        search=ScopedSearch(
            EdgeReader(tools.lease, ground.tenant, ground.namer, ground.clock),
            configuration.settings.index.candidates,
        ),
        rechecker=Rechecker(permissions, budgets, ground.namer, ground.clock),
        unsealer=Unsealer(ContentRegistry(ground.database), ground.keys.content, ground.tenant),
        permissions=permissions,
        explainer=build_explainer(ground),
        trail=ground.trail,
        audit_key=ground.keys.audit,
        clock=ground.clock,
        screen=screen(configuration),
    )


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
    room = build_room(ground, tools, issuers=issuers)
    probes: Mapping[str, Probe] = {
        "registry": lambda: _ask_registry(room),
        "index": lambda: _ask_index(tools),
    }
    return create_app(
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
        clients={one.client: one.ceiling for one in labels.clients if one.applies(issuer)},
        assurance={one.acr: one.ceiling for one in labels.assurance if one.applies(issuer)},
        actors={one.actor: one.ceiling for one in labels.actors if one.applies(issuer)},
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
