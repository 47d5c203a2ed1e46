"""
The path of a question, as one function: eight numbered steps, no branches.

Step 8 is here: what leaves is within its reader's limits, signed, and its audit record is durable
before anything is returned.
"""

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypeVar

from acl.audit.chain import AuditTrail
from acl.audit.events import blinded
from acl.identity.reader import VerifiedReader
from acl.identity.tokens import TokenVerifier
from acl.index.reading import Question
from acl.model.documents import DocumentPermission, Hit
from acl.model.identifiers import ChunkId, DocumentId, DocumentKey, SourceName
from acl.model.redaction import Redactor
from acl.model.scopes import AUDIT_SCOPE, READ_SCOPE, READERS_SCOPES, SEARCH_SCOPE
from acl.registry.permissions import PermissionRegistry
from retrieval.addresses import page_of
from retrieval.asked import AskedQuestion, AskedWhy
from retrieval.authenticate import Asking, authenticate
from retrieval.authorize import Authorized, Authorizer
from retrieval.choose import Choice, kept_back
from retrieval.cite import addressed, cite, context
from retrieval.cursors import Cursors
from retrieval.departure import FETCH, Departure, as_one, event_of, titles_of
from retrieval.errors import (
    AmbiguousDocumentError,
    EpochMovedError,
    InsufficientScopeError,
    NotFoundError,
)
from retrieval.explain import Explainer, Explanation
from retrieval.limits import Limiter, LimitExceededError
from retrieval.one_epoch import of_one_epoch
from retrieval.page import WHOLE, Dates, Part, text_of
from retrieval.passage import Answer, OnePassage, Passage, Waybill, WholeDocument
from retrieval.prepare import QuestionPreparer
from retrieval.provenance import ProvenanceVerifier, WaybillWriter
from retrieval.recheck import Rechecked, Rechecker, Released, together
from retrieval.sanitise import sanitise
from retrieval.screen import Screen
from retrieval.search import ScopedSearch
from retrieval.unseal import Unsealer

logger = logging.getLogger(__name__)

Found = TypeVar("Found")

RECHECK_SPARE: Final = 32
"""
Hits rechecked beyond what was asked for, to fill the places of those that are refused.
"""

NO_DOCUMENT: Final = DocumentKey("0" * 32)
"""
Looked up in place of the document of a passage that does not exist.
"""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """
    Which part of a document is wanted, as it was asked for; from which of its passages it was
    come to, and by which name it goes back.
    """

    asked: str
    part: Part = WHOLE
    opened_at: ChunkId | None = None
    named: str | None = None


