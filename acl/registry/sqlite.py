"""
The registry in a SQLite file: the embedded default.

Writing transactions take the write lock at the start (`BEGIN IMMEDIATE`), so that two of them
never discover at the end that they conflict. `synchronous=FULL`: a commit is on disk before it
is acknowledged.
"""

import sqlite3
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from acl.registry.engines import Engines

BUSY_SECONDS: Final = 30
WRITING: Final = "readership_writing"

_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    # A deleted document's sealed text is overwritten, not left in free pages.
    "PRAGMA secure_delete=ON",
    f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}",
)


def open_engines(url: str, *, may_write: bool) -> Engines:
    """
    Open the file; with `may_write=False` SQLite itself refuses changes.
    """
    engine = create_engine(url, hide_parameters=True)
    _prepare(engine, may_write=may_write)

    def describe(connection: Connection) -> str:
        version = connection.exec_driver_sql("SELECT sqlite_version()").scalar_one()
        return f"SQLite {version}, {engine.url.database}"

    return Engines(
        readers=engine,
        writers=engine.execution_options(**{WRITING: True}),
        take_turn=_nothing,
        advise=_no_advice,
        describe=describe,
    )


def file_of(url: str) -> Path:
    """
    Return the file that holds the registry.
    """
    return Path(make_url(url).database or "")


def migration_engine(url: str) -> Engine:
    """
    Return what a migration runs on, one transaction for all of it; a new file is private.
    """
    path = file_of(url)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=True)
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    # The driver would commit each CREATE TABLE by itself, and a kill between two of them
    # would leave a registry that is neither old nor new.
    event.listen(engine, "connect", _no_transactions_of_its_own)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _prepare(engine: Engine, *, may_write: bool) -> None:
    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        _no_transactions_of_its_own(connection, record)
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        if not may_write:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITING, False):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            # Straight to the driver: it waits for nobody, and every request does it several times.
            connection.connection.cursor().execute("BEGIN")


def _no_transactions_of_its_own(
    connection: sqlite3.Connection, record: ConnectionPoolEntry
) -> None:
    del record
    # The driver must not open transactions by itself; the begin event does.
    connection.isolation_level = None


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _nothing(connection: Connection) -> None:
    """
    `BEGIN IMMEDIATE` has taken the turn.
    """


def _no_advice(error: SQLAlchemyError) -> str:
    del error
    return ""
