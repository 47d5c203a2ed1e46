"""
Group definitions at rest: loading them for decisions, replacing those of one source.
"""

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select, tuple_

from acl.decision.membership import Directory
from acl.model.identifiers import AuthorityId, SourceName, TenantId
from acl.model.principals import Principal, PrincipalKind
from acl.registry import tables


def load_directory(
    connection: Connection, tenant: TenantId, believed: frozenset[SourceName] | None = None
) -> Directory:
    """
    Load the groups of the believed sources, or of all where `None`.

    A group that two of them define differently is conflicting. One that only others define is
    not loaded, and with that unknown.
    """
    by_source: defaultdict[Principal, dict[str, set[Principal]]] = defaultdict(dict)
    for row in connection.execute(select(tables.groups)):
        if believed is not None and row.source not in believed:
            continue
        group = Principal(tenant, AuthorityId(row.authority), PrincipalKind.GROUP, row.id)
        by_source[group][row.source] = set()
    for row in connection.execute(select(tables.members)):
        if believed is not None and row.source not in believed:
            continue
        owner = AuthorityId(row.group_authority)
        group = Principal(tenant, owner, PrincipalKind.GROUP, row.group_id)
        member = Principal(tenant, AuthorityId(row.authority), PrincipalKind(row.kind), row.id)
        by_source[group].setdefault(row.source, set()).add(member)
    stated = {
        group: {frozenset(members) for members in definitions.values()}
        for group, definitions in by_source.items()
    }
    return Directory(
        tenant=tenant,
        definitions={group: next(iter(sets)) for group, sets in stated.items() if len(sets) == 1},
        conflicting=frozenset(group for group, sets in stated.items() if len(sets) > 1),
    )


def stored_groups(
    connection: Connection, tenant: TenantId, source: SourceName
) -> dict[Principal, frozenset[Principal]]:
    """
    Return the groups that one source defines, each with its direct members.
    """
    defined: dict[Principal, set[Principal]] = {}
    for row in connection.execute(select(tables.groups).where(tables.groups.c.source == source)):
        group = Principal(tenant, AuthorityId(row.authority), PrincipalKind.GROUP, row.id)
        defined[group] = set()
    belongs = select(tables.members).where(tables.members.c.source == source)
    for row in connection.execute(belongs):
        owner = AuthorityId(row.group_authority)
        group = Principal(tenant, owner, PrincipalKind.GROUP, row.group_id)
        member = Principal(tenant, AuthorityId(row.authority), PrincipalKind(row.kind), row.id)
        defined[group].add(member)
    return {group: frozenset(members) for group, members in defined.items()}


def replace_groups(
    connection: Connection,
    source: SourceName,
    groups: Mapping[Principal, frozenset[Principal]],
    *,
    pushed: frozenset[Principal] = frozenset(),
) -> None:
    """
    Make these the only groups that the source's listing defines; pushed ones stay as they are.

    The caller commits the epoch.
    """
    theirs = select(tables.pushed_groups.c.authority, tables.pushed_groups.c.id).where(
        tables.pushed_groups.c.source == source
    )
    groups_key = tuple_(tables.groups.c.authority, tables.groups.c.id)
    members_key = tuple_(tables.members.c.group_authority, tables.members.c.group_id)
    for table, key in ((tables.members, members_key), (tables.groups, groups_key)):
        connection.execute(delete(table).where(table.c.source == source, key.not_in(theirs)))
    _insert(connection, source, {g: m for g, m in groups.items() if g not in pushed})


def replace_group(
    connection: Connection,
    source: SourceName,
    group: Principal,
    members: frozenset[Principal] | None,
) -> None:
    """
    Define one group anew, or with `None` no more. The caller commits the epoch.
    """
    _remove(connection, source, group.authority, group.id)
    if members is not None:
        _insert(connection, source, {group: members})


def _remove(connection: Connection, source: str, authority: str, identifier: str) -> None:
    groups, members = tables.groups.c, tables.members.c
    connection.execute(
        delete(tables.members).where(
            members.source == source,
            members.group_authority == authority,
            members.group_id == identifier,
        )
    )
    connection.execute(
        delete(tables.groups).where(
            groups.source == source, groups.authority == authority, groups.id == identifier
        )
    )


def _insert(
    connection: Connection,
    source: SourceName,
    groups: Mapping[Principal, frozenset[Principal]],
) -> None:
    defined = [{"source": source, "authority": g.authority, "id": g.id} for g in groups]
    belonging = [
        {
            "source": source,
            "group_authority": group.authority,
            "group_id": group.id,
            "authority": member.authority,
            "kind": member.kind.value,
            "id": member.id,
        }
        for group, members in groups.items()
        for member in members
    ]
    if defined:
        connection.execute(insert(tables.groups), defined)
    if belonging:
        connection.execute(insert(tables.members), belonging)
