"""
The configuration of directories: systems that say who exists and who belongs to which group.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Annotated, Literal, Protocol, TypeAlias

from pydantic import Field, model_validator

from acl.settings_values import Duration, HttpsAddress, Name, Section


class ScimDirectorySettings(Section):
    """
    A directory that provisions its users and groups by SCIM 2.0, at `/scim/v2`.
    """

    name: Name
    kind: Literal["scim"]

    authority: Name
    """The namespace of the principals that its users and groups are."""

    clients: list[Annotated[str, Field(min_length=1)]] = Field(min_length=1)
    """OAuth clients that may provision; a client belongs to one directory."""

    issuer: HttpsAddress | None = None
    """Whose clients these are; may be left out where one issuer is configured."""

    user_id: Literal["id", "externalId", "userName"]
    """Which attribute of a user is the id that identity links and ACLs name."""

    group_id: Literal["id", "externalId", "displayName"]
    """Which attribute of a group is the id that ACLs name."""

    unknown_users: Literal["refuse", "allow"] = "refuse"
    """Whether readers of the authority are refused whom the directory has never named."""

    staleness: Duration | None = None
    """How long the directory may be silent before it is not believed any more."""

    @model_validator(mode="after")
    def _bounded(self) -> "ScimDirectorySettings":
        if self.staleness is not None and self.staleness <= timedelta(0):
            msg = "staleness is more than zero; leave it out if the directory may be silent"
            raise ValueError(msg)
        return self


DirectorySettings: TypeAlias = ScimDirectorySettings


class Named(Protocol):
    """
    A section that has a name.
    """

    @property
    def name(self) -> str:
        """
        The name.
        """
        ...


def names_of(sections: Iterable[Named]) -> list[str]:
    """
    Return the names of sources, or of directories; what one of them says is filed under its name.
    """
    return [one.name for one in sections]


def require_distinct(directories: Sequence[DirectorySettings], issuers: Sequence[str]) -> None:
    """
    Refuse directories of which one could be taken for another.

    Raises:
        ValueError: The message says which, and what to do.
    """
    clients: set[tuple[str | None, str]] = set()
    governed: set[str] = set()
    for one in directories:
        if one.authority in governed:
            msg = f"directories: two of them say who the users of authority {one.authority} are"
            raise ValueError(msg)
        governed.add(one.authority)
        if one.issuer is None and len(issuers) > 1:
            msg = f"directory {one.name}: several issuers are configured, so it names its issuer"
            raise ValueError(msg)
        if one.issuer is not None and one.issuer not in issuers:
            msg = f"directory {one.name}: issuer {one.issuer} is not configured"
            raise ValueError(msg)
        for client in one.clients:
            if (one.issuer, client) in clients:
                msg = f"directory {one.name}: client {client} provisions another directory already"
                raise ValueError(msg)
            clients.add((one.issuer, client))
