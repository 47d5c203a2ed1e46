"""
Step 3. The question, redacted with the same pseudonyms as the documents, then embedded.

Nothing here depends on what is stored: a question means the same whatever documents exist.
"""

from dataclasses import dataclass

from acl.index.embedder import Embedder
from acl.index.reading import Question
from acl.index.terms import question_weights
from acl.keys.naming import Namer
from acl.model.redaction import Redactor


@dataclass(frozen=True, slots=True)
class QuestionPreparer:
    """
    Turns a question's text into what the index understands.
    """

    redactor: Redactor
    embedder: Embedder
    namer: Namer

    def redact(self, text: str) -> str:
        """
        Replace personal data in the question by the pseudonyms that documents bear.

        Raises:
            RedactionError: It could not be looked for.
        """
        return self.redactor.redact(text).text

    def embed(self, redacted: str) -> Question:
        """
        Turn a redacted question into both kinds of vectors.
        """
        weights = question_weights(redacted)
        return Question(
            dense=self.embedder.embed([redacted])[0],
            sparse={self.namer.term(term): weight for term, weight in weights.items()},
        )
