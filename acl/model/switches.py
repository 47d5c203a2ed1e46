"""
Emergency switches: what an operator has switched off, whatever any ACL says.

A switch only takes away, and holds at the next request. What it does:

- document: nobody reads it;
- source: it goes dark, and its groups are unknown;
- reader, client: their requests are refused;
- group: its members are unknown, so it grants nothing and a denial of it keeps everybody out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from acl.model.identifiers import AuthorityId, DocumentId, SourceName, TenantId
from acl.model.principals import Principal, PrincipalKind


class SwitchKind(StrEnum):
    """
    What can be switched off.
    """

    DOCUMENT = "document"
    SOURCE = "source"
    READER = "reader"
    GROUP = "group"
    CLIENT = "client"


@dataclass(frozen=True, slots=True, order=True)
class Switch:
    """
    One thing that can be switched off.

    `within` makes `name` unique: the source of a document, the issuer of a reader or client,
    the authority of a group; it is empty for a source.
    """

    kind: SwitchKind
    within: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.within}/{self.name}" if self.within else f"source {self.name}"


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """
    A switch that is off: since when, and why.
    """

    switch: Switch
    since: datetime
    reason: str

    def to_json(self) -> dict[str, object]:
        """
        Return the members as JSON values.
        """
        return {
            "kind": self.switch.kind.value,
            "in": self.switch.within,
            "name": self.switch.name,
            "since": self.since.isoformat(),
            "reason": self.reason,
        }


class Switches:
    """
    Everything that is switched off at one epoch.
    """

    __slots__ = ("_off",)

    def __init__(self, off: Iterable[SwitchedOff] = ()) -> None:
        self._off = {one.switch: one for one in off}

    def document(self, source: SourceName, document: DocumentId) -> bool:
        """
        Say whether a document is switched off.
        """
        return Switch(SwitchKind.DOCUMENT, source, document) in self._off

    def reader(self, issuer: str, subject: str) -> bool:
        """
        Say whether a reader is switched off.
        """
        return Switch(SwitchKind.READER, issuer, subject) in self._off

    def client(self, issuer: str, client: str) -> bool:
        """
        Say whether a client is switched off.
        """
        return Switch(SwitchKind.CLIENT, issuer, client) in self._off

    def sources(self) -> dict[SourceName, datetime]:
        """
        Return the sources that are switched off, and since when.
        """
        return {SourceName(one.switch.name): one.since for one in self._of(SwitchKind.SOURCE)}

    def groups(self, tenant: TenantId) -> frozenset[Principal]:
        """
        Return the groups that are switched off.
        """
        return frozenset(
            Principal(tenant, AuthorityId(one.switch.within), PrincipalKind.GROUP, one.switch.name)
            for one in self._of(SwitchKind.GROUP)
        )

    def documents(self) -> list[tuple[SourceName, DocumentId]]:
        """
        Return the documents that are switched off.
        """
        return [
            (SourceName(one.switch.within), DocumentId(one.switch.name))
            for one in self._of(SwitchKind.DOCUMENT)
        ]

    def all(self) -> list[SwitchedOff]:
        """
        Return every switch that is off, in order.
        """
        return sorted(self._off.values(), key=lambda one: one.switch)

    def _of(self, kind: SwitchKind) -> list[SwitchedOff]:
        return [one for switch, one in self._off.items() if switch.kind is kind]
