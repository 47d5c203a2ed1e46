"""
`readership held`: shows what the brake holds for review, and releases it.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from acl.audit.events import AuditEvent
from acl.errors import ConfigurationError
from acl.model.grants import AclSnapshot
from acl.model.identifiers import SourceName
from acl.registry.held import HeldDocument, HeldDocuments
from acl.settings import Configuration
from acl.wiring import open_ground


@dataclass(frozen=True, slots=True)
class Review:
    """
    One held document with the ACLs in question; `old` is `None` where keeping to it did not help.
    """

    held: HeldDocument
    old: AclSnapshot | None
    new: AclSnapshot | None

    def to_json(self) -> dict[str, object]:
        """
        Return the document and both ACLs as JSON values.
        """
        return self.held.to_json() | {
            "old": None if self.old is None else self.old.to_json(),
            "new": None if self.new is None else self.new.to_json(),
        }


def held_documents(configuration: Configuration, source: str | None) -> list[HeldDocument]:
    """
    Return what is held of one source, or of all.
    """
    ground = open_ground(configuration, may_write=False)
    try:
        named = None if source is None else SourceName(configuration.source(source).name)
        return HeldDocuments(ground.database, ground.tenant).all(named)
    finally:
        ground.close()


def review(configuration: Configuration, document: str, source: str | None) -> list[Review]:
    """
    Return what is held of documents with an id.

    Raises:
        ConfigurationError: Nothing is.
    """
    chosen = _chosen(held_documents(configuration, source), document)
    ground = open_ground(configuration, may_write=False)
    try:
        board = HeldDocuments(ground.database, ground.tenant)
        found = [(one, board.acls(one)) for one in chosen]
    finally:
        ground.close()
    return [
        Review(one, acls.get(one.before) if one.before else None, acls.get(one.wanted))
        for one, acls in found
    ]


def release(
    configuration: Configuration, source: str | None, document: str | None, reason: str
) -> int:
    """
    Release what is held, as it is held now; return how many documents that are.

    The audit record is durable before anything is released.

    Raises:
        ConfigurationError: Nothing of that name is held.
    """
    held = held_documents(configuration, source)
    if document is not None:
        held = _chosen(held, document)
    waiting = [one for one in held if one.released_at is None]
    ground = open_ground(configuration, may_write=True)
    try:
        if waiting:
            ground.trail.append(
                AuditEvent(
                    at=ground.clock(),
                    request_id=str(uuid.uuid4()),
                    action="held",
                    outcome="released",
                    details={"reason": reason, "documents": [one.to_json() for one in waiting]},
                )
            )
        board = HeldDocuments(ground.database, ground.tenant)
        return board.release(waiting, now=ground.clock())
    finally:
        ground.close()


def _chosen(held: Sequence[HeldDocument], document: str) -> list[HeldDocument]:
    chosen = [one for one in held if one.document == document]
    if not chosen:
        msg = f"no document {document!r} is held; see 'readership held list'"
        raise ConfigurationError(msg)
    return chosen
