"""
Refusals in the audit trail: each kind of caller gets few records a window, and all together a
bounded number; the others are counted.

Anybody can be refused as often as they like. A record for each would fill the disk, and a full
disk stops every release. The next refusal that is recorded says how many were not.
"""

from collections import deque
from collections.abc import Hashable
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from acl.audit.chain import AuditTrail
from acl.audit.events import AuditEvent
from acl.errors import ReadershipError

REFUSAL_WINDOW: Final = timedelta(seconds=10)
REFUSALS_A_WINDOW: Final = 50


class Refusals:
    """
    The refusals of one door. `of_a_kind` is how many of one kind are recorded in a window.
    """

    def __init__(self, trail: AuditTrail, *, of_a_kind: int = REFUSALS_A_WINDOW) -> None:
        self._trail = trail
        self._of_a_kind = of_a_kind
        self._one_at_a_time = Lock()
        self._recorded: deque[tuple[datetime, Hashable]] = deque()
        self._unrecorded = 0

    def append(self, event: AuditEvent, kind: Hashable = None) -> None:
        """
        Record one refusal, or count it.

        Raises:
            AuditUnavailableError: It was counted only, and the next one of its kind is tried.
        """
        with self._one_at_a_time:
            if self._is_flood(event.at, kind):
                self._unrecorded += 1
                return
            details = {**event.details, "unrecorded_before": self._unrecorded}
            try:
                self._trail.append(replace(event, details=details))
            except ReadershipError:
                self._unrecorded += 1
                raise
            self._recorded.append((event.at, kind))
            self._unrecorded = 0

    def _is_flood(self, now: datetime, kind: Hashable) -> bool:
        # A clock that was set back must not keep a window open.
        while self._recorded and abs(now - self._recorded[0][0]) > REFUSAL_WINDOW:
            self._recorded.popleft()
        alike = sum(kind == one for _, one in self._recorded)
        return len(self._recorded) >= REFUSALS_A_WINDOW or alike >= self._of_a_kind
