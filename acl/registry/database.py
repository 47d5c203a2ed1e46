"""
Opens the registry and hands out transactions. `sqlite` and `postgres` say how each does it.

Reading transactions see one consistent state for their whole length. Writing transactions take
turns from their first statement on, so that none decides on a state that another is changing,
and epochs grow in the order of the commits. A commit is durable before it is acknowledged.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, select
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from acl.errors import ReadershipError
from acl.registry import postgres, sqlite, tables
from acl.registry.engines import Engines, reported
from acl.registry.errors import RegistryMismatchError, RegistryUnavailableError

_MIGRATIONS: Final = Path(__file__).parent / "migrations"


class Database:
    """
    One opened registry.
    """

    def __init__(
        self, engines: Engines, require: Callable[[Connection], None] | None = None
    ) -> None:
        """
        `require` is asked at the start of every writing transaction, and may refuse it.
        """
        self._engines = engines
        self._require = require

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """
        Open a transaction that sees one state and can change nothing.

        Raises:
            RegistryUnavailableError: The database did not answer.
        """
        engines = self._engines
        with engines.answering(), engines.readers.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """
        Open a transaction that commits at the end of the block, or not at all.

        Raises:
            RegistryUnavailableError: The database did not answer, or did not commit.
        """
        engines = self._engines
        with engines.answering(), engines.writers.connect() as connection, connection.begin():
            engines.take_turn(connection)
            if self._require is not None:
                self._require(connection)
            yield connection

    def requiring(self, require: Callable[[Connection], None]) -> "Database":
        """
        Return the same database, on which every writing transaction first asks `require`.
        """
        return Database(self._engines, require)

    def describe(self) -> str:
        """
        Say which database this is, for operators.

        Raises:
            RegistryUnavailableError: The database did not answer.
        """
        with self.reading() as connection:
            epoch = connection.scalars(select(tables.epoch.c.value)).one()
            return f"{self._engines.describe(connection)}, epoch {epoch}"

    def close(self) -> None:
        """
        Give back every connection.
        """
        self._engines.close()


def open_database(url: str, *, may_write: bool, password_file: Path | None = None) -> Database:
    """
    Open the registry; with `may_write=False` the database itself refuses changes.

    Raises:
        ConfigurationError: PostgreSQL is named, and its driver is not installed.
    """
    if _is_sqlite(url):
        return Database(sqlite.open_engines(url, may_write=may_write))
    return Database(postgres.open_engines(url, may_write=may_write, password_file=password_file))


def registry_exists(url: str, *, password_file: Path | None = None) -> bool:
    """
    Say whether there is a registry at this address, whole or half made.

    Raises:
        RegistryUnavailableError: The server did not answer. "None there" is an answer,
            silence is not: new keys would be made for a registry that has some.
    """
    if _is_sqlite(url):
        return sqlite.file_of(url).exists()
    engines = postgres.open_engines(url, may_write=False, password_file=password_file)
    try:
        with engines.answering(), engines.readers.connect() as connection:
            return inspect(connection).has_table("alembic_version", schema="public")
    finally:
        engines.close()


def migrate(url: str, *, password_file: Path | None = None) -> None:
    """
    Bring the schema to the version that this program expects. Safe to repeat.

    A schema that is current is left alone, so that a role which may only read can start.

    Raises:
        RegistryMismatchError: The registry is newer than this program, or does not fit it.
        RegistryUnavailableError: The server did not answer.
    """
    if _is_sqlite(url):
        engine = sqlite.migration_engine(url)
    else:
        engine = postgres.migration_engine(url, password_file)
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["engine"] = engine
    try:
        if _is_sqlite(url) or not _is_at_head(engine, config):
            command.upgrade(config, "head")
    except ReadershipError:
        raise
    except Exception as error:
        raise _as_mismatch(error) from error
    finally:
        engine.dispose()


def is_current(database: Database) -> bool:
    """
    Say whether the schema exists.
    """
    try:
        with database.reading() as connection:
            connection.execute(select(tables.epoch.c.value)).one()
    except RegistryUnavailableError:
        return False
    return True


def _is_sqlite(url: str) -> bool:
    return url.startswith("sqlite:")


def _is_at_head(engine: Engine, config: Config) -> bool:
    with engine.connect() as connection:
        postgres.require_fit(connection)
        current = MigrationContext.configure(connection).get_current_revision()
    return current == ScriptDirectory.from_config(config).get_current_head()


def _as_mismatch(error: Exception) -> ReadershipError:
    told = reported(error) if isinstance(error, SQLAlchemyError) else str(error)
    advice = postgres.advice(error) if isinstance(error, SQLAlchemyError) else ""
    msg = "; ".join(one for one in (told, advice) if one)
    if isinstance(error, OperationalError):
        return RegistryUnavailableError(f"the registry did not answer: {msg}")
    return RegistryMismatchError(f"the registry could not be brought up to date: {msg}")
