"""
Verifies a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6), and says what it
ends.

The steps, in the order they are taken:

1. Steps 1 to 9 of `tokens`: the issuer's keys and algorithms, `typ` `logout+jwt` and no other,
   and one of the client ids that the operator has named as audience.
2. `iat` and `exp` are times: not from the future, not expired, and at most `MAX_LIFETIME` apart.
3. `events` holds the logout event; there is no `nonce`, which would make it an ID token.
4. `jti` is a name, and is taken once: the registry refuses a repetition.
5. `sub`, or `sid`, or both say what has ended.

With a subject all of that subject's tokens end, of whichever session: an access token need not
name its session. With a session alone, its tokens end, and those that name none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
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
from acl.identity.subjects import session_tokens
from acl.identity.tokens import TokenVerifier
from acl.model.revocations import SESSION, SUBJECT, CutOff, StatementId, TokensOf

KIND: Final = "logout"
LOGOUT: Final = IssuerProfile(
    frozenset({"logout+jwt", "application/logout+jwt"}), client_claims=(), scope_claims=()
)
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
MAX_LIFETIME: Final = timedelta(hours=1)
"""
The specification recommends two minutes.
"""


@dataclass(frozen=True, slots=True)
class LogoutVerifier:
    """
    Turns logout tokens of the configured issuers into statements.
    """

    verifier: TokenVerifier
    leeway: timedelta
    clock: Callable[[], datetime]

    def verify(self, token: str) -> Statement:
        """
        Verify one token.

        Raises:
            StatementRejectedError: It is not accepted.
            KeysUnavailableError: The issuer's keys could not be had; ask again later.
        """
        issuer, claims = signed_by_one_of(self.verifier, token)  # step 1
        issued_at = self._issued_at(claims)  # step 2
        events = events_in(claims)  # step 3
        require(LOGOUT_EVENT in events, "there is no logout event")
        require("nonce" not in claims, "a logout token has no nonce")
        made = StatementId(KIND, issuer, name_in(claims, "jti"))  # step 4
        ended = tuple(CutOff(one, issued_at) for one in _ended(issuer, claims))  # step 5
        return Statement(made, ended, tuple(sorted(events)))

    def _issued_at(self, claims: Mapping[str, object]) -> datetime:
        issued, expires, now = moment_in(claims, "iat"), moment_in(claims, "exp"), self.clock()
        require(issued <= now + self.leeway, "iat is in the future")
        require(expires > now - self.leeway, "it has expired")
        require(timedelta(0) < expires - issued <= MAX_LIFETIME, "it lives too long")
        return issued


def _ended(issuer: str, claims: Mapping[str, object]) -> tuple[TokensOf, ...]:
    if SUBJECT in claims:
        if SESSION in claims:
            name_in(claims, SESSION)
        return (TokensOf(issuer, SUBJECT, name_in(claims, SUBJECT)),)
    return session_tokens(issuer, name_in(claims, SESSION))
