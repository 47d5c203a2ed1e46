"""
What systems that are not configured any more have left behind, and letting go of it.

The rules:

1. Whom a directory has called inactive or deleted is refused, and a group that it has defined
   stays in doubt for others who define it, although nobody believes the directory any more.
2. Only an operator ends that, for a name at a time; the history keeps what there was.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, literal, select, update

from acl.directory.stored import replace_groups
from acl.errors import ConfigurationError
from acl.model.definers import Definer
from acl.model.identifiers import Epoch, SourceName, TenantId
from acl.model.provisioning import UserState
from acl.registry import directory_tables as directories
from acl.registry import tables
from acl.registry.database import Database
from acl.registry.epochs import next_epoch
from acl.registry.provisioned import name_of_facts

GONE = (UserState.INACTIVE.value, UserState.DELETED.value)


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """
    What counts of a system that is not configured any more: how many groups, and how many users
    whom it had called inactive or deleted.
    """

    name: SourceName
    kind: str
    groups: int
    refused: int

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.groups} groups, {self.refused} refused users"


class Forgetting:
    """
    Knows what is left behind. `configured` are the names of the configuration, with their kinds.
    """

    def __init__(
        self, database: Database, tenant: TenantId, configured: Mapping[SourceName, Definer]
    ) -> None:
        self._database = database
        self._tenant = tenant
        self._configured = configured

    def left_behind(self) -> list[LeftBehind]:
        """
        Return what counts of systems that are not configured, or are now of another kind.
        """
        known = select(tables.sources.c.name, tables.sources.c.kind)
        with self._database.reading() as connection:
            rows = connection.execute(known.order_by(tables.sources.c.name)).all()
            found = [_left(connection, name, kind) for name, kind in rows if kind is not None]
        return [one for one in found if (one.groups or one.refused) and self._is_former(one)]

    def forget(self, name: SourceName, *, now: datetime) -> tuple[LeftBehind, Epoch]:
        """
        Let go of everything that was said under a name; in force at the next request.

        Raises:
            ConfigurationError: The name is configured, or nobody has spoken under it.
        """
        with self._database.writing() as connection:
            epoch = next_epoch(connection, now=now, directory=True)
            kind = connection.scalar(
                select(tables.sources.c.kind).where(tables.sources.c.name == name)
            )
            if kind is None:
                msg = f"nothing is known of {name!r:.80} that could be forgotten"
                raise ConfigurationError(msg)
            left = _left(connection, name, kind)
            if not self._is_former(left):
                msg = f"{kind} {name} is configured; take it out of the configuration first"
                raise ConfigurationError(msg)
            replace_groups(connection, self._tenant, name, {}, epoch)
            _forget_users(connection, name, epoch)
            _forget_statements(connection, name)
        return left, epoch

    def _is_former(self, one: LeftBehind) -> bool:
        configured = self._configured.get(one.name)
        return configured is None or configured.value != one.kind


def _left(connection: Connection, name: str, kind: str) -> LeftBehind:
    users = directories.directory_users.c
    groups = select(func.count()).where(tables.groups.c.source == name)
    refused = select(func.count()).where(users.source == name, users.state.in_(GONE))
    return LeftBehind(
        SourceName(name),
        kind,
        connection.scalars(groups).one(),
        connection.scalars(refused).one(),
    )


def _forget_users(connection: Connection, name: SourceName, epoch: Epoch) -> None:
    users, past = directories.directory_users, directories.directory_user_history
    forgotten = UserState.FORGOTTEN.value
    known = select(users.c.source, users.c.id, literal(epoch), literal(forgotten)).where(
        users.c.source == name, users.c.state != forgotten
    )
    connection.execute(insert(past).from_select(["source", "id", "epoch", "state"], known))
    # Kept as rows: their epoch tells every process that people have changed.
    connection.execute(
        update(users).where(users.c.source == name).values(state=forgotten, epoch=epoch)
    )


def _forget_statements(connection: Connection, name: SourceName) -> None:
    for table in (directories.scim_members, directories.scim_groups, directories.scim_users):
        connection.execute(delete(table).where(table.c.directory == name))
    connection.execute(delete(tables.pushed_groups).where(tables.pushed_groups.c.source == name))
    facts = tables.installation.c.name == name_of_facts(name)
    connection.execute(delete(tables.installation).where(facts))
    connection.execute(
        update(tables.sources)
        .where(tables.sources.c.name == name)
        .values(kind=None, acl_observed_at=None)
    )
