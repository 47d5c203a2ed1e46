"""
Group definitions at rest: loading them for decisions, replacing those of one source.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, delete, insert, select

from acl.decision.membership import Directory
from acl.model.identifiers import AuthorityId, Epoch, SourceName, TenantId
from acl.model.principals import Principal, PrincipalKind
from acl.registry import tables


def load_directory(
    connection: Connection,
    tenant: TenantId,
    believed: frozenset[SourceName],
    unknown: frozenset[Principal] = frozenset(),
) -> Directory:
    """
    Load the groups of the believed sources.

    A group that two of them define differently is conflicting. So is one that a source defines as
    well which is not believed, configured or not: nobody knows whether they would still agree.
    So is one that has members without being defined, and one of `unknown`. What only others define
    is not loaded. All of these are unknown to decisions.
    """
    stated: dict[tuple[str, Principal], set[Principal]] = {}
    doubted = set(unknown)
    for row in connection.execute(select(tables.groups)):
        group = Principal(tenant, AuthorityId(row.authority), PrincipalKind.GROUP, row.id)
        if row.source in believed:
            stated[row.source, group] = set()
        else:
            doubted.add(group)
    for row in connection.execute(select(tables.members)):
        if row.source in believed:
            owner = AuthorityId(row.group_authority)
            group = Principal(tenant, owner, PrincipalKind.GROUP, row.group_id)
            member = Principal(tenant, AuthorityId(row.authority), PrincipalKind(row.kind), row.id)
            if (row.source, group) in stated:
                stated[row.source, group].add(member)
            else:
                doubted.add(group)
    listed = [(source, group, frozenset(some)) for (source, group), some in stated.items()]
    return directory_of(tenant, listed, frozenset(doubted))


def directory_of(
    tenant: TenantId,
    stated: Iterable[tuple[str, Principal, frozenset[Principal]]],
    unknown: frozenset[Principal],
) -> Directory:
    """
    Put together what sources state: each a source, a group and its direct members.
    """
    by_group: defaultdict[Principal, set[frozenset[Principal]]] = defaultdict(set)
    for _, group, members in stated:
        by_group[group].add(members)
    doubted = {group for group, sets in by_group.items() if len(sets) > 1 or group in unknown}
    return Directory(
        tenant=tenant,
        definitions={group: next(iter(by_group[group])) for group in by_group.keys() - doubted},
        conflicting=frozenset(doubted),
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
        # Members without a group are listed as one, so that whoever replaces all replaces these.
        defined.setdefault(group, set()).add(member)
    return {group: frozenset(members) for group, members in defined.items()}


def stored_group(
    connection: Connection, tenant: TenantId, source: SourceName, group: Principal
) -> frozenset[Principal] | None:
    """
    Return the direct members of one group as a source defines it, or `None` if it does not.
    """
    if not is_defined(connection, source, group):
        return None
    members = tables.members.c
    belonging = select(tables.members).where(
        members.source == source,
        members.group_authority == group.authority,
        members.group_id == group.id,
    )
    return frozenset(
        Principal(tenant, AuthorityId(row.authority), PrincipalKind(row.kind), row.id)
        for row in connection.execute(belonging)
    )


def is_defined(connection: Connection, source: SourceName, group: Principal) -> bool:
    """
    Say whether a source defines a group.
    """
    groups = tables.groups.c
    defined = select(groups.id).where(
        groups.source == source, groups.authority == group.authority, groups.id == group.id
    )
    return connection.execute(defined).one_or_none() is not None


def replace_groups(
    connection: Connection,
    tenant: TenantId,
    source: SourceName,
    groups: Mapping[Principal, frozenset[Principal]],
    epoch: Epoch,
    *,
    pushed: frozenset[Principal] = frozenset(),
) -> None:
    """
    Make these the only groups that the source's listing defines, as of an epoch.

    Only groups that differ are written, and each of them is recorded in the history. Those of
    `pushed` belong to push clients and stay as they are.
    """
    stored = stored_groups(connection, tenant, source)
    for group in sorted(stored.keys() - groups.keys() - pushed):
        replace_group(connection, source, group, None, epoch)
    for group in sorted(groups.keys() - pushed):
        if stored.get(group) != groups[group]:
            replace_group(connection, source, group, groups[group], epoch)


def replace_group(
    connection: Connection,
    source: SourceName,
    group: Principal,
    members: frozenset[Principal] | None,
    epoch: Epoch,
) -> None:
    """
    Define one group anew, or with `None` no more, as of an epoch.
    """
    _forget(connection, source, group)
    if members is not None:
        _define(connection, source, group, members)
    record_group(connection, source, group, members, epoch)


def record_group(
    connection: Connection,
    source: SourceName,
    group: Principal,
    members: frozenset[Principal] | None,
    epoch: Epoch,
) -> None:
    """
    Write a group's whole membership list, or with `None` that it is defined no more, down.
    """
    connection.execute(
        insert(tables.group_history).values(
            source=source,
            authority=group.authority,
            id=group.id,
            epoch=epoch,
            members=None if members is None else members_json(members),
        )
    )


def members_json(members: frozenset[Principal]) -> str:
    """
    Write a membership list for the history; `members_from` reads it back.
    """
    return json.dumps([[one.authority, one.kind.value, one.id] for one in sorted(members)])


def members_from(tenant: TenantId, written: str) -> frozenset[Principal]:
    """
    Read what `members_json` wrote.
    """
    return frozenset(
        Principal(tenant, AuthorityId(authority), PrincipalKind(kind), identifier)
        for authority, kind, identifier in json.loads(written)
    )


def _forget(connection: Connection, source: SourceName, group: Principal) -> None:
    members, groups = tables.members.c, tables.groups.c
    connection.execute(
        delete(tables.members).where(
            members.source == source,
            members.group_authority == group.authority,
            members.group_id == group.id,
        )
    )
    connection.execute(
        delete(tables.groups).where(
            groups.source == source, groups.authority == group.authority, groups.id == group.id
        )
    )


def _define(
    connection: Connection, source: SourceName, group: Principal, members: frozenset[Principal]
) -> None:
    named = {"source": source, "authority": group.authority, "id": group.id}
    connection.execute(insert(tables.groups).values(**named))
    owner = {"source": source, "group_authority": group.authority, "group_id": group.id}
    belonging = [
        owner | {"authority": one.authority, "kind": one.kind.value, "id": one.id}
        for one in sorted(members)
    ]
    if belonging:
        connection.execute(insert(tables.members), belonging)
