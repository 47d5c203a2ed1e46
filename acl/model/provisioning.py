"""
What a directory provisions: users, groups, and whether a user is still active.

A provisioned user or group has an id that this service gave it. The principal that it stands
for, and that ACLs and identity links name, is one of its attributes; which one is configured.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from acl.model.identifiers import AuthorityId, SourceName


class UserState(StrEnum):
    """
    What a directory last said of a principal's id. One that it never named has none.
    """

    ACTIVE = "active"
    INACTIVE = "inactive"
    DELETED = "deleted"
    """The user is gone, or has another id now."""
    FORGOTTEN = "forgotten"
    """An operator has let go of what a directory said that is not configured any more."""


class IdAttribute(StrEnum):
    """
    The attribute that is a principal's id.
    """

    ID = "id"
    EXTERNAL_ID = "externalId"
    USER_NAME = "userName"
    DISPLAY_NAME = "displayName"


@dataclass(frozen=True, slots=True)
class ProvisionedDirectory:
    """
    A directory that is provisioned: its authority, and what its users' and groups' ids are.
    """

    name: SourceName
    authority: AuthorityId
    user_id: IdAttribute
    group_id: IdAttribute


@dataclass(frozen=True, slots=True)
class StatedUser:
    """
    What a directory states of a user, as far as it matters to permissions. Nothing else is kept.
    """

    user_name: str
    external_id: str | None
    active: bool


@dataclass(frozen=True, slots=True)
class StatedGroup:
    """
    What a directory states of a group; `members` are ids of its users and groups.
    """

    display_name: str
    external_id: str | None
    members: frozenset[str]


@dataclass(frozen=True, slots=True)
class Kept:
    """
    What this service adds to a statement: its id, how often it has changed, and when.
    """

    id: str
    version: int
    created: datetime
    modified: datetime


@dataclass(frozen=True, slots=True)
class KeptUser:
    """
    A user as it is kept.
    """

    kept: Kept
    stated: StatedUser


@dataclass(frozen=True, slots=True)
class KeptGroup:
    """
    A group as it is kept; `users` and `groups` are its members by kind.

    `None` where its members were not asked for.
    """

    kept: Kept
    display_name: str
    external_id: str | None
    users: tuple[str, ...] | None
    groups: tuple[str, ...] | None

    @property
    def stated(self) -> StatedGroup:
        """
        Return the statement.
        """
        members = frozenset((*(self.users or ()), *(self.groups or ())))
        return StatedGroup(self.display_name, self.external_id, members)


@dataclass(frozen=True, slots=True)
class Condition:
    """
    On which versions a change counts (RFC 7644, section 3.14): `None` for whichever.
    """

    match: frozenset[int] | None = None
    none_match: frozenset[int] | None = None

    def holds(self, version: int) -> bool:
        """
        Say whether a change may be made to this version.
        """
        if self.none_match is not None and version in self.none_match:
            return False
        return self.match is None or version in self.match


def require_text(what: str, value: str, most_bytes: int) -> None:
    """
    Refuse what cannot be a name: empty, too long, with control characters, or no Unicode.

    Raises:
        ValueError: It cannot.
    """
    if not 0 < len(value.encode("utf-8", "surrogatepass")) <= most_bytes:
        msg = f"{what} has 1 to {most_bytes} bytes"
        raise ValueError(msg)
    if _unprintable(value):
        msg = f"{what} has no control characters, and is valid Unicode"
        raise ValueError(msg)


def _unprintable(value: Iterable[str]) -> bool:
    return any(one < " " or "\x7f" <= one <= "\x9f" or "\ud800" <= one <= "\udfff" for one in value)
