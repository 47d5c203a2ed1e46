"""
What a source says about who may read one document.

An ACL snapshot is a conjunction of gates.
A gate is an ordered list of entries; the first entry that names the reader decides.
`acl.decision.read` holds the rules; this file holds only the shape and its canonical bytes.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from acl.model.encoding import Encodable, encode
from acl.model.identifiers import AuthorityId, ReadershipDigest, TenantId
from acl.model.principals import Principal, PrincipalKind

CANONICAL_VERSION = 1
"""
Changes whenever the encoding does, so that old and new digests can never be mistaken.
"""

MAX_GATES = 64
MAX_ENTRIES = 20_000
"""
Above these an ACL is refused as a whole. Cutting one short would drop a denial.
"""


class Effect(StrEnum):
    """
    What an entry does with the readers that it names.
    """

    PERMIT = "permit"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One statement for or against some principals, until a moment if it has one.

    From `until` on the entry is as if it had never been written.
    """

    effect: Effect
    principals: frozenset[Principal]
    until: datetime | None = None

    def __post_init__(self) -> None:
        if not self.principals:
            msg = "an entry that names nobody says nothing"
            raise ValueError(msg)
        if self.until is not None and self.until.tzinfo is None:
            msg = "an expiry without a time zone has no meaning"
            raise ValueError(msg)


Gate = tuple[Entry, ...]
"""
Entries in the source's order. An empty gate opens for nobody.
"""


@dataclass(frozen=True, slots=True)
class AclSnapshot:
    """
    All grants and denials on a document, as its source stated them at one moment.

    No gates is a statement as well: nobody. That a document has *no snapshot* is expressed by
    `None` where a snapshot could stand, never by an empty value of this class.
    """

    tenant: TenantId
    gates: tuple[Gate, ...]

    def __post_init__(self) -> None:
        entries = [entry for gate in self.gates for entry in gate]
        if len(self.gates) > MAX_GATES or sum(len(e.principals) for e in entries) > MAX_ENTRIES:
            msg = f"an ACL has at most {MAX_GATES} gates and {MAX_ENTRIES} named principals"
            raise ValueError(msg)
        if any(p.tenant != self.tenant for entry in entries for p in entry.principals):
            msg = "an ACL names principals of its own tenant only"
            raise ValueError(msg)

    def principals(self) -> frozenset[Principal]:
        """
        Return every principal that any entry names.
        """
        return frozenset(p for gate in self.gates for entry in gate for p in entry.principals)

    def expiries(self) -> frozenset[datetime]:
        """
        Return the moments at which this snapshot's meaning may change by itself.
        """
        return frozenset(e.until for gate in self.gates for e in gate if e.until is not None)

    def canonical(self) -> bytes:
        """
        Return the bytes that stand for this snapshot: equal meaning as written, equal bytes.

        Entries keep their order, because order decides; the principals of one entry are a set
        and are sorted.
        """
        return encode(
            [
                CANONICAL_VERSION,
                self.tenant,
                [[_encodable(entry) for entry in gate] for gate in self.gates],
            ]
        )

    def digest(self) -> ReadershipDigest:
        """
        Return the content address by which equal snapshots share one readership.
        """
        return ReadershipDigest(hashlib.sha256(self.canonical()).hexdigest())

    def to_json(self) -> list[list[dict[str, object]]]:
        """
        Return the full form, for storage and for operators; `from_json` reads it back.
        """
        return [[_entry_json(entry) for entry in gate] for gate in self.gates]

    @classmethod
    def from_json(cls, tenant: TenantId, gates: list[list[dict[str, object]]]) -> "AclSnapshot":
        """
        Read what `to_json` wrote.

        Raises:
            ValueError: It did not write this.
        """
        try:
            return cls(tenant, tuple(tuple(_entry(tenant, e) for e in gate) for gate in gates))
        except (KeyError, TypeError, AttributeError) as error:
            msg = f"not a stored ACL: {error!r}"
            raise ValueError(msg) from error


def _encodable(entry: Entry) -> list[Encodable]:
    names: list[Encodable] = [[p.authority, p.kind.value, p.id] for p in sorted(entry.principals)]
    return [entry.effect.value, names, entry.until]


def _entry_json(entry: Entry) -> dict[str, object]:
    written: dict[str, object] = {
        "effect": entry.effect.value,
        "principals": [[p.authority, p.kind.value, p.id] for p in sorted(entry.principals)],
    }
    if entry.until is not None:
        written["until"] = entry.until.astimezone(UTC).isoformat()
    return written


def _entry(tenant: TenantId, written: dict[str, object]) -> Entry:
    until = written.get("until")
    named = written["principals"]
    if not isinstance(named, list):
        msg = "principals is not a list"
        raise TypeError(msg)
    return Entry(
        effect=Effect(str(written["effect"])),
        principals=frozenset(
            Principal(tenant, AuthorityId(authority), PrincipalKind(kind), identifier)
            for authority, kind, identifier in named
        ),
        until=datetime.fromisoformat(str(until)) if until is not None else None,
    )
