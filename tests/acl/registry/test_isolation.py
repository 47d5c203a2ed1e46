"""
What processes see of each other: one state within a transaction, the newest in the next.

Each holds on every database. Where PostgreSQL could also do otherwise, a control shows it.
"""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import IsolationLevel
from sqlalchemy import Connection, func, insert, select, update

from acl.decision.read import Permit, decide_read
from acl.model.principals import Principal
from acl.registry import tables
from acl.registry.database import Database, open_database
from acl.registry.permissions import PermissionRegistry
from tests.acl.people import ACME, ALICE, BOB, ENG, NOON, readable_by
from tests.acl.registry.processes import finished, start
from tests.acl.registry.registries import NAMER, SEALER, Registry, every_source, key_of

WRITERS = 4
TURNS = 12


def may_read(reader: PermissionRegistry, principal: Principal) -> bool:
    view, _, found = reader.permissions([key_of("payroll")])
    digest = found[key_of("payroll")].readership
    snapshot = view.by_digest.get(digest) if digest else None
    decision = decide_read(view.directory.standing_of({principal}), snapshot, now=NOON)
    return isinstance(decision, Permit)


def epoch_and_groups(connection: Connection) -> tuple[int, int]:
    epoch = connection.scalars(select(tables.epoch.c.value)).one()
    return epoch, connection.scalars(select(func.count()).select_from(tables.groups)).one()


def count_up(database: Database) -> int:
    """
    Read a number, write the next one, raise the epoch; return the epoch.
    """
    counter = tables.installation.c.name == "counter"
    with database.writing() as connection:
        stored = connection.scalars(select(tables.installation.c.value).where(counter)).one()
        following = str(int(stored) + 1)
        connection.execute(update(tables.installation).where(counter).values(value=following))
        connection.execute(update(tables.epoch).values(value=tables.epoch.c.value + 1))
        return int(connection.scalars(select(tables.epoch.c.value)).one())


def counted(registry: Registry) -> int:
    ((value,),) = registry.sql("SELECT value FROM installation WHERE name = 'counter'")
    return int(str(value))


@pytest.mark.promise("revocation")
def test_what_another_process_revokes_is_revoked_at_the_next_read(registry: Registry) -> None:
    """
    The reader has answered before, and holds connections and a view of the epoch before.
    """
    registry.commit("payroll", readable_by(ALICE))
    assert (True, False) == (may_read(registry.reader, ALICE), may_read(registry.reader, BOB))

    assert "" == finished(start("revoke", registry.url))

    assert (False, True) == (may_read(registry.reader, ALICE), may_read(registry.reader, BOB))


def test_a_reader_sees_one_state_while_a_writer_commits(registry: Registry) -> None:
    """
    Epoch and groups are of one moment, however long the transaction lasts.
    """
    with registry.database.reading() as connection:
        before = epoch_and_groups(connection)
        registry.define({ENG: {ALICE}})
        during = epoch_and_groups(connection)
    with registry.database.reading() as connection:
        after = epoch_and_groups(connection)

    assert before == during
    assert (before[0] + 1, before[1] + 1) == after


def test_a_weaker_isolation_would_mix_two_states(postgres_registry: Registry) -> None:
    """
    The control: the same transaction, READ COMMITTED.
    """
    with psycopg.connect(postgres_registry.url) as connection:
        connection.isolation_level = IsolationLevel.READ_COMMITTED
        epoch = "SELECT value FROM epoch"
        before = connection.execute(epoch).fetchall()
        postgres_registry.define({ENG: {ALICE}})

        assert before != connection.execute(epoch).fetchall()


def test_writers_take_turns_and_lose_nothing(registry: Registry) -> None:
    """
    Each decides on what the one before it committed, and epochs are consecutive.
    """
    registry.sql("INSERT INTO installation (name, value) VALUES ('counter', '0')")
    before = registry.epoch()

    def work(_: int) -> list[int]:
        database = open_database(registry.url, may_write=True)
        try:
            return [count_up(database) for _ in range(TURNS)]
        finally:
            database.close()

    with ThreadPoolExecutor(WRITERS) as pool:
        seen = [epoch for epochs in pool.map(work, range(WRITERS)) for epoch in epochs]

    assert WRITERS * TURNS == counted(registry)
    assert list(range(before + 1, before + WRITERS * TURNS + 1)) == sorted(seen)


def test_without_turns_an_update_would_be_lost(postgres_registry: Registry) -> None:
    """
    The control: both read before either writes.
    """
    postgres_registry.sql("INSERT INTO installation (name, value) VALUES ('counter', '0')")
    with (
        psycopg.connect(postgres_registry.url) as one,
        psycopg.connect(postgres_registry.url) as other,
    ):
        for connection in (one, other):
            connection.execute("SELECT value FROM installation WHERE name = 'counter'")
        for connection in (one, other):
            connection.execute("UPDATE installation SET value = '1' WHERE name = 'counter'")
            connection.commit()

    assert 1 == counted(postgres_registry)


def test_a_writer_that_fails_lets_the_next_one_in(registry: Registry) -> None:
    with pytest.raises(ZeroDivisionError), registry.writer._database.writing():  # noqa: SLF001
        raise ZeroDivisionError

    before = registry.epoch()
    registry.define({ENG: {ALICE}})

    assert before + 1 == registry.epoch()


def test_a_reading_transaction_of_a_writer_changes_nothing(postgres_registry: Registry) -> None:
    """
    Also where the connection could: what is meant to read, reads.
    """
    writer = open_database(postgres_registry.url, may_write=True)
    reader = PermissionRegistry(writer, ACME, NAMER, SEALER, every_source)
    row = insert(tables.readerships).values(digest="0" * 64, gates="[]")

    with pytest.raises(Exception, match="unavailable"), writer.reading() as connection:
        connection.execute(row)

    assert {} == reader.current()[0].by_digest
    writer.close()
