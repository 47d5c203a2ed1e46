"""
Audit events: immutable statements of what was decided, apart from any log.

An event never holds a question or a passage. A question is recorded as an HMAC, so that equal
questions can be linked by whoever holds the audit key and read by nobody.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """
    One statement. `details` holds JSON values only.
    """

    at: datetime
    request_id: str
    action: str
    outcome: str
    issuer: str = ""
    subject: str = ""
    client: str = ""
    actors: tuple[str, ...] = ()
    details: Mapping[str, object] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """
        Return the members that are recorded.
        """
        return {
            "at": self.at.isoformat(),
            "request_id": self.request_id,
            "action": self.action,
            "outcome": self.outcome,
            "issuer": self.issuer,
            "subject": self.subject,
            "client": self.client,
            "actors": list(self.actors),
            "details": dict(self.details),
        }


def blinded(key: bytes, text: str) -> str:
    """
    Return the linkable, unreadable stand-in for a question.
    """
    return hmac.new(key, b"audit-question\0" + text.encode(), hashlib.sha256).hexdigest()
