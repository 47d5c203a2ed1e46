"""
A directory that is read by LDAP: groups and their members, and no documents.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from acl.errors import InputError
from acl.model.identifiers import AuthorityId, SourceName, TenantId
from ingestion.sources.ldap_listing import GroupEntry, Listing, Wanted, whole_members
from ingestion.sources.ldap_primary import OF_GROUPS, OF_USERS
from ingestion.sources.ldap_search import EntrySearch
from ingestion.sources.port import ListedDocument, Observation

Connect = Callable[[], AbstractContextManager[EntrySearch]]


@dataclass(frozen=True, slots=True)
class LdapSource:
    """
    One directory, read by whoever `connect` connects to.
    """

    name: SourceName
    tenant: TenantId
    authority: AuthorityId
    wanted: Wanted
    connect: Connect
    clock: Callable[[], datetime]

    def observe(self) -> Observation:
        """
        List every group.

        Raises:
            InputError: The listing is not whole.
        """
        # Before the first entry: what is read later may be newer, never older.
        at = self.clock()
        with self.connect() as search:
            groups = self._groups(search)
            attributes = [self.wanted.user_id, *OF_USERS]
            users = search.entries(self.wanted.users_base, self.wanted.users_filter, attributes)
            listing = Listing(self.tenant, self.authority, self.wanted, search)
            listed = listing.listed(groups, users)
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

    def _groups(self, search: EntrySearch) -> list[GroupEntry]:
        wanted = self.wanted
        attributes = [wanted.group_id, wanted.member, *OF_GROUPS]
        # First every entry: the rest of some members may be asked for on the same connection.
        entries = list(search.entries(wanted.groups_base, wanted.groups_filter, attributes))
        return [GroupEntry(one, whole_members(search, one, wanted.member)) for one in entries]
