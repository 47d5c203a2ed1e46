"""
The configuration of token issuers: whom their tokens speak for, through whom, and how surely.

What it means stands in `acl.identity` and `acl.model.delegation`.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from acl.identity.claims import MAX_LIFETIME_SECONDS
from acl.settings_senders import SenderSettings
from acl.settings_values import Algorithms, Duration, HttpsAddress, Name, Section

MAX_CACHE_SECONDS: Final = 300
Text = Annotated[str, Field(min_length=1)]
Quotable = Annotated[str, Field(pattern=r"^[\x21\x23-\x5b\x5d-\x7e]+$")]
"""
What can stand in a challenge, between quotes and between spaces (RFC 6750, section 3).
"""


class LinkSettings(Section):
    """
    A claim that is a user's id in an authority.
    """

    claim: Text
    authority: Name


class GroupSettings(Section):
    """
    Groups that are taken from the issuer's tokens.
    """

    authority: Name
    """The namespace of these groups; they count for readers who are users there by a link."""

    claim: str | None = Field(default=None, min_length=1)
    """The claim that lists them; the profile decides otherwise."""

    when_missing: Literal["refuse", "none"] = "refuse"
    """A token without the claim is refused, or its reader is taken to be in no group."""


class IntrospectionSettings(Section):
    """
    Asking the issuer about tokens (RFC 7662).
    """

    endpoint: HttpsAddress
    client_id: Text
    """This service, as the issuer knows it."""

    client_secret_file: Path
    """Its secret, on one line of a file of mode 600; relative to the configuration file."""

    when: Literal["opaque", "signed", "both"] = "opaque"
    """`signed` asks about signed tokens too, once their signature holds."""

    cache_for: Duration = timedelta(seconds=10)
    """How long an answer counts, and so how long a revoked token may."""

    @model_validator(mode="after")
    def _bounded(self) -> "IntrospectionSettings":
        if not 0 <= self.cache_for.total_seconds() <= MAX_CACHE_SECONDS:
            msg = f"cache_for is at most {MAX_CACHE_SECONDS}s"
            raise ValueError(msg)
        return self


class _Allowed(Section):
    name: str = ""
    """What people call it, in audit records."""

    scopes: list[Text] | None = None
    """The scopes that it may use at most."""

    sources: list[Name] | None = None
    """The sources that it may look into at most."""


class ClientSettings(_Allowed):
    """
    A client through which readers may ask.
    """

    client: Text


class ActorSettings(_Allowed):
    """
    An agent that may act for readers.
    """

    actor: Text


class ServicePrincipalSettings(Section):
    """
    A client that reads for itself, without a person.
    """

    client: Text
    subject: Text
    """The `sub` of its tokens, compared byte for byte."""

    authority: Name
    user: Text
    """The user of that authority that it is."""


class IssuerSettings(Section):
    """
    One token issuer that is trusted to say who a reader is.
    """

    issuer: HttpsAddress
    """Compared with `iss` byte for byte."""

    audiences: list[str] = Field(min_length=1)
    """Accepted `aud` values; without one, tokens for every other service would be accepted."""

    algorithms: Algorithms = Field(default=["RS256", "ES256"], min_length=1)
    """Signature algorithms; asymmetric only."""

    profile: Literal["rfc9068", "entra", "okta", "keycloak", "generic"] = "rfc9068"
    """What the issuer's access tokens look like; see `acl.identity.profiles`."""

    jwks_file: Path | None = None
    """Pinned public keys; without it they are fetched."""

    jwks_uri: HttpsAddress | None = None
    """Where the keys are fetched; without it the issuer's discovery document says."""

    ca_file: Path | None = None
    """The certificate authorities of the issuer's address; without it the public ones."""

    client_claim: str | None = None
    """The claim that names the client; the profile decides otherwise."""

    max_lifetime: Duration = timedelta(hours=1)
    """The longest life of a token, from `iat` to `exp`."""

    leeway: Duration = timedelta(seconds=30)
    """How far clocks may differ."""

    logout_clients: list[Annotated[str, Field(min_length=1)]] = Field(default=[])
    """Clients whose back-channel logouts it sends here; without one none is taken in."""

    links: list[LinkSettings] = Field(default=[])
    """Which principals its subjects are; without a link they are nobody."""

    groups: GroupSettings | None = None
    """Whether groups are taken from its tokens."""

    introspection: IntrospectionSettings | None = None
    """Whether it is asked about tokens."""

    sender: SenderSettings = SenderSettings()
    """Whether its tokens are bound to a key or a certificate."""

    clients: list[ClientSettings] = Field(default=[])
    """Through which clients readers may ask; if none is listed, through any."""

    actors: list[ActorSettings] = Field(default=[])
    """Which agents may act for readers; none but these."""

    services: list[ServicePrincipalSettings] = Field(default=[])
    """Which clients read for themselves; none but these."""

    @model_validator(mode="after")
    def _bounded(self) -> "IssuerSettings":
        if not all(self.audiences):
            msg = "an audience is empty; list the exact aud value that your issuer puts in"
            raise ValueError(msg)
        if not 0 < self.max_lifetime.total_seconds() <= MAX_LIFETIME_SECONDS:
            msg = "max_lifetime is more than zero and at most 24h"
            raise ValueError(msg)
        if both := sorted(set(self.logout_clients) & set(self.audiences)):
            msg = f"logout_clients and audiences both list {both[0]!r}; a client id is no audience"
            raise ValueError(msg)
        if not 0 <= self.leeway.total_seconds() <= 60:  # noqa: PLR2004 - a minute of clock skew
            msg = "leeway is at most 60s"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _unambiguous(self) -> "IssuerSettings":
        if self.jwks_file is not None and self.jwks_uri is not None:
            msg = "jwks_file and jwks_uri exclude each other"
            raise ValueError(msg)
        for what, names in (
            ("clients", [one.client for one in self.clients]),
            ("actors", [one.actor for one in self.actors]),
            ("services", [one.client for one in self.services]),
        ):
            if len(set(names)) != len(names):
                msg = f"two {what} share one name"
                raise ValueError(msg)
        if self.groups and self.groups.authority not in {one.authority for one in self.links}:
            msg = f"groups.authority {self.groups.authority!r} needs a link of the same authority"
            raise ValueError(msg)
        return self


