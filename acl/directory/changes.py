"""
Members that join and leave a group one by one.

A membership list in the history costs its length. Directories tell of one member at a time, so
that a group of ten thousand would be written ten thousand times; what joined and left is written
instead, and the whole list anew after `MAX_CHANGES` of these.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, Subquery, and_, delete, func, insert, or_, select

from acl.directory.stored import (
    is_defined,
    members_from,
    members_json,
    record_group,
    stored_group,
)
from acl.model.identifiers import AuthorityId, Epoch, SourceName, TenantId
from acl.model.principals import Principal, PrincipalKind
from acl.registry import directory_tables as tables
from acl.registry.errors import RegistryMismatchError
from acl.registry.tables import group_history, members

MAX_CHANGES: Final = 1_000
MEMBERS_A_STATEMENT: Final = 200

StatedGroup = tuple[str, Principal]
"""
A group as one source states it.
"""


def change_members(
    connection: Connection,
    source: SourceName,
    group: Principal,
    *,
    added: frozenset[Principal],
    removed: frozenset[Principal],
    epoch: Epoch,
) -> None:
    """
    Let some join a group that is defined, and some leave it, as of an epoch.

    Raises:
        RegistryMismatchError: It is not defined, so that a part of it would be taken for all.
    """
    if not is_defined(connection, source, group):
        msg = f"{source} does not define {group}: members cannot join or leave it"
        raise RegistryMismatchError(msg)
    owner = {"source": source, "group_authority": group.authority, "group_id": group.id}
    mine = and_(*(members.c[name] == value for name, value in owner.items()))
    leaving = sorted(removed)
    for start in range(0, len(leaving), MEMBERS_A_STATEMENT):
        some = [_is(one) for one in leaving[start : start + MEMBERS_A_STATEMENT]]
        connection.execute(delete(members).where(mine, or_(*some)))
    joining = [
        owner | {"authority": one.authority, "kind": one.kind.value, "id": one.id}
        for one in sorted(added)
    ]
    if joining:
        connection.execute(insert(members), joining)
    if _changes_since_listed(connection, source, group) >= MAX_CHANGES:
        now = stored_group(connection, group.tenant, source, group)
        record_group(connection, source, group, now, epoch)
        return
    connection.execute(
        insert(tables.group_changes).values(
            source=source,
            authority=group.authority,
            id=group.id,
            epoch=epoch,
            added=members_json(added),
            removed=members_json(removed),
        )
    )


def changed_since(
    connection: Connection, tenant: TenantId, newest: Subquery, epoch: Epoch
) -> Mapping[StatedGroup, list[tuple[frozenset[Principal], frozenset[Principal]]]]:
    """
    Return who joined and who left each group after its `newest` list and up to an epoch, in order.
    """
    past = tables.group_changes.c
    since = and_(
        past.source == newest.c.source,
        past.authority == newest.c.authority,
        past.id == newest.c.id,
        past.epoch > newest.c.epoch,
    )
    found = select(tables.group_changes).join(newest, since).where(past.epoch <= epoch)
    changes: defaultdict[StatedGroup, list[tuple[frozenset[Principal], frozenset[Principal]]]]
    changes = defaultdict(list)
    for row in connection.execute(found.order_by(past.epoch)):
        group = Principal(tenant, AuthorityId(row.authority), PrincipalKind.GROUP, row.id)
        changed = members_from(tenant, row.added), members_from(tenant, row.removed)
        changes[row.source, group].append(changed)
    return changes


def _is(member: Principal) -> Any:  # noqa: ANN401 - a condition
    named = members.c
    return and_(
        named.authority == member.authority,
        named.kind == member.kind.value,
        named.id == member.id,
    )


def _changes_since_listed(connection: Connection, source: SourceName, group: Principal) -> int:
    listed, past = group_history.c, tables.group_changes.c
    newest = (
        select(func.max(listed.epoch))
        .where(listed.source == source, listed.authority == group.authority, listed.id == group.id)
        .scalar_subquery()
    )
    wanted = select(func.count()).where(
        past.source == source,
        past.authority == group.authority,
        past.id == group.id,
        past.epoch > func.coalesce(newest, 0),
    )
    return connection.scalars(wanted).one()
