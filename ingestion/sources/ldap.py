"""
A directory that is read by LDAP: groups and their members, and no documents.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from acl.errors import InputError
from acl.model.identifiers import AuthorityId, SourceName, TenantId
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


class LdapSource:
    """
    One directory, read by whoever `connect` connects to.
    """

    def __init__(
        self,
        name: SourceName,
        tenant: TenantId,
        authority: AuthorityId,
        wanted: Wanted,
        connect: Connect,
        clock: Callable[[], datetime],
    ) -> None:
        self._name, self._tenant, self._authority = name, tenant, authority
        self._wanted, self._connect, self._clock = wanted, connect, clock

    @property
    def name(self) -> SourceName:
        """
        The configured name.
        """
        return self._name

    @property
    def authority(self) -> AuthorityId:
        """
        The namespace of its principals.
        """
        return self._authority

    def observe(self) -> Observation:
        """
        List every group.

        Raises:
            InputError: The listing is not whole.
        """
        # Before the first entry: what is read later may be newer, never older.
        at = self._clock()
        with self._connect() as search:
            groups = list(self._groups(search))
            users = search.entries(
                self._wanted.users_base, self._wanted.users_filter, [self._wanted.user_id]
            )
            listed = Listing(self._tenant, self._authority, self._wanted).listed(groups, users)
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
        msg = f"directory {self._name} has no documents, so none {listed.document!r}"
        raise InputError(msg)

    def _groups(self, search: EntrySearch) -> Iterator[GroupEntry]:
        attributes = [self._wanted.group_id, self._wanted.member]
        # First all of them: a group may be asked for the rest of its members on the same line.
        for one in self._listed(search, attributes):
            yield GroupEntry(one, whole_members(search, one, self._wanted.member))

    def _listed(self, search: EntrySearch, attributes: Sequence[str]) -> list[Entry]:
        wanted = self._wanted
        return list(search.entries(wanted.groups_base, wanted.groups_filter, attributes))
