"""
Runs migrations for `acl.registry.database.migrate`, online and in one transaction.
"""

from alembic import context

from acl.registry.tables import metadata


def run() -> None:
    """
    Upgrade the database whose engine the caller put into the configuration's attributes.
    """
    with context.config.attributes["engine"].connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=True,
            transactional_ddl=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
