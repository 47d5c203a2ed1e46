"""
A directory that is read by LDAP: groups and their members, and no documents.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from acl.errors import InputError
from acl.model.identifiers import AuthorityId, SourceName, TenantId
from ingestion.sources.ldap_changes import ChangeMemory, Known, KnownGroup
from ingestion.sources.ldap_listing import (
    Entry,
    EntrySearch,
    GroupEntry,
    Listing,
    Wanted,
    whole_members,
)
from ingestion.sources.port import ListedDocument, Observation

Connect = Callable[[], AbstractContextManager[EntrySearch]]


@dataclass(frozen=True, slots=True)
class LdapSource:
    """
    One directory, read by whoever `connect` connects to.

    With `memory`, members are read again only of groups that have changed.
    """

    name: SourceName
    tenant: TenantId
    authority: AuthorityId
    wanted: Wanted
    connect: Connect
    clock: Callable[[], datetime]
    memory: ChangeMemory | None = None

    def observe(self) -> Observation:
        """
        List every group.

        Raises:
            InputError: The listing is not whole.
        """
        # Before the first entry: what is read later may be newer, never older.
        at = self.clock()
        with self.connect() as search:
            groups = self._remembered(search, self.memory) if self.memory else self._all(search)
            users = search.entries(
                self.wanted.users_base, self.wanted.users_filter, [self.wanted.user_id]
            )
            listed = Listing(self.tenant, self.authority, self.wanted).listed(groups, users)
        return Observation(
            at=at,
            documents={},
            groups=listed.groups,
            problems=listed.problems,
            complete=True,
            stamp=None,
        )

    def unchanged_since(self, observation: Observation) -> bool:
        """
        Say yes: each group is stated by one entry, and no content is paired with any.
        """
        del observation
        return True

    def fetch(self, listed: ListedDocument) -> bytes:
        """
        Refuse: a directory has no documents.
        """
        msg = f"directory {self.name} has no documents, so none {listed.document!r}"
        raise InputError(msg)

    def _all(self, search: EntrySearch, *more: str) -> list[GroupEntry]:
        attributes = [self.wanted.group_id, self.wanted.member, *more]
        # First every entry: the rest of some members may be asked for on the same connection.
        return [
            GroupEntry(one, whole_members(search, one, self.wanted.member))
            for one in self._listed(search, attributes)
        ]

    def _remembered(self, search: EntrySearch, memory: ChangeMemory) -> list[GroupEntry]:
        known = memory.load(search)
        if not known:
            found = self._all(search, memory.attribute)
        else:
            listed = self._listed(search, [self.wanted.group_id, memory.attribute])
            found = [self._unless_known(search, memory, known, one) for one in listed]
        memory.save(
            search,
            {one.entry.dn: KnownGroup(memory.mark(one.entry), tuple(one.members)) for one in found},
        )
        return found

    def _unless_known(
        self, search: EntrySearch, memory: ChangeMemory, known: Known, listed: Entry
    ) -> GroupEntry:
        before = known.get(listed.dn)
        if before is not None and before.mark == memory.mark(listed):
            return GroupEntry(listed, before.members)
        wanted = self.wanted
        now = search.entry(listed.dn, [wanted.group_id, wanted.member, memory.attribute])
        if now is None:
            msg = f"{listed.dn} was there, and is not; try again"
            raise InputError(msg)
        return GroupEntry(now, whole_members(search, now, wanted.member))

    def _listed(self, search: EntrySearch, attributes: Sequence[str]) -> list[Entry]:
        wanted = self.wanted
        return list(search.entries(wanted.groups_base, wanted.groups_filter, attributes))
