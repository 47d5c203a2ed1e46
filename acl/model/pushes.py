"""
What goes with a pushed statement: its order, its conditions, and how far its content is.
"""

from dataclasses import dataclass
from enum import StrEnum


class PushState(StrEnum):
    """
    How far the content of an accepted push is. Its permission is in force in every state.
    """

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """It could not be processed safely; the document is quarantined."""
    SUPERSEDED = "superseded"
    """A newer push or a deletion came before it was done."""


PENDING = (PushState.QUEUED.value, PushState.RUNNING.value)
"""
The states of a push whose sealed body is still needed.
"""


@dataclass(frozen=True, slots=True)
class Conditions:
    """
    When a push counts. Without any of them the last accepted one wins.

    `event` orders what happened at the source: an older one never undoes a newer one. `match`
    holds revisions of the statement that the client has seen; `must_exist` and `must_be_new`
    are `If-Match: *` and `If-None-Match: *` (RFC 9110, section 13.1).
    """

    event: int | None = None
    match: frozenset[int] | None = None
    must_exist: bool = False
    must_be_new: bool = False
