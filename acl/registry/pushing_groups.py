"""
Groups that push clients define: each by itself, and never undone by a listing.
"""

import hashlib
from typing import Any

from sqlalchemy import Connection, insert, select, update

from acl.directory.stored import replace_group, stored_group
from acl.model.encoding import encode
from acl.model.identifiers import SourceName, TenantId
from acl.model.principals import Principal
from acl.registry import tables
from acl.registry.database import Database
from acl.registry.epochs import mark_changed, next_epoch
from acl.registry.pushing import DELETED
from acl.registry.steps import ensure_source
from acl.registry.submission import (
    Accepted,
    Record,
    Submission,
    concluded,
    judge,
    newest_event,
    next_revision,
)


class PushedGroupWriter:
    """
    Accepts groups from push clients.
    """

    def __init__(self, database: Database, tenant: TenantId) -> None:
        self._database = database
        self._tenant = tenant

    def put_group(
        self, by: Submission, group: Principal, members: frozenset[Principal], record: Record
    ) -> Accepted:
        """
        Define one group; its siblings stay as they are.

        Raises:
            PreconditionFailedError: A condition does not hold.
            StaleEventError: The stored event is newer, or equal and of another statement.
        """
        return self._state_group(by, group, members, record)

    def delete_group(self, by: Submission, group: Principal, record: Record) -> Accepted:
        """
        Leave a group undefined: unknown, which is not the same as empty.

        Raises:
            PreconditionFailedError: A condition does not hold.
            StaleEventError: The stored event is newer, or equal and of another statement.
        """
        return self._state_group(by, group, None, record)

    def _state_group(
        self,
        by: Submission,
        group: Principal,
        members: frozenset[Principal] | None,
        record: Record,
    ) -> Accepted:
        stated = _group_digest(members)
        with self._database.writing() as connection:
            epoch = next_epoch(connection, now=by.at)
            ensure_source(connection, by.source, by.authority)
            owner = connection.execute(_owner_of_group(by.source, group)).one_or_none()
            stored = stored_group(connection, self._tenant, by.source, group)
            exists = stored is not None
            judge(by.conditions, owner, exists=exists, stated=stated)
            if stored != members:
                replace_group(connection, by.source, group, members, epoch)
                mark_changed(connection, epoch, directory=True)
            created = members is not None and not exists
            accepted = Accepted(next_revision(owner, stated), created=created, epoch=epoch)
            _own_group(connection, by, group, stated, accepted.revision)
            return concluded(connection, by, accepted, record)


def _group_digest(members: frozenset[Principal] | None) -> str:
    if members is None:
        return DELETED
    named = [[one.authority, one.kind.value, one.id] for one in sorted(members)]
    return hashlib.sha256(encode(named)).hexdigest()


def _owner_of_group(source: SourceName, group: Principal) -> Any:  # noqa: ANN401 - a statement
    owners = tables.pushed_groups.c
    return select(tables.pushed_groups).where(
        owners.source == source, owners.authority == group.authority, owners.id == group.id
    )


def _own_group(
    connection: Connection, by: Submission, group: Principal, stated: str, revision: int
) -> None:
    owner = connection.execute(_owner_of_group(by.source, group)).one_or_none()
    named = {"source": by.source, "authority": group.authority, "id": group.id}
    values = {"revision": revision, "event": newest_event(by.conditions, owner), "stated": stated}
    if owner is None:
        connection.execute(insert(tables.pushed_groups).values(**named, **values))
        return
    owners = tables.pushed_groups.c
    connection.execute(
        update(tables.pushed_groups)
        .where(
            owners.source == by.source, owners.authority == group.authority, owners.id == group.id
        )
        .values(**values)
    )
