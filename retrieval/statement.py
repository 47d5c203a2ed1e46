"""
What a signed statement of provenance says, and how it is read back: both directions in one file.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar

from acl.model.identifiers import TenantId

AUDIENCE_PREFIX: Final = "urn:readership:provenance:"
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class ReleasedText:
    """
    What a statement says of one passage.

    `sha256` is of the UTF-8 bytes of its text, `heading_sha256` of title, line break and URL.
    """

    id: str
    citation: str
    sha256: str
    heading_sha256: str
    label: str


@dataclass(frozen=True, slots=True)
class Statement:
    """
    Verified provenance. Only `ProvenanceVerifier` makes one of what came from outside.
    """

    issuer: str
    audience: str
    request_id: str
    at: datetime
    reader: str
    client_issuer: str
    client: str
    operation: str
    epoch: int
    passages: tuple[ReleasedText, ...]
    context_sha256: str | None
    max_label: str | None
    models: tuple[str, ...] | None

    def to_json(self) -> dict[str, object]:
        """
        Return the members that are signed.
        """
        return {
            "iss": self.issuer,
            "aud": self.audience,
            "jti": self.request_id,
            "iat": int(self.at.timestamp()),
            "reader": self.reader,
            "client": {"issuer": self.client_issuer, "id": self.client},
            "operation": self.operation,
            "epoch": self.epoch,
            "passages": [
                {
                    "id": one.id,
                    "citation": one.citation,
                    "sha256": one.sha256,
                    "heading_sha256": one.heading_sha256,
                    "label": one.label,
                }
                for one in self.passages
            ],
            "context_sha256": self.context_sha256,
            "max_label": self.max_label,
            "models": None if self.models is None else list(self.models),
        }


def audience_of(tenant: TenantId) -> str:
    """
    Return the audience of a tenant's statements. No token that opens anything has it.
    """
    return f"{AUDIENCE_PREFIX}{tenant}"


def statement_from(payload: Mapping[str, object]) -> Statement:
    """
    Read a statement from its signed members.

    Raises:
        ValueError: A member is missing, malformed or unknown.
    """
    members = _Members(payload)
    client = members.of("client")
    statement = Statement(
        issuer=members.text("iss"),
        audience=members.text("aud"),
        request_id=members.text("jti"),
        at=datetime.fromtimestamp(members.number("iat"), tz=UTC),
        reader=members.text("reader"),
        client_issuer=client.text("issuer"),
        client=client.text("id"),
        operation=members.text("operation"),
        epoch=members.number("epoch"),
        passages=tuple(_passage(one) for one in members.each("passages")),
        context_sha256=members.optional("context_sha256", members.text),
        max_label=members.optional("max_label", members.text),
        models=members.optional("models", members.texts),
    )
    if not statement.audience.startswith(AUDIENCE_PREFIX):
        msg = f"audience {statement.audience!r:.200}"
        raise ValueError(msg)
    # Whatever else is there, or is spelled otherwise, we have not written.
    if statement.to_json() != payload:
        msg = "members that no statement has"
        raise ValueError(msg)
    return statement


def _passage(members: "_Members") -> ReleasedText:
    found = ReleasedText(
        *(members.text(name) for name in ("id", "citation", "sha256", "heading_sha256", "label"))
    )
    if not all(map(DIGEST.fullmatch, (found.sha256, found.heading_sha256))):
        msg = "a digest is malformed"
        raise ValueError(msg)
    return found


class _Members:
    """
    Members of a JSON object, each of the type that it must have.
    """

    def __init__(self, found: object) -> None:
        if not isinstance(found, dict):
            msg = "not an object"
            raise ValueError(msg)  # noqa: TRY004 - one family for everything malformed
        self._found = found

    def text(self, name: str) -> str:
        return self._typed(name, str)

    def number(self, name: str) -> int:
        number = self._typed(name, int)
        if isinstance(number, bool) or number < 0:
            msg = f"{name} is malformed"
            raise ValueError(msg)
        return number

    def texts(self, name: str) -> tuple[str, ...]:
        listed = self._typed(name, list)
        if not all(isinstance(one, str) for one in listed):
            msg = f"{name} is malformed"
            raise ValueError(msg)
        return tuple(listed)

    def of(self, name: str) -> "_Members":
        return _Members(self._typed(name, dict))

    def each(self, name: str) -> "list[_Members]":
        return [_Members(one) for one in self._typed(name, list)]

    def optional(self, name: str, read: Callable[[str], Read]) -> Read | None:
        if name not in self._found:
            msg = f"{name} is missing"
            raise ValueError(msg)
        return None if self._found[name] is None else read(name)

    def _typed(self, name: str, kind: type[Read]) -> Read:
        value = self._found.get(name)
        if not isinstance(value, kind):
            msg = f"{name} is missing or malformed"
            raise ValueError(msg)  # noqa: TRY004 - one family for everything malformed
        return value
