"""
One sync at a time, also on several machines. docs/decisions/0014 says what this guarantees.

1. A sync takes an advisory lock of PostgreSQL, on a connection of its own, and holds it until
   it ends. The server frees it however that connection ends.
2. It then writes its own name into the registry. From there on each of its writing
   transactions begins by looking whether that name still stands.

The lock alone is not enough: a connection can be lost while the work goes on. The name makes
that harmless, because it is looked at in the transaction that commits: once another sync has
begun, no transaction of an earlier one commits any more.

With SQLite there is one machine, and the lock on the data directory is enough.
"""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, delete, insert, select, text

from acl.errors import ReadershipError
from acl.registry import postgres, tables
from acl.registry.database import Database
from acl.registry.errors import RegistryUnavailableError

TURN: Final = "sync_turn"
SYNC_LOCK: Final = 0x5245_4144_0002


class SyncRunningError(ReadershipError):
    """
    Another sync holds this data directory, or this registry.
    """

    public_message = "another sync is running on this data directory; this one leaves"
    code = "sync_running"


class TurnLostError(RegistryUnavailableError):
    """
    Another sync has begun on this registry; nothing of this one may be committed any more.
    """

    code = "sync_turn_lost"


class SyncTurn:
    """
    The right to write what sources say, until another sync takes it.
    """

    def __init__(self) -> None:
        self._name = uuid.uuid4().hex

    def announce(self, database: Database) -> Database:
        """
        Take the right; return the database on which every write depends on still having it.
        """
        with database.writing() as connection:
            connection.execute(delete(tables.installation).where(_OURS))
            row = {"name": TURN, "value": self._name}
            connection.execute(insert(tables.installation).values(**row))
        return database.requiring(self.require)

    def require(self, connection: Connection) -> None:
        """
        Refuse if another sync has begun.

        Raises:
            TurnLostError: One has.
        """
        if connection.scalar(select(tables.installation.c.value).where(_OURS)) != self._name:
            msg = "another sync has begun on this registry; this one stops, nothing was committed"
            raise TurnLostError(msg)


_OURS: Final = tables.installation.c.name == TURN


@contextmanager
def sync_turn(url: str, *, password_file: Path | None = None) -> Iterator[SyncTurn | None]:
    """
    Hold the registry's sync lock; `None` with SQLite, which needs no other than the file's.

    Raises:
        SyncRunningError: Another sync holds it.
        RegistryUnavailableError: The server did not answer.
    """
    if url.startswith("sqlite:"):
        yield None
        return
    engines = postgres.open_engines(url, may_write=True, password_file=password_file)
    wanted = text("SELECT pg_try_advisory_lock(:lock)").bindparams(lock=SYNC_LOCK)
    with ExitStack() as stack:
        stack.callback(engines.close)
        with engines.answering():
            holder = stack.enter_context(engines.writers.connect())
            # Closed at the end, not kept by the pool: the lock is the session's.
            holder.detach()
            taken = holder.scalar(wanted)
            holder.commit()  # an idle transaction would be ended by the server
        if not taken:
            msg = "another sync is running on this registry; this one leaves"
            raise SyncRunningError(msg)
        yield SyncTurn()
