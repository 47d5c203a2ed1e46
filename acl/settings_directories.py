"""
The configuration of directories: systems that say who exists and who belongs to which group.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal, Protocol, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from acl.settings_values import Duration, HttpsAddress, Name, Section

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
GLOBAL_CATALOG: Final = frozenset({3268, 3269})


def _ldap_address(url: str) -> str:
    if not _is_ldap_address(url):
        msg = "a directory is ldaps://HOST[:PORT] or ldap://HOST[:PORT]"
        raise ValueError(msg)
    return url


def _is_ldap_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        named = parts.hostname is not None and parts.port != 0
    except ValueError:
        return False
    more = parts.username or parts.path not in {"", "/"} or parts.query or parts.fragment
    return named and not more and parts.scheme in {"ldap", "ldaps"}


Attribute = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")]


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


class LdapDirectorySettings(Section):
    """
    A directory whose groups a sync reads by LDAP.
    """

    name: Name
    kind: Literal["ldap"]

    authority: Name
    """The namespace of the principals that its users and groups are."""

    url: Annotated[str, AfterValidator(_ldap_address)]
    """`ldaps://HOST[:PORT]`, or `ldap://HOST[:PORT]`, which begins TLS before anything else."""

    start_tls: bool = True
    """Only on this machine may an `ldap://` address do without."""

    ca_file: Path | None = None
    """Who signs the server's certificate; otherwise whom the system trusts."""

    bind_dn: Annotated[str, Field(min_length=1)]
    """Who reads; it needs to see every user and every group, and must not change any."""

    password_file: Path
    """Its password, on one line of a file of mode 600; relative to the configuration file."""

    users_base: Annotated[str, Field(min_length=1)]
    users_filter: Annotated[str, Field(min_length=1)] = "(objectClass=inetOrgPerson)"
    groups_base: Annotated[str, Field(min_length=1)]
    groups_filter: Annotated[str, Field(min_length=1)] = "(objectClass=groupOfNames)"

    user_id: Attribute
    """The attribute of a user that is the id which identity links and ACLs name."""

    group_id: Attribute
    """The attribute of a group that is the id which ACLs name."""

    member: Attribute = "member"
    """The attribute of a group that holds the DNs of its direct members."""

    page: int = Field(default=500, ge=1, le=5_000)
    """How many entries to ask for at a time."""

    memberless_groups: Literal["unknown", "empty"] = "unknown"
    """What a group is in which `bind_dn` sees no member: hidden members look like none."""

    timeout: Duration = timedelta(seconds=30)
    """How long the server may take for one answer."""

    staleness: Duration = timedelta(hours=1)
    """Groups that were last read longer ago than this are unknown."""

    @model_validator(mode="after")
    def _guarded(self) -> "LdapDirectorySettings":
        plain = self.url.startswith("ldap:") and not self.start_tls
        if plain and urlsplit(self.url).hostname not in LOOPBACK:
            msg = "without TLS a password travels in the clear; use ldaps:// or start_tls"
            raise ValueError(msg)
        if urlsplit(self.url).port in GLOBAL_CATALOG and self.memberless_groups == "empty":
            msg = "memberless_groups: a global catalog lacks the members of most groups"
            raise ValueError(msg)
        if not timedelta(0) < self.timeout <= timedelta(minutes=10):
            msg = "timeout is more than zero and at most 10m"
            raise ValueError(msg)
        if self.staleness <= timedelta(0):
            msg = "staleness is more than zero"
            raise ValueError(msg)
        return self


DirectorySettings: TypeAlias = Annotated[
    ScimDirectorySettings | LdapDirectorySettings, Field(discriminator="kind")
]


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
    clients: defaultdict[str, set[str]] = defaultdict(set)
    governed: set[str] = set()
    for one in directories:
        if not isinstance(one, ScimDirectorySettings):
            continue
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
        known = clients[one.issuer or "".join(issuers)]  # where it names none, there is one
        for client in one.clients:
            if client in known:
                msg = f"directory {one.name}: client {client} provisions another directory already"
                raise ValueError(msg)
            known.add(client)
