"""
The output filter: what is wrong with an answer, found and taken out.
"""

from dataclasses import replace
from typing import Final

import pytest

from retrieval.cite import cite
from retrieval.output_filter import NO_CITATION, NO_QUOTATION, Filtered, OutputFilter
from retrieval.statement import Statement
from tests.ingestion.world import MarkingRedactor
from tests.retrieval.departing import leaving, passage, verifier, writer
from tests.retrieval.scene import Scene

pytestmark = pytest.mark.promise("answer-check")

PLAN: Final = passage("plan", "The launch of the blue rocket is on the ninth of May at noon.")
MINUTES: Final = passage("minutes", "Nobody has objected to the proposal about the rocket's paint.")
HIDDEN: Final = passage("payroll", "The director is paid a fortune for doing next to nothing.")


@pytest.fixture
def stated(doors: Scene) -> Statement:
    signed = writer().write(leaving(doors.asks(), PLAN, MINUTES)).signed_provenance
    return verifier().verify(signed)


def filtered(
    stated: Statement, answer: str, handed_in: tuple[str, ...] = (PLAN.text, MINUTES.text)
) -> Filtered:
    return OutputFilter([stated], handed_in).filtered(answer, MarkingRedactor())


def kinds(found: Filtered) -> list[str]:
    return [one.kind for one in found.findings]


def test_what_keeps_to_the_passages_is_left_as_it_is(stated: Statement) -> None:
    """
    Citations, quotations with words left out, short ones, pseudonyms and all.
    """
    answer = (
        f'Soon. "The launch of the blue rocket \u2026 at noon." {PLAN.citation}\n'
        f"> Nobody has objected to the proposal {MINUTES.citation}\n"
        'Asked <PERSON_3f9a12c4>, who calls it "quite big".'
    )

    found = filtered(stated, answer)

    assert Filtered((), answer) == found


def test_a_citation_that_was_not_released_is_found(stated: Statement) -> None:
    """
    Of what exists for others, of what exists nowhere, and of another span.
    """
    stray = [HIDDEN.citation, "[nowhere:nothing@1#0-5]", PLAN.citation.replace("#0", "#1")]

    found = filtered(stated, f"It is so {' '.join(stray)} {PLAN.citation}.")

    assert [("unknown_citation", one) for one in stray] == [
        (one.kind, one.text) for one in found.findings
    ]
    assert f"It is so {' '.join([NO_CITATION] * 3)} {PLAN.citation}." == found.cleaned


@pytest.mark.parametrize(
    "quoted",
    [
        "\u201c{}\u201d",
        '"{}"',
        "\u00ab{}\u00bb",
        "\u201e{}\u201c",
        "> {}",
        '"{} [handbook:x@1#0-5]"',
    ],
)
def test_words_in_quotation_marks_stand_in_a_released_passage(
    stated: Statement, quoted: str
) -> None:
    """
    The control is a quotation of what was.
    """
    stray = filtered(stated, quoted.format(HIDDEN.text))
    true = filtered(stated, quoted.format(PLAN.text))

    assert "quote_not_released" in kinds(stray)
    assert NO_QUOTATION in stray.cleaned
    assert HIDDEN.text not in stray.cleaned
    assert "quote_not_released" not in kinds(true)
    assert PLAN.text in true.cleaned


def test_a_quotation_is_not_put_together_from_two_passages(stated: Statement) -> None:
    mixed = '"The launch of the blue rocket \u2026 Nobody has objected to the proposal"'

    assert ["quote_not_released"] == kinds(filtered(stated, mixed))


def test_a_quotation_that_cannot_be_compared_is_said_to_be_that(stated: Statement) -> None:
    """
    Some released texts were not handed in: it may stand in one of them.
    """
    answer = f'"{MINUTES.text}"'

    found = filtered(stated, answer, (PLAN.text,))

    assert ["quote_not_checked"] == kinds(found)
    assert answer == found.cleaned


def test_a_passage_that_was_not_released_does_not_count(stated: Statement) -> None:
    """
    Whoever hands in a text cannot make it one that was released, be it different by one letter.
    """
    altered = PLAN.text.replace("ninth", "tenth")

    found = filtered(stated, f'"{altered}"', (PLAN.text, MINUTES.text, altered))

    assert ["passage_not_released", "quote_not_released"] == kinds(found)
    assert altered not in found.cleaned


def test_personal_data_is_replaced_and_citations_are_not(stated: Statement) -> None:
    """
    Also where a citation's own id looks like personal data.
    """
    mail = cite(passage("dr somebody@acme.example", "Nothing is said here about anybody at all."))
    known = replace(stated.passages[0], citation=mail.citation, sha256=stated.passages[0].sha256)
    with_mail = replace(stated, passages=(known, *stated.passages[1:]))

    found = filtered(with_mail, f"Write to carol@acme.example {mail.citation}")

    assert "personal_data" == kinds(found)[0]
    assert "carol@acme.example" == found.findings[0].text
    assert "carol@" not in found.cleaned
    assert found.cleaned.endswith(mail.citation)


@pytest.mark.parametrize(
    "live",
    [
        "https://evil.example/?q=secret",
        "![x](https://evil.example/p.png)",
        "<img src=x>",
        "[here][1]\n\n[1]: https://evil.example/",
        "www.evil.example",
        "javascript:alert(1)",
    ],
)
def test_live_links_are_dead_in_the_cleaned_text(stated: Statement, live: str) -> None:
    found = filtered(stated, f"See {live}")

    assert "live_link" in kinds(found)
    assert "https://" not in found.cleaned
    assert [] == kinds(filtered(stated, found.cleaned))


def test_what_nobody_sees_is_found(stated: Statement) -> None:
    """
    It is removed first: it cannot keep a citation from being known for one.
    """
    hidden = HIDDEN.citation.replace("payroll", "pay\u200broll")

    found = filtered(stated, f"So\U000e0041 {hidden}")

    assert ["invisible_characters", "unknown_citation"] == kinds(found)
    assert f"So {NO_CITATION}" == found.cleaned


def test_what_is_not_released_and_what_does_not_exist_are_told_alike(stated: Statement) -> None:
    """
    Only names differ: nothing is looked up.
    """
    told = [
        kinds(filtered(stated, f'[{name}@1#0-9] "{words} is what it says about that"', ()))
        for name, words in (("handbook:payroll", HIDDEN.text), ("no:such", "Not a word of it"))
    ]

    assert told[0] == told[1]
    assert ["unknown_citation", "quote_not_checked"] == told[0]
