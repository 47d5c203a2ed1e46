"""
Who a grant can name.

Ids are the source's own, compared byte for byte: no case folding, no normalisation, no
trimming. Two spellings that look alike are two principals.
"""

from dataclasses import dataclass
from enum import StrEnum

from acl.model.identifiers import AuthorityId, TenantId

MAX_ID_BYTES = 512
"""
The longest id that a principal may carry; Windows SIDs, DNs and URNs stay well below.
"""


class PrincipalKind(StrEnum):
    """
    What a principal is. A kind that is not listed here makes an ACL unknown.
    """

    USER = "user"
    GROUP = "group"
    DOMAIN = "domain"
    EVERYONE = "everyone"
    UNLISTED = "unlisted"
    """
    A member that a directory names and does not list. No statement can name one, define one or
    link a reader to one: whoever it may be is not known.
    """


@dataclass(frozen=True, slots=True, order=True)
class Principal:
    """
    A user, a group, a domain, or everyone, unique within one authority of one tenant.

    Two principals with equal ids but different authorities are different people.
    Comparing bare ids is how one company's `admins` comes to read another's documents.
    """

    tenant: TenantId
    authority: AuthorityId
    kind: PrincipalKind
    id: str

    def __post_init__(self) -> None:
        if self.kind is PrincipalKind.EVERYONE:
            if self.authority or self.id:
                msg = "everyone belongs to the tenant; it has neither authority nor id"
                raise ValueError(msg)
            return
        _require_id("authority", self.authority)
        _require_id("id", self.id)

    def __str__(self) -> str:
        if self.kind is PrincipalKind.EVERYONE:
            return "everyone"
        return f"{self.kind}:{self.authority}/{self.id}"


def everyone(tenant: TenantId) -> Principal:
    """
    Return the principal that every linked reader of the tenant holds.
    """
    return Principal(tenant, AuthorityId(""), PrincipalKind.EVERYONE, "")


def parse_principal(text: object, *, tenant: TenantId, authority: AuthorityId) -> Principal:
    """
    Read `kind:id`, `kind:authority/id` or `everyone` as the exchange format writes them.

    The text after the colon names another authority only if it holds a slash; an id that
    itself contains a slash must therefore be written with its authority.

    Raises:
        ValueError: Not a principal. The message quotes what was found.
    """
    if not isinstance(text, str):
        msg = f"a principal is a string such as 'user:alice', not {text!r}"
        raise ValueError(msg)  # noqa: TRY004 - one family for everything malformed
    if text == PrincipalKind.EVERYONE:
        return everyone(tenant)
    kind_text, colon, rest = text.partition(":")
    kind = _named_kind(kind_text) if colon else None
    if kind is None:
        msg = f"unknown principal {text!r}: expected user:, group:, domain: or everyone"
        raise ValueError(msg)
    owner, slash, local = rest.partition("/")
    if slash:
        return Principal(tenant, AuthorityId(owner), kind, local)
    return Principal(tenant, authority, kind, rest)


def _named_kind(text: str) -> PrincipalKind | None:
    named = (PrincipalKind.USER, PrincipalKind.GROUP, PrincipalKind.DOMAIN)
    return next((kind for kind in named if kind == text), None)


def _require_id(what: str, value: str) -> None:
    if not value or len(value.encode("utf-8", "surrogatepass")) > MAX_ID_BYTES:
        msg = f"a principal's {what} has 1 to {MAX_ID_BYTES} bytes, this has {len(value)}"
        raise ValueError(msg)
    if any(character < " " or "\x7f" <= character <= "\x9f" for character in value):
        msg = f"a principal's {what} has no control characters: {value!r}"
        raise ValueError(msg)
    if any("\ud800" <= character <= "\udfff" for character in value):
        msg = f"a principal's {what} is valid Unicode: {value!r}"
        raise ValueError(msg)
