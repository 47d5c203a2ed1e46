"""
How much is found in a labelled sample: floors a little below what was measured.

Recall counts entities touched by a finding of the same type; coverage is the share of the letters
and digits of labelled data that any finding covers, which is the measure of what leaks.
Organisations, professions and titles are not counted, nor are dates other than of birth and
domain names: they are left in the text on purpose. The sample is synthetic and international;
expect other figures on real text.
"""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from acl.model.redaction import Redactor

SAMPLE = Path(__file__).parents[4] / "shared/data/pii/presidio-generated-large.jsonl.gz"
TEXTS = 300
STEP = 7

LEFT_ON_PURPOSE = {"ORGANIZATION", "TITLE", "PREFIX", "DATE_TIME", "DOMAIN_NAME"}
SAME_TYPE = {"ADDRESS": "LOCATION"}

pytestmark = pytest.mark.models


class Tally:
    """
    Counts over the sample.
    """

    def __init__(self) -> None:
        self.labelled: Counter[str] = Counter()
        self.touched: Counter[str] = Counter()
        self.found: Counter[str] = Counter()
        self.right: Counter[str] = Counter()
        self.letters = 0
        self.covered = 0

    def add(self, row: dict[str, Any], findings: list[tuple[int, int, str]]) -> None:
        text = row["text"]
        spans = [
            (span["start"], span["end"], SAME_TYPE.get(span["label"], span["label"]))
            for span in row["spans"]
            if span["label"] not in LEFT_ON_PURPOSE
        ]
        hidden = {at for start, end, _ in findings for at in range(start, end)}
        letters = {at for start, end, _ in spans for at in range(start, end) if text[at].isalnum()}
        self.letters += len(letters)
        self.covered += len(letters & hidden)
        for span in spans:
            self.labelled[span[2]] += 1
            self.touched[span[2]] += touches(span, findings)
        for finding in findings:
            self.found[finding[2]] += 1
            self.right[finding[2]] += touches(finding, spans)

    @property
    def recall(self) -> float:
        return self.touched.total() / self.labelled.total()

    @property
    def precision(self) -> float:
        return self.right.total() / self.found.total()

    @property
    def coverage(self) -> float:
        return self.covered / self.letters


def touches(one: tuple[int, int, str], others: list[tuple[int, int, str]]) -> bool:
    return any(one[0] < end and start < one[1] and kind == one[2] for start, end, kind in others)


@pytest.fixture(scope="module")
def tally(redactor: Redactor) -> Tally:
    if not SAMPLE.is_file():
        pytest.skip("the labelled sample is not there: ../shared/data/pii beside the checkout")
    with gzip.open(SAMPLE, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines][::STEP][:TEXTS]
    counts = Tally()
    for row, redacted in zip(rows, redactor.redact_all([row["text"] for row in rows]), strict=True):
        counts.add(
            row,
            [
                (one.start, one.end, SAME_TYPE.get(one.kind, one.kind))
                for one in redacted.findings
                if one.kind not in {"DATE_OF_BIRTH", "NRP"}
            ],
        )
    return counts


def test_recall_floor(tally: Tally) -> None:
    assert tally.recall >= 0.81


def test_precision_floor(tally: Tally) -> None:
    assert tally.precision >= 0.86


def test_coverage_floor(tally: Tally) -> None:
    assert tally.coverage >= 0.81


@pytest.mark.parametrize("kind", ["EMAIL_ADDRESS", "CREDIT_CARD", "IBAN_CODE", "US_SSN"])
def test_what_has_a_grammar_is_always_found(tally: Tally, kind: str) -> None:
    assert tally.labelled[kind] == tally.touched[kind] > 0
