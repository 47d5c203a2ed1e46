"""
What the desks of those who send record: what was accepted, each time, and what was refused, in
bounded number.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from acl.audit.chain import AuditTrail
from acl.audit.events import AuditEvent
from acl.audit.refusals import Refusals
from acl.errors import ReadershipError
from acl.identity.reader import VerifiedReader

MAX_REASON_CHARACTERS: Final = 500
MAX_RECORDED_MEMBERS: Final = 100


@dataclass(frozen=True, slots=True)
class Request:
    """
    Whose request it is, and its id.
    """

    id: str
    reader: VerifiedReader


class DeskRecords:
    """
    The audit records of one desk.
    """

    def __init__(self, trail: AuditTrail, clock: Callable[[], datetime], action: str) -> None:
        self.trail = trail
        self._clock = clock
        self._action = action
        self._refusals = Refusals(trail, of_a_kind=1)

    def accepted(self, request: Request, details: Mapping[str, object]) -> None:
        """
        Record what takes effect, before it does.

        Raises:
            AuditUnavailableError: It must not take effect.
        """
        self.trail.append(self._event(request, "accepted", details))

    def refused(
        self, request: Request, details: Mapping[str, object], error: ReadershipError
    ) -> None:
        """
        Record that nothing was changed, before the sender is told; in a flood, count it.

        Raises:
            AuditUnavailableError: It was not recorded.
        """
        reader = request.reader
        why = {"code": error.code, "reason": error.diagnostics()[:MAX_REASON_CHARACTERS]}
        # Of what the sender chooses freely nothing belongs into the kind.
        kind = reader.issuer, reader.client, details.get("operation"), error.code
        self._refusals.append(self._event(request, "refused", {**details, **why}), kind)

    @contextmanager
    def refusals(self, request: Request, details: Mapping[str, object]) -> Iterator[None]:
        """
        Record what the block refuses.
        """
        try:
            yield
        except ReadershipError as error:
            self.refused(request, details, error)
            raise

    def _event(self, request: Request, outcome: str, details: Mapping[str, object]) -> AuditEvent:
        reader = request.reader
        return AuditEvent(
            at=self._clock(),
            request_id=request.id,
            action=self._action,
            outcome=outcome,
            issuer=reader.issuer,
            subject=reader.subject,
            client=reader.client,
            actors=reader.actors,
            details={"who": reader.sentence(), **details},
        )