class StepUpSettings(Section):
    """
    How surely a reader must have signed in for an operation (RFC 9470).
    """

    scope: Literal["rag.search", "rag.read", "rag.audit"]
    """The operations that need this scope."""

    issuer: HttpsAddress | None = None
    """Whose readers; may be left out where one issuer is configured."""

    acr: list[Quotable] = Field(default=[])
    """Authentication contexts, of which the token names one."""

    amr: list[Text] = Field(default=[])
    """Methods (RFC 8176) that must all have been used."""

    max_age: Duration | None = None
    """How long ago the reader may have signed in."""

    grant: Quotable | None = None
    """A scope that the issuer grants after such a sign-in; told to clients in the challenge."""

    @model_validator(mode="after")
    def _demands_something(self) -> "StepUpSettings":
        if not self.acr and not self.amr and self.max_age is None:
            msg = "a step_up demands acr, amr or max_age"
            raise ValueError(msg)
        return self


def require_consistent(
    issuers: Sequence[IssuerSettings], step_ups: Iterable[StepUpSettings], sources: set[str]
) -> None:
    """
    Refuse what is wrong between sections.

    Raises:
        ValueError: The message says what to change.
    """
    asked = [one.issuer for one in issuers if _is_asked_about_opaque_tokens(one)]
    if len(asked) > 1:
        msg = (
            f"issuers {asked} would all be asked about opaque tokens, which do not say whose they "
            "are: each would see the others' tokens; use when = 'signed' for all but one"
        )
        raise ValueError(msg)
    for issuer in issuers:
        for one in (*issuer.clients, *issuer.actors):
            if unknown := sorted(set(one.sources or ()) - sources):
                msg = f"issuer {issuer.issuer}: source {unknown[0]!r} is not configured"
                raise ValueError(msg)
    _require_known_step_ups(step_ups, {one.issuer for one in issuers})


def _is_asked_about_opaque_tokens(issuer: IssuerSettings) -> bool:
    return issuer.introspection is not None and issuer.introspection.when != "signed"


def _require_known_step_ups(step_ups: Iterable[StepUpSettings], known: set[str]) -> None:
    seen: set[tuple[str | None, str]] = set()
    for one in step_ups:
        if one.issuer is None and len(known) > 1:
            msg = "step_up: several issuers are configured, so every step_up names its issuer"
            raise ValueError(msg)
        if one.issuer is not None and one.issuer not in known:
            msg = f"step_up: issuer {one.issuer} is not configured"
            raise ValueError(msg)
        if (one.issuer, one.scope) in seen or (None, one.scope) in seen:
            msg = f"step_up: scope {one.scope} stands twice"
            raise ValueError(msg)
        seen.add((one.issuer, one.scope))
