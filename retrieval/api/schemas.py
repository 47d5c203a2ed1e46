"""
Bodies of requests and responses.

Pydantic stays here, at the edge; requests refuse members that are not listed.
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from acl.model.identifiers import DocumentId, Epoch, SourceName
from retrieval.asked import AskedQuestion, AskedWhy
from retrieval.explain import Explanation, Person
from retrieval.passage import Answer, BlindSpot, OnePassage, Passage, Waybill, WholeDocument

MAX_QUESTION_CHARACTERS = 2_000
MAX_LIMIT = 50
DEFAULT_LIMIT = 8

SourceText = Annotated[str, StringConstraints(min_length=1, max_length=64)]
NameText = Annotated[str, StringConstraints(min_length=1, max_length=1_024)]
CursorText = Annotated[str, StringConstraints(min_length=1, max_length=128)]
QuestionText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION_CHARACTERS),
]


class RequestBody(BaseModel):
    """
    What is sent: members that are not listed are refused.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


class ResponseBody(BaseModel):
    """
    What comes back.
    """

    model_config = ConfigDict(frozen=True)


class SearchFilters(RequestBody):
    """
    Narrows a search. Nothing here can widen what the reader may read.
    """

    sources: Annotated[list[SourceText], Field(min_length=1, max_length=32)] | None = Field(
        default=None, description="Search these sources only."
    )


class SearchRequest(RequestBody):
    """
    A question.
    """

    query: QuestionText = Field(description="The question, in plain language.")
    limit: int = Field(
        default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="How many passages at most."
    )
    filters: SearchFilters | None = None
    at_least_epoch: int | None = Field(
        default=None,
        ge=0,
        le=2**62,
        description="Refuse to answer from an older state of permissions than this epoch.",
    )
    cursor: CursorText | None = Field(
        default=None, description="The `next_cursor` of an answer to this very question."
    )

    def asked(self) -> AskedQuestion:
        """
        Return what the inside understands.
        """
        sources = self.filters.sources if self.filters else None
        at_least = Epoch(self.at_least_epoch) if self.at_least_epoch is not None else None
        named = tuple(sources) if sources else None
        return AskedQuestion(self.query, self.limit, named, at_least, cursor=self.cursor)


class ExplainRequest(RequestBody):
    """
    Whose reading of which document, now or in the past.
    """

    reader: NameText = Field(description="The subject of the reader's token.")
    document: NameText = Field(description="The document's id in its source.")
    issuer: NameText | None = Field(
        default=None, description="The reader's issuer. Default: that of your own token."
    )
    source: SourceText | None = Field(default=None, description="The document's source.")
    client: NameText | None = Field(default=None, description="The client, for its ceiling.")
    assurance: NameText | None = Field(default=None, description="The acr, for its ceiling.")
    at: Annotated[int, Field(ge=0, le=2**62, strict=True)] | AwareDatetime | None = Field(
        default=None, description="Answer for the past: an epoch, or a time with a zone."
    )

    def asked(self) -> AskedWhy:
        """
        Return what the inside understands.
        """
        person = Person(self.issuer or "", self.reader, self.client or "", self.assurance)
        source = SourceName(self.source) if self.source is not None else None
        when = Epoch(self.at) if isinstance(self.at, int) else self.at
        return AskedWhy(person, DocumentId(self.document), source, when)


class SpanBody(ResponseBody):
    """
    Characters of the redacted text; `end` is exclusive.
    """

    start: int
    end: int


class TrustBody(ResponseBody):
    """
    What was noticed about the text. Whatever it says, the text is data.
    """

    signals: list[str]


class ProvenanceBody(ResponseBody):
    """
    Where a passage is from, and under which permission it was released.
    """

    source: str
    document: str
    revision: int
    span: SpanBody
    page: int | None
    content_sha256: str
    modified: datetime | None
    mime: str
    acl_revision: int
    acl_observed_at: datetime
    label: str
    redactions: dict[str, int]
    trust: TrustBody
    ingest_run: str

    @classmethod
    def of(cls, passage: Passage) -> "ProvenanceBody":
        """
        Lay out a passage's provenance.
        """
        found = passage.provenance
        return cls(
            source=found.source,
            document=found.document,
            revision=found.revision,
            span=SpanBody(start=found.span.start, end=found.span.end),
            page=found.span.page,
            content_sha256=found.content_sha256,
            modified=found.modified,
            mime=found.mime,
            acl_revision=found.acl_revision,
            acl_observed_at=found.acl_observed_at,
            label=found.label,
            redactions=dict(found.redactions),
            trust=TrustBody(signals=list(found.trust)),
            ingest_run=found.ingest_run,
        )


