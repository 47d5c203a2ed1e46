"""
Bodies of the routes that check what was released.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from retrieval.output_filter import Filtered
from retrieval.provenance import MAX_CHARACTERS
from retrieval.proving import AskedCheck
from retrieval.statement import Statement

MAX_ANSWER_CHARACTERS = 50_000
MAX_STATEMENTS = 16
MAX_PASSAGES = 400
MAX_TOLD_CHARACTERS = 500

SignedText = Annotated[str, StringConstraints(min_length=1, max_length=MAX_CHARACTERS)]
AnswerText = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ANSWER_CHARACTERS)]
RequestText = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class VerifyRequest(BaseModel):
    """
    A response of this service as it came, or its `signed_provenance` alone.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    signed_provenance: SignedText

    def answer(self) -> dict[str, Any]:
        """
        Return everything that was sent.
        """
        return self.model_dump()


class VerifyResponse(BaseModel):
    """
    Whether it was released by this installation, and as it is.
    """

    request_id: str
    verified: bool = Field(description="The signature is ours and nothing differs.")
    differences: list[str] = Field(description="What in the response is not as it was stated.")
    statement: dict[str, Any] | None = Field(
        description="What was stated; null if the signature is not ours."
    )

    @classmethod
    def of(
        cls, request_id: str, statement: Statement | None, differences: list[str]
    ) -> "VerifyResponse":
        """
        Lay out a verdict.
        """
        return cls(
            request_id=request_id,
            verified=statement is not None and not differences,
            differences=differences,
            statement=None if statement is None else statement.to_json(),
        )


class CheckRequest(BaseModel):
    """
    An answer that was written from passages, and what it was written from.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    answer: AnswerText = Field(description="What the language model wrote.")
    signed_provenance: list[SignedText] = Field(
        min_length=1,
        max_length=MAX_STATEMENTS,
        description="That of every response which it was written from.",
    )
    passages: list[str] = Field(
        default=[],
        max_length=MAX_PASSAGES,
        description="The texts of the passages, so that quotations can be compared.",
    )
    request_id: RequestText | None = Field(
        default=None, description="The request that the answer is about; one of those stated."
    )

    def asked(self) -> AskedCheck:
        """
        Return what the inside understands.
        """
        return AskedCheck(self.answer, self.signed_provenance, self.passages, self.request_id)


class OutputFindingBody(BaseModel):
    """
    One thing that is wrong, and the words that it is about.
    """

    kind: str
    text: str


class CheckResponse(BaseModel):
    """
    What is wrong with an answer, and the answer without it.
    """

    request_id: str
    acceptable: bool = Field(description="Nothing was found.")
    findings: list[OutputFindingBody]
    cleaned: str

    @classmethod
    def of(cls, request_id: str, found: Filtered) -> "CheckResponse":
        """
        Lay out what was found.
        """
        return cls(
            request_id=request_id,
            acceptable=not found.findings,
            findings=[
                OutputFindingBody(kind=one.kind, text=one.text[:MAX_TOLD_CHARACTERS])
                for one in found.findings
            ],
            cleaned=found.cleaned,
        )
