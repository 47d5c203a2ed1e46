"""
Revocations: which tokens count no more, whatever they say of themselves.

A token is named by its issuer and by one thing that it says, or by its issuer alone. Of what is
so named the registry knows two things, and each only ever takes away:

- `not_before`: a token that was issued then or earlier counts no more. It moves forward only,
  so that the order in which revocations arrive makes no difference.
- `account`: while the account is disabled or purged no token counts, whenever it was issued.
  What happened later decides; at one moment the refusal does; a purge is for good.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from unicodedata import normalize

SUBJECT: Final = "sub"
SESSION: Final = "sid"
MAX_VALUE_CHARACTERS: Final = 255
"""
OpenID Connect Core, section 2, for subjects; the same for every claim that names a token.
"""


class AccountState(StrEnum):
    """
    What an issuer has said of an account. Nothing said is `UNKNOWN`, and refuses nothing.
    """

    UNKNOWN = "unknown"
    ENABLED = "enabled"
    DISABLED = "disabled"
    PURGED = "purged"


REFUSED_ACCOUNTS: Final = frozenset({AccountState.DISABLED, AccountState.PURGED})


@dataclass(frozen=True, slots=True, order=True)
class TokensOf:
    """
    The tokens of one issuer that say this in that claim.

    Without a claim they are all of the issuer's; with a claim and an empty value, those that
    do not say. A value is compared byte by byte.
    """

    issuer: str
    claim: str = ""
    value: str = ""

    def __str__(self) -> str:
        if not self.claim:
            return f"every token of {self.issuer}"
        said = repr(self.value) if self.value else "nothing"
        return f"tokens of {self.issuer} whose {self.claim} is {said}"


@dataclass(frozen=True, slots=True)
class CutOff:
    """
    A statement that tokens issued at `moment` or earlier count no more.
    """

    tokens: TokensOf
    moment: datetime


@dataclass(frozen=True, slots=True)
class AccountChange:
    """
    An issuer's statement on an account, with when that happened.
    """

    tokens: TokensOf
    state: AccountState
    at: datetime


@dataclass(frozen=True, slots=True)
class Reinstatement:
    """
    An operator's word that an account counts again, whatever its issuer has said before.
    """

    tokens: TokensOf
    at: datetime


RevocationChange = CutOff | AccountChange | Reinstatement


@dataclass(frozen=True, slots=True)
class TokenStanding:
    """
    What is known of some tokens.
    """

    not_before: datetime | None = None
    account: AccountState = AccountState.UNKNOWN
    account_at: datetime | None = None

    def after(self, change: RevocationChange) -> "TokenStanding":
        """
        Return what is known once this has been said as well.
        """
        match change:
            case CutOff(moment=moment):
                newest = moment if self.not_before is None else max(self.not_before, moment)
                return replace(self, not_before=newest)
            case AccountChange(state=state, at=at):
                return replace(self, account=state, account_at=at) if self._yields(change) else self
            case Reinstatement(at=at) if self.account in REFUSED_ACCOUNTS:
                return replace(self, account=AccountState.ENABLED, account_at=at)
            case Reinstatement():
                return self

    def refuses(self, issued_at: datetime | None) -> bool:
        """
        Say whether a token counts no more; one that does not say when it was issued is old.
        """
        if self.account in REFUSED_ACCOUNTS:
            return True
        if self.not_before is None:
            return False
        return issued_at is None or issued_at <= self.not_before

    def _yields(self, change: AccountChange) -> bool:
        if self.account_at is None:
            return True
        return _weight(change.state, change.at) > _weight(self.account, self.account_at)


def _weight(state: AccountState, at: datetime) -> tuple[bool, datetime, bool]:
    return state is AccountState.PURGED, at, state in REFUSED_ACCOUNTS


@dataclass(frozen=True, slots=True)
class StatementId:
    """
    What makes a statement one and the same: its kind, who made it, and its `jti`.
    """

    kind: str
    issuer: str
    jti: str


def well_named(value: object) -> str | None:
    """
    Return the value of a claim that can name tokens, or nothing.
    """
    if not isinstance(value, str) or not 0 < len(value) <= MAX_VALUE_CHARACTERS:
        return None
    return value if value.isprintable() else None


def folded(address: str) -> str:
    """
    Return an address without regard to case and width, as it is compared to take away.

    Nothing is ever given by it: two people may have addresses that differ in nothing else.
    """
    return normalize("NFKC", normalize("NFKC", address).casefold())


def tokens_named_by(issuer: str, claims: Iterable[tuple[str, object]]) -> frozenset[TokensOf]:
    """
    Return every name that a token goes by, given what it says in these claims.
    """
    by_claim = (TokensOf(issuer, claim, well_named(value) or "") for claim, value in claims)
    return frozenset((TokensOf(issuer), *by_claim))
