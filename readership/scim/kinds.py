"""
Users and groups: how each is found, read, changed and written. `operations` serves both.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic

from acl.model.filters import Filter
from acl.model.provisioning import KeptGroup, KeptUser, StatedGroup, StatedUser
from acl.registry.provisioned import Page
from acl.registry.provisioning import Found, Provisioning, Stated
from readership.scim.desk import ScimDirectory
from readership.scim.patches import Operation, patched_group, patched_user
from readership.scim.requests import Wanted
from readership.scim.resources import (
    Json,
    Written,
    read_group,
    read_user,
    replaced_group,
    replaced_user,
    written_group,
    written_user,
)

MEMBERS: Final = "members"
MAX_TOLD: Final = 1_000
"""
A group with more members than this is not told back after a change that does not ask for it.
"""


@dataclass(frozen=True, slots=True)
class Kind(Generic[Stated, Found]):
    """
    One type of resource.

    `read` says beside what is stated whether it speaks of what a replacement must not decide by
    silence; `replaced` takes that, what was before, and returns what comes of it. `is_long` says
    whether a resource is told back only to whoever asks.
    """

    name: str
    changes: Callable[[ScimDirectory], Provisioning[Stated, Found]]
    one: Callable[[ScimDirectory, str, Wanted], Found | None]
    some: Callable[[ScimDirectory, Filter | None, Page, Wanted], tuple[int, Sequence[Found]]]
    read: Callable[[Json], tuple[Stated, bool]]
    replaced: Callable[[Stated, Stated, bool], Stated]
    patched: Callable[[Stated, list[Operation]], Stated]
    written: Callable[[Found, str], Written]
    is_long: Callable[[Found], bool]


def _is_long(group: KeptGroup) -> bool:
    return len(group.users or ()) + len(group.groups or ()) > MAX_TOLD


USERS: Final[Kind[StatedUser, KeptUser]] = Kind(
    name="User",
    changes=lambda directory: directory.users,
    one=lambda directory, identifier, _: directory.registry.user(identifier),
    some=lambda directory, stated, page, _: directory.registry.users(stated, page),
    read=read_user,
    replaced=lambda stated, before, says: replaced_user(stated, before, says_active=says),
    patched=patched_user,
    written=written_user,
    is_long=lambda _: False,
)
GROUPS: Final[Kind[StatedGroup, KeptGroup]] = Kind(
    name="Group",
    changes=lambda directory: directory.groups,
    one=lambda directory, identifier, wanted: directory.registry.group(
        identifier, members=wanted.has(MEMBERS)
    ),
    some=lambda directory, stated, page, wanted: directory.registry.groups(
        stated, page, members=wanted.has(MEMBERS)
    ),
    read=read_group,
    replaced=lambda stated, before, says: replaced_group(stated, before, says_members=says),
    patched=patched_group,
    written=written_group,
    is_long=_is_long,
)
