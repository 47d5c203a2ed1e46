"""
The registry in PostgreSQL, for more than one machine. docs/decisions/0014 says why so.

1. A reading transaction is REPEATABLE READ, READ ONLY: one snapshot for its whole length.
2. A writing transaction is READ COMMITTED and first locks the row of the epoch. Writers so
   take turns, each sees what the one before it committed, and epochs grow in commit order.
3. Only a primary is talked to. A standby may not know of a revocation yet.
4. Nothing waits without end: connecting, locks, statements, idle transactions and silence
   each have a limit, and going over it is an error.
5. Text is compared byte by byte: every column says COLLATE "C" (`tables.exact_text`).
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from acl.errors import ConfigurationError
from acl.keys.password import read_password
from acl.registry import tables
from acl.registry.address import connection_parameters
from acl.registry.engines import Engines
from acl.registry.errors import RegistryMismatchError

if TYPE_CHECKING:
    from acl.registry.postgres_connection import PatientConnection

SILENCE_SECONDS: Final = 10
LOCK_SECONDS: Final = 30
READING_SECONDS: Final = 20
WRITING_SECONDS: Final = 60
MIGRATION_SECONDS: Final = 3_600
POOL_SECONDS: Final = 10
MAX_CONNECTIONS: Final = 20
OLDEST_VERSION: Final = 14
MIGRATION_LOCK: Final = 0x5245_4144_0001
"""
An advisory lock of PostgreSQL: a number that means something to this program alone.
"""

_ADVICE: Final = {
    "28P01": "check registry.password_file, or PGPASSFILE",
    "08P01": "see sslmode and sslrootcert in docs/configuration.md",
    "28000": "create this role, and let it in (pg_hba.conf); see docs/operations.md",
    "3D000": "create the database, see docs/operations.md",
    "3F000": "the tables live in schema public; create it",
    "42P01": "the tables are not there; run 'readership sync'",
    "42703": "the tables are another version's; run 'readership sync' with this one",
    "42501": "this role lacks a right, see docs/operations.md",
    "25006": "this connection may only read",
    "55P03": f"another writer held the registry for {LOCK_SECONDS} s",
    "57014": "a statement took too long; look at the load of the server",
}
_CONNECTING: Final = (
    (r"password authentication failed|no password supplied", "28P01"),
    (r"no pg_hba\.conf entry|role \".*\" does not exist", "28000"),
    (r"database \".*\" does not exist", "3D000"),
    (r"SSL|[Cc]ertificate", "08P01"),
)
"""
Refusals while connecting come without a code. A server that speaks another language gets no
advice beside its own words.
"""


def open_engines(url: str, *, may_write: bool, password_file: Path | None) -> Engines:
    """
    Prepare connections; with `may_write=False` the server refuses changes on them.

    Raises:
        ConfigurationError: The driver is not installed, or the address cannot be used.
    """
    seconds = WRITING_SECONDS if may_write else READING_SECONDS
    options = _options(seconds, may_write=may_write)
    address = make_url(url)
    engine = create_engine(
        _driven(address),
        connect_args=connection_parameters(address) | {"options": options},
        hide_parameters=True,
        max_overflow=MAX_CONNECTIONS - 5,
        pool_pre_ping=True,
        pool_size=5,
        pool_timeout=POOL_SECONDS,
        use_native_hstore=False,
    )
    _connect_by(engine, password_file, seconds)

    def describe(connection: Connection) -> str:
        return f"PostgreSQL {_seen(connection)}, {address.render_as_string()}"

    return Engines(
        readers=engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        ),
        # Said for every transaction: the driver forgets the session's default after a reader.
        writers=engine.execution_options(
            isolation_level="READ COMMITTED", postgresql_readonly=not may_write
        ),
        take_turn=_lock_epoch,
        advise=advice,
        describe=describe,
    )


def migration_engine(url: str, password_file: Path | None) -> Engine:
    """
    Return what a migration runs on: one transaction for all of it, one migration at a time.
    """
    address = make_url(url)
    options = _options(MIGRATION_SECONDS, may_write=True)
    engine = create_engine(
        _driven(address),
        connect_args=connection_parameters(address) | {"options": options},
        hide_parameters=True,
        poolclass=NullPool,
        use_native_hstore=False,
    )
    _connect_by(engine, password_file, MIGRATION_SECONDS)

    @event.listens_for(engine, "begin")
    def _alone(connection: Connection) -> None:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")

    return engine


def require_fit(connection: Connection) -> None:
    """
    Refuse a server or database that cannot keep what the registry promises.

    Raises:
        RegistryMismatchError: Too old, or it does not store every Unicode text.
    """
    version = int(connection.scalar(text("SHOW server_version_num")) or 0) // 10_000
    if version < OLDEST_VERSION:
        msg = f"PostgreSQL {version} is too old; {OLDEST_VERSION} or newer is needed"
        raise RegistryMismatchError(msg)
    encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        msg = f"the database's encoding is {encoding}; create it with ENCODING 'UTF8'"
        raise RegistryMismatchError(msg)


def advice(error: SQLAlchemyError) -> str:
    """
    Return what to do about an error, or nothing.
    """
    origin = error.orig if isinstance(error, DBAPIError) else None
    code = getattr(origin, "sqlstate", None)
    if code is None:
        said = str(origin)
        code = next((code for pattern, code in _CONNECTING if re.search(pattern, said)), None)
    if code is None and origin is not None and getattr(error, "statement", None) is None:
        return "is the server running, and can it be reached from here?"
    return _ADVICE.get(code or "", "")


def _driven(address: URL) -> URL:
    # What stands after the question mark goes into the connection's parameters, checked.
    return address.set(drivername="postgresql+psycopg", query={})


def _options(statement_seconds: int, *, may_write: bool) -> str:
    settings = {
        # Tables of the same name elsewhere are not ours. Temporary ones come first unless named.
        "search_path": "public,pg_temp",
        "synchronous_commit": "on",
        "lock_timeout": f"{LOCK_SECONDS}s",
        "statement_timeout": f"{statement_seconds}s",
        "idle_in_transaction_session_timeout": f"{statement_seconds}s",
        "idle_session_timeout": "0",  # a sync's turn is held by a session that says nothing
        # The server notices within a minute that our machine is gone, and frees what it held.
        "tcp_keepalives_idle": "30",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "3",
        "default_transaction_read_only": "off" if may_write else "on",
    }
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def _connect_by(engine: Engine, password_file: Path | None, patience_seconds: int) -> None:
    connection_class = _driver()

    @event.listens_for(engine, "do_connect")
    def _connect(
        dialect: Dialect,
        record: ConnectionPoolEntry,
        arguments: list[Any],
        parameters: dict[str, Any],
    ) -> "PatientConnection":
        del dialect, record, arguments
        # Read for every connection, so that a changed password needs no restart.
        if password_file is not None:
            parameters = parameters | {"password": read_password(password_file)}
        connection = connection_class.connect(**parameters)
        connection.patience_seconds = patience_seconds + SILENCE_SECONDS
        return connection


def _driver() -> "type[PatientConnection]":
    try:
        from acl.registry.postgres_connection import PatientConnection  # noqa: PLC0415 - optional
    except ImportError as error:
        msg = (
            "registry.url names PostgreSQL, but its driver cannot be loaded "
            f"({error}); install the extra: pip install 'readership[postgres]'"
        )
        raise ConfigurationError(msg) from error
    return PatientConnection


def _lock_epoch(connection: Connection) -> None:
    # `one`: without its row nobody could wait for anybody, and no epoch would grow.
    connection.execute(select(tables.epoch.c.value).with_for_update()).one()


def _seen(connection: Connection) -> str:
    version = connection.scalar(text("SHOW server_version"))
    encrypted = connection.scalar(text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))
    durable = connection.scalar(text("SHOW fsync"))
    warning = "" if durable == "on" else ", fsync is off: a crash loses revocations"
    return f"{version}, {'with' if encrypted else 'without'} TLS{warning}"
