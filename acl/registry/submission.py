"""
What every pushed statement has in common: who makes it, when it counts, what became of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from acl.model.identifiers import AuthorityId, DocumentKey, Epoch, SourceName
from acl.model.pushes import Conditions
from acl.registry.errors import PreconditionFailedError, StaleEventError
from acl.registry.steps import mark_observed


@dataclass(frozen=True, slots=True)
class Submission:
    """
    Who pushes to which source, when, and on which conditions.

    `observes` if an accepted push counts as the source's observation: it has no other.
    """

    source: SourceName
    authority: AuthorityId
    client: str
    at: datetime
    conditions: Conditions
    observes: bool


@dataclass(frozen=True, slots=True)
class Accepted:
    """
    What became of a push: its permission is in force.

    `revision` counts the statements on this document or group. `push` names the content that
    is still to come, and `touched` what the index must be made to follow.
    A reader who asks for at least `epoch` gets an answer that knows of it.
    """

    revision: int
    created: bool
    epoch: Epoch
    push: str | None = None
    touched: tuple[DocumentKey, ...] = ()


Record = Callable[[Accepted], None]


def judge(conditions: Conditions, owner: Row[Any] | None, *, exists: bool, stated: str) -> None:
    """
    Refuse a statement whose condition does not hold, or whose event is not the newest.

    Raises:
        PreconditionFailedError: A condition does not hold.
        StaleEventError: The stored event is newer, or equal and of another statement.
    """
    if conditions.must_be_new and exists:
        raise PreconditionFailedError
    if conditions.must_exist and not exists:
        raise PreconditionFailedError
    revision = owner.revision if owner is not None else None
    if conditions.match is not None and not (exists and revision in conditions.match):
        raise PreconditionFailedError
    if conditions.event is None or owner is None or owner.event is None:
        return
    if conditions.event < owner.event:
        raise StaleEventError
    if conditions.event == owner.event and stated != owner.stated:
        msg = "another statement of the same event has been accepted"
        raise StaleEventError(msg)


def newest_event(conditions: Conditions, owner: Row[Any] | None) -> int | None:
    """
    Return the event to remember: a push that names none leaves the stored one.
    """
    stored: int | None = owner.event if owner is not None else None
    return conditions.event if conditions.event is not None else stored


def next_revision(owner: Row[Any] | None, stated: str) -> int:
    """
    Count the statements; one that is repeated is not counted again.
    """
    if owner is None:
        return 1
    return int(owner.revision) + int(bool(owner.stated != stated))


def concluded(
    connection: Connection, by: Submission, accepted: Accepted, record: Record
) -> Accepted:
    """
    End a transaction: what was accepted is recorded before it commits.
    """
    if by.observes:
        mark_observed(connection, by.source, by.at)
    record(accepted)
    return accepted
