"""
What a source system must be able to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from acl.model.grants import AclSnapshot
from acl.model.identifiers import AuthorityId, DocumentId, SourceName
from acl.model.principals import Principal


@dataclass(frozen=True, slots=True)
class Problem:
    """
    Something that a source delivered and that cannot be used: where, and what to do.
    """

    where: str
    what: str
    document: DocumentId | None = None

    def __str__(self) -> str:
        named = f" (document {self.document!r})" if self.document is not None else ""
        return f"{self.where}{named}: {self.what}"


@dataclass(frozen=True, slots=True)
class ListedDocument:
    """
    A document as the source lists it: permission and description, not its content.

    `acl` is `None` where the source states none that can be understood; `acl_problem` then
    says why. `content_digest` is the SHA-256 of the bytes that `fetch` will return, or empty
    if they cannot be read, and `content_problem` says why. `where` locates it for people.
    """

    document: DocumentId
    title: str
    url: str
    mime: str
    modified: datetime | None
    label: str | None
    acl: AclSnapshot | None
    acl_problem: str
    content_digest: str
    content_problem: str
    where: str
    author: str = ""
    """Who wrote it, if the source says so; for the writer's share of an answer."""


@dataclass(frozen=True, slots=True)
class Observation:
    """
    Everything that a source says at one moment.

    `complete` is false if part of the listing could not be read: a document that is missing
    from it is then not known to be gone. Groups that could not be understood are left out,
    which makes them unknown (see `acl.decision.membership`).
    """

    at: datetime
    documents: Mapping[DocumentId, ListedDocument]
    groups: Mapping[Principal, frozenset[Principal]]
    problems: tuple[Problem, ...]
    complete: bool
    stamp: object


class ContentSource(Protocol):
    """
    Whatever content can be fetched from.
    """

    @property
    def name(self) -> SourceName:
        """
        The configured name.
        """
        ...

    def fetch(self, listed: ListedDocument) -> bytes:
        """
        Return a document's bytes.

        Raises:
            InputError: It cannot be read, or is no longer what was listed.
        """
        ...


class Source(ContentSource, Protocol):
    """
    One source system, or one part of it.
    """

    @property
    def authority(self) -> AuthorityId:
        """
        The namespace of its principals.
        """
        ...

    def observe(self) -> Observation:
        """
        List documents with their permissions, and groups.

        Raises:
            InputError: Nothing can be read. Nothing must be concluded from that.
        """
        ...

    def unchanged_since(self, observation: Observation) -> bool:
        """
        Say whether permissions are certainly still those of the observation.

        Asked after content was fetched: content is never paired with an older permission.
        """
        ...
