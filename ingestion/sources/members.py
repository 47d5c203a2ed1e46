"""
What one object of the exchange format means, in a line of a folder or in the body of a push.
"""

import mimetypes
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from acl.errors import InputError
from acl.model.identifiers import AuthorityId, DocumentId, TenantId
from acl.model.principals import Principal, PrincipalKind, parse_principal

MAX_CONTENT_BYTES: Final = 32 * 2**20
MAX_ID_CHARACTERS: Final = 1_024
MAX_FIELD_CHARACTERS: Final = 4_096
DOCUMENT_MEMBERS: Final = frozenset(
    {"id", "title", "url", "modified", "mime", "text", "path", "label", "metadata", "acl"}
)
MAX_AUTHOR_CHARACTERS: Final = 512
GROUP_MEMBERS: Final = frozenset({"id", "members"})


@dataclass(frozen=True, slots=True)
class Description:
    """
    What an object says of a document besides its content and its permission.
    """

    title: str = ""
    url: str = ""
    mime: str = ""
    modified: datetime | None = None
    label: str | None = None
    author: str = ""


def description_of(stated: dict[str, object]) -> Description:
    """
    Read the description of a document.

    Raises:
        ValueError: A member is malformed; the message names it.
    """
    return Description(
        title=_field(stated, "title"),
        url=_field(stated, "url"),
        mime=_mime(stated),
        modified=_moment(stated),
        label=_label(stated),
        author=_author(stated),
    )


def require_known(stated: Mapping[str, object], known: Collection[str]) -> None:
    """
    Refuse members that mean nothing: a misspelt one may have been a restriction.

    Raises:
        ValueError: There are some; the message names them.
    """
    if unknown := sorted(stated.keys() - set(known)):
        msg = f"unknown members {unknown!r:.200}; known are {sorted(known)}"
        raise ValueError(msg)


def identifier_of(stated: dict[str, object]) -> DocumentId:
    """
    Read the id of a document.

    Raises:
        ValueError: There is none that can be used.
    """
    identifier = stated.get("id")
    if not isinstance(identifier, str) or not 0 < len(identifier) <= MAX_ID_CHARACTERS:
        msg = f"a document's 'id' is a string of 1 to {MAX_ID_CHARACTERS} characters"
        raise ValueError(msg)
    if not identifier.isprintable():
        msg = "a document's 'id' has no control characters"
        raise ValueError(msg)
    return DocumentId(identifier)


def group_of(
    stated: Mapping[str, object], *, tenant: TenantId, authority: AuthorityId
) -> tuple[Principal, frozenset[Principal]]:
    """
    Read a group and its direct members.

    Raises:
        ValueError: Either cannot be understood.
    """
    identifier, listed = stated.get("id"), stated.get("members")
    if not isinstance(identifier, str) or not isinstance(listed, list):
        msg = "a group has an 'id' and a list 'members'"
        raise ValueError(msg)  # noqa: TRY004 - one family for everything malformed
    group = Principal(tenant, authority, PrincipalKind.GROUP, identifier)
    members = frozenset(parse_principal(one, tenant=tenant, authority=authority) for one in listed)
    if any(member.kind is PrincipalKind.EVERYONE for member in members):
        msg = "everyone cannot be a member of a group; grant to everyone instead"
        raise ValueError(msg)
    return group, members


def _field(stated: dict[str, object], member: str) -> str:
    value = stated.get(member, "")
    if not isinstance(value, str) or len(value) > MAX_FIELD_CHARACTERS:
        msg = f"'{member}' is a string of at most {MAX_FIELD_CHARACTERS} characters"
        raise ValueError(msg)
    if any("\ud800" <= character <= "\udfff" for character in value):
        msg = f"'{member}' holds half of a surrogate pair"
        raise ValueError(msg)
    return value


def _label(stated: dict[str, object]) -> str | None:
    label = _field(stated, "label")
    if not label.isprintable():
        msg = "a 'label' has no control characters"
        raise ValueError(msg)
    return label or None


def _mime(stated: dict[str, object]) -> str:
    if stated_mime := _field(stated, "mime"):
        return stated_mime
    if isinstance(path := stated.get("path"), str):
        guessed, _ = mimetypes.guess_type(path)
        return guessed or "application/octet-stream"
    return "text/plain"


def _moment(stated: dict[str, object]) -> datetime | None:
    text = _field(stated, "modified")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        msg = "'modified' is not a time such as 2026-10-02T09:00:00Z"
        raise ValueError(msg) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def encoded(text: str) -> bytes:
    """
    Return the bytes of an inline text.

    Raises:
        InputError: It is too long, or not valid Unicode.
    """
    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError as error:
        msg = "'text' holds half of a surrogate pair"
        raise InputError(msg) from error
    if len(content) > MAX_CONTENT_BYTES:
        msg = f"'text' has {len(content)} bytes, more than the {MAX_CONTENT_BYTES} allowed"
        raise InputError(msg)
    return content


def _author(stated: dict[str, object]) -> str:
    metadata = stated.get("metadata")
    author = metadata.get("author") if isinstance(metadata, dict) else None
    return author[:MAX_AUTHOR_CHARACTERS] if isinstance(author, str) else ""
