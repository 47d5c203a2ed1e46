"""
What every change that a directory provisions has in common: one transaction, one epoch.

What somebody becomes is worked out before the transaction, so that nobody waits for it; if they
have changed meanwhile, it is worked out anew.

The rules:

1. A change is made whole or not at all; it is in force, at every process, when it has committed.
2. No two users, and no two groups, of a directory are one principal.
3. A member is a user or a group that this directory has provisioned; nobody else can be named.
4. Who is deleted is taken out of every group, and remembered as deleted.
5. If the id that ACLs name changes, the old one is nobody's: it is remembered as deleted, or
   undefined, and every group has the new one in its place.
6. The audit record is durable before the transaction commits.
"""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, insert, select, update

from acl.directory.changes import change_members
from acl.model.identifiers import Epoch, TenantId
from acl.model.principals import Principal, PrincipalKind
from acl.model.provisioning import Condition, IdAttribute, Kept, ProvisionedDirectory
from acl.registry import directory_tables as tables
from acl.registry.database import Database
from acl.registry.epochs import mark_changed, next_epoch
from acl.registry.errors import (
    NotProvisionedError,
    PreconditionFailedError,
    RegistryUnavailableError,
    UnusableStatementError,
)
from acl.registry.same_directory import ensure_directory
from acl.registry.steps import mark_observed
from acl.registry.tables import sources, storable
from acl.registry.views import MAX_KEYS_A_QUERY

HEARD_AGAIN: Final = timedelta(minutes=1)
ATTEMPTS: Final = 5
"""
How often a change is worked out anew because somebody else's came first.
"""


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


class Resource(Protocol):
    """
    A user or a group as it is kept.
    """

    @property
    def kept(self) -> Kept:
        """
        What this service has added.
        """

    @property
    def stated(self) -> Any:  # noqa: ANN401 - a `Stated`
        """
        What the directory has stated.
        """


Stated = TypeVar("Stated")
Found = TypeVar("Found", bound=Resource)


class _MovedError(Exception):
    """
    Somebody else's change came between working a change out and making it.
    """


