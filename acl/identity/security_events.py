"""
Verifies a security event token (RFC 8417), and says what it revokes.

The steps, in the order they are taken:

1. Steps 1 to 9 of `tokens`, with the transmitters in place of the issuers: their own keys,
   algorithms and audience, and `typ` `secevent+jwt` and no other.
2. No `exp` and no `sub`, by which it could be taken for another token (SSF 1.0, section 4.1).
3. `jti` is a name; `iat` is a time, not from the future and not older than `MAX_AGE`.
4. `events` holds at least one event, each an object.
5. Every event that has an effect here names in `sub_id` whose tokens it is about, and its
   transmitter may speak for them. Other events are acknowledged and change nothing.

The effect is from when the transmitter spoke or, if that is later, from when it happened; so a
token that was issued while the news was on its way counts no more either.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from acl.identity.profiles import IssuerProfile
from acl.identity.statements import (
    Statement,
    events_in,
    moment_in,
    name_in,
    require,
    signed_by_one_of,
)
from acl.identity.subjects import SubjectRule
from acl.identity.tokens import TokenVerifier
from acl.model.revocations import (
    SESSION,
    AccountChange,
    AccountState,
    CutOff,
    RevocationChange,
    StatementId,
    TokensOf,
)

KIND: Final = "event"
SECURITY_EVENT: Final = IssuerProfile(
    frozenset({"secevent+jwt", "application/secevent+jwt"}), client_claims=(), scope_claims=()
)
MAX_AGE: Final = timedelta(days=7)
"""
An event that is older ends only tokens that have expired; RFC 8935 transmitters retry for less.
"""

_CAEP: Final = "https://schemas.openid.net/secevent/caep/event-type/"
_RISC: Final = "https://schemas.openid.net/secevent/risc/event-type/"
CUTS_OFF: Final = frozenset(
    {
        f"{_CAEP}session-revoked",
        f"{_CAEP}credential-change",
        f"{_CAEP}token-claims-change",
        f"{_CAEP}assurance-level-change",
        f"{_RISC}account-credential-change-required",
        f"{_RISC}credential-compromise",
    }
)
ACCOUNTS: Final[Mapping[str, AccountState]] = {
    f"{_RISC}account-disabled": AccountState.DISABLED,
    f"{_RISC}account-purged": AccountState.PURGED,
    f"{_RISC}account-enabled": AccountState.ENABLED,
}
GIVES_BACK: Final = frozenset(
    event for event, state in ACCOUNTS.items() if state is AccountState.ENABLED
)


@dataclass(frozen=True, slots=True)
class SecurityEventVerifier:
    """
    Turns security event tokens of the configured transmitters into statements.
    """

    verifier: TokenVerifier
    rules: Mapping[str, SubjectRule]
    leeway: timedelta
    clock: Callable[[], datetime]

    def verify(self, token: str) -> Statement:
        """
        Verify one token.

        Raises:
            StatementRejectedError: It is not accepted.
            KeysUnavailableError: The transmitter's keys could not be had; ask again later.
        """
        transmitter, claims = signed_by_one_of(self.verifier, token)  # step 1
        strange = sorted({"exp", "sub"} & claims.keys())
        require(not strange, f"a security event token has no {strange}")  # step 2
        jti = name_in(claims, "jti")
        stated_at = self._stated_at(claims)  # step 3
        events = events_in(claims)  # step 4
        known = {one: events[one] for one in events if one in CUTS_OFF or one in ACCOUNTS}
        rule = self.rules[transmitter]
        changes = [
            change
            for name, event in known.items()
            for one in rule.tokens_of(claims.get("sub_id"), giving=name in GIVES_BACK)  # step 5
            for change in _changes(name, one, self._since(event, stated_at))
        ]
        ignored = tuple(sorted(events.keys() - known.keys()))
        made = StatementId(KIND, transmitter, jti)
        return Statement(made, tuple(changes), tuple(sorted(events)), ignored)

    def _stated_at(self, claims: Mapping[str, object]) -> datetime:
        moment, now = moment_in(claims, "iat"), self.clock()
        require(moment <= now + self.leeway, "iat is in the future")
        require(moment >= now - MAX_AGE, f"iat is older than {MAX_AGE.days} days")
        return moment

    def _since(self, event: Mapping[str, object], stated_at: datetime) -> datetime:
        # CAEP 1.0, section 2: a NumericDate. What is none, or has not come yet, decides nothing.
        stamp = event.get("event_timestamp")
        if isinstance(stamp, bool) or not isinstance(stamp, int | float):
            return stated_at
        latest = self.clock() + self.leeway
        since = min(max(stamp, stated_at.timestamp()), latest.timestamp())
        return datetime.fromtimestamp(since, tz=UTC)


def _changes(event: str, tokens: TokensOf, since: datetime) -> tuple[RevocationChange, ...]:
    state = ACCOUNTS.get(event)
    if state is None:
        return (CutOff(tokens, since),)
    require(tokens.claim != SESSION, "a session has no account; name the user")
    if state is AccountState.ENABLED:
        return (AccountChange(tokens, state, since),)
    return CutOff(tokens, since), AccountChange(tokens, state, since)
