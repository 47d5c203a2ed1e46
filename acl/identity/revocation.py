"""
Was this token revoked? Asked of the registry anew for every request.

A token goes by several names: its subject, its session, whatever else somebody may be cut off
by, and its issuer. What is known of any of them may refuse it:

1. Each claim by which the operator lets a transmitter name people must be in the token: one
   that does not say could not be revoked by it. It goes by what it says there, and by that
   without regard to case (`folded`).
2. A token that does not name its session is refused with those of a session that was ended
   without naming whose it was.
3. A token that was issued when, or before, tokens of one of its names were revoked is refused;
   so is one that does not say when it was issued.
4. A token of an account that is disabled or purged is refused.

Each of these is a `TokenRejectedError`: the caller learns what they learn of any bad token.

5. A genuine token on which nobody is let in (steps 15 and 16 of `tokens`) is refused only after
   that: whoever brings a revoked one learns nothing else of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection

from acl.identity.errors import TokenRejectedError
from acl.identity.reader import VerifiedReader
from acl.model.revocations import (
    SESSION,
    SUBJECT,
    TokensOf,
    folded,
    tokens_named_by,
    well_named,
)
from acl.registry.database import Database
from acl.registry.revocations import standings


@dataclass(frozen=True, slots=True)
class RevocationRule:
    """
    By which claims tokens can be revoked, besides subject and session: by issuer.
    """

    claims: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def require_in_force(self, reader: VerifiedReader, connection: Connection) -> None:
        """
        Refuse a token that was revoked.

        Raises:
            TokenRejectedError: It was, or cannot be told from one that was.
            ReaderRefusedError: It is in force, and nobody is let in on it.
        """
        issued_at = _issued_at(reader)
        for tokens, standing in standings(connection, self._names_of(reader)).items():
            if standing.refuses(issued_at):
                msg = f"revoked: {tokens}; not before {standing.not_before}, {standing.account}"
                raise TokenRejectedError(msg)
        reader.require_accepted()

    def check(self, reader: VerifiedReader, database: Database) -> None:
        """
        Refuse a token that was revoked, in a transaction of its own.

        Raises:
            TokenRejectedError, ReaderRefusedError: As `require_in_force`.
            RegistryUnavailableError: The registry did not answer.
        """
        with database.reading() as connection:
            self.require_in_force(reader, connection)

    def _names_of(self, reader: VerifiedReader) -> frozenset[TokensOf]:
        stated = [(SUBJECT, reader.subject), (SESSION, reader.claims.get(SESSION))]
        for claim in sorted(self.claims.get(reader.issuer, frozenset())):
            address = well_named(reader.claims.get(claim))
            if address is None or well_named(folded(address)) is None:
                msg = f"it has no {claim}, by which its issuer's people are revoked"
                raise TokenRejectedError(msg)
            stated += [(claim, address), (claim, folded(address))]
        return tokens_named_by(reader.issuer, stated)


def _issued_at(reader: VerifiedReader) -> datetime | None:
    issued = reader.claims.get("iat")
    if not isinstance(issued, int):
        return None
    try:
        return datetime.fromtimestamp(issued, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None
