"""
The whole path of one text through redaction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from acl.errors import ReadershipError, RedactionError
from acl.model.redaction import Finding, RedactedText
from ingestion.redact.engine import Analyzer, OfflineNlpEngine
from ingestion.redact.overlap import disjoint, propagated
from ingestion.redact.plausible import is_plausible
from ingestion.redact.pseudonyms import Pseudonymiser, quoted_pseudonyms
from ingestion.redact.recognizers import find_by_shape
from ingestion.redact.settings import fingerprint_of, locate_model
from ingestion.redact.windows import Window, windows


class PresidioRedactor:
    """
    Redacts in this process. Implements `acl.model.redaction.Redactor`.

    Holds one language model (about half a gigabyte with its libraries) and no text.
    """

    def __init__(self, key: bytes) -> None:
        model = locate_model()
        self._pseudonymiser = Pseudonymiser(key)
        self._fingerprint = fingerprint_of(model)
        self._analyzer = Analyzer(OfflineNlpEngine(model))

    @property
    def fingerprint(self) -> str:
        """
        Names the recognizers, their versions and settings; a change means redacting anew.
        """
        return self._fingerprint

    def redact(self, text: str) -> RedactedText:
        """
        Redact one text.

        Raises:
            RedactionError: The text could not be redacted. It must then not be stored.
        """
        return self.redact_all([text])[0]

    def redact_all(self, texts: Sequence[str]) -> Sequence[RedactedText]:
        """
        Redact many texts, in their order.

        Raises:
            RedactionError: One of them could not be redacted; then none is returned.
        """
        try:
            return self._redact_all(texts)
        except ReadershipError:
            raise
        except Exception as fault:  # noqa: BLE001 - any fault whatever must keep the text in
            msg = f"a recognizer failed with {type(fault).__name__}"
            # Not chained: the libraries put the words they stumble over into their messages.
            raise RedactionError(msg) from None

    def _redact_all(self, texts: Sequence[str]) -> list[RedactedText]:
        cut = [list(windows(text)) for text in texts]
        found = iter(self._analyzer.analyze(window.text for parts in cut for window in parts))
        return [
            self._replace(text, [each for part in parts for each in _in_text(part, next(found))])
            for text, parts in zip(texts, cut, strict=True)
        ]

    def _replace(self, text: str, found: list[Finding]) -> RedactedText:
        found = [finding for finding in found if is_plausible(finding, text)]
        found += quoted_pseudonyms(text)
        found += propagated(found, text)
        return self._pseudonymiser.replace(text, disjoint(found, text))


def _in_text(window: Window, by_model: list[Finding]) -> Iterator[Finding]:
    for finding in (*by_model, *find_by_shape(window.text)):
        start, end = finding.start + window.offset, finding.end + window.offset
        yield replace(finding, start=start, end=end)
