"""
What every change that a directory provisions has in common: one transaction, one epoch.

The rules:

1. A change is made whole or not at all; it is in force, at every process, when it has committed.
2. No two users, and no two groups, of a directory are one principal.
3. A member is a user or a group that this directory has provisioned; nobody else can be named.
4. Who is deleted is taken out of every group, and remembered as deleted.
5. If the id that ACLs name changes, the old one is nobody's: it is remembered as deleted, or
   undefined, and every group has the new one in its place.
6. The audit record is durable before the transaction commits.
"""

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, insert, select, update

from acl.directory.changes import change_members
from acl.errors import InputError, ReadershipError
from acl.model.definers import Definer
from acl.model.identifiers import Epoch, TenantId
from acl.model.principals import Principal, PrincipalKind
from acl.model.provisioning import IdAttribute, ProvisionedDirectory
from acl.registry import directory_tables as tables
from acl.registry.database import Database
from acl.registry.epochs import mark_changed, next_epoch
from acl.registry.errors import RegistryMismatchError
from acl.registry.provisioned import name_of_facts
from acl.registry.steps import ensure_source, mark_observed
from acl.registry.tables import installation, sources, storable
from acl.registry.views import MAX_KEYS_A_QUERY

HEARD_AGAIN: Final = timedelta(minutes=1)


class NotProvisionedError(ReadershipError):
    """
    The directory has provisioned nothing of this id.
    """

    public_message = "not found"
    code = "not_found"


class TakenError(ReadershipError):
    """
    Another user, or group, of the directory has this name or id already.
    """

    public_message = "another resource has this name or id already"
    code = "uniqueness"


class UnusableStatementError(InputError):
    """
    What is stated cannot be a user, or a group, of this directory; the detail says why.
    """

    public_message = "the statement cannot be used; nothing was changed"
    code = "invalid_value"


@dataclass(frozen=True, slots=True)
class Provisioned:
    """
    What a change has come to, for the audit record and for whoever asked.
    """

    id: str
    version: int
    epoch: Epoch
    principal: Principal
    changed: bool
    state: str = ""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


Record = Callable[[Provisioned], None]


@dataclass(frozen=True, slots=True)
class Turn:
    """
    One writing transaction and its epoch.
    """

    connection: Connection
    epoch: Epoch
    now: datetime


class Provisioning:
    """
    The ground of what writes users and what writes groups of one directory.
    """

    def __init__(
        self, database: Database, tenant: TenantId, directory: ProvisionedDirectory
    ) -> None:
        self._database = database
        self._tenant = tenant
        self._directory = directory

    def heard(self, *, now: datetime) -> None:
        """
        Record that the directory has shown itself; at most once in `HEARD_AGAIN`.
        """
        source = sources.c.name == self._directory.name
        with self._database.reading() as connection:
            seen = connection.scalar(select(sources.c.acl_observed_at).where(source))
        if seen is None or now - seen >= HEARD_AGAIN:
            with self._database.writing() as connection:
                _ensure(connection, self._directory)
                mark_observed(connection, self._directory.name, now)

    @contextmanager
    def _turn(self, now: datetime) -> Iterator[Turn]:
        with self._database.writing() as connection:
            epoch = next_epoch(connection, now=now)
            _ensure(connection, self._directory)
            mark_observed(connection, self._directory.name, now)
            yield Turn(connection, epoch, now)

    def _principal(self, kind: PrincipalKind, named: IdAttribute, value: str | None) -> Principal:
        if value is None:
            msg = f"{named.value} is missing: this directory's {kind.value}s are known by it"
            raise UnusableStatementError(msg)
        try:
            return Principal(self._tenant, self._directory.authority, kind, value)
        except ValueError as error:
            msg = f"{named.value}: {error}"
            raise UnusableStatementError(msg) from error

    def _put_in_parents(self, turn: Turn, member: str, old: Principal, new: Principal) -> None:
        """
        Let a member that has another id now take its own place in every group.
        """
        for parent in self._parents(turn.connection, member):
            change_members(
                turn.connection,
                self._directory.name,
                parent,
                added=frozenset({new}),
                removed=frozenset({old}),
                epoch=turn.epoch,
            )
            mark_changed(turn.connection, turn.epoch, directory=True)

    def _take_from_parents(self, turn: Turn, member: str, gone: Principal) -> None:
        """
        Take a member that is deleted out of every group, and count that as a change of these.
        """
        parents = self._parents(turn.connection, member)
        groups, belonging = tables.scim_groups, tables.scim_members
        mine = (belonging.c.directory == self._directory.name) & (belonging.c.member == member)
        of_these = select(belonging.c.group).where(mine)
        turn.connection.execute(
            update(groups)
            .where(groups.c.directory == self._directory.name, groups.c.id.in_(of_these))
            .values(version=groups.c.version + 1, modified=turn.now)
        )
        turn.connection.execute(belonging.delete().where(mine))
        for parent in parents:
            change_members(
                turn.connection,
                self._directory.name,
                parent,
                added=frozenset(),
                removed=frozenset({gone}),
                epoch=turn.epoch,
            )
            mark_changed(turn.connection, turn.epoch, directory=True)

    def _parents(self, connection: Connection, member: str) -> list[Principal]:
        groups, belonging = tables.scim_groups.c, tables.scim_members.c
        found = (
            select(groups.principal)
            .where(groups.directory == self._directory.name)
            .where(belonging.directory == self._directory.name, belonging.group == groups.id)
            # A group in itself is written as a whole where it changes.
            .where(belonging.member == member, belonging.group != member)
            .order_by(groups.id)
        )
        return [self._group(name) for name in connection.scalars(found)]

    def _group(self, name: str) -> Principal:
        return Principal(self._tenant, self._directory.authority, PrincipalKind.GROUP, name)

    def _resolved(
        self, connection: Connection, members: Collection[str]
    ) -> dict[str, tuple[Principal, bool]]:
        """
        Return the principals of members, and whether each is a group.
        """
        found: dict[str, tuple[Principal, bool]] = {}
        wanted = sorted(filter(storable, members))
        for table, kind in (
            (tables.scim_users, PrincipalKind.USER),
            (tables.scim_groups, PrincipalKind.GROUP),
        ):
            for start in range(0, len(wanted), MAX_KEYS_A_QUERY):
                some = wanted[start : start + MAX_KEYS_A_QUERY]
                rows = select(table.c.id, table.c.principal).where(
                    table.c.directory == self._directory.name, table.c.id.in_(some)
                )
                for identifier, name in connection.execute(rows):
                    principal = Principal(self._tenant, self._directory.authority, kind, name)
                    found[identifier] = principal, kind is PrincipalKind.GROUP
        return found


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
        _ensure(connection, directory)
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


def _ensure(connection: Connection, directory: ProvisionedDirectory) -> None:
    ensure_source(connection, directory.name, directory.authority, Definer.SCIM)