class PassageBody(ResponseBody):
    """
    A passage that the reader may read. The id is a name, not a capability.
    """

    id: str
    citation: str
    title: str
    url: str
    text: str
    provenance: ProvenanceBody

    @classmethod
    def of(cls, passage: Passage) -> "PassageBody":
        """
        Lay out a passage.
        """
        return cls(
            id=passage.id,
            citation=passage.citation,
            title=passage.title,
            url=passage.url,
            text=passage.text,
            provenance=ProvenanceBody.of(passage),
        )


class BlindBody(ResponseBody):
    """
    A source that could not be searched just now.
    """

    source: str
    reason: str
    since: datetime | None

    @classmethod
    def of(cls, spot: BlindSpot) -> "BlindBody":
        """
        Lay out a blind spot.
        """
        return cls(source=spot.source, reason=spot.reason, since=spot.since)


class WaybillBody(ResponseBody):
    """
    What travels with an answer, for whoever handles it next.
    """

    signed_provenance: str = Field(
        description="A JWS over what this response holds; see /v1/verify."
    )
    max_label: str | None = Field(description="The most sensitive label in it.")
    models: list[str] | None = Field(
        description="The classes of language models that it may be shown to; null: not configured."
    )

    @staticmethod
    def members_of(waybill: Waybill) -> dict[str, Any]:
        """
        Lay out a waybill.
        """
        return {
            "signed_provenance": waybill.signed_provenance,
            "max_label": waybill.max_label,
            "models": None if waybill.models is None else list(waybill.models),
        }


class SearchResponse(WaybillBody):
    """
    Passages, best first, and the context made of them for a language model.
    """

    request_id: str
    epoch: int
    passages: list[PassageBody]
    context: str
    blind: list[BlindBody]
    next_cursor: str | None = Field(description="Ask for what follows with it; null at the end.")
    left_out: dict[str, int]

    @classmethod
    def of(cls, answer: Answer) -> "SearchResponse":
        """
        Lay out an answer.
        """
        return cls(
            request_id=answer.request_id,
            epoch=answer.epoch,
            passages=[PassageBody.of(passage) for passage in answer.passages],
            context=answer.context,
            blind=[BlindBody.of(spot) for spot in answer.blind],
            next_cursor=answer.next_page,
            left_out=dict(answer.left_out),
            **cls.members_of(answer.waybill),
        )


class PassageResponse(PassageBody, WaybillBody):
    """
    One passage.
    """

    request_id: str
    epoch: int

    @classmethod
    def asked_for(cls, found: OnePassage) -> "PassageResponse":
        """
        Lay out a passage that was asked for by its id.
        """
        return cls(
            request_id=found.request_id,
            epoch=found.epoch,
            **dict(PassageBody.of(found.passage)),
            **cls.members_of(found.waybill),
        )


class DocumentResponse(WaybillBody):
    """
    A document's redacted text; `truncated` says that it goes on.
    """

    request_id: str
    epoch: int
    citation: str
    title: str
    url: str
    text: str
    truncated: bool
    provenance: ProvenanceBody

    @classmethod
    def of(cls, document: WholeDocument) -> "DocumentResponse":
        """
        Lay out a document.
        """
        return cls(
            request_id=document.request_id,
            epoch=document.epoch,
            citation=document.first.citation,
            title=document.first.title,
            url=document.first.url,
            text=document.text,
            truncated=document.truncated,
            provenance=ProvenanceBody.of(document.first),
            **cls.members_of(document.waybill),
        )


class ExplanationBody(ResponseBody):
    """
    One verdict: the whole chain for a permit, up to the first missing link for a denial.
    """

    source: str | None
    decision: str
    missing: str | None
    chain: list[str]
    epoch: int
    at: datetime


class ExplainResponse(ResponseBody):
    """
    One explanation for every document of the id, or one that says that there is none.
    """

    request_id: str
    reader: str
    issuer: str
    document: str
    explanations: list[ExplanationBody]

    @classmethod
    def of(cls, request_id: str, found: list[Explanation]) -> "ExplainResponse":
        """
        Lay out explanations.
        """
        return cls(
            request_id=request_id,
            reader=found[0].person.subject,
            issuer=found[0].person.issuer,
            document=found[0].document,
            explanations=[
                ExplanationBody(
                    source=one.source,
                    decision="permit" if one.permitted else "deny",
                    missing=one.missing or None,
                    chain=list(one.chain),
                    epoch=one.epoch,
                    at=one.at,
                )
                for one in found
            ],
        )


class Problem(ResponseBody):
    """
    An error (RFC 9457).
    """

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    errors: list[dict[str, Any]] | None = None


class Health(ResponseBody):
    """
    Whether the service is there, and what keeps it from answering.
    """

    status: str
    failing: list[str] = []
