"""
Do the directories admit a reader?

The rules, for each principal that the reader's identity links name:

1. In an authority that no directory speaks for, they say nothing.
2. A directory that has been silent for too long, or is switched off, admits nobody.
3. Who is inactive or deleted there is refused.
4. Who was never named there is refused, unless the directory is known to name only some; then
   who differs from somebody inactive or deleted in case alone is refused.
5. Who was inactive or deleted in a directory that does not speak any more is refused, until an
   operator has it forgotten: leaving a directory out lets nobody back in.

One principal that is refused refuses the reader, whatever the others may read.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain

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
    What directories say of users, at one epoch: by directory, the ids in each state, and the
    authority that they are of.
    """

    active: Mapping[SourceName, frozenset[str]] = field(default_factory=dict)
    gone: Mapping[SourceName, Mapping[str, UserState]] = field(default_factory=dict)
    authorities: Mapping[SourceName, AuthorityId] = field(default_factory=dict)
    _gone_alike: Mapping[SourceName, frozenset[str]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        alike = {name: frozenset(map(_caseless, some)) for name, some in self.gone.items()}
        object.__setattr__(self, "_gone_alike", alike)

    def state(self, directory: SourceName, identifier: str) -> UserState | None:
        """
        Return what a directory says of a user, or `None` if it has never named one.
        """
        found = self.gone.get(directory, {}).get(identifier)
        if found is not None:
            return found
        known = identifier in self.active.get(directory, frozenset())
        return UserState.ACTIVE if known else None

    def unknown_and_like_nobody_gone(self, directory: SourceName, identifier: str) -> bool:
        """
        Say whether a directory has never named a user, nor one in other case who is gone.
        """
        gone = self._gone_alike.get(directory, frozenset())
        return self.state(directory, identifier) is None and _caseless(identifier) not in gone


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
    now = {one.name for one in speaking}
    former = [
        (name, authority) for name, authority in people.authorities.items() if name not in now
    ]
    users = [one for one in sorted(linked) if one.kind is PrincipalKind.USER]
    found = (
        _refused(principal, one, people, believed)
        for principal in users
        for one in speaking
        if principal.authority == one.authority
    )
    found_before = (
        _refused_before(principal, name, people)
        for principal in users
        for name, authority in former
        if principal.authority == authority
    )
    reasons = chain(found, found_before)
    return next((reason for reason in reasons if reason is not None), None)


def _refused(
    principal: Principal,
    directory: SpeakingDirectory,
    people: People,
    believed: frozenset[SourceName],
) -> str | None:
    if directory.name not in believed:
        return f"directory {directory.name} is silent or switched off: it admits nobody"
    state = people.state(directory.name, principal.id)
    unknown = people.unknown_and_like_nobody_gone(directory.name, principal.id)
    if state is UserState.ACTIVE or (unknown and directory.admits_unknown):
        return None
    return f"{principal} is {state or 'unknown'} in directory {directory.name}"


def _refused_before(principal: Principal, directory: SourceName, people: People) -> str | None:
    state = people.state(directory, principal.id)
    if state is UserState.ACTIVE or people.unknown_and_like_nobody_gone(directory, principal.id):
        return None
    was = state or "inactive or deleted in other case"
    return f"{principal} was {was} in directory {directory}, which does not speak any more"


def _caseless(identifier: str) -> str:
    return unicodedata.normalize("NFKC", identifier).casefold()
