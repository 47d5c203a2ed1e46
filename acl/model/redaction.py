"""
What the redaction of a text yields, and the port that yields it.

The way in redacts documents and the way out redacts questions with the same adapter, so that
a question about a person still finds the pseudonym of that person.
The adapter itself lives in `ingestion.redact`; this file is all that the way out knows of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """
    One detected span of personal data, in offsets of the text before redaction.

    `start` and `end` count characters, `end` exclusive. `kind` is the type that the
    pseudonym shows, such as `PERSON` or `EMAIL_ADDRESS`. `score` is between 0 and 1.
    """

    start: int
    end: int
    kind: str
    score: float
    recognizer: str


@dataclass(frozen=True, slots=True)
class RedactedText:
    """
    A text whose findings have been replaced by typed pseudonyms such as `<PERSON_3f9a12>`.

    `originals` pairs every pseudonym that occurs in `text` with the form that it replaced
    first; it is personal data and must be sealed or dropped, never stored in the clear.
    """

    text: str
    findings: tuple[Finding, ...]
    originals: tuple[tuple[str, str], ...]


class Redactor(Protocol):
    """
    Replaces personal data by pseudonyms that keep equality.

    Implementations MUST be pure functions of the text and the tenant's pseudonym key: equal
    forms of equal kind give equal pseudonyms, and nothing that other documents hold may
    change the result (otherwise a question's redaction would tell what hidden texts contain).
    """

    @property
    def fingerprint(self) -> str:
        """
        Names the recognizers, their versions and settings; a change means redacting anew.
        """
        ...

    def redact(self, text: str) -> RedactedText:
        """
        Redact one text.

        Raises:
            RedactionError: The text could not be redacted. It must then not be stored.
        """
        ...

    def redact_all(self, texts: Sequence[str]) -> Sequence[RedactedText]:
        """
        Redact many texts, in their order; equal to calling `redact` on each, but faster.
        """
        ...
