"""
Which names of the language model to believe.

Trained on news, it calls "Kubelet" a person and `PodSpec` a place. A finding is dropped only if
no word of it can be a name: a doubtful one stays, because too much redaction harms a search and
too little harms somebody.
"""

import re

from acl.model.redaction import Finding
from ingestion.redact.people import first_names, surnames
from ingestion.redact.places import place_names
from ingestion.redact.vocabulary import AMBIGUOUS_FIRST_NAMES, TECHNICAL_TERMS
from ingestion.redact.words import Word, is_code, words_of

MODEL_RECOGNIZER = "SpacyRecognizer"

_NAME_KINDS = frozenset({"PERSON", "LOCATION", "NRP"})
_INNER_CAPITAL = re.compile(r"[^\W\d_A-ZÀ-Þ][A-ZÀ-Þ]")
_INNER_CAPITAL_NAMES = re.compile(r"(?:Mc|Mac|De|Di|Du|La|Le|Van|Von|Fitz|O['’]|D['’])", re.UNICODE)  # noqa: RUF001
_SENTENCE_START = re.compile(r"(?:^|[.!?:;\n#*>|\-])[ \t]{0,4}$")
_LONGEST_ABBREVIATION = 5
_DAY_BEFORE = re.compile(r"\d(?:st|nd|rd|th)?\.?[ \t]$")
_NUMBER_AFTER = re.compile(r",?[ \t]\d{1,4}\b")
MONTHS = frozenset(
    {
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    }
)
"""
Some are first names too; beside a number they are dates.
"""

_NOUN_ENDINGS = (
    "tion",
    "tions",
    "ing",
    "ings",
    "ment",
    "ments",
    "ness",
    "ity",
    "ities",
    "able",
    "ables",
    "izer",
    "ware",
    "less",
    "flow",
    "grid",
    "ship",
)


def is_plausible(finding: Finding, text: str) -> bool:
    """
    Tell whether a finding of the language model can be a name; believe every other recognizer.
    """
    if finding.recognizer != MODEL_RECOGNIZER or finding.kind not in _NAME_KINDS:
        return True
    words = words_of(text[finding.start : finding.end])
    return any(_may_be_name(word, finding, text) for word in words)


def _may_be_name(word: Word, finding: Finding, text: str) -> bool:
    if word.folded in TECHNICAL_TERMS or len(word.form) == 1 or _is_date(word, finding, text):
        return False
    if word.folded in AMBIGUOUS_FIRST_NAMES:
        if word.form.islower():
            return False
        # "Mark the node", "Will Docker run": every word has a capital there.
        start = finding.start + word.start
        return not _SENTENCE_START.search(text[max(0, start - 5) : start])
    if is_code(text, finding.start + word.start, finding.start + word.end):
        return False
    if _is_listed(word.folded) or not word.form.isascii():
        return True
    return not (word.form.islower() or _looks_technical(word, finding.kind))


def _is_date(word: Word, finding: Finding, text: str) -> bool:
    if word.folded not in MONTHS:
        return False
    start, end = finding.start + word.start, finding.start + word.end
    before, after = text[max(0, start - 4) : start], text[end : end + 6]
    return bool(_DAY_BEFORE.search(before) or _NUMBER_AFTER.match(after))


def _is_listed(folded: str) -> bool:
    return folded in first_names() or folded in surnames() or folded in place_names()


def _looks_technical(word: Word, kind: str) -> bool:
    if _INNER_CAPITAL.search(word.form) and not _INNER_CAPITAL_NAMES.match(word.form):
        return True
    if kind == "PERSON" and word.form.isupper() and len(word.form) <= _LONGEST_ABBREVIATION:
        return True
    return kind != "NRP" and word.folded.endswith(_NOUN_ENDINGS)
