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
from typing import Final

from acl.audit.events import AuditEvent
from acl.identity.presented import Credentials
from acl.model.scopes import SEARCH_SCOPE
from retrieval.answer import ReadingRoom
from retrieval.authenticate import authenticate
from retrieval.authorize import Authorized
from retrieval.errors import NotFoundError
from retrieval.output_filter import Filtered, OutputFilter
from retrieval.provenance import ProvenanceRefusedError, digest, heading
from retrieval.statement import Statement

SIGNED: Final = "signed_provenance"


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
        signed = answer.get(SIGNED)
        statement = self.room.provenance.verify(signed if isinstance(signed, str) else "")
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


def differences(statement: Statement, answer: Mapping[str, object]) -> list[str]:
    """
    Say what in a response is not as it was stated; empty if all of it is.

    A response without texts says nothing that could differ but its ids.
    """
    found = [
        name
        for name, stated in (
            ("request_id", statement.request_id),
            ("epoch", statement.epoch),
            ("max_label", statement.max_label),
            ("models", None if statement.models is None else list(statement.models)),
        )
        if name in answer and answer[name] != stated
    ]
    context = answer.get("context")
    if "context" in answer and _digest(context) != statement.context_sha256:
        found.append("context")
    texts = _texts(answer)
    if texts is None:
        return found
    if len(texts) != len(statement.passages):
        return [*found, f"{len(texts)} passages, {len(statement.passages)} were released"]
    for number, (text, stated) in enumerate(zip(texts, statement.passages, strict=True), 1):
        named = (text.get("id"), text.get("citation"), _digest(text.get("text")))
        head = _digest(_heading(text))
        if (*named, head) != (stated.id, stated.citation, stated.sha256, stated.heading_sha256):
            found.append(f"passage {number}")
    return found


def _texts(answer: Mapping[str, object]) -> list[Mapping[str, object]] | None:
    listed = answer.get("passages")
    if isinstance(listed, list):
        return [one if isinstance(one, dict) else {} for one in listed]
    results = answer.get("data")
    if isinstance(results, list):
        return [_result(one) if isinstance(one, dict) else {} for one in results]
    if "text" not in answer:
        return None
    provenance = answer.get("provenance")
    # A document has no id but its source's.
    document = provenance.get("document") if isinstance(provenance, dict) else None
    return [{"id": document, **answer}]


def _result(result: Mapping[str, object]) -> Mapping[str, object]:
    """
    Return a passage as the route for OpenAI's client has it; without what it was too long for.
    """
    said, content = result.get("attributes"), result.get("content")
    attributes = said if isinstance(said, dict) else {}
    parts = content if isinstance(content, list) else []
    texts = [one.get("text") for one in parts if isinstance(one, dict)]
    # There as well is the title, or where there is none the document.
    named = attributes.get("title") or attributes.get("document")
    title = attributes.get("title", "") if result.get("filename") == named else None
    return {
        "id": result.get("file_id"),
        "citation": attributes.get("citation"),
        "title": title,
        "url": attributes.get("url"),
        "text": texts[0] if len(texts) == len(parts) == 1 else None,
    }


def _heading(text: Mapping[str, object]) -> str | None:
    title, url = text.get("title"), text.get("url")
    return heading(title, url) if isinstance(title, str) and isinstance(url, str) else None


def _digest(text: object) -> str | None:
    return digest(text) if isinstance(text, str) else None


def _requests(statements: Sequence[Statement]) -> set[str]:
    return {one.request_id for one in statements}