class Provisioning(ABC, Generic[Stated, Found]):
    """
    Creates, changes and deletes the users, or the groups, of one directory.
    """

    _table: ClassVar[Table]

    def __init__(
        self, database: Database, tenant: TenantId, directory: ProvisionedDirectory
    ) -> None:
        self._database = database
        self._tenant = tenant
        self._directory = directory

    def create(self, stated: Stated, record: Record, *, now: datetime) -> Found:
        """
        Provision one.

        Raises:
            TakenError: Another one has the name, or the id that ACLs name.
            UnusableStatementError: It has no such id, one that no principal can have, or a
                member that is not provisioned.
        """
        kept = Kept(str(uuid.uuid4()), 1, now, now)
        principal = self._named(kept.id, stated)
        with self._turn(now) as turn:
            self._require_free(turn, kept.id, stated, principal)
            row = {"directory": self._directory.name, "id": kept.id, "created": now}
            row |= self._columns(stated, principal, kept)
            turn.connection.execute(insert(self._table).values(**row))
            made, done = self._made(turn, kept, stated, principal)
            record(done)
        return made

    def change(
        self,
        identifier: str,
        condition: Condition,
        to: Callable[[Stated], Stated],
        record: Record,
        *,
        now: datetime,
    ) -> Found:
        """
        Let one become what `to` says of it; return it as it was committed.

        Raises:
            NotProvisionedError: There is none.
            PreconditionFailedError: The condition does not hold for its version.
            TakenError, UnusableStatementError: As for `create`.
            RegistryUnavailableError: Others change it all the time; try again.
        """
        for _ in range(ATTEMPTS):
            with self._database.reading() as connection:
                before = self._found(connection, identifier, condition)
            stated = to(before.stated)
            try:
                return self._replace(before, stated, record, now)
            except _MovedError:
                continue
        msg = f"{identifier} was changed {ATTEMPTS} times while a change of it was worked out"
        raise RegistryUnavailableError(msg)

    def delete(
        self, identifier: str, condition: Condition, record: Record, *, now: datetime
    ) -> None:
        """
        Delete one: it is in no group any more.

        Raises:
            NotProvisionedError: There is none.
            PreconditionFailedError: The condition does not hold for its version.
        """
        with self._turn(now) as turn:
            found = self._found(turn.connection, identifier, condition)
            principal = self._named(identifier, found.stated)
            self._take_from_parents(turn, identifier, principal)
            turn.connection.execute(delete(self._table).where(self._row(identifier)))
            record(self._gone(turn, found, principal))

    @abstractmethod
    def _kept(self, connection: Connection, identifier: str) -> Found | None:
        """
        Return what is kept of one.
        """

    @abstractmethod
    def _named(self, identifier: str, stated: Stated) -> Principal:
        """
        Return the principal that one stands for.
        """

    @abstractmethod
    def _columns(self, stated: Stated, principal: Principal, kept: Kept) -> dict[str, object]:
        """
        Return what is written of one.
        """

    @abstractmethod
    def _require_free(
        self, turn: Turn, identifier: str, stated: Stated, principal: Principal
    ) -> None:
        """
        Refuse a name or an id that another one has. Writers take turns, so that nobody takes it
        between this look and the commit.
        """

    @abstractmethod
    def _made(
        self, turn: Turn, kept: Kept, stated: Stated, principal: Principal
    ) -> tuple[Found, Provisioned]:
        """
        Let one that was written count.
        """

    @abstractmethod
    def _changed(
        self, turn: Turn, before: Found, kept: Kept, stated: Stated, old: Principal, new: Principal
    ) -> tuple[Found, Provisioned]:
        """
        Let a change that was written count.
        """

    @abstractmethod
    def _unchanged(self, turn: Turn, found: Found, principal: Principal) -> Provisioned:
        """
        Say that nothing has changed.
        """

    @abstractmethod
    def _gone(self, turn: Turn, found: Found, principal: Principal) -> Provisioned:
        """
        Let one that was deleted count no more.
        """

    def _replace(self, before: Found, stated: Stated, record: Record, now: datetime) -> Found:
        identifier = before.kept.id
        old, new = self._named(identifier, before.stated), self._named(identifier, stated)
        with self._turn(now) as turn:
            self._require_unmoved(turn, before.kept)
            if stated == before.stated:
                record(self._unchanged(turn, before, new))
                return before
            kept = Kept(identifier, before.kept.version + 1, before.kept.created, now)
            self._require_free(turn, identifier, stated, new)
            values = self._columns(stated, new, kept)
            turn.connection.execute(
                update(self._table).where(self._row(identifier)).values(**values)
            )
            after, done = self._changed(turn, before, kept, stated, old, new)
            record(done)
        return after

    def _found(self, connection: Connection, identifier: str, condition: Condition) -> Found:
        found = self._kept(connection, identifier)
        if found is None:
            raise NotProvisionedError
        if not condition.holds(found.kept.version):
            raise PreconditionFailedError
        return found

    def _require_unmoved(self, turn: Turn, before: Kept) -> None:
        version = select(self._table.c.version).where(self._row(before.id))
        if turn.connection.scalar(version) != before.version:
            raise _MovedError

    def _row(self, identifier: str) -> ColumnElement[bool]:
        columns = self._table.c
        return and_(columns.directory == self._directory.name, columns.id == identifier)

    def heard(self, *, now: datetime) -> None:
        """
        Record that the directory has shown itself; at most once in `HEARD_AGAIN`.
        """
        source = sources.c.name == self._directory.name
        with self._database.reading() as connection:
            seen = connection.scalar(select(sources.c.acl_observed_at).where(source))
        if seen is None or now - seen >= HEARD_AGAIN:
            with self._database.writing() as connection:
                ensure_directory(connection, self._directory)
                mark_observed(connection, self._directory.name, now)

    @contextmanager
    def _turn(self, now: datetime) -> Iterator[Turn]:
        with self._database.writing() as connection:
            epoch = next_epoch(connection, now=now)
            ensure_directory(connection, self._directory)
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
