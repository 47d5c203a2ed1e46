"""
Makes findings disjoint without letting any of their letters or digits stay in clear.

The rules, in the order they are applied:

1. Overlapping findings of one kind become one, from the first start to the last end.
2. Quoted pseudonyms keep their span whatever else claims it.
3. Then certain findings (a checksum or a full grammar) go before guesses, longer before shorter,
   higher scores before lower.
4. A finding that loses keeps what the winners left of it, if a letter or digit is among that.
"""

import re
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from acl.model.redaction import Finding
from ingestion.redact.people import first_names
from ingestion.redact.settings import QUOTED_PSEUDONYM

_CERTAIN_SCORE = 0.95
_WORD = re.compile(r"\w+")
_MAX_NAME_WORDS = 6


def disjoint(findings: Iterable[Finding], text: str) -> tuple[Finding, ...]:
    """
    Return findings in the order of the text, none overlapping another.
    """
    taken: list[Finding] = []
    for finding in sorted(_merged(findings), key=_claim):
        for piece in list(_left_of(finding, taken)):
            if trimmed := _trimmed(piece, text):
                insort(taken, trimmed)
    return tuple(taken)


def propagated(findings: Sequence[Finding], text: str) -> Iterator[Finding]:
    """
    Find every other mention in `text` of a full name that was recognised once.

    Only names of two words or more: a lone "Mark" would take the verb with it.
    """
    names = _full_names(findings, text)
    if not names:
        return
    words = [(found.start(), found.end(), found[0].casefold()) for found in _WORD.finditer(text)]
    folded = [word for _, _, word in words]
    lengths = {first: sorted({len(name) for name in some}) for first, some in names.items()}
    for index, word in enumerate(folded):
        # One look-up a length, however many names begin with this word.
        for length in lengths.get(word, ()):
            name = tuple(folded[index : index + length])
            if name in names[word]:
                start, end = words[index][0], words[index + len(name) - 1][1]
                # In small letters, "Map Keys" is no name although a heading looked like one.
                if text[start:end].islower() and word not in first_names():
                    continue
                yield Finding(start, end, "PERSON", 0.8, "propagated_name")


def _merged(findings: Iterable[Finding]) -> Iterator[Finding]:
    by_kind: dict[str, list[Finding]] = defaultdict(list)
    for finding in sorted(findings):
        same = by_kind[finding.kind]
        if same and finding.start < same[-1].end:
            same[-1] = _union(same[-1], finding)
        else:
            same.append(finding)
    for same in by_kind.values():
        yield from same


def _union(first: Finding, second: Finding) -> Finding:
    best = max(first, second, key=lambda finding: (finding.score, finding.recognizer))
    return replace(best, start=first.start, end=max(first.end, second.end))


def _claim(finding: Finding) -> tuple[bool, bool, int, float, Finding]:
    quoted = finding.kind == QUOTED_PSEUDONYM
    certain = finding.score >= _CERTAIN_SCORE
    # The finding itself comes last, so that the order never depends on who was asked first.
    return not quoted, not certain, finding.start - finding.end, -finding.score, finding


def _left_of(finding: Finding, taken: Sequence[Finding]) -> Iterator[Finding]:
    start = finding.start
    # `taken` is disjoint and sorted, so only the neighbour before can reach over `start`.
    first = max(0, bisect_left(taken, start, key=lambda other: other.start) - 1)
    for index in range(first, len(taken)):
        other = taken[index]
        if other.start >= finding.end:
            break
        if other.start > start:
            yield replace(finding, start=start, end=other.start)
        start = max(start, other.end)
    if start < finding.end:
        yield replace(finding, start=start)


def _trimmed(finding: Finding, text: str) -> Finding | None:
    form = text[finding.start : finding.end]
    if not any(character.isalnum() for character in form):
        return None
    start = finding.start + len(form) - len(form.lstrip())
    return replace(finding, start=start, end=start + len(form.strip()))


def _full_names(findings: Sequence[Finding], text: str) -> dict[str, set[tuple[str, ...]]]:
    names: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for finding in findings:
        if finding.kind != "PERSON":
            continue
        words = tuple(_WORD.findall(text[finding.start : finding.end].casefold()))
        if 1 < len(words) <= _MAX_NAME_WORDS and any(len(word) > 1 for word in words):
            names[words[0]].add(words)
    return names
