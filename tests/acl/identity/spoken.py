"""
A transmitter and an issuer whose every statement can be spoiled.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from acl.identity.logouts import LOGOUT, LOGOUT_EVENT, LogoutVerifier
from acl.identity.security_events import SECURITY_EVENT, SecurityEventVerifier
from acl.identity.subjects import SubjectRule
from acl.identity.tokens import TokenVerifier, TrustedIssuer
from tests.acl.identity.issuers import (
    ISSUER,
    KID,
    NOW,
    Issuer,
    clock,
    trusted,
)

TRANSMITTER: Final = "https://ssf.acme.example"
RECEIVER: Final = "https://rag.acme.example/ssf"
CHAT: Final = "chat-client"
LEEWAY: Final = timedelta(seconds=30)
CAEP: Final = "https://schemas.openid.net/secevent/caep/event-type/"
RISC: Final = "https://schemas.openid.net/secevent/risc/event-type/"
REVOKED: Final = f"{CAEP}session-revoked"
ALICE: Final = {"format": "iss_sub", "iss": ISSUER, "sub": "alice"}

EVENT_HEADER: Final[Mapping[str, Any]] = {"typ": "secevent+jwt", "kid": KID}
LOGOUT_HEADER: Final[Mapping[str, Any]] = {"typ": "logout+jwt", "kid": KID}


def speaker(algorithm: str = "ES256") -> Issuer:
    return Issuer(algorithm, owner="transmitter", issuer=TRANSMITTER)


def signed(
    issuer: Issuer,
    header: Mapping[str, Any],
    claims: Mapping[str, Any],
    without: tuple[str, ...] = (),
) -> str:
    shown = {"alg": issuer.algorithm, **header}
    return issuer.sign_texts(
        json.dumps({k: v for k, v in shown.items() if k not in without}),
        json.dumps({k: v for k, v in claims.items() if k not in without}),
    )


def event(
    claims: Mapping[str, Any] | None = None,
    header: Mapping[str, Any] | None = None,
    *,
    by: Issuer | None = None,
    now: int = NOW,
    without: tuple[str, ...] = (),
) -> str:
    """
    Return a valid security event token with these members changed and those left out.
    """
    said = {
        "iss": TRANSMITTER,
        "aud": RECEIVER,
        "iat": now - 10,
        "jti": "24c63fb5",
        "sub_id": ALICE,
        "events": {REVOKED: {"event_timestamp": now - 20}},
    }
    return signed(
        by or speaker(), {**EVENT_HEADER, **(header or {})}, {**said, **(claims or {})}, without
    )


def logout(
    claims: Mapping[str, Any] | None = None,
    header: Mapping[str, Any] | None = None,
    *,
    by: Issuer | None = None,
    now: int = NOW,
    without: tuple[str, ...] = (),
) -> str:
    """
    Return a valid logout token with these members changed and those left out.
    """
    said = {
        "iss": ISSUER,
        "aud": CHAT,
        "iat": now - 10,
        "exp": now + 110,
        "jti": "bWJq",
        "sub": "alice",
        "events": {LOGOUT_EVENT: {}},
    }
    return signed(
        by or Issuer("ES256"),
        {**LOGOUT_HEADER, **(header or {})},
        {**said, **(claims or {})},
        without,
    )


def listener(rule: SubjectRule | None = None, by: Issuer | None = None) -> SecurityEventVerifier:
    """
    Return what listens to the transmitter, at `NOW`.
    """
    one = _heard(by or speaker(), RECEIVER)
    rules = {TRANSMITTER: rule or SubjectRule(frozenset({ISSUER}))}
    profiled = replace(one, profile=SECURITY_EVENT)
    return SecurityEventVerifier(
        TokenVerifier({TRANSMITTER: profiled}, clock), rules, LEEWAY, clock
    )


def logout_listener() -> LogoutVerifier:
    """
    Return what listens to the issuer's logouts, at `NOW`.
    """
    profiled = replace(_heard(Issuer("ES256"), CHAT), profile=LOGOUT)
    return LogoutVerifier(TokenVerifier({ISSUER: profiled}, clock), LEEWAY, clock)


def _heard(issuer: Issuer, audience: str) -> TrustedIssuer:
    return replace(trusted(issuer), audiences=frozenset({audience}))
