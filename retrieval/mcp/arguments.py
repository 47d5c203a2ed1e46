"""
What agents may ask, checked; and the name that they bring back of a part of a document.

It carries no right: it is a passage's id and a place in the text. Whoever makes one up gets what
their own permissions give.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from acl.errors import ReadershipError
from retrieval.api.schemas import CursorText, QuestionText, SourceText
from retrieval.asked import AskedQuestion
from retrieval.page import Dates, Part

DEFAULT_LIMIT: Final = 8
MAX_LIMIT: Final = 20
MAX_SOURCES: Final = 32
PART_CHARACTERS: Final = 60_000
"""
The text stands in an answer twice, and hosts take 150,000 characters (Claude's limit).
"""

MAX_ID_CHARACTERS: Final = 1_024
_PART: Final = re.compile(r"(?s)(.+?)(?:\+([1-9][0-9]{0,8}))?")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NO_TIME: Final = "give a day, 2026-10-01, or a time with its zone, 2026-10-01T09:00:00Z"


class ArgumentsRefusedError(ReadershipError):
    """
    A tool was called with arguments that it does not take; `where` and why, but not what.
    """

    public_message = "the arguments do not have the form that this tool takes"
    code = "malformed"

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def _moment(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(_NO_TIME) from None
    if _DAY.fullmatch(text):
        return moment.replace(tzinfo=UTC)
    if moment.tzinfo is None:
        raise ValueError(_NO_TIME)
    return moment


Moment = Annotated[datetime, BeforeValidator(_moment)]
"""
A time with its zone, or a day, which is its first moment in UTC.
"""


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SearchArguments(_Arguments):
    """
    A question, and nothing else.
    """

    query: QuestionText

    def asked(self) -> AskedQuestion:
        """
        Return what the inside understands.
        """
        return AskedQuestion(self.query, DEFAULT_LIMIT)


class FetchArguments(_Arguments):
    """
    The id of a passage, as a search has told it; or that and a place, as a fetch has.
    """

    id: Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID_CHARACTERS)]

    def passage(self) -> tuple[str, Part]:
        """
        Return the passage, and which part of its document is wanted.
        """
        named = _PART.fullmatch(self.id)
        if named is None or named[2] is None:
            return self.id, Part(0, PART_CHARACTERS)
        return named[1], Part(int(named[2]), PART_CHARACTERS)


def part_id(passage: str, start: int) -> str:
    """
    Return the name of the part of a passage's document that begins at a place.
    """
    return f"{passage}+{start}"


class SearchDocumentsArguments(_Arguments):
    """
    A question, where to look, how far, and from where to go on.
    """

    query: QuestionText
    sources: Annotated[list[SourceText], Field(min_length=1, max_length=MAX_SOURCES)] | None = None
    modified_since: Moment | None = None
    modified_before: Moment | None = None
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: CursorText | None = None

    def asked(self) -> AskedQuestion:
        """
        Return what the inside understands.
        """
        return AskedQuestion(
            self.query,
            self.limit,
            tuple(self.sources) if self.sources else None,
            modified=Dates(self.modified_since, self.modified_before),
            cursor=self.cursor,
        )


Arguments = TypeVar("Arguments", bound=_Arguments)


def read(form: type[Arguments], arguments: Mapping[str, Any]) -> Arguments:
    """
    Check what a tool was called with.

    Raises:
        ArgumentsRefusedError: It is not what the tool takes.
    """
    try:
        return form.model_validate(dict(arguments))
    except ValidationError as error:
        # Where and what is wrong, but not the value: what was sent may be personal data.
        told = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}"
            for one in error.errors(include_url=False, include_input=False)
        )
        raise ArgumentsRefusedError(told) from None
