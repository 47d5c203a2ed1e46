"""
Reads what directories have provisioned; changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select, true

from acl.model.filters import Filter
from acl.model.identifiers import SourceName
from acl.model.provisioning import Kept, KeptGroup, KeptUser, StatedUser
from acl.registry import directory_tables as tables
from acl.registry.database import Database
from acl.registry.filtering import GROUPS, USERS, condition_of
from acl.registry.tables import storable


@dataclass(frozen=True, slots=True)
class Page:
    """
    Which part of a list is wanted: the first is number 0.
    """

    start: int
    count: int


class ProvisionedRegistry:
    """
    Answers for one directory.
    """

    def __init__(self, database: Database, directory: SourceName) -> None:
        self._database = database
        self._directory = directory

    def user(self, identifier: str) -> KeptUser | None:
        """
        Return one user.
        """
        with self._database.reading() as connection:
            return kept_user(connection, self._directory, identifier)

    def group(self, identifier: str, *, members: bool = True) -> KeptGroup | None:
        """
        Return one group.
        """
        with self._database.reading() as connection:
            return kept_group(connection, self._directory, identifier, members=members)

    def users(self, wanted: Filter | None, page: Page) -> tuple[int, Sequence[KeptUser]]:
        """
        Return how many users pass a filter, and a page of them, in an order that stays.

        Raises:
            UnusableFilterError: An attribute cannot be compared like that.
        """
        condition = true() if wanted is None else condition_of(wanted, USERS)
        mine = tables.scim_users.c.directory == self._directory
        found = select(tables.scim_users).where(mine, condition)
        with self._database.reading() as connection:
            total, rows = _paged(connection, found, tables.scim_users.c.id, page)
        return total, [_user(row) for row in rows]

    def groups(
        self, wanted: Filter | None, page: Page, *, members: bool
    ) -> tuple[int, Sequence[KeptGroup]]:
        """
        Return how many groups pass a filter, and a page of them, in an order that stays.

        Raises:
            UnusableFilterError: An attribute cannot be compared like that.
        """
        condition = true() if wanted is None else condition_of(wanted, GROUPS)
        mine = tables.scim_groups.c.directory == self._directory
        found = select(tables.scim_groups).where(mine, condition)
        with self._database.reading() as connection:
            total, rows = _paged(connection, found, tables.scim_groups.c.id, page)
            return total, [_group(connection, row, members=members) for row in rows]


def name_of_facts(directory: SourceName) -> str:
    """
    Return under which name of `installation` it stands how a directory's ids are chosen.
    """
    # A name of any length, in a column of 64 characters.
    return "directory " + sha256(directory.encode()).hexdigest()[:48]


def kept_user(connection: Connection, directory: SourceName, identifier: str) -> KeptUser | None:
    """
    Return one user of a directory.
    """
    users = tables.scim_users
    if not storable(identifier):
        return None
    mine = select(users).where(users.c.directory == directory, users.c.id == identifier)
    row = connection.execute(mine).one_or_none()
    return None if row is None else _user(row)


def kept_group(
    connection: Connection, directory: SourceName, identifier: str, *, members: bool = True
) -> KeptGroup | None:
    """
    Return one group of a directory.
    """
    groups = tables.scim_groups
    if not storable(identifier):
        return None
    mine = select(groups).where(groups.c.directory == directory, groups.c.id == identifier)
    row = connection.execute(mine).one_or_none()
    return None if row is None else _group(connection, row, members=members)


def _paged(
    connection: Connection,
    found: Select[Any],
    order: ColumnElement[str],
    page: Page,
) -> tuple[int, Sequence[Row[Any]]]:
    total = connection.scalars(select(func.count()).select_from(found.subquery())).one()
    if not page.count:
        return total, []
    some = found.order_by(order).offset(page.start).limit(page.count)
    return total, connection.execute(some).all()


def _user(row: Row[Any]) -> KeptUser:
    stated = StatedUser(row.user_name, row.external_id, row.active)
    return KeptUser(Kept(row.id, row.version, row.created, row.modified), stated)


def _group(connection: Connection, row: Row[Any], *, members: bool) -> KeptGroup:
    kept = Kept(row.id, row.version, row.created, row.modified)
    if not members:
        return KeptGroup(kept, row.display_name, row.external_id, None, None)
    belonging = tables.scim_members.c
    found = connection.execute(
        select(belonging.member, belonging.is_group)
        .where(belonging.directory == row.directory, belonging.group == row.id)
        .order_by(belonging.member)
    ).all()
    return KeptGroup(
        kept,
        row.display_name,
        row.external_id,
        tuple(member for member, is_group in found if not is_group),
        tuple(member for member, is_group in found if is_group),
    )
