"""
What doctor says of directories.
"""

from datetime import datetime

from sqlalchemy import func, select

from acl.errors import ReadershipError
from acl.model.provisioning import UserState
from acl.registry.directory_tables import directory_users
from acl.registry.tables import groups, sources
from acl.settings_directories import DirectorySettings, LdapDirectorySettings
from acl.wiring import Ground
from ingestion.wiring import build_directory


def describe_directory(ground: Ground, settings: DirectorySettings) -> str:
    """
    Say how a directory is doing; one that is read by LDAP is read for it.

    Raises:
        ReadershipError: It cannot be read, or has never been heard of.
    """
    if isinstance(settings, LdapDirectorySettings):
        seen = build_directory(ground, settings).observe()
        _require_seen(ground, settings.name, f"run 'readership sync {settings.name}'")
        return f"lists {len(seen.groups)} groups, {len(seen.problems)} problems"
    asked = f"its clients ({', '.join(settings.clients)}) must provision"
    heard = _require_seen(ground, settings.name, asked)
    named = directory_users.c
    with ground.database.reading() as connection:
        counted = select(named.state, func.count()).where(
            named.source == settings.name, named.state != UserState.FORGOTTEN.value
        )
        states = connection.execute(counted.group_by(named.state)).all()
        defined = select(func.count()).where(groups.c.source == settings.name)
        known = connection.scalars(defined).one()
    users = ", ".join(f"{count} {state}" for state, count in sorted(tuple(one) for one in states))
    return f"users: {users or 'none'}; groups: {known}; last heard of {heard.isoformat()}"


def _require_seen(ground: Ground, name: str, remedy: str) -> datetime:
    seen = sources.c.acl_observed_at
    with ground.database.reading() as connection:
        found = connection.scalar(select(seen).where(sources.c.name == name))
    if not isinstance(found, datetime):
        msg = f"nothing has been heard of it yet: {remedy}"
        raise ReadershipError(msg)
    return found
