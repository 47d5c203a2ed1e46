"""
Builds what verifies tokens and what links their readers, from the configuration.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from acl.errors import ConfigurationError
from acl.identity.claims import GroupClaim
from acl.identity.errors import KeysUnavailableError
from acl.identity.introspection import Introspector
from acl.identity.keysets import DiscoveredKeys, KeySource, PinnedKeys
from acl.identity.linking import GroupLink, IdentityLink, Link, ServiceLink
from acl.identity.possession import SenderRule
from acl.identity.profiles import PROFILES
from acl.identity.revocation import RevocationRule
from acl.identity.tokens import TrustedIssuer
from acl.identity.wire import Wire, private_authorities
from acl.keys.files import require_private
from acl.model.assurance import Demand, Demands
from acl.model.delegation import Allowance, Delegation
from acl.model.identifiers import AuthorityId
from acl.model.scopes import ScopeNames
from acl.settings import Configuration
from acl.settings_events import TransmitterSettings
from acl.settings_issuers import ActorSettings, ClientSettings, IssuerSettings
from retrieval.api.presented import CertificateHeader

TrustedIssuers: TypeAlias = Mapping[str, TrustedIssuer]


def trusted_issuers(configuration: Configuration) -> TrustedIssuers:
    """
    Return the configured issuers by name.

    A process makes them once and gives them to everything that verifies tokens: what is known of
    an issuer's keys and tokens, and how often it may be asked, is one for all.

    Raises:
        ConfigurationError: There is none, or a file of one cannot be used.
    """
    issuers = configuration.settings.issuers
    if not issuers:
        msg = f"{configuration.file}: no [[issuers]] is configured, so nobody could sign in"
        raise ConfigurationError(msg)
    return {one.issuer: _trusted(configuration, one) for one in issuers}


def identity_links(configuration: Configuration) -> tuple[Link, ...]:
    """
    Return every configured link: of users, of groups in tokens, and of services.
    """
    issuers = configuration.settings.issuers
    links: list[Link] = [
        IdentityLink(issuer.issuer, one.claim, AuthorityId(one.authority))
        for issuer in issuers
        for one in issuer.links
    ]
    links += [
        GroupLink(issuer.issuer, AuthorityId(issuer.groups.authority))
        for issuer in issuers
        if issuer.groups is not None
    ]
    links += [
        ServiceLink(issuer.issuer, one.client, one.subject, AuthorityId(one.authority), one.user)
        for issuer in issuers
        for one in issuer.services
    ]
    return tuple(links)


def scope_names(configuration: Configuration) -> ScopeNames:
    """
    Return how issuers name the scopes.
    """
    return ScopeNames(configuration.settings.service.scope_prefix)


def demands(configuration: Configuration) -> Demands:
    """
    Return how surely readers must have signed in, by issuer and scope.
    """
    settings = configuration.settings
    return Demands(
        {
            (issuer.issuer, one.scope): Demand(
                tuple(one.acr), frozenset(one.amr), one.max_age, one.grant
            )
            for issuer in settings.issuers
            for one in settings.step_up
            if one.issuer in {None, issuer.issuer}
        }
    )


def certificate_header(configuration: Configuration) -> CertificateHeader | None:
    """
    Return whose word on client certificates is taken.
    """
    stated = configuration.settings.client_certificates
    return None if stated is None else CertificateHeader(stated.header, tuple(stated.proxies))


def revocation_rule(configuration: Configuration) -> RevocationRule:
    """
    Return by which claims the tokens of each issuer can be revoked.
    """
    named: dict[str, set[str]] = {}
    for one in configuration.settings.transmitters:
        for issuer in one.speaks_for if one.email_claim else ():
            named.setdefault(issuer, set()).add(one.email_claim or "")
    return RevocationRule({issuer: frozenset(claims) for issuer, claims in named.items()})


def key_source(
    configuration: Configuration, issuer: IssuerSettings | TransmitterSettings
) -> KeySource:
    """
    Return where an issuer's keys come from; a pinned file is read at once.

    Raises:
        ConfigurationError: The pinned file is missing, writable by others, or no key set.
    """
    if issuer.jwks_file is None:
        return DiscoveredKeys(issuer.issuer, wire_to(configuration, issuer), issuer.jwks_uri)
    path = configuration.beside(issuer.jwks_file)
    _require_unchanged_by_others("jwks_file", path, "export the issuer's public keys to it")
    pinned = PinnedKeys(path)
    try:
        pinned.load()
    except KeysUnavailableError as error:
        raise ConfigurationError(error.diagnostics()) from error
    return pinned


def read_secret(path: Path) -> str:
    """
    Read a client secret; the file's last line break does not belong to it.

    Raises:
        ConfigurationError: It is missing, open to others, or not one line.
    """
    require_private(path, if_missing="write the client's secret there, and: chmod 600")
    try:
        secret = path.read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"client_secret_file {path} cannot be read as text"
        raise ConfigurationError(msg) from error
    if not secret or not secret.isprintable():
        msg = f"client_secret_file {path} must hold the secret on one line, nothing else"
        raise ConfigurationError(msg)
    return secret


def _trusted(configuration: Configuration, issuer: IssuerSettings) -> TrustedIssuer:
    profile = PROFILES[issuer.profile]
    groups = issuer.groups
    return TrustedIssuer(
        issuer=issuer.issuer,
        audiences=frozenset(issuer.audiences),
        algorithms=frozenset(issuer.algorithms),
        profile=profile,
        client_claims=(issuer.client_claim,) if issuer.client_claim else profile.client_claims,
        max_lifetime_seconds=int(issuer.max_lifetime.total_seconds()),
        leeway_seconds=int(issuer.leeway.total_seconds()),
        keys=key_source(configuration, issuer),
        scope_names=scope_names(configuration),
        groups=None
        if groups is None
        else GroupClaim(groups.claim or profile.group_claim, groups.when_missing == "none"),
        delegation=Delegation(
            clients={one.client: _allowance(one) for one in issuer.clients},
            actors={one.actor: _allowance(one) for one in issuer.actors},
        ),
        introspector=_introspector(configuration, issuer),
        senders=SenderRule(issuer.sender.dpop, issuer.sender.certificates, issuer.sender.required),
    )


def _allowance(one: ClientSettings | ActorSettings) -> Allowance:
    return Allowance(
        one.name,
        None if one.scopes is None else frozenset(one.scopes),
        None if one.sources is None else frozenset(one.sources),
    )


def _introspector(configuration: Configuration, issuer: IssuerSettings) -> Introspector | None:
    asked = issuer.introspection
    if asked is None:
        return None
    path = configuration.beside(asked.client_secret_file)
    read_secret(path)  # said at the start; afterwards it is read for every question
    return Introspector(
        issuer=issuer.issuer,
        endpoint=asked.endpoint,
        client_id=asked.client_id,
        secret=lambda: read_secret(path),
        cache_seconds=asked.cache_for.total_seconds(),
        opaque=asked.when != "signed",
        always=asked.when != "opaque",
        wire=wire_to(configuration, issuer),
    )


def wire_to(configuration: Configuration, issuer: IssuerSettings | TransmitterSettings) -> Wire:
    """
    Return how an issuer is reached.

    Raises:
        ConfigurationError: Its `ca_file` cannot be used.
    """
    if issuer.ca_file is None:
        return Wire()
    path = configuration.beside(issuer.ca_file)
    _require_unchanged_by_others("ca_file", path, "put the certificate authority there, as PEM")
    return Wire(private_authorities(path))


def _require_unchanged_by_others(what: str, path: Path, remedy: str) -> None:
    if not path.is_file():
        msg = f"{what} {path} does not exist; {remedy}"
        raise ConfigurationError(msg)
    if path.stat().st_mode & 0o022:
        msg = f"{path} can be changed by others, who could then sign tokens; run: chmod go-w {path}"
        raise ConfigurationError(msg)
