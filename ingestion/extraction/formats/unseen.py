"""
What a document holds and does not show: left out of its text, counted, and kept apart for a look.
"""

from collections import Counter
from dataclasses import dataclass, field

from ingestion.extraction.wire import MAX_UNSEEN_CHARACTERS, Extracted


@dataclass(slots=True)
class Unseen:
    """
    Collects hidden text of one document, by the trick that hides it.
    """

    characters: Counter[str] = field(default_factory=Counter)
    _words: list[str] = field(default_factory=list)
    _kept: int = 0

    def note(self, trick: str, text: str) -> None:
        """
        Note text that is left out.
        """
        words = " ".join(text.split())
        if not words:
            return
        self.characters[trick] += len(words)
        if self._kept < MAX_UNSEEN_CHARACTERS:
            self._words.append(words[: MAX_UNSEEN_CHARACTERS - self._kept])
            self._kept += len(self._words[-1]) + 1

    def beside(self, text: str, title: str | None, page_starts: tuple[int, ...] = ()) -> Extracted:
        """
        Return what is shown, with what was noted.
        """
        words = "\n".join(self._words)[:MAX_UNSEEN_CHARACTERS]
        return Extracted(text, title, page_starts, dict(sorted(self.characters.items())), words)
