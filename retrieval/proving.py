"""
Checks, for those who handle answers later: is this what was released, and does what was written
from it keep to it?

Both need a token for searching, are counted as requests, and release nothing. A check is for the
reader alone to whom the passages were released: of everybody else's statements, and of those that
do not verify, it says what it says of those that never were.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from acl.audit.events import AuditEvent
from acl.identity.presented import Credentials
from acl.model.scopes import SEARCH_SCOPE
from retrieval.answer import ReadingRoom
from retrieval.authenticate import authenticate
from retrieval.authorize import Authorized
from retrieval.errors import NotFoundError
from retrieval.output_filter import Filtered, OutputFilter
from retrieval.provenance import ProvenanceRefusedError
from retrieval.responses import differences, signed_in
from retrieval.statement import Statement


@dataclass(frozen=True, slots=True)
class AskedCheck:
    """
    An answer, the statements of what it was written from, and the texts of the passages.
    """

    answer: str
    statements: Sequence[str]
    passages: Sequence[str] = ()
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class ProofDesk:
    """
    Verifies statements and checks answers, for whoever may search.
    """

    room: ReadingRoom

    def admitted(self, credentials: Credentials) -> Authorized:
        """
        Say who asks, before anything of what they send is read.

        Raises:
            ReadershipError: They may not.
        """
        reader = authenticate(credentials, self.room.verifier)
        may = self.room.authorizer.authorize(reader, needs=SEARCH_SCOPE)
        self.room.limiter.admit(reader)
        return may

    def verified(self, answer: Mapping[str, object]) -> tuple[Statement, list[str]]:
        """
        Return what a response's signed provenance states, and what in the response differs.

        Raises:
            ProvenanceRefusedError: It does not verify.
        """
        statement = self.room.provenance.verify(signed_in(answer))
        return statement, differences(statement, answer)

    def checked(self, may: Authorized, asked: AskedCheck) -> tuple[str, Filtered]:
        """
        Check an answer, with the id of this request.

        Raises:
            NotFoundError: One of the statements is none of this reader's, for whichever reason.
            RedactionError: The answer could not be looked through.
        """
        request_id = secrets.token_hex(16)
        statements = [self._own(may, one) for one in asked.statements]
        if asked.request_id is not None and asked.request_id not in _requests(statements):
            msg = "no statement is of the request that was named"
            raise NotFoundError(msg)
        found = OutputFilter(statements, asked.passages).filtered(asked.answer, self.room.checker)
        self._record(request_id, may, statements, found)
        return request_id, found

    def _own(self, may: Authorized, signed: str) -> Statement:
        try:
            statement = self.room.provenance.verify(signed)
        except ProvenanceRefusedError as error:
            raise NotFoundError(error.diagnostics()) from error
        if statement.reader != self.room.waybills.names.pseudonym(may.reader):
            msg = f"request {statement.request_id} was another reader's"
            raise NotFoundError(msg)
        return statement

    def _record(
        self, request_id: str, may: Authorized, statements: Sequence[Statement], found: Filtered
    ) -> None:
        kinds = [one.kind for one in found.findings]
        self.room.trail.append(
            AuditEvent(
                at=self.room.clock(),
                request_id=request_id,
                action="check answer",
                outcome="found fault" if kinds else "found nothing",
                issuer=may.reader.issuer,
                subject=may.reader.subject,
                client=may.reader.client,
                actors=may.reader.actors,
                details={
                    "who": may.reader.sentence(),
                    "epoch": may.scope.epoch,
                    "requests": sorted(_requests(statements)),
                    "findings": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
                },
            )
        )


def _requests(statements: Sequence[Statement]) -> set[str]:
    return {one.request_id for one in statements}
