"""
Puts the event desk together, if anybody is configured who may speak there.

It has a writing connection of its own; everything that answers readers keeps the read-only one.
"""

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Final

from acl.audit.refusals import Refusals
from acl.identity.logouts import LOGOUT, LogoutVerifier
from acl.identity.security_events import SECURITY_EVENT, SecurityEventVerifier
from acl.identity.subjects import SubjectRule
from acl.identity.tokens import TokenVerifier, TrustedIssuer
from acl.registry.revoking import RevocationBoard
from acl.settings import Configuration
from acl.settings_events import TransmitterSettings
from acl.wiring import Ground, open_ground
from readership.event_desk import EVENT_ACTION, LOGOUT_ACTION, EventDesk
from retrieval.api.app import RefusalRecorder
from retrieval.identity_wiring import TrustedIssuers, key_source, trusted_issuers

LEEWAY: Final = timedelta(seconds=30)
"""
How far the clocks of those who speak here may differ from ours.
"""


def takes_events(configuration: Configuration) -> bool:
    """
    Say whether any transmitter may send security events.
    """
    return bool(configuration.settings.transmitters)


def takes_logouts(configuration: Configuration) -> bool:
    """
    Say whether any issuer sends its logouts here.
    """
    return any(one.logout_clients for one in configuration.settings.issuers)


def open_event_desk(
    configuration: Configuration, stack: ExitStack, *, issuers: TrustedIssuers | None = None
) -> EventDesk:
    """
    Open the desk; `stack` gives it back. `issuers` are those of the process.

    Raises:
        ConfigurationError: A key file cannot be used.
    """
    ground = open_ground(configuration, may_write=True)
    stack.callback(ground.close)
    return build_event_desk(ground, issuers)


def build_event_desk(ground: Ground, issuers: TrustedIssuers | None = None) -> EventDesk:
    """
    Put the desk together on a ground that may write.

    Raises:
        ConfigurationError: A key file cannot be used.
    """
    configuration, clock = ground.configuration, ground.clock
    transmitters = configuration.settings.transmitters
    return EventDesk(
        events=SecurityEventVerifier(
            TokenVerifier(
                {one.issuer: _trusted(configuration, one) for one in transmitters}, clock
            ),
            {one.issuer: _rule(one) for one in transmitters},
            LEEWAY,
            clock,
        ),
        logouts=LogoutVerifier(
            TokenVerifier(
                _logging_out(configuration, issuers or trusted_issuers(configuration)), clock
            ),
            LEEWAY,
            clock,
        ),
        board=RevocationBoard(ground.database),
        trail=ground.trail,
        clock=clock,
        refused_event=RefusalRecorder(ground.trail, clock, EVENT_ACTION),
        refused_logout=RefusalRecorder(ground.trail, clock, LOGOUT_ACTION),
        repeats=Refusals(ground.trail, of_a_kind=1),
    )


def _rule(settings: TransmitterSettings) -> SubjectRule:
    return SubjectRule(frozenset(settings.speaks_for), settings.opaque_issuer, settings.email_claim)


def _trusted(configuration: Configuration, settings: TransmitterSettings) -> TrustedIssuer:
    return TrustedIssuer(
        issuer=settings.issuer,
        audiences=frozenset({settings.audience}),
        algorithms=frozenset(settings.algorithms),
        profile=SECURITY_EVENT,
        client_claims=(),
        max_lifetime_seconds=0,
        leeway_seconds=int(LEEWAY.total_seconds()),
        keys=key_source(configuration, settings),
    )


def _logging_out(configuration: Configuration, issuers: TrustedIssuers) -> TrustedIssuers:
    clients = {one.issuer: one.logout_clients for one in configuration.settings.issuers}
    return {
        name: replace(trusted, audiences=frozenset(clients[name]), profile=LOGOUT)
        for name, trusted in issuers.items()
        if clients[name]
    }
