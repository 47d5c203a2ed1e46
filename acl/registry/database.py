"""
Opens the registry and hands out transactions.

Reading transactions see one consistent state for their whole length. Writing transactions on
SQLite take the write lock at the start (`BEGIN IMMEDIATE`), so that two of them never discover
at the end that they conflict. `synchronous=FULL`: a commit is on disk before it is acknowledged.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from acl.registry.errors import RegistryMismatchError, RegistryUnavailableError

BUSY_SECONDS: Final = 30
WRITING: Final = "readership_writing"
_MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """
    One opened registry.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """
        Open a transaction that sees one state and can change nothing.

        Raises:
            RegistryUnavailableError: The database did not answer.
        """
        with _as_unavailable(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """
        Open a transaction that commits at the end of the block, or not at all.

        Raises:
            RegistryUnavailableError: The database did not answer, or did not commit.
        """
        with _as_unavailable(), self._engine.connect() as connection:
            writer = connection.execution_options(**{WRITING: True})
            with writer.begin():
                yield writer

    def close(self) -> None:
        """
        Give back every connection.
        """
        self._engine.dispose()


def open_database(url: str, *, may_write: bool) -> Database:
    """
    Open the registry; with `may_write=False` the database itself refuses changes.
    """
    engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine, may_write=may_write)
    return Database(engine)


def migrate(url: str) -> None:
    """
    Bring the schema to the version that this program expects. Safe to repeat.

    Raises:
        RegistryMismatchError: The registry is newer than this program.
    """
    _make_private(url)
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["url"] = url
    try:
        command.upgrade(config, "head")
    except Exception as error:
        msg = f"the registry could not be brought up to date: {error}"
        raise RegistryMismatchError(msg) from error


def _make_private(url: str) -> None:
    database = make_url(url).database
    if not url.startswith("sqlite") or database is None:
        return
    path = Path(database)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=True)


@contextmanager
def _as_unavailable() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        msg = f"the registry did not answer: {error}"
        raise RegistryUnavailableError(msg) from error


def _prepare_sqlite(engine: Engine, *, may_write: bool) -> None:
    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        del record
        # The driver must not open transactions by itself; `_begin` does.
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        if not may_write:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get(WRITING, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    # A deleted document's sealed text is overwritten, not left in free pages.
    "PRAGMA secure_delete=ON",
    f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}",
)


def is_current(database: Database) -> bool:
    """
    Say whether the schema exists.
    """
    try:
        with database.reading() as connection:
            connection.execute(text("SELECT value FROM epoch")).one()
    except RegistryUnavailableError:
        return False
    return True
