"""
Revocations at rest, as the doors ask for them: by the names that one token goes by.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Row, Select, and_, bindparam, or_, select

from acl.model.identifiers import Epoch
from acl.model.revocations import AccountState, TokensOf, TokenStanding
from acl.registry import tables
from acl.registry.database import Database

logger = logging.getLogger(__name__)

NAMES_A_QUERY: Final = 8
"""
More than any token has.
"""


def _lookup(names: int) -> Select[tuple[object, ...]]:
    columns = tables.revocations.c
    named = [
        and_(
            columns.issuer == bindparam(f"issuer_{n}"),
            columns.claim == bindparam(f"claim_{n}"),
            columns.value == bindparam(f"value_{n}"),
        )
        for n in range(names)
    ]
    return select(tables.revocations).where(or_(*named))


# Put together once: every request asks.
_LOOKUPS: Final = {n: _lookup(n) for n in range(1, NAMES_A_QUERY + 1)}


@dataclass(frozen=True, slots=True)
class Revoked:
    """
    One row: whose tokens, what is known of them, since which epoch, and why.
    """

    tokens: TokensOf
    standing: TokenStanding
    epoch: Epoch
    changed_at: datetime
    reason: str

    def to_json(self) -> dict[str, object]:
        """
        Return the members as JSON values.
        """
        moment = self.standing.not_before
        return {
            "issuer": self.tokens.issuer,
            "claim": self.tokens.claim,
            "value": self.tokens.value,
            "not_before": None if moment is None else moment.isoformat(),
            "account": self.standing.account.value,
            "epoch": self.epoch,
            "changed_at": self.changed_at.isoformat(),
            "reason": self.reason,
        }


def standings(connection: Connection, tokens: Iterable[TokensOf]) -> dict[TokensOf, TokenStanding]:
    """
    Return what is known of these tokens; nothing for those of which nothing was ever said.
    """
    wanted = sorted(tokens)
    found: dict[TokensOf, TokenStanding] = {}
    for start in range(0, len(wanted), NAMES_A_QUERY):
        some = wanted[start : start + NAMES_A_QUERY]
        named = {
            f"{what}_{n}": text
            for n, one in enumerate(some)
            for what, text in (("issuer", one.issuer), ("claim", one.claim), ("value", one.value))
        }
        for row in connection.execute(_LOOKUPS[len(some)], named):
            found[TokensOf(row.issuer, row.claim, row.value)] = _standing(row)
    return found


def revoked(database: Database) -> list[Revoked]:
    """
    Return everything that was ever revoked, newest first.

    Raises:
        RegistryUnavailableError: The database did not answer.
    """
    columns = tables.revocations.c
    found = select(tables.revocations).order_by(
        columns.epoch.desc(), columns.issuer, columns.claim, columns.value
    )
    with database.reading() as connection:
        return [
            Revoked(
                TokensOf(row.issuer, row.claim, row.value),
                _standing(row),
                Epoch(row.epoch),
                row.changed_at,
                row.reason,
            )
            for row in connection.execute(found)
        ]


def _standing(row: Row[tuple[object, ...]]) -> TokenStanding:
    try:
        state = AccountState(row.account)
    except ValueError:
        logger.critical("a row of revocations was edited: no account is %r", row.account)
        state = AccountState.PURGED
    return TokenStanding(row.not_before, state, row.account_at)


@dataclass(frozen=True, slots=True)
class Heard:
    """
    How many statements an issuer or transmitter has made that had one effect, and the newest.
    """

    kind: str
    issuer: str
    effect: str
    count: int
    newest: datetime
