"""
Bodies of the route that stands in for OpenAI's vector stores, in OpenAI's words.

What is not listed here is refused, and so is every value that this service does not honour: a
client must not believe that something was done for it that was not.
"""

from collections.abc import Iterable
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints

from retrieval.api.schemas import (
    MAX_LIMIT,
    MAX_QUESTION_CHARACTERS,
    CursorText,
    QuestionText,
    RequestBody,
    ResponseBody,
    WaybillBody,
)
from retrieval.api.store_filters import StoreFilter
from retrieval.asked import AskedQuestion
from retrieval.passage import Answer, Passage
from retrieval.search import RRF_K

EVERYTHING: Final = "all"
"""
The store of all sources.
"""

DEFAULT_RESULTS: Final = 10
MAX_QUESTIONS: Final = 8
MAX_ATTRIBUTE_CHARACTERS: Final = 512
StoreId = Annotated[str, StringConstraints(min_length=1, max_length=64)]


def _together(questions: list[str]) -> list[str]:
    if len("\n".join(questions)) > MAX_QUESTION_CHARACTERS:
        msg = f"at most {MAX_QUESTION_CHARACTERS} characters together"
        raise ValueError(msg)
    return questions


def _unweighed(threshold: float) -> float:
    if threshold:
        msg = "scores say the place in the ranking and no likeness; only 0 can be asked for"
        raise ValueError(msg)
    return threshold


def _as_asked(rewrite: bool) -> bool:  # noqa: FBT001 - the value itself
    if rewrite:
        msg = "questions are asked as they are; only false can be asked for"
        raise ValueError(msg)
    return rewrite


Questions = Annotated[
    list[QuestionText], Field(min_length=1, max_length=MAX_QUESTIONS), AfterValidator(_together)
]


class RankingOptions(RequestBody):
    """
    There is one ranking.
    """

    ranker: Literal["auto", "none"] = Field(default="auto", description="Both are our ranking.")
    score_threshold: Annotated[float, AfterValidator(_unweighed)] = Field(
        default=0, ge=0, le=1, description="0: scores say the place in the ranking alone."
    )


class StoreSearchRequest(RequestBody):
    """
    A question in OpenAI's words.
    """

    query: QuestionText | Questions = Field(description="Several are asked as one question.")
    max_num_results: int = Field(default=DEFAULT_RESULTS, ge=1, le=MAX_LIMIT)
    filters: StoreFilter | None = Field(default=None, description="The one key is source.")
    ranking_options: RankingOptions | None = None
    rewrite_query: Annotated[bool, AfterValidator(_as_asked)] = Field(
        default=False, description="Only false: questions are asked as they are."
    )
    page: CursorText | None = Field(
        default=None, description="The next_page of an answer to this very question."
    )

    def questions(self) -> list[str]:
        """
        Return what was asked.
        """
        return [self.query] if isinstance(self.query, str) else list(self.query)

    def asked(self, store: str, known: Iterable[str]) -> AskedQuestion:
        """
        Return what the inside understands: the sources of the store, cut with the filters.

        A store that is not there has none, as one of which the reader may see nothing.
        """
        text = "\n".join(self.questions())
        everything = frozenset(known)
        chosen = everything if store == EVERYTHING else everything & {store}
        if self.filters is not None:
            chosen &= self.filters.chosen(everything)
        return AskedQuestion(text, self.max_num_results, tuple(sorted(chosen)), cursor=self.page)


class StoreContent(ResponseBody):
    """
    A piece of text.
    """

    type: Literal["text"] = "text"
    text: str


class StoreResult(ResponseBody):
    """
    A passage in OpenAI's words. `file_id` is the passage's id; `score` says its place on the page
    and nothing else.
    """

    file_id: str
    filename: str
    score: float
    attributes: dict[str, str | float | bool]
    content: list[StoreContent]

    @classmethod
    def of(cls, passage: Passage, place: int) -> "StoreResult":
        """
        Lay out the passage in this place, counted from 0.
        """
        return cls(
            file_id=passage.id,
            filename=passage.title or passage.provenance.document,
            score=(RRF_K + 1) / (RRF_K + 1 + place),
            attributes=_attributes(passage),
            content=[StoreContent(text=passage.text)],
        )


class StoreSearchPage(WaybillBody):
    """
    Results, best first; and what travels with them, in words that OpenAI does not use.
    """

    object: Literal["vector_store.search_results.page"] = "vector_store.search_results.page"
    search_query: list[str]
    data: list[StoreResult]
    has_more: bool
    next_page: str | None

    @classmethod
    def of(cls, questions: list[str], answer: Answer) -> "StoreSearchPage":
        """
        Lay out an answer.
        """
        return cls(
            search_query=questions,
            data=[StoreResult.of(one, place) for place, one in enumerate(answer.passages)],
            has_more=answer.next_page is not None,
            next_page=answer.next_page,
            **cls.members_of(answer.waybill),
        )


class StoreErrorDetail(ResponseBody):
    """
    What went wrong, in OpenAI's words.
    """

    message: str
    type: str
    param: str | None
    code: str | None


class StoreError(ResponseBody):
    """
    An error in OpenAI's form.
    """

    error: StoreErrorDetail


def _attributes(passage: Passage) -> dict[str, str | float | bool]:
    found = passage.provenance
    said: dict[str, str | float | bool] = {
        "source": found.source,
        "document": found.document,
        "title": passage.title,
        "url": passage.url,
        "citation": passage.citation,
        "revision": found.revision,
        "label": found.label,
        "mime": found.mime,
        "content_sha256": found.content_sha256,
    }
    if found.modified is not None:
        said["modified"] = found.modified.isoformat()
    if found.span.page is not None:
        said["page"] = found.span.page
    if found.trust:
        said["trust"] = ", ".join(found.trust)
    # Whatever is too long for an attribute is left out rather than cut: half an id is another.
    return {
        name: one
        for name, one in said.items()
        if not isinstance(one, str) or 0 < len(one) <= MAX_ATTRIBUTE_CHARACTERS
    }
