"""
What is wrong with an answer that somebody's language model has written from passages.

Everything is compared with the statements of what was released (`retrieval.statement`) and with
the texts that the caller hands in; nothing is looked up, so nothing can be learnt about what was
not released. A text counts as released if its digest stands in a statement.

What is found, in this order:

1. `invisible_characters`: characters that a person would not see;
2. `passage_not_released`: a text that was handed in and that no statement names;
3. `unknown_citation`: a citation that no statement has (`retrieval.citing`);
4. `quote_not_released`: words that are quoted and stand in no released text
   (`retrieval.quoting`); `quote_not_checked` where some released texts were not handed in, or
   more is quoted than is compared;
5. `unknown_pseudonym`: a pseudonym that stands in no released text that was handed in;
6. `personal_data`: what the redactor finds in the words, whatever citations and pseudonyms stand
   between them;
7. `live_link`: whatever a program could follow, or render.

All but the first and the last are looked for in the answer as it reads (`retrieval.folding`).
The cleaned text has none of these: marks in place of citations, quotations and personal data, and
links that lead nowhere. What could not be checked stays. No mark says more than a kind: a keyed
pseudonym here would confirm to anybody whose it is.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from acl.model.characters import visible
from acl.model.redaction import Redactor
from retrieval.citing import Cited, KnownCitations
from retrieval.folding import Folded, Span
from retrieval.provenance import digest
from retrieval.quoting import Released, pieces_of, quotations
from retrieval.sanitise import inert
from retrieval.statement import Statement

NO_CITATION: Final = "[citation removed]"
NO_QUOTATION: Final = "[quotation removed]"
NO_PERSONAL_DATA: Final = "[personal data removed]"

_PSEUDONYM: Final = re.compile(r"<[A-Z_]{2,40}_[0-9a-f]{8}>")


@dataclass(frozen=True, slots=True)
class OutputFinding:
    """
    One thing that is wrong: its kind, and the words that it is about.
    """

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Filtered:
    """
    What was found, and the answer without it.
    """

    findings: tuple[OutputFinding, ...]
    cleaned: str


@dataclass(frozen=True, slots=True)
class OutputFilter:
    """
    Compares one answer with what was released for it.
    """

    statements: Sequence[Statement]
    handed_in: Sequence[str]

    def filtered(self, answer: str, redactor: Redactor) -> Filtered:
        """
        Return what is wrong with an answer, and the answer without it.

        Raises:
            RedactionError: It could not be looked through.
        """
        # A title that left without its text has no citation; its text is not one to hand in.
        stated = [one for some in self.statements for one in some.passages if one.citation]
        digests = {one.sha256 for one in stated}
        named = [(text, digest(text)) for text in self.handed_in]
        released = [text for text, name in named if name in digests]
        look = _Look(visible(answer))
        if look.answer != answer:
            look.findings.append(OutputFinding("invisible_characters", ""))
        look.findings += [
            OutputFinding("passage_not_released", text)
            for text, name in named
            if name not in digests
        ]
        look.at_citations(KnownCitations(one.citation for one in stated))
        complete = digests <= {name for _, name in named}
        look.at_quotations(Released(released, complete=complete))
        look.at_personal_data(redactor, {one for text in released for one in marks_in(text)})
        return look.filtered()


class _Look:
    """
    What was found in one answer so far, and what is to stand in its place.
    """

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.findings: list[OutputFinding] = []
        self._folded = Folded.of(answer)
        self._cited: Sequence[Cited] = ()
        self._instead: list[tuple[Span, str]] = []

    def at_citations(self, known: KnownCitations) -> None:
        self._cited = known.found_in(self._folded.text)
        for one in self._cited:
            if not one.known:
                self._found("unknown_citation", (one.start, one.end), NO_CITATION)

    def at_quotations(self, released: Released) -> None:
        text = self._folded.text
        found, all_of_them = quotations(text)
        for span in found:
            pieces = pieces_of(self._uncited(*span))
            kind = released.objection(pieces) if pieces else None
            if kind is not None:
                mark = NO_QUOTATION if kind == "quote_not_released" else None
                self._found(kind, span, mark)
        if not all_of_them:
            self.findings.append(OutputFinding("quote_not_checked", ""))

    def at_personal_data(self, redactor: Redactor, known: set[str]) -> None:
        marks = list(_PSEUDONYM.finditer(self._folded.text))
        for one in marks:
            if one[0] not in known:
                self._found("unknown_pseudonym", one.span(), NO_PERSONAL_DATA)
        apart = [*(one.span() for one in marks), *((one.start, one.end) for one in self._cited)]
        words = self._folded.without(sorted(apart))
        for found in redactor.redact(words.text).findings:
            span = words.original(found.start, found.end)
            self.findings.append(OutputFinding("personal_data", self.answer[slice(*span)]))
            self._instead.append((span, NO_PERSONAL_DATA))

    def filtered(self) -> Filtered:
        text = self._replaced()
        dead = inert(text)
        if dead != text:
            live = [word for word in text.split() if inert(word) != word]
            self.findings += [OutputFinding("live_link", word) for word in live or [""]]
        return Filtered(tuple(self.findings), dead)

    def _found(self, kind: str, span: Span, mark: str | None) -> None:
        start, end = self._folded.original(*span)
        self.findings.append(OutputFinding(kind, self.answer[start:end]))
        if mark is not None:
            self._instead.append(((start, end), mark))

    def _uncited(self, start: int, end: int) -> str:
        pieces: list[str] = []
        first = bisect_right(self._cited, start, key=lambda one: one.end)
        for one in islice(self._cited, first, None):
            if one.start >= end:
                break
            pieces.append(self._folded.text[start : max(start, one.start)])
            start = one.end
        return " ".join([*pieces, self._folded.text[start:end]])

    def _replaced(self) -> str:
        """
        Return the answer with a mark for each stretch that must go; of those that overlap, the
        one that begins first has the mark.
        """
        pieces: list[str] = []
        past = 0
        for (start, end), mark in sorted(self._instead):
            if start >= past:
                pieces += (self.answer[past:start], mark)
            past = max(past, end)
        return "".join([*pieces, self.answer[past:]])


def marks_in(text: str) -> list[str]:
    """
    Return the pseudonyms in a text.
    """
    return _PSEUDONYM.findall(text)
