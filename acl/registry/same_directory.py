"""
A directory's name stands for one directory, with ids that are chosen once.
"""

import json
from datetime import datetime

from sqlalchemy import Connection, insert, select

from acl.model.definers import Definer
from acl.model.provisioning import ProvisionedDirectory
from acl.registry.database import Database
from acl.registry.errors import RegistryMismatchError
from acl.registry.provisioned import name_of_facts
from acl.registry.steps import ensure_source, mark_observed
from acl.registry.tables import installation


def require_same_directory(
    database: Database, directory: ProvisionedDirectory, *, now: datetime
) -> None:
    """
    Record how a directory's ids are chosen; refuse to choose others under its name.

    Raises:
        RegistryMismatchError: It was provisioned under another authority, or with other ids; or
            its name was that of something else.
    """
    key = name_of_facts(directory.name)
    stated = json.dumps([directory.authority, directory.user_id, directory.group_id])
    row = {"name": key, "value": stated}
    with database.writing() as connection:
        ensure_directory(connection, directory)
        known = connection.scalar(select(installation.c.value).where(installation.c.name == key))
        if known is None:
            connection.execute(insert(installation).values(**row))
            mark_observed(connection, directory.name, now)
        elif known != stated:
            msg = (
                f"directory {directory.name} was provisioned with authority, user_id and group_id "
                f"{known}, the configuration says {stated}; give it another name, and provision "
                "it anew"
            )
            raise RegistryMismatchError(msg)


def ensure_directory(connection: Connection, directory: ProvisionedDirectory) -> None:
    """
    Make sure that the directory has a row; errors as in `ensure_source`.
    """
    ensure_source(connection, directory.name, directory.authority, Definer.SCIM)
