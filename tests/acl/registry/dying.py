"""
A process that is killed between what it has written and its commit.
"""

import os
import signal
import sys

from acl.model.identifiers import SourceName
from acl.model.provisioning import (
    Condition,
    IdAttribute,
    ProvisionedDirectory,
    StatedGroup,
    StatedUser,
)
from acl.registry.database import open_database
from acl.registry.provisioning import Provisioned
from acl.registry.provisioning_groups import GroupProvisioning
from acl.registry.provisioning_users import UserProvisioning
from tests.acl.people import ACME, CORP, NOON


def die(done: Provisioned) -> None:
    """
    Be killed, in place of recording.
    """
    del done
    os.kill(os.getpid(), signal.SIGKILL)


def main(what: str, url: str, name: str, identifier: str) -> None:
    """
    Change a user, or a group, and die of it.
    """
    database = open_database(url, may_write=True)
    by = IdAttribute.EXTERNAL_ID
    directory = ProvisionedDirectory(SourceName(name), CORP, by, by)
    if what == "user":
        gone = StatedUser("other", "e-other", active=False)
        users = UserProvisioning(database, ACME, directory)
        users.change(identifier, Condition(), lambda _: gone, die, now=NOON)
    else:
        empty = StatedGroup("other", "other", frozenset())
        groups = GroupProvisioning(database, ACME, directory)
        groups.change(identifier, Condition(), lambda _: empty, die, now=NOON)


if __name__ == "__main__":
    main(*sys.argv[1:])
