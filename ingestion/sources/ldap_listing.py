"""
From the entries of a directory to group definitions.

The rules:

1. An answer that is not whole is none: see `EntrySearch`. Nothing is concluded from it.
2. An entry that is listed twice, and two entries of one id, refuse the listing: one person would
   be two.
3. A member is the listed user or group whose DN it is, letter for letter. Where it is spelled
   otherwise, the server says whose DN it is: only the server knows which spellings are one.
4. A member that is not listed, or has no usable id, leaves its group not fully known: it grants
   those who are known, and its denial denies everybody (`acl.decision.membership`). A group
   without a usable id is left out.
5. A group in which no member can be seen is not fully known: it may be empty, or its members may
   be hidden, which look alike. The operator may say that none are hidden.
6. Whose primary group it is belongs to a group, which is then not fully known: users who are not
   listed may belong to it as well, and nothing of the group says so.
7. A filter that finds no group is taken for a wrong filter.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from acl.errors import InputError
from acl.model.identifiers import AuthorityId, TenantId
from acl.model.principals import Principal, PrincipalKind
from ingestion.sources.ldap_names import identifier, likeness
from ingestion.sources.ldap_primary import PrimaryGroups
from ingestion.sources.ldap_search import Entry, EntrySearch
from ingestion.sources.port import Problem

HIDDEN: Final = "members that may be hidden"
PRIMARY_ELSEWHERE: Final = "users whose primary group it is, and who are not listed"
MAX_RANGES: Final = 10_000
VERSION: Final = "uSNChanged"
"""
What changes with an entry, in the one kind of directory that hands out members in parts.
"""

_RANGE: Final = re.compile(r"(?P<name>[^;]+);range=(?P<first>\d+)-(?P<last>\d+|\*)")


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    Which entries are users and groups, and which of their attributes are ids and members.
    """

    users_base: str
    users_filter: str
    user_id: str
    groups_base: str
    groups_filter: str
    group_id: str
    member: str
    none_hidden: bool = False
    """Whether a group in which no member can be seen is empty, as the operator says."""


@dataclass(frozen=True, slots=True)
class GroupEntry:
    """
    A group as it is listed: the DNs of its members, in the directory's own writing.
    """

    entry: Entry
    members: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Listed:
    """
    What a listing has come to.
    """

    groups: Mapping[Principal, frozenset[Principal]]
    problems: tuple[Problem, ...]
    users: int


