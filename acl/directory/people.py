"""
Which users a directory has named, at rest: loading them for decisions, and what they were.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select, update

from acl.decision.admission import People
from acl.model.identifiers import AuthorityId, Epoch, SourceName
from acl.model.provisioning import UserState
from acl.registry import directory_tables as tables
from acl.registry.tables import sources

logger = logging.getLogger(__name__)


def people_changed(connection: Connection) -> Epoch:
    """
    Return the epoch at which any directory last said something of a user; zero if none ever did.
    """
    newest = connection.scalar(select(func.max(tables.directory_users.c.epoch)))
    return Epoch(newest or 0)


def load_people(connection: Connection) -> People:
    """
    Load what every directory says of its users.
    """
    users = tables.directory_users.c
    found = connection.execute(select(users.source, users.id, users.state))
    return _people(found, _authorities(connection))


def people_at(connection: Connection, epoch: Epoch) -> People:
    """
    Return what every directory said of its users at an epoch.
    """
    past = tables.directory_user_history.c
    newest = (
        select(past.source, past.id, func.max(past.epoch).label("epoch"))
        .where(past.epoch <= epoch)
        .group_by(past.source, past.id)
        .subquery()
    )
    same = and_(
        past.source == newest.c.source, past.id == newest.c.id, past.epoch == newest.c.epoch
    )
    found = select(past.source, past.id, past.state).select_from(tables.directory_user_history)
    return _people(connection.execute(found.join(newest, same)), _authorities(connection))


def set_state(
    connection: Connection, source: SourceName, identifier: str, state: UserState, epoch: Epoch
) -> bool:
    """
    Record what a directory says of a user as of an epoch; say whether it is something new.
    """
    users = tables.directory_users
    mine = and_(users.c.source == source, users.c.id == identifier)
    known = connection.scalar(select(users.c.state).where(mine))
    if known == state.value:
        return False
    values = {"state": state.value, "epoch": epoch}
    if known is None:
        row = {"source": source, "id": identifier, **values}
        connection.execute(insert(users).values(**row))
    else:
        connection.execute(update(users).where(mine).values(**values))
    past = {"source": source, "id": identifier, "epoch": epoch, "state": state.value}
    connection.execute(insert(tables.directory_user_history).values(**past))
    return True


def _authorities(connection: Connection) -> dict[SourceName, AuthorityId]:
    named = select(sources.c.name, sources.c.authority)
    of_users = named.where(sources.c.name.in_(select(tables.directory_users.c.source)))
    return {SourceName(name): AuthorityId(one) for name, one in connection.execute(of_users)}


def _people(rows: Iterable[Any], authorities: Mapping[SourceName, AuthorityId]) -> People:
    active: defaultdict[SourceName, set[str]] = defaultdict(set)
    gone: defaultdict[SourceName, dict[str, UserState]] = defaultdict(dict)
    for source, identifier, state in rows:
        if state == UserState.ACTIVE.value:
            active[SourceName(source)].add(identifier)
        elif state != UserState.FORGOTTEN.value:
            gone[SourceName(source)][identifier] = _known(state)
    named = {one: frozenset(some) for one, some in active.items()}
    return People(named, dict(gone), authorities)


def _known(state: str) -> UserState:
    if state in set(UserState):
        return UserState(state)
    logger.critical("a row of directory_users was edited: no user is %r; refused", state)
    return UserState.INACTIVE
