"""
The real redactor and embedder with a memory of their calls, so that the same calls can be made
again without everything around them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from acl.index.embedder import Embedder, Vectors
from acl.model.redaction import RedactedText, Redactor


@dataclass(slots=True)
class RecordingRedactor:
    """
    Remembers which texts were redacted together.
    """

    real: Redactor
    calls: list[Sequence[str]] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        """
        As the real one's.
        """
        return self.real.fingerprint

    def redact(self, text: str) -> RedactedText:
        """
        Redact one text.
        """
        self.calls.append([text])
        return self.real.redact(text)

    def redact_all(self, texts: Sequence[str]) -> Sequence[RedactedText]:
        """
        Redact many texts.
        """
        self.calls.append(list(texts))
        return self.real.redact_all(texts)

    def again(self) -> None:
        """
        Make every remembered call of the real redactor, then forget them.
        """
        for texts in self.calls:
            self.real.redact_all(texts)
        self.calls.clear()


@dataclass(slots=True)
class RecordingEmbedder:
    """
    Remembers which texts were embedded together.
    """

    real: Embedder
    calls: list[Sequence[str]] = field(default_factory=list)

    @property
    def variant(self) -> str:
        """
        As the real one's.
        """
        return self.real.variant

    @property
    def dimension(self) -> int:
        """
        As the real one's.
        """
        return self.real.dimension

    def embed(self, texts: Sequence[str]) -> Vectors:
        """
        Embed texts.
        """
        self.calls.append(list(texts))
        return self.real.embed(texts)

    def again(self) -> None:
        """
        Make every remembered call of the real embedder, then forget them.
        """
        for texts in self.calls:
            self.real.embed(texts)
        self.calls.clear()
