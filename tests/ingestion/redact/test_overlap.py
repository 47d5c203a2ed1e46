"""
Findings become disjoint and nothing of them stays in clear.
"""

from hypothesis import given
from hypothesis import strategies as st

from acl.model.redaction import Finding
from ingestion.redact.overlap import disjoint, propagated
from ingestion.redact.pseudonyms import Pseudonymiser
from ingestion.redact.settings import QUOTED_PSEUDONYM

FOUND_LETTER = "x"
CLEAR_LETTER = "."
ACME = Pseudonymiser(b"key of acme, at least 16 bytes")


def finding(start: int, end: int, kind: str = "PERSON", score: float = 0.5) -> Finding:
    return Finding(start, end, kind, score, "test")


spans = st.tuples(st.integers(0, 40), st.integers(1, 12)).map(lambda pair: (pair[0], sum(pair)))
findings = st.lists(
    st.builds(
        lambda span, kind, score: finding(span[0], span[1], kind, score),
        spans,
        st.sampled_from(["PERSON", "LOCATION", "EMAIL_ADDRESS", QUOTED_PSEUDONYM]),
        st.sampled_from([0.4, 0.85, 1.0]),
    ),
    max_size=12,
)


@given(found=findings)
def test_result_is_disjoint_ordered_and_in_bounds(found: list[Finding]) -> None:
    text = FOUND_LETTER * 60

    result = disjoint(found, text)

    ends = [0, *(one.end for one in result)]
    assert all(end <= one.start < one.end for end, one in zip(ends, result, strict=False))


@given(found=findings, letters=st.text("ab1 ,\n", min_size=60, max_size=60))
def test_no_letter_or_digit_of_a_finding_survives(found: list[Finding], letters: str) -> None:
    """
    Whatever overlaps whatever: what was found is covered, nothing else is.
    """
    claimed = {at for one in found for at in range(one.start, one.end) if letters[at].isalnum()}

    result = disjoint(found, letters)

    covered = {at for one in result for at in range(one.start, one.end)}
    assert claimed <= covered
    assert {at for at in covered if letters[at].isalnum()} == claimed


@given(found=findings)
def test_replaced_text_has_nothing_of_the_findings(found: list[Finding]) -> None:
    covered = {at for one in found for at in range(one.start, one.end)}
    text = "".join("ж" if at in covered else CLEAR_LETTER for at in range(60))

    redacted = ACME.replace(text, disjoint(found, text))

    assert "ж" not in redacted.text
    assert text.count(CLEAR_LETTER) == redacted.text.count(CLEAR_LETTER)


@given(found=findings, seed=st.permutations(range(12)))
def test_order_of_findings_does_not_matter(found: list[Finding], seed: list[int]) -> None:
    shuffled = [found[at] for at in seed if at < len(found)]

    assert disjoint(found, FOUND_LETTER * 60) == disjoint(shuffled, FOUND_LETTER * 60)


def test_longest_finding_wins_over_the_higher_score() -> None:
    address, name = finding(0, 20, "ADDRESS", 0.5), finding(3, 8, "PERSON", 0.85)

    assert (address,) == disjoint([name, address], "x" * 20)


def test_certain_finding_wins_and_the_guess_keeps_the_rest() -> None:
    text = "Ann Elk ann@elk.test today"
    mail, guess = finding(8, 20, "EMAIL_ADDRESS", 1.0), finding(0, 26, "PERSON", 0.85)

    result = disjoint([guess, mail], text)

    assert ["Ann Elk", "ann@elk.test", "today"] == [text[one.start : one.end] for one in result]


def test_same_kind_overlap_becomes_one() -> None:
    result = disjoint([finding(0, 6), finding(4, 9, score=0.9)], "x" * 10)

    assert [(0, 9, 0.9)] == [(one.start, one.end, one.score) for one in result]


def test_full_name_is_found_everywhere_in_the_document() -> None:
    text = "Ann Elk wrote this. ann  elk said so. Annabel Elk and Ann Elkins did not."

    again = list(propagated([finding(0, 7)], text))

    assert ["Ann Elk", "ann  elk"] == [text[one.start : one.end] for one in again]


def test_headings_taken_for_names_are_not_propagated_to_prose() -> None:
    again = list(propagated([finding(0, 8)], "Map Keys\n\nThe map keys are sorted."))

    assert [(0, 8)] == [(one.start, one.end) for one in again]


def test_single_word_names_are_not_propagated() -> None:
    assert [] == list(propagated([finding(0, 4)], "Mark will mark the node"))
