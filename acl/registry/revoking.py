"""
Writes revocations. Each that changes anything commits a new epoch, so it holds at the next
request of every process; one that changes nothing costs nobody anything.

A statement of an issuer or transmitter is remembered by who made it and its `jti`, in the
transaction in which it takes effect: repeating it does nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, select, update

from acl.model.identifiers import Epoch
from acl.model.revocations import (
    REFUSED_ACCOUNTS,
    RevocationChange,
    StatementId,
    TokensOf,
    TokenStanding,
)
from acl.registry import tables
from acl.registry.database import Database
from acl.registry.epochs import next_epoch
from acl.registry.revocations import Heard, standings

REMEMBERED: Final = timedelta(days=8)
"""
Longer than the oldest statement that is accepted, so that what is forgotten cannot come back; and
much longer than any token lives, so that what was revoked then has expired.
"""


@dataclass(frozen=True, slots=True)
class Applied:
    """
    What became of it: the epoch since which it is in force, none if nothing changed; and
    whether it had been made before.
    """

    epoch: Epoch | None
    repeated: bool = False


class RevocationBoard:
    """
    Where tokens are revoked.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def apply(
        self,
        changes: Sequence[RevocationChange],
        *,
        reason: str,
        now: datetime,
        statement: StatementId | None = None,
    ) -> Applied:
        """
        Make changes take effect, all of them or none; in force when this returns.

        Raises:
            RegistryUnavailableError: It could not be committed; nothing has changed.
        """
        with self._database.writing() as connection:
            if statement is not None:
                if connection.execute(_made(statement)).first() is not None:
                    return Applied(None, repeated=True)
                _remember(connection, statement, now, "revoked" if changes else "without effect")
            return Applied(_apply(connection, changes, reason, now))

    def heard(self) -> list[Heard]:
        """
        Return what was heard of issuers and transmitters in the last `REMEMBERED`.
        """
        columns = tables.statements.c
        by = (columns.kind, columns.issuer, columns.effect)
        found = select(*by, func.count(), func.max(columns.received_at)).group_by(*by).order_by(*by)
        with self._database.reading() as connection:
            return [Heard(*row) for row in connection.execute(found)]


def _apply(
    connection: Connection, changes: Sequence[RevocationChange], reason: str, now: datetime
) -> Epoch | None:
    before = standings(connection, {one.tokens for one in changes})
    after = dict(before)
    for one in changes:
        after[one.tokens] = after.get(one.tokens, TokenStanding()).after(one)
    changed = {tokens: new for tokens, new in after.items() if new != before.get(tokens)}
    if not changed:
        return None
    epoch = next_epoch(connection, now=now)
    connection.execute(delete(tables.revocations).where(*_spent(now)))
    kept = standings(connection, changed)
    for tokens, standing in sorted(changed.items(), key=lambda one: one[0]):
        values = _values(standing) | {"epoch": epoch, "changed_at": now, "reason": reason}
        if tokens in kept:
            connection.execute(update(tables.revocations).where(*_is(tokens)).values(**values))
        else:
            named = {"issuer": tokens.issuer, "claim": tokens.claim, "value": tokens.value}
            connection.execute(insert(tables.revocations).values(**named, **values))
    return epoch


def _spent(now: datetime) -> tuple[ColumnElement[bool], ...]:
    # Accounts that are kept out stay so for as long as it takes.
    columns = tables.revocations.c
    refused = [one.value for one in REFUSED_ACCOUNTS]
    return columns.changed_at < now - REMEMBERED, columns.account.not_in(refused)


def _values(standing: TokenStanding) -> dict[str, object]:
    return {
        "not_before": standing.not_before,
        "account": standing.account.value,
        "account_at": standing.account_at,
    }


def _is(tokens: TokensOf) -> tuple[ColumnElement[bool], ...]:
    columns = tables.revocations.c
    return (
        columns.issuer == tokens.issuer,
        columns.claim == tokens.claim,
        columns.value == tokens.value,
    )


def _made(statement: StatementId) -> Select[tuple[str]]:
    columns = tables.statements.c
    return select(columns.jti).where(
        columns.kind == statement.kind,
        columns.issuer == statement.issuer,
        columns.jti == statement.jti,
    )


def _remember(connection: Connection, statement: StatementId, now: datetime, effect: str) -> None:
    columns = tables.statements.c
    connection.execute(delete(tables.statements).where(columns.received_at < now - REMEMBERED))
    connection.execute(
        insert(tables.statements).values(
            kind=statement.kind,
            issuer=statement.issuer,
            jti=statement.jti,
            received_at=now,
            effect=effect,
        )
    )
