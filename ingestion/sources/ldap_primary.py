"""
Primary groups: in Active Directory, a user is in one group that does not list it as a member.

The user says which one, by the last number of the group's SID ([MS-ADA3] `primaryGroupID`).
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from acl.errors import InputError
from acl.model.principals import Principal
from ingestion.sources.ldap_names import identifier
from ingestion.sources.ldap_search import Entry

SID: Final = "objectSid"
PRIMARY: Final = "primaryGroupID"
OF_USERS: Final = (SID, PRIMARY)
OF_GROUPS: Final = (SID,)


class PrimaryGroups:
    """
    The users whose primary group is known by its SID; a directory without SIDs knows none.
    """

    def __init__(self, users: Iterable[tuple[Entry, Principal | None]]) -> None:
        """
        `users` come with their principal, or `None` for one without a usable id.

        Raises:
            InputError: A user has a primary group, and nobody can say which.
        """
        self._members: defaultdict[str, set[Principal | None]] = defaultdict(set)
        self._silent: dict[str, str] = {}
        for entry, principal in users:
            numbers = entry.values(PRIMARY)
            if not numbers and not entry.values(SID):
                continue
            domain = _read(entry, SID).rpartition("-")[0]
            if numbers:
                self._members[f"{domain}-{_read(entry, PRIMARY)}"].add(principal)
            else:
                self._silent[domain] = entry.dn

    def members_of(self, group: Entry) -> frozenset[Principal | None]:
        """
        Return the users whose primary group this is.

        Raises:
            InputError: Somebody's primary group cannot be read, and may be this one.
        """
        if not self._members and not self._silent:
            return frozenset()
        sid = _read(group, SID)
        silent = self._silent.get(sid.rpartition("-")[0])
        if silent is not None:
            raise InputError(_unreadable(silent, PRIMARY))
        return frozenset(self._members.get(sid, ()))


def _read(entry: Entry, attribute: str) -> str:
    try:
        return identifier(attribute, entry.values(attribute))
    except ValueError as error:
        raise InputError(_unreadable(entry.dn, attribute)) from error


def _unreadable(dn: str, attribute: str) -> str:
    return f"{dn}: let bind_dn read {attribute}; primary groups are not known without it"
