"""
From the entries of a directory to group definitions.

The rules:

1. An answer that is not whole is none: see `EntrySearch`. Nothing is concluded from it.
2. Two entries of one DN, or of one id, refuse the listing: one person would be two.
3. A member is the listed user or group whose DN it is. One that is neither, or that has no usable
   id, leaves its group not fully known: it grants those who are known, and its denial denies
   everybody (`acl.decision.membership`). A group without a usable id is left out.
4. A filter that finds no group is taken for a wrong filter.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from acl.errors import InputError
from acl.model.identifiers import AuthorityId, TenantId
from acl.model.principals import Principal, PrincipalKind
from ingestion.sources.ldap_names import identifier, same_name
from ingestion.sources.port import Problem

UNLISTED: Final = "not listed: "
MAX_RANGES: Final = 10_000
VERSION: Final = "uSNChanged"
"""
What changes with an entry, in the one kind of directory that hands out members in parts.
"""

_RANGE: Final = re.compile(r"(?P<name>[^;]+);range=(?P<first>\d+)-(?P<last>\d+|\*)")


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One entry, with the attributes that were asked for, in lower case.
    """

    dn: str
    attributes: Mapping[str, Sequence[bytes]]

    def values(self, attribute: str) -> Sequence[bytes]:
        """
        Return the values of an attribute; none if it is not there.
        """
        return self.attributes.get(attribute.lower(), ())


class EntrySearch(Protocol):
    """
    Asks a directory.
    """

    def entries(self, base: str, wanted: str, attributes: Sequence[str]) -> Iterator[Entry]:
        """
        Yield every entry below a base that a filter finds.

        Raises:
            InputError: Not every entry was there: an error, a limit, a referral, a silence. What
                was yielded before is worth nothing then.
        """
        ...

    def entry(self, dn: str, attributes: Sequence[str]) -> Entry | None:
        """
        Return one entry by its DN, if it is there.

        Raises:
            InputError: The directory did not answer.
        """
        ...


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

    def __init__(self, tenant: TenantId, authority: AuthorityId, wanted: Wanted) -> None:
        self._tenant, self._authority, self._wanted = tenant, authority, wanted
        self._known: dict[str, Principal] = {}
        self._dns: set[str] = set()
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
        count = sum(
            self._name(PrincipalKind.USER, self._wanted.user_id, one) is not None for one in users
        )
        defined = {group: self._members(group, one) for group, one in named if group is not None}
        return Listed(defined, tuple(self._problems), count)

    def _name(self, kind: PrincipalKind, attribute: str, entry: Entry) -> Principal | None:
        key = _key(entry.dn)
        if key in self._dns:
            msg = (
                f"{entry.dn} is listed twice, perhaps as a user and as a group; narrow the filters"
            )
            raise InputError(msg)
        self._dns.add(key)
        try:
            named = identifier(attribute, entry.values(attribute))
            principal = Principal(self._tenant, self._authority, kind, named)
        except ValueError as error:
            self._problems.append(Problem(entry.dn, f"has no usable {attribute}: {error}"))
            return None
        if principal in self._taken:
            msg = f"{entry.dn} has the {attribute} of another entry: {principal.id!r}"
            raise InputError(msg)
        self._known[key] = principal
        self._taken.add(principal)
        return principal

    def _members(self, group: Principal, one: GroupEntry) -> frozenset[Principal]:
        members: set[Principal] = set()
        unlisted = 0
        for value in one.members:
            dn = value.decode("utf-8", errors="backslashreplace")
            found = self._known.get(_key(dn))
            unlisted += found is None
            members.add(found or self._unknown(dn))
        if unlisted:
            what = f"{unlisted} members are listed neither as users nor as groups"
            self._problems.append(Problem(f"{group}", f"{what}: it is not fully known"))
        return frozenset(members)

    def _unknown(self, dn: str) -> Principal:
        # A group that nobody defines: whoever it may stand for is not known.
        name = UNLISTED + dn
        try:
            return Principal(self._tenant, self._authority, PrincipalKind.GROUP, name)
        except ValueError:
            name = UNLISTED + hashlib.sha256(dn.encode("utf-8", "surrogatepass")).hexdigest()
            return Principal(self._tenant, self._authority, PrincipalKind.GROUP, name)


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


def _key(dn: str) -> str:
    try:
        return same_name(dn)
    except ValueError:
        return dn
