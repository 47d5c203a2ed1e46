"""
A directory's name stands for one directory, with ids that are chosen once.
"""

import json
from datetime import datetime
from hashlib import sha256

from sqlalchemy import insert, select

from acl.model.provisioning import ProvisionedDirectory
from acl.registry.database import Database
from acl.registry.errors import RegistryMismatchError
from acl.registry.steps import ensure_source, mark_observed
from acl.registry.tables import installation


def require_same_directory(
    database: Database, directory: ProvisionedDirectory, *, now: datetime
) -> None:
    """
    Record how a directory's ids are chosen; refuse to choose others under its name.

    Raises:
        RegistryMismatchError: It was provisioned under another authority, or with other ids.
    """
    # A name of any length, in a column of 64 characters.
    key = "directory " + sha256(directory.name.encode()).hexdigest()[:48]
    stated = json.dumps([directory.authority, directory.user_id, directory.group_id])
    row = {"name": key, "value": stated}
    with database.writing() as connection:
        known = connection.scalar(select(installation.c.value).where(installation.c.name == key))
        if known is None:
            connection.execute(insert(installation).values(**row))
            ensure_source(connection, directory.name, directory.authority)
            mark_observed(connection, directory.name, now)
        elif known != stated:
            msg = (
                f"directory {directory.name} was provisioned with authority, user_id and group_id "
                f"{known}, the configuration says {stated}; give it another name, and provision "
                "it anew"
            )
            raise RegistryMismatchError(msg)
