"""
Where issuers and transmitters say that somebody's access has ended.

1. Who says so, and what? Nothing is changed unless all of it is understood.
2. It takes effect, in one transaction with a new epoch: in force when the call returns.
3. It is recorded. Not before: a full disk must not keep anybody's access open.
"""

import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from acl.audit.chain import AuditTrail
from acl.audit.events import AuditEvent
from acl.audit.refusals import Refusals
from acl.errors import ReadershipError
from acl.identity.logouts import LogoutVerifier
from acl.identity.security_events import SecurityEventVerifier
from acl.identity.statements import Blame, Statement, StatementRejectedError
from acl.model.revocations import RevocationChange
from acl.registry.revoking import Applied, RevocationBoard

logger = logging.getLogger(__name__)

EVENT_ACTION = "security event"
LOGOUT_ACTION = "logout"


@dataclass(frozen=True, slots=True)
class EventDesk:
    """
    Everything that an issuer or transmitter can say.

    `refused_event` and `refused_logout` are told of what was refused, with the request's id.
    `repeats` records what was said before: whoever has caught a statement can say it again.
    """

    events: SecurityEventVerifier
    logouts: LogoutVerifier
    board: RevocationBoard
    trail: AuditTrail
    clock: Callable[[], datetime]
    refused_event: Callable[[ReadershipError, str], None]
    refused_logout: Callable[[ReadershipError, str], None]
    repeats: Refusals

    def receive(self, token: str) -> None:
        """
        Take in a security event token. Repeating one does nothing, and is no error.

        Raises:
            StatementRejectedError: Nothing has changed.
            KeysUnavailableError, RegistryUnavailableError: Nothing has changed; try again.
            AuditUnavailableError: It is in force, and was not recorded; try again.
        """
        request_id = secrets.token_hex(16)
        statement = _told(self.refused_event, request_id, lambda: self.events.verify(token))
        applied = self._apply(statement.changes, EVENT_ACTION, statement)
        if statement.ignored:
            logger.info("request %s: no effect here: %s", request_id, statement.ignored)
        self._record(request_id, EVENT_ACTION, statement, applied)

    def log_out(self, token: str) -> None:
        """
        Take in a logout token, once.

        Raises:
            StatementRejectedError: Nothing has changed, or it had been taken in before.
            KeysUnavailableError, RegistryUnavailableError, AuditUnavailableError: As `receive`.
        """
        request_id = secrets.token_hex(16)
        statement = _told(self.refused_logout, request_id, lambda: self.logouts.verify(token))
        applied = self._apply(statement.changes, LOGOUT_ACTION, statement)
        self._record(request_id, LOGOUT_ACTION, statement, applied)
        if applied.repeated:
            msg = f"the logout token {statement.id.jti!r} has been taken in before"
            raise StatementRejectedError(Blame.REQUEST, msg)

    def _apply(
        self, changes: Sequence[RevocationChange], action: str, statement: Statement
    ) -> Applied:
        reason = f"{action} of {statement.id.issuer}"
        return self.board.apply(changes, reason=reason, now=self.clock(), statement=statement.id)

    def _record(self, request_id: str, action: str, statement: Statement, applied: Applied) -> None:
        event = AuditEvent(
            at=self.clock(),
            request_id=request_id,
            action=action,
            outcome=_outcome(statement, applied),
            issuer=statement.id.issuer,
            details={**statement.to_json(), "epoch": applied.epoch},
        )
        if applied.repeated:
            # Each statement is a kind: one that took effect and could not be recorded is recorded
            # when it is said again, whatever else is repeated.
            self.repeats.append(event, statement.id)
        else:
            self.trail.append(event)


def _told(
    refused: Callable[[ReadershipError, str], None],
    request_id: str,
    verify: Callable[[], Statement],
) -> Statement:
    try:
        return verify()
    except StatementRejectedError as error:
        refused(error, request_id)
        raise


def _outcome(statement: Statement, applied: Applied) -> str:
    if applied.repeated:
        return "repeated"
    if not statement.changes:
        return "without effect"
    return "revoked" if applied.epoch is not None else "in force already"
