"""
What is wrong with an answer that somebody's language model has written from passages.

Everything is compared with the statements of what was released (`retrieval.statement`) and with
the texts that the caller hands in; nothing is looked up, so nothing can be learnt about what was
not released. A text counts as released if its digest stands in a statement.

What is found, in this order:

1. `invisible_characters`: characters that a person would not see;
2. `passage_not_released`: a text that was handed in and that no statement names;
3. `unknown_citation`: a citation that no statement has;
4. `quote_not_released`: words in quotation marks, or in a quoted block, that stand in no released
   text; `quote_not_checked` where some released texts were not handed in. Quotations of fewer
   than `MIN_QUOTED_WORDS` words are figures of speech;
5. `personal_data`: what the redactor finds in words that are no citation and no pseudonym;
6. `live_link`: whatever a program could follow, or render.

The cleaned text has none of these: marks in place of citations and quotations, pseudonyms in
place of personal data, and links that lead nowhere. What could not be checked stays.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from acl.model.characters import visible
from acl.model.redaction import Redactor
from retrieval.provenance import digest
from retrieval.sanitise import inert
from retrieval.statement import Statement

MIN_QUOTED_WORDS: Final = 5
NO_CITATION: Final = "[citation removed]"
NO_QUOTATION: Final = "[quotation removed]"

# As `retrieval.cite` writes them; a test holds the two together.
_CITATION: Final = re.compile(r"\[[^\[\]\n]{1,1200}@\d{1,12}#\d{1,12}-\d{1,12}\]")
_PSEUDONYM: Final = re.compile(r"<[A-Z_]{2,40}_[0-9a-f]{8}>")
_QUOTATION: Final = re.compile(
    r"\u201c([^\u201c\u201d]{1,4000})\u201d"
    r"|\u201e([^\u201c\u201d\u201e]{1,4000})[\u201c\u201d]"
    r"|\u00ab([^\u00ab\u00bb]{1,4000})\u00bb"
    r'|"([^"\n]{1,4000})"'
    r"|^ {0,3}>[ \t]?([^\n]+(?:\n {0,3}>[^\n]*)*)",
    re.MULTILINE,
)
_OMISSION: Final = re.compile(r"[\[(]?(?:\.\.\.|\u2026)[\])]?")
_EDGES: Final = " \t\n.,;:!?'\"\u2018\u2019"


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
        findings: list[OutputFinding] = []
        text = visible(answer)
        if text != answer:
            findings.append(OutputFinding("invisible_characters", ""))
        findings += [
            OutputFinding("passage_not_released", text)
            for text in self.handed_in
            if digest(text) not in self._digests()
        ]
        text = self._without_unknown_citations(text, findings)
        text = self._without_unreleased_quotations(text, findings)
        text = self._without_personal_data(text, redactor, findings)
        dead = inert(text)
        if dead != text:
            live = [word for word in text.split() if inert(word) != word]
            findings += [OutputFinding("live_link", word) for word in live or [""]]
        return Filtered(tuple(findings), dead)

    def _citations(self) -> frozenset[str]:
        return frozenset(one.citation for some in self.statements for one in some.passages)

    def _digests(self) -> frozenset[str]:
        return frozenset(one.sha256 for some in self.statements for one in some.passages)

    def _without_unknown_citations(self, text: str, findings: list[OutputFinding]) -> str:
        def checked(piece: str) -> str:
            unknown = _CITATION.findall(piece)
            findings.extend(OutputFinding("unknown_citation", one) for one in unknown)
            return _CITATION.sub(NO_CITATION, piece)

        return "".join(
            piece if kept else checked(piece) for kept, piece in self._around_citations(text)
        )

    def _without_unreleased_quotations(self, text: str, findings: list[OutputFinding]) -> str:
        digests = self._digests()
        released = [one for one in self.handed_in if digest(one) in digests]
        complete = digests <= set(map(digest, released))
        known = [_plain(one) for one in released]

        def checked(found: re.Match[str]) -> str:
            words = next(group for group in found.groups() if group is not None)
            pieces = list(self._pieces(words))
            if sum(len(one.split()) for one in pieces) < MIN_QUOTED_WORDS:
                return found[0]
            if any(all(piece in one for piece in pieces) for one in known):
                return found[0]
            kind = "quote_not_released" if complete else "quote_not_checked"
            findings.append(OutputFinding(kind, words))
            return NO_QUOTATION if complete else found[0]

        return _QUOTATION.sub(checked, text)

    def _without_personal_data(
        self, text: str, redactor: Redactor, findings: list[OutputFinding]
    ) -> str:
        parts = [
            (kept or pseudonym, piece)
            for kept, whole in self._around_citations(text)
            for pseudonym, piece in ([(True, whole)] if kept else _around(_PSEUDONYM, whole))
        ]
        looked_at = iter(redactor.redact_all([piece for kept, piece in parts if not kept]))
        cleaned: list[str] = []
        for kept, piece in parts:
            if kept:
                cleaned.append(piece)
                continue
            redacted = next(looked_at)
            findings += [
                OutputFinding("personal_data", piece[one.start : one.end])
                for one in redacted.findings
            ]
            cleaned.append(redacted.text)
        return "".join(cleaned)

    def _around_citations(self, text: str) -> Iterator[tuple[bool, str]]:
        known = sorted(self._citations() - {""}, key=len, reverse=True)
        if not known:
            return iter([(False, text)])
        return _around(re.compile("|".join(map(re.escape, known))), text)

    def _pieces(self, words: str) -> Iterable[str]:
        # A quotation may leave words out, and name its source inside the marks.
        for kept, whole in self._around_citations(words.replace(NO_CITATION, "")):
            if not kept:
                for piece in _OMISSION.split(whole.replace("\n>", "\n")):
                    if plain := _plain(piece).strip(_EDGES):
                        yield plain


def _around(pattern: re.Pattern[str], text: str) -> Iterator[tuple[bool, str]]:
    """
    Yield a text piece by piece, each with whether the pattern has matched it.
    """
    end = 0
    for found in pattern.finditer(text):
        yield False, text[end : found.start()]
        yield True, found[0]
        end = found.end()
    yield False, text[end:]


def _plain(text: str) -> str:
    return " ".join(visible(text).split())
