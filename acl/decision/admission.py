"""
Do the directories admit a reader?

The rules, for each principal that the reader's identity links name:

1. In an authority that no directory speaks for, they say nothing.
2. A directory that has been silent for too long, or is switched off, admits nobody.
3. Who is inactive or deleted there is refused.
4. Who was never named there is refused, unless the directory is known to name only some.

One principal that is refused refuses the reader, whatever the others may read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from acl.model.identifiers import AuthorityId, SourceName
from acl.model.principals import Principal, PrincipalKind
from acl.model.provisioning import UserState


@dataclass(frozen=True, slots=True)
class SpeakingDirectory:
    """
    A directory that speaks for the users of an authority.
    """

    name: SourceName
    authority: AuthorityId
    admits_unknown: bool


@dataclass(frozen=True, slots=True)
class People:
    """
    What directories say of users, at one epoch: by directory, the ids in each state.
    """

    active: Mapping[SourceName, frozenset[str]] = field(default_factory=dict)
    gone: Mapping[SourceName, Mapping[str, UserState]] = field(default_factory=dict)

    def state(self, directory: SourceName, identifier: str) -> UserState | None:
        """
        Return what a directory says of a user, or `None` if it has never named one.
        """
        found = self.gone.get(directory, {}).get(identifier)
        if found is not None:
            return found
        known = identifier in self.active.get(directory, frozenset())
        return UserState.ACTIVE if known else None


def refusal(
    linked: Iterable[Principal],
    people: People,
    directories: Iterable[SpeakingDirectory],
    believed: frozenset[SourceName],
) -> str | None:
    """
    Say why a reader with these identity links is refused, or `None` if the directories admit it.
    """
    speaking = list(directories)
    found = (
        _refused(principal, one, people, believed)
        for principal in sorted(linked)
        for one in speaking
        if principal.kind is PrincipalKind.USER and principal.authority == one.authority
    )
    return next((reason for reason in found if reason is not None), None)


def _refused(
    principal: Principal,
    directory: SpeakingDirectory,
    people: People,
    believed: frozenset[SourceName],
) -> str | None:
    if directory.name not in believed:
        return f"directory {directory.name} is silent or switched off: it admits nobody"
    state = people.state(directory.name, principal.id)
    if state is UserState.ACTIVE or (state is None and directory.admits_unknown):
        return None
    return f"{principal} is {state or 'unknown'} in directory {directory.name}"