@dataclass(frozen=True, slots=True)
class ReadingRoom:
    """
    Everything that a reader can do, with every collaborator that it takes.

    `origin` is where people reach this service; `way` says by which face of it the reader came,
    for the record.
    """

    verifier: TokenVerifier
    authorizer: Authorizer
    preparer: QuestionPreparer
    checker: Redactor
    search: ScopedSearch
    rechecker: Rechecker
    unsealer: Unsealer
    permissions: PermissionRegistry
    explainer: Explainer
    limiter: Limiter
    waybills: WaybillWriter
    provenance: ProvenanceVerifier
    trail: AuditTrail
    audit_key: bytes
    clock: Callable[[], datetime]
    cursors: Cursors
    origin: str
    screen: Screen = field(default_factory=Screen)
    way: str = "http"

    def welcome(self, credentials: Asking) -> VerifiedReader:
        """
        Return who asks, if there is anything that they may ask.

        Raises:
            ReadershipError: Whatever they ask would be refused.
        """
        reader = authenticate(credentials, self.verifier)
        self.authorizer.require_welcome(reader)
        if reader.scopes.isdisjoint(READERS_SCOPES):
            raise InsufficientScopeError(*READERS_SCOPES)
        return reader

    def answer(self, credentials: Asking, question: AskedQuestion) -> Answer:
        """
        Answer a question with passages that this reader may read, best first.

        Raises:
            ReadershipError: One of the steps refused; nothing has left.
        """
        request_id = secrets.token_hex(16)
        # 1. Who asks? Everything below trusts only what this returns.
        reader = authenticate(credentials, self.verifier)
        # 2. May they ask? Said before their question costs anything.
        self._authorize(reader, question)
        self.limiter.admit(reader)
        shown = self.cursors.shown(question.cursor, reader, question.same())
        # 3. The question, in the same pseudonyms and vectors as the documents.
        redacted = self.preparer.redact(question.text)
        asked = self.preparer.embed(redacted)
        # 2, 4, 5, 6, 7. The scope, what is near inside it, the registry's word on every hit, only
        #                then plaintext, and of that what makes an answer.
        may, checked, chosen = of_one_epoch(
            lambda: self._found(request_id, reader, question, asked, shown)
        )
        passages, left_out = tuple(chosen.passages), chosen.left_out()
        fenced = context(passages, left_out)
        # 8. Within the limits, signed, and durable before it leaves.
        details = {
            "question": blinded(self.audit_key, question.text),
            "refused": checked.refused,
            "discrepancies": checked.discrepancies,
            "left_out": left_out,
        }
        leaving = Departure(request_id, "search", may, checked.epoch, passages, fenced)
        leaving = titles_of(leaving) if question.titles_only else leaving
        waybill = self._release(leaving, leaving.passages, details)
        so_far = shown + len(passages)
        cursor = self.cursors.after(so_far, reader, question.same()) if chosen.more() else None
        left, laid_out = leaving.passages, leaving.context or ""
        return Answer(
            request_id, checked.epoch, left, laid_out, may.blind, waybill, cursor, left_out
        )

    def _authorize(self, reader: VerifiedReader, question: AskedQuestion) -> Authorized:
        return self.authorizer.authorize(
            reader,
            needs=SEARCH_SCOPE,
            sources=question.sources,
            at_least=question.at_least_epoch,
        )

    def _found(
        self,
        request_id: str,
        reader: VerifiedReader,
        question: AskedQuestion,
        asked: Question,
        shown: int,
    ) -> tuple[Authorized, Rechecked, Choice]:
        may = self._authorize(reader, question)
        chosen, looked_at = question.places(shown), list[Rechecked]()
        window = shown + question.limit + RECHECK_SPARE
        # 4. What is near, among what they may read?
        for hits in self.search.nearest(asked, may.scope):
            for start in range(0, max(1, len(hits)), window):
                looked_at.append(self._rechecked(request_id, hits[start : start + window], may))
                waiting = self._choose(looked_at[-1], question.modified, chosen)
                if not chosen.missing():
                    chosen.unseen = bool(waiting or hits[start + window :])
                    return may, together(looked_at), chosen
        chosen.fill_up()
        return may, together(looked_at), chosen

    def _rechecked(self, request_id: str, hits: Sequence[Hit], may: Authorized) -> Rechecked:
        # 5. Ask again: grants may have shrunk since the index was written.
        checked = self.rechecker.still_readable(hits, may)
        if checked.epoch != may.scope.epoch:
            msg = f"searched at epoch {may.scope.epoch}, rechecked at {checked.epoch}"
            raise EpochMovedError(msg)
        # Told at once: whatever fails from here on, somebody must learn that a door is wrong.
        _alarm(request_id, checked)
        return checked

    def _choose(self, checked: Rechecked, dates: Dates, chosen: Choice) -> Sequence[Released]:
        waiting = checked.released
        # No more is opened than there is place for.
        while waiting and (missing := chosen.missing()):
            released, waiting = waiting[:missing], waiting[missing:]
            # 6. Only now does anything become plaintext.
            for passage in self.unsealer.passages(released, epoch=checked.epoch):
                # 7. Inert, judged, and only if it takes nobody else's place.
                if dates.hold(passage.provenance.modified):
                    chosen.offer(self._shown(passage))
        return waiting

    def passage(self, credentials: Asking, passage_id: str) -> OnePassage:
        """
        Return one passage by its id, authorised anew.

        Raises:
            NotFoundError: There is none for this reader, for whichever reason.
        """
        request_id = secrets.token_hex(16)
        reader = self._admitted(credentials)
        chunk = ChunkId(passage_id)
        may, opened = of_one_epoch(lambda: self._opened_chunk(reader, chunk))
        shown = [self._shown(passage) for passage in opened if passage is not None]
        passages = tuple(passage for passage in shown if not passage.quarantined)
        leaving = Departure(request_id, "passage", may, may.scope.epoch, passages)
        waybill = self._release(leaving, passages, {"asked": passage_id, **kept_back(shown)})
        if not passages:
            msg = f"passage {passage_id!r:.80}"
            raise NotFoundError(msg)
        return OnePassage(request_id, may.scope.epoch, passages[0], waybill)

    def document(self, credentials: Asking, document: str, source: str | None) -> WholeDocument:
        """
        Return a document by its source's id, authorised anew.

        Raises:
            NotFoundError: There is none for this reader, for whichever reason.
            AmbiguousDocumentError: The reader may read several of this id.
        """
        request_id = secrets.token_hex(16)
        reader = self._admitted(credentials)
        named = SourceName(source) if source is not None else None
        keys = self._keys(DocumentId(document), named)
        may, whole = of_one_epoch(lambda: self._opened_documents(reader, keys))
        found = [parts for parts in whole if parts]
        return self._whole(request_id, may, found, _Wanted(document))

    def document_around(
        self, credentials: Asking, passage_id: str, part: Part = WHOLE, *, named: str
    ) -> WholeDocument:
        """
        Return the document that a passage is in, or a part of it, authorised anew; it is stated
        under the name by which its reader gets it.

        Raises:
            NotFoundError: There is none for this reader, for whichever reason.
        """
        request_id = secrets.token_hex(16)
        reader = self._admitted(credentials)
        chunk = ChunkId(passage_id)
        may, whole = of_one_epoch(lambda: self._opened_documents(reader, [self._owner(chunk)]))
        found = [parts for parts in whole if any(one.id == chunk for one in parts)]
        wanted = _Wanted(passage_id, part, chunk, named)
        return self._whole(request_id, may, found, wanted)

    def explain(self, credentials: Asking, asked: AskedWhy) -> tuple[str, list[Explanation]]:
        """
        Explain to an operator why somebody may or may not read a document.

        Raises:
            InsufficientScopeError: The token is not an operator's, or its client may look into
                some sources only.
            NotRecordedError: Nothing is recorded of the epoch or moment that was asked for.
        """
        request_id = secrets.token_hex(16)
        operator = authenticate(credentials, self.verifier)
        may = self.authorizer.authorize(operator, needs=AUDIT_SCOPE)
        self.limiter.admit(operator)
        if operator.sources is not None:
            # An explanation is of all sources: their groups, and whether a document is there.
            raise InsufficientScopeError(AUDIT_SCOPE)
        issuer = asked.person.issuer or operator.issuer
        person = replace(asked.person, issuer=issuer)
        found = self.explainer.explain(person, asked.document, asked.source, asked.at)
        # Asked again: who was revoked or switched off meanwhile learns nothing.
        may = self.authorizer.authorize(operator, needs=AUDIT_SCOPE)
        details = {"asked": {"reader": person.subject, "issuer": issuer, **asked.document_named()}}
        self._record(Departure(request_id, "explain", may, may.scope.epoch, ()), (), details)
        return request_id, found

    def _admitted(self, credentials: Asking) -> VerifiedReader:
        reader = authenticate(credentials, self.verifier)
        # Before they are counted: a token that was revoked uses up nobody's requests.
        self.authorizer.authorize(reader, needs=READ_SCOPE)
        self.limiter.admit(reader)
        return reader

    def _whole(
        self,
        request_id: str,
        may: Authorized,
        opened: Sequence[Sequence[Passage]],
        wanted: _Wanted,
    ) -> WholeDocument:
        found = opened[0] if len(opened) == 1 else ()
        shown = [self._shown(one, wanted.opened_at) for one in found]
        cut, truncated = wanted.part.of(text_of(found, shown))
        released = tuple(one for one in shown if not one.quarantined)
        released = released if cut or not wanted.part.start else ()
        whole = as_one(released, cut, wanted.named)
        operation = "document" if wanted.named is None else FETCH
        leaving = Departure(request_id, operation, may, may.scope.epoch, whole)
        details = {"asked": wanted.asked, **kept_back(shown)}
        waybill = self._release(leaving, released, details)
        if len(opened) > 1:
            raise AmbiguousDocumentError
        if not whole:
            msg = f"document {wanted.asked!r:.80}"
            raise NotFoundError(msg)
        epoch, length = may.scope.epoch, found[-1].provenance.span.end
        return WholeDocument(request_id, epoch, whole[0], cut, length, truncated, waybill)

    def _shown(self, passage: Passage, opened_at: ChunkId | None = None) -> Passage:
        cited = cite(self.screen.judged(sanitise(passage)))
        return addressed(cited, page_of(self.origin, opened_at or passage.id))

    def _opened_chunk(
        self, reader: VerifiedReader, chunk: ChunkId
    ) -> tuple[Authorized, list[Passage | None]]:
        may = self.authorizer.authorize(reader, needs=READ_SCOPE)
        readable = self._readable([self._owner(chunk)], may)
        epoch = may.scope.epoch
        return may, [self.unsealer.one(*one, chunk, epoch=epoch) for one in readable]

    def _opened_documents(
        self, reader: VerifiedReader, keys: Sequence[DocumentKey]
    ) -> tuple[Authorized, list[list[Passage]]]:
        may = self.authorizer.authorize(reader, needs=READ_SCOPE)
        readable = self._readable(keys, may)
        return may, [self.unsealer.whole(*one, epoch=may.scope.epoch) for one in readable]

    def _owner(self, chunk: ChunkId) -> DocumentKey:
        owner = self.permissions.document_of(chunk)
        return owner if owner is not None else NO_DOCUMENT

    def _readable(
        self, keys: Sequence[DocumentKey], may: Authorized
    ) -> list[tuple[DocumentPermission, datetime]]:
        epoch, readable = self.rechecker.readable_documents(keys, may)
        # A reader who was switched off since must be refused, and the record name one epoch.
        if epoch != may.scope.epoch:
            msg = f"authorised at epoch {may.scope.epoch}, rechecked at {epoch}"
            raise EpochMovedError(msg)
        return readable

    def _keys(self, document: DocumentId, source: SourceName | None) -> list[DocumentKey]:
        # Derived, not looked up: a document that is not there takes the same way as one that
        # this reader may not see.
        names = self.rechecker.budgets.staleness if source is None else [source]
        return [self.rechecker.namer.document(name, document) for name in names]

    def _release(
        self, leaving: Departure, parts: Sequence[Passage], details: Mapping[str, object]
    ) -> Waybill:
        """
        Take the last step: `parts` are the passages that the record names.

        Raises:
            LimitExceededError: It is more than the reader may carry away; recorded as that.
            ReadershipError: It could not be counted, or not be recorded.
        """
        try:
            self.limiter.charge(leaving)
        except LimitExceededError as error:
            self._record(leaving, (), {**details, "limited": error.limit})
            raise
        waybill = self.waybills.write(leaving)
        self._record(leaving, parts, details)
        return waybill

    def _record(
        self, leaving: Departure, parts: Sequence[Passage], details: Mapping[str, object]
    ) -> None:
        told = {**details, "way": self.way}
        self.trail.append(event_of(leaving, parts, told, at=self.clock()))


def _alarm(request_id: str, checked: Rechecked) -> None:
    # Reasons and numbers only: a log is read by people who may not read the documents.
    if checked.discrepancies:
        told = ", ".join(f"{reason}: {n}" for reason, n in sorted(checked.discrepancies.items()))
        logger.critical(
            "request %s: the search let through what the recheck refuses (%s)", request_id, told
        )
