"""
`readership revoke`: ends tokens that have been issued, at the next request of every process.
"""

import secrets
from datetime import timedelta

from acl.audit.events import AuditEvent
from acl.errors import ConfigurationError
from acl.model.revocations import (
    CutOff,
    Reinstatement,
    RevocationChange,
    TokensOf,
    well_named,
)
from acl.registry.revocations import Revoked, revoked
from acl.registry.revoking import RevocationBoard
from acl.settings import Configuration
from acl.wiring import open_ground


def revoke(configuration: Configuration, tokens: TokensOf, reason: str) -> bool:
    """
    End every token of this name that was issued until now; say whether that changed anything.

    An issuer's clock may go before ours, so what it stamps with the next moments ends as well.

    Raises:
        RegistryUnavailableError: It could not be committed; nothing has changed.
        AuditUnavailableError: It is in force, but was not recorded.
    """
    leeway = next(
        one.leeway for one in configuration.settings.issuers if one.issuer == tokens.issuer
    )
    return _apply(configuration, tokens, reason, leeway, ends=True)


def reinstate(configuration: Configuration, tokens: TokensOf, reason: str) -> bool:
    """
    Let an account count again that its issuer has disabled or purged; errors as in `revoke`.

    Tokens that were revoked stay so: their reader signs in anew.
    """
    return _apply(configuration, tokens, reason, timedelta(0), ends=False)


def everything_revoked(configuration: Configuration) -> list[Revoked]:
    """
    Return everything that was ever revoked, newest first.
    """
    ground = open_ground(configuration, may_write=False)
    try:
        return revoked(ground.database)
    finally:
        ground.close()


def named(configuration: Configuration, claim: str, value: str, issuer: str | None) -> TokensOf:
    """
    Return what names some tokens, with their issuer filled in or checked.

    Raises:
        ConfigurationError: The issuer is not said, or not configured; or the name is none.
    """
    known = [one.issuer for one in configuration.settings.issuers]
    if issuer is None and len(known) == 1:
        issuer = known[0]
    if issuer not in known:
        msg = f"name the issuer of the tokens; configured: {', '.join(known) or 'none'}"
        raise ConfigurationError(msg)
    if claim and well_named(value) is None:
        msg = f"{value!r:.80} cannot be the {claim} of a token"
        raise ConfigurationError(msg)
    return TokensOf(issuer, claim, value)


def _apply(
    configuration: Configuration, tokens: TokensOf, reason: str, leeway: timedelta, *, ends: bool
) -> bool:
    ground = open_ground(configuration, may_write=True)
    try:
        now = ground.clock()
        change: RevocationChange = (
            CutOff(tokens, now + leeway) if ends else Reinstatement(tokens, now)
        )
        applied = RevocationBoard(ground.database).apply([change], reason=reason, now=now)
        ground.trail.append(
            AuditEvent(
                at=now,
                request_id=secrets.token_hex(16),
                action="revoke" if ends else "reinstate",
                outcome="done" if applied.epoch is not None else "nothing to do",
                issuer=tokens.issuer,
                details={"tokens": str(tokens), "reason": reason, "epoch": applied.epoch},
            )
        )
        return applied.epoch is not None
    finally:
        ground.close()
