"""
What security events and logout tokens have in common: signed statements that are no access
tokens, and that can only take access away.

What each must say stands in `security_events` and `logouts`. Their header types are accepted
nowhere else, and no other type is accepted for them: RFC 8725, section 3.11.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from acl.errors import ReadershipError
from acl.identity.errors import TokenRejectedError
from acl.identity.tokens import TokenVerifier
from acl.model.revocations import (
    MAX_VALUE_CHARACTERS,
    RevocationChange,
    StatementId,
    well_named,
)

MAX_EVENTS: Final = 8


class Blame(StrEnum):
    """
    What is wrong with a statement, in the words of RFC 8935, section 2.4.
    """

    REQUEST = "invalid_request"
    KEY = "invalid_key"
    ISSUER = "invalid_issuer"
    AUDIENCE = "invalid_audience"


class StatementRejectedError(ReadershipError):
    """
    A statement proves nothing, or says something that cannot be acted on. Nothing has changed.
    """

    public_message = "the statement is not accepted"
    code = "statement_rejected"

    def __init__(self, blame: Blame, detail: str) -> None:
        super().__init__(detail)
        self.blame = blame


@dataclass(frozen=True, slots=True)
class Statement:
    """
    A verified statement: what it changes, and what in it changes nothing.

    `types` are its events; `ignored` those among them that have no effect here.
    """

    id: StatementId
    changes: tuple[RevocationChange, ...]
    types: tuple[str, ...]
    ignored: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """
        Return what the audit trail records of it.
        """
        return {
            "jti": self.id.jti,
            "events": list(self.types),
            "ignored": list(self.ignored),
            "tokens": sorted({str(one.tokens) for one in self.changes}),
        }


def signed_by_one_of(verifier: TokenVerifier, token: str) -> tuple[str, Mapping[str, object]]:
    """
    Return who signed a statement, and what it says.

    Raises:
        StatementRejectedError: Nobody who may.
        KeysUnavailableError: It cannot be judged now.
    """
    try:
        trusted, claims = verifier.statement(token)
    except TokenRejectedError as error:
        raise StatementRejectedError(_blamed(error), error.diagnostics()) from error
    return trusted.issuer, claims


def require(condition: bool, reason: str, blame: Blame = Blame.REQUEST) -> None:  # noqa: FBT001 - reads as a sentence
    """
    Refuse a statement unless this holds.

    Raises:
        StatementRejectedError: It does not.
    """
    if not condition:
        raise StatementRejectedError(blame, reason)


def name_in(claims: Mapping[str, object], claim: str) -> str:
    """
    Return a claim that must be a well-formed name.

    Raises:
        StatementRejectedError: It is missing or malformed.
    """
    value = well_named(claims.get(claim))
    if value is None:
        msg = f"{claim} is not a printable string of 1 to {MAX_VALUE_CHARACTERS} characters"
        raise StatementRejectedError(Blame.REQUEST, msg)
    return value


def moment_in(claims: Mapping[str, object], claim: str) -> datetime:
    """
    Return a claim that must be a time in whole seconds.

    Raises:
        StatementRejectedError: It is missing or malformed.
    """
    value = claims.get(claim)
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value, tz=UTC)
        except (ValueError, OverflowError, OSError):
            pass
    msg = f"{claim} is missing or not a time"
    raise StatementRejectedError(Blame.REQUEST, msg)


def events_in(claims: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    """
    Return the events of a statement: at least one, each an object (RFC 8417, section 2.2).

    Raises:
        StatementRejectedError: They are missing or malformed.
    """
    events = claims.get("events")
    if not isinstance(events, dict) or not 0 < len(events) <= MAX_EVENTS:
        msg = f"events is not an object of 1 to {MAX_EVENTS} members"
        raise StatementRejectedError(Blame.REQUEST, msg)
    found: dict[str, Mapping[str, object]] = {}
    for name, event in events.items():
        require(isinstance(event, dict), f"event {name!r:.100} is not an object")
        found[str(name)] = event
    return found


def _blamed(error: TokenRejectedError) -> Blame:
    # By the step of `tokens` that refused it.
    step = error.diagnostics().partition(":")[0]
    return {
        "step 5": Blame.ISSUER,
        "step 7": Blame.KEY,
        "step 8": Blame.KEY,
        "step 9": Blame.AUDIENCE,
    }.get(step, Blame.REQUEST)
