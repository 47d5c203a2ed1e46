"""
Runs migrations for `acl.registry.database.migrate`, online and in one transaction.
"""

import sqlite3

from alembic import context
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from acl.registry.tables import metadata


def run() -> None:
    """
    Upgrade the database whose address the caller put into the configuration's attributes.
    """
    engine = create_engine(context.config.attributes["url"], poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        # The driver would commit each CREATE TABLE by itself, and a kill between two of them
        # would leave a registry that is neither old nor new.
        event.listen(engine, "connect", _no_transactions_of_its_own)
        event.listen(engine, "begin", _begin)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=True,
            transactional_ddl=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


def _no_transactions_of_its_own(
    connection: sqlite3.Connection, record: ConnectionPoolEntry
) -> None:
    del record
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


run()
