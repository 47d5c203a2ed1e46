"""
Builds the reading room from the configuration.

The redactor is handed in: it is the way in's adapter, and the way out never imports it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import FastAPI

from acl.decision.admission import SpeakingDirectory
from acl.errors import ConfigurationError
from acl.identity.errors import KeysUnavailableError
from acl.identity.keysets import DiscoveredKeys, KeySource, PinnedKeys
from acl.identity.linking import IdentityLink
from acl.identity.profiles import PROFILES
from acl.identity.tokens import TokenVerifier, TrustedIssuer
from acl.index.edge_reader import EdgeReader
from acl.index.embedder import Embedder
from acl.index.engine_lease import EngineLease
from acl.model.identifiers import AuthorityId, SourceName
from acl.model.labels import NO_LABEL_POLICY, LabelPolicy
from acl.model.redaction import Redactor
from acl.model.switches import Switches
from acl.registry.content import ContentRegistry
from acl.registry.history import History
from acl.registry.permissions import Currency, PermissionRegistry
from acl.settings import Configuration, IssuerSettings
from acl.settings_directories import ScimDirectorySettings
from acl.wiring import Ground
from retrieval.admit import Directories
from retrieval.answer import ReadingRoom
from retrieval.api.app import Probe, create_app
from retrieval.authorize import Authorizer, LabelPolicies, SourceBudgets
from retrieval.explain import Explainer
from retrieval.prepare import QuestionPreparer
from retrieval.recheck import Rechecker
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


def build_room(ground: Ground, tools: Tools) -> ReadingRoom:
    """
    Put the eight steps together.

    Raises:
        ConfigurationError: No issuer is configured, or a key file cannot be used.
    """
    configuration = ground.configuration
    permissions = permission_registry(ground)
    budgets = source_budgets(configuration)
    return ReadingRoom(
        verifier=build_verifier(ground),
        authorizer=Authorizer(
            permissions,
            identity_links(configuration),
            budgets,
            label_policies(configuration),
            speaking_directories(configuration),
            ground.tenant,
            ground.clock,
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
    )


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


def build_verifier(ground: Ground) -> TokenVerifier:
    """
    Return what verifies the tokens of the configured issuers.

    Raises:
        ConfigurationError: No issuer is configured, or a key file cannot be used.
    """
    return TokenVerifier(trusted_issuers(ground.configuration), ground.clock)


def build_app(
    ground: Ground, tools: Tools, larger_bodies: Mapping[str, int] | None = None
) -> FastAPI:
    """
    Build the HTTP application; see `create_app`.
    """
    settings = ground.configuration.settings
    room = build_room(ground, tools)
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
    )


def trusted_issuers(configuration: Configuration) -> dict[str, TrustedIssuer]:
    """
    Return the configured issuers by name.

    Raises:
        ConfigurationError: There is none, or a pinned key file cannot be used.
    """
    issuers = configuration.settings.issuers
    if not issuers:
        msg = f"{configuration.file}: no [[issuers]] is configured, so nobody could sign in"
        raise ConfigurationError(msg)
    return {one.issuer: _trusted(configuration, one) for one in issuers}


def identity_links(configuration: Configuration) -> tuple[IdentityLink, ...]:
    """
    Return every configured identity link.
    """
    return tuple(
        IdentityLink(issuer.issuer, one.claim, AuthorityId(one.authority))
        for issuer in configuration.settings.issuers
        for one in issuer.links
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
    return LabelPolicies(
        {
            name: LabelPolicy(
                order=tuple(labels.order),
                default=labels.ceiling or labels.order[0],
                clients={one.client: one.ceiling for one in labels.clients if one.applies(name)},
                assurance={one.acr: one.ceiling for one in labels.assurance if one.applies(name)},
            )
            if labels is not None
            else NO_LABEL_POLICY
            for name in names
        }
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


def key_source(configuration: Configuration, issuer: IssuerSettings) -> KeySource:
    """
    Return where an issuer's keys come from; a pinned file is read at once.

    Raises:
        ConfigurationError: The pinned file is missing, writable by others, or no key set.
    """
    if issuer.jwks_file is None:
        return DiscoveredKeys(issuer.issuer)
    path = configuration.beside(issuer.jwks_file)
    if not path.is_file():
        msg = f"jwks_file {path} does not exist; export the issuer's public keys to it"
        raise ConfigurationError(msg)
    if path.stat().st_mode & 0o022:
        msg = f"{path} can be changed by others, who could then sign tokens; run: chmod go-w {path}"
        raise ConfigurationError(msg)
    pinned = PinnedKeys(path)
    try:
        pinned.load()
    except KeysUnavailableError as error:
        raise ConfigurationError(error.diagnostics()) from error
    return pinned


def _trusted(configuration: Configuration, issuer: IssuerSettings) -> TrustedIssuer:
    profile = PROFILES[issuer.profile]
    named = (issuer.client_claim,) if issuer.client_claim else profile.client_claims
    return TrustedIssuer(
        issuer=issuer.issuer,
        audiences=frozenset(issuer.audiences),
        algorithms=frozenset(issuer.algorithms),
        profile=profile,
        client_claims=named,
        max_lifetime_seconds=int(issuer.max_lifetime.total_seconds()),
        leeway_seconds=int(issuer.leeway.total_seconds()),
        keys=key_source(configuration, issuer),
    )


def _ask_registry(room: ReadingRoom) -> None:
    room.permissions.current()


def _ask_index(tools: Tools) -> None:
    tools.lease.call("ping", timeout_seconds=5.0)