class Listing:
    """
    Puts one listing together.
    """

    def __init__(
        self, tenant: TenantId, authority: AuthorityId, wanted: Wanted, search: EntrySearch
    ) -> None:
        self._tenant, self._authority, self._wanted = tenant, authority, wanted
        self._search = search
        self._listed: dict[str, Principal | None] = {}
        self._alike: set[str] = set()
        self._otherwise: dict[str, Principal | None] = {}
        self._taken: set[Principal] = set()
        self._problems: list[Problem] = []

    def listed(self, groups: Iterable[GroupEntry], users: Iterable[Entry]) -> Listed:
        """
        Return the group definitions.

        Raises:
            InputError: One of the rules refuses the listing.
        """
        found = list(groups)
        if not found:
            msg = f"no group below {self._wanted.groups_base} passes the filter; check both"
            raise InputError(msg)
        named = [
            (self._name(PrincipalKind.GROUP, self._wanted.group_id, one.entry), one)
            for one in found
        ]
        people = [(one, self._name(PrincipalKind.USER, self._wanted.user_id, one)) for one in users]
        self._alike = {likeness(dn) for dn in self._listed}
        primary = PrimaryGroups(people)
        defined = {
            group: self._members(group, one, primary.members_of(one.entry))
            for group, one in named
            if group is not None
        }
        if hidden := sum(not one.members for one in found) * (not self._wanted.none_hidden):
            what = f"{hidden} groups in which no {self._wanted.member} can be seen"
            self._problems.append(
                Problem(self._wanted.groups_base, f"{what} are not fully known: memberless_groups")
            )
        count = sum(principal is not None for _, principal in people)
        return Listed(defined, tuple(self._problems), count)

    def _name(self, kind: PrincipalKind, attribute: str, entry: Entry) -> Principal | None:
        if entry.dn in self._listed:
            msg = (
                f"{entry.dn} is listed twice, perhaps as a user and as a group; narrow the filters"
            )
            raise InputError(msg)
        self._listed[entry.dn] = None
        try:
            named = identifier(attribute, entry.values(attribute))
            principal = Principal(self._tenant, self._authority, kind, named)
        except ValueError as error:
            self._problems.append(Problem(entry.dn, f"has no usable {attribute}: {error}"))
            return None
        if principal in self._taken:
            msg = f"{entry.dn} has the {attribute} of another entry: {principal.id!r}"
            raise InputError(msg)
        self._listed[entry.dn] = principal
        self._taken.add(principal)
        return principal

    def _members(
        self, group: Principal, one: GroupEntry, primary: frozenset[Principal | None]
    ) -> frozenset[Principal]:
        members: set[Principal] = set()
        unlisted = 0
        for value in one.members:
            found = self._member(value)
            unlisted += found is None
            members.add(found or self._unlisted(_shown(value)))
        if unlisted:
            what = f"{unlisted} members are listed neither as users nor as groups"
            self._problems.append(Problem(f"{group}", f"{what}: it is not fully known"))
        if not one.members and not self._wanted.none_hidden:
            members.add(self._unlisted(HIDDEN))
        if primary:
            members |= {found for found in primary if found is not None}
            members.add(self._unlisted(PRIMARY_ELSEWHERE))
        return frozenset(members)

    def _member(self, value: bytes) -> Principal | None:
        try:
            dn = value.decode("utf-8")
        except UnicodeDecodeError:
            return None
        if dn in self._listed:
            return self._listed[dn]
        if dn not in self._otherwise:
            self._otherwise[dn] = self._spelled_otherwise(dn)
        return self._otherwise[dn]

    def _spelled_otherwise(self, dn: str) -> Principal | None:
        if likeness(dn) not in self._alike:
            return None
        found = self._search.entry(dn, [])
        return None if found is None else self._listed.get(found.dn)

    def _unlisted(self, what: str) -> Principal:
        # Of a kind that nobody can define or be: whoever it may stand for is not known.
        try:
            return Principal(self._tenant, self._authority, PrincipalKind.UNLISTED, what)
        except ValueError:
            name = hashlib.sha256(what.encode("utf-8", "surrogatepass")).hexdigest()
            return Principal(self._tenant, self._authority, PrincipalKind.UNLISTED, name)


def whole_members(search: EntrySearch, entry: Entry, attribute: str) -> Sequence[bytes]:
    """
    Return every member of a group, part by part where the directory gives no more at a time
    ([MS-ADTS] 3.1.1.3.1.3.3).

    Raises:
        InputError: The parts do not make a whole, or the group changed while they were read.
    """
    if _part(entry, attribute) is None:
        return entry.values(attribute)
    before = _version(search, entry.dn)
    members: list[bytes] = []
    for _ in range(MAX_RANGES):
        asked = search.entry(entry.dn, [f"{attribute};range={len(members)}-*"])
        part = _part(asked, attribute) if asked is not None else None
        if part is None:
            break
        first, last, values = part
        if first != len(members) or (last is not None and last - first + 1 != len(values)):
            break
        members += values
        if last is not None:
            continue
        # A member that leaves shifts the others: one of them may have slipped between two parts.
        if before != _version(search, entry.dn):
            break
        return members
    msg = f"the members of {entry.dn} came in parts that do not make a whole; try again"
    raise InputError(msg)


def _version(search: EntrySearch, dn: str) -> Sequence[bytes]:
    found = search.entry(dn, [VERSION])
    return found.values(VERSION) if found is not None else ()


def _part(entry: Entry, attribute: str) -> tuple[int, int | None, Sequence[bytes]] | None:
    for name, values in entry.attributes.items():
        found = _RANGE.fullmatch(name)
        if found and found["name"] == attribute.lower():
            last = None if found["last"] == "*" else int(found["last"])
            return int(found["first"]), last, values
    return None


def _shown(value: bytes) -> str:
    return value.decode("utf-8", errors="backslashreplace")
