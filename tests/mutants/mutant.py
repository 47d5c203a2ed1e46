"""
What a mutant is: one seeded fault, and the tests that must notice it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Mutant:
    """
    One fault in the code, as a replacement of a text that occurs once in its file.

    `fault` says what a reader, a source or an operator would get wrong with it; `killers` are
    the tests of which at least one must fail.
    """

    id: str
    file: str
    before: str
    after: str
    fault: str
    killers: tuple[str, ...]

    def applied(self, text: str) -> str:
        """
        Return the file's text with the fault in it.

        Raises:
            ValueError: The text to replace is not there exactly once: the code was rewritten,
                and the mutant must be, too.
        """
        occurrences = text.count(self.before)
        if occurrences != 1:
            msg = f"{self.id}: its text occurs {occurrences} times in {self.file}, not once"
            raise ValueError(msg)
        return text.replace(self.before, self.after)
