"""
The output filter against answers that are written so as not to be recognised.
"""

from collections.abc import Callable, Mapping
from typing import Final

import pytest

from acl.model.redaction import RedactedText
from retrieval.output_filter import (
    NO_CITATION,
    NO_PERSONAL_DATA,
    NO_QUOTATION,
    Filtered,
    OutputFilter,
)
from retrieval.quoting import MAX_QUOTATIONS, MAX_QUOTED
from retrieval.statement import Statement
from tests.ingestion.world import MarkingRedactor
from tests.retrieval.departing import leaving, passage, verifier, writer
from tests.retrieval.scene import scene_in

pytestmark = pytest.mark.promise("answer-check")

ADVICE: Final = passage(
    "advice",
    "We do not recommend this. Everybody must sign the plan. Nobody shall pay anything now. "
    "Ask <PERSON_3f9a12c4>.",
)
CHINESE: Final = passage(
    "zh", "\u8463\u4e8b\u4f1a\u6bcf\u5468\u4e8c\u4e0a\u5348\u5728\u603b\u90e8\u5f00\u4f1a\u3002"
)
GIVEN: Final = (ADVICE, CHINESE)
STRAY: Final = "The director is paid a fortune for doing next to nothing"
STRAY_CHINESE: Final = (
    "\u8463\u4e8b\u4ec0\u4e48\u90fd\u4e0d\u505a\u5c31\u62ff\u5230\u4e86\u4e00\u7b14\u5de8\u6b3e"
)
TRUE: Final = "Everybody must sign the plan. Nobody shall pay anything now"
TRUE_CHINESE: Final = (
    "\u8463\u4e8b\u4f1a\u6bcf\u5468\u4e8c\u4e0a\u5348\u5728\u603b\u90e8\u5f00\u4f1a"
)


@pytest.fixture(scope="module")
def stated(tmp_path_factory: pytest.TempPathFactory) -> Statement:
    with scene_in(tmp_path_factory.mktemp("scene")) as doors:
        signed = writer().write(leaving(doors.asks(), *GIVEN)).signed_provenance
    return verifier().verify(signed)


def filtered(stated: Statement, answer: str) -> Filtered:
    handed_in = [one.text for one in GIVEN]
    return OutputFilter([stated], handed_in).filtered(answer, MarkingRedactor())


def kinds(found: Filtered) -> list[str]:
    return [one.kind for one in found.findings]


QUOTED: Final = {
    "single, curly": "\u2018{}.\u2019",
    "single, straight": "'{}.'",
    "single, low": "\u201a{}.\u2018",
    "corners": "\u300c{}\u300d",
    "white corners": "\u300e{}\u300f",
    "single guillemets": "\u2039{}\u203a",
    "guillemets with spaces": "\u00ab {} \u00bb",
    "guillemets turned round": "\u00bb{}\u00ab",
    "guillemets, both alike": "\u00bb{}\u00bb",
    "curly, both alike": "\u201d{}\u201d",
    "full width": "\uff02{}\uff02",
    "primes": "\u301d{}\u301e",
    "a reference": "&quot;{}&quot;",
    "a numbered reference": "&#8220;{}&#x201D;",
    "escaped": '\\"{}\\"',
    "spaces inside": 'He: " {} " or so',
    "never closed": '"{}',
    "after inches": 'A 5" bolt: "{}"',
    "emphasis": '**"_{}_"**',
    "a quoted block in a list": "- > {}",
    "a quoted block in a block": "Look:\n> > {}",
    "an element": "<blockquote class=x>{}</blockquote>",
    "an element that is not closed": "<q>{}",
}


@pytest.mark.parametrize("how", QUOTED)
@pytest.mark.parametrize(
    ("stray", "true"), [(STRAY, TRUE), (STRAY_CHINESE, TRUE_CHINESE)], ids=["English", "Chinese"]
)
def test_quotations_are_found_however_they_are_marked(
    stated: Statement, how: str, stray: str, true: str
) -> None:
    """
    The control is the same with words that were released.
    """
    found = filtered(stated, QUOTED[how].format(stray))
    control = filtered(stated, QUOTED[how].format(true))

    assert "quote_not_released" in kinds(found)
    assert stray not in found.cleaned
    assert NO_QUOTATION in found.cleaned
    assert "quote_not_released" not in kinds(control)
    assert true in control.cleaned


@pytest.mark.parametrize(
    "answer",
    [
        f'"{STRAY[:20]}\n{STRAY[20:]}"',
        "\u201c" + f"{STRAY}. " * 90 + "\u201d",
        "\u2018The directors\u2019 pay is a fortune for doing nothing.\u2019",
        f"> {STRAY[:20]}\n> {STRAY[20:]}",
        f'"a "{STRAY}"',
        f'"He said "so" and that {STRAY}"',
        f'"(He said) ("{STRAY}")',
    ],
    ids=[
        "over a line break",
        "long",
        "with a possessive",
        "over two lines of a block",
        "after one mark more",
        "after another",
        "in brackets",
    ],
)
def test_quotations_have_no_end_that_hides_them(stated: Statement, answer: str) -> None:
    assert "quote_not_released" in kinds(filtered(stated, answer))


@pytest.mark.parametrize(
    "answer",
    [
        "It's the readers' right, isn't it? The 'net' of all the employees' hopes is here.",
        'A 5" bolt and a 6" bolt lie in the box that he has opened.',
        '"Yes", he said, and went on his way to the station, "no".',
        "\u4ed6\u8bf4\u201c\u597d\u201d\u4e4b\u540e\u5c31\u56de\u5bb6\u53bb\u4e86\uff0c\u6ca1\u6709\u8bf4\u201c\u4e0d\u201d\u3002",
        "In the '90s nobody would have thought of it, nor in the '80s either.",
    ],
    ids=["apostrophes", "inches", "two short ones", "two short ones in Chinese", "years"],
)
def test_what_is_not_quoted_is_left(stated: Statement, answer: str) -> None:
    assert Filtered((), answer) == filtered(stated, answer)


@pytest.mark.parametrize(
    "words",
    [
        "We \u2026 recommend this \u2026 Everybody \u2026 shall pay",
        "Nobody shall pay \u2026 We do not recommend this",
        "We do not recommend \u2026 body must sign the plan",
        "We do not recom \u2026 sign the plan",
        "I \u2026 r \u2026 o \u2026 b \u2026 t \u2026 h \u2026 e",
    ],
    ids=["single words", "another order", "begins in a word", "ends in a word", "letters"],
)
def test_the_pieces_of_a_quotation_stand_in_their_order_from_word_to_word(
    stated: Statement, words: str
) -> None:
    assert ["quote_not_released"] == kinds(filtered(stated, f'"{words}"'))


@pytest.mark.parametrize(
    "words",
    [
        "We do not recommend this \u2026 shall pay anything",
        "We do not recommend [...] Nobody shall pay",
        "We do not recommend this. . . . sign the plan",
        "We  do not\nrecommend this.  Everybody must",
        "We do not recommend this, ",
    ],
)
def test_words_may_be_left_out_of_a_quotation(stated: Statement, words: str) -> None:
    assert [] == kinds(filtered(stated, f'"{words}"'))


CITED: Final = {
    "plain": "[{}]",
    "full width": "\uff3b{}\uff3d",
    "round": "({})",
    "black": "\u3010{}\u3011",
    "none": "{}",
    "escaped": "\\[{}\\]",
    "references": "&#91;{}&#93;",
    "spaces": "[ {} ]",
}
SPELT: Final[Mapping[str, Callable[[str], str]]] = {
    "plain": lambda text: text,
    "dash": lambda text: text.replace("-", "\u2013"),
    "space before the span": lambda text: text.replace("#", " #"),
    "digits": lambda text: text.replace("1", "\u0661"),
    "full width": lambda text: text.replace("@", "\uff20"),
    "emphasis": lambda text: f"{text[:-1]}**{text[-1]}",
}


@pytest.mark.parametrize("spelling", SPELT)
@pytest.mark.parametrize("how", CITED)
def test_citations_are_found_however_they_are_written(
    stated: Statement, how: str, spelling: str
) -> None:
    """
    A released one that is written otherwise is still that.
    """
    stray = CITED[how].format(SPELT[spelling]("payroll:doc@1#0-5"))
    true = CITED[how].format(SPELT[spelling](ADVICE.citation[1:-1]))

    found = filtered(stated, f"So it is {stray}.")

    assert ["unknown_citation"] == kinds(found)
    assert f"So it is {NO_CITATION}." == found.cleaned
    assert Filtered((), f"So it is {true}.") == filtered(stated, f"So it is {true}.")


@pytest.mark.parametrize(
    "stray",
    [
        "[payroll:doc@1]",
        "[payroll:\ndoc@1#0-5]",
        f"[payroll:doc@1#0-5 {ADVICE.citation}]",
        f"[payroll:{ADVICE.citation}@1#0-5]",
        f"[{ADVICE.citation[1:-1]}@1#0-5]",
    ],
    ids=["no span", "two lines", "before a known one", "around a known one", "after a known one"],
)
def test_no_citation_hides_in_another(stated: Statement, stray: str) -> None:
    assert "unknown_citation" in kinds(filtered(stated, stray))


def test_a_document_may_be_cited_without_the_span(stated: Statement) -> None:
    """
    And an address of a person at a number is none.
    """
    whole = ADVICE.citation.partition("#")[0] + "]"

    assert [] == kinds(filtered(stated, f"So it is {whole} (note: see me @7)."))


@pytest.mark.parametrize(
    "between",
    ["<AA_00000000>", "<PERSON_3f9a12c4>", ADVICE.citation, "*", "&#8203;", "\\"],
    ids=["made up", "released", "citation", "emphasis", "reference", "escape"],
)
def test_nothing_that_stands_in_personal_data_hides_it(stated: Statement, between: str) -> None:
    found = filtered(stated, f"Write to q7x{between}@larkspur.example now.")

    assert "personal_data" in kinds(found)
    assert f"Write to {NO_PERSONAL_DATA} now." == found.cleaned


def test_a_pseudonym_counts_where_a_released_text_has_it(stated: Statement) -> None:
    found = filtered(stated, "<PERSON_3f9a12c4> and <PERSON_deadbeef> will come.")

    assert [("unknown_pseudonym", "<PERSON_deadbeef>")] == [
        (one.kind, one.text) for one in found.findings
    ]
    assert f"<PERSON_3f9a12c4> and {NO_PERSONAL_DATA} will come." == found.cleaned


def test_no_keyed_pseudonym_comes_back(stated: Statement) -> None:
    """
    Else whoever has a list of names learns which of them a passage speaks of.
    """

    class Keyed(MarkingRedactor):
        def redact(self, text: str) -> RedactedText:
            found = super().redact(text)
            return RedactedText("<PERSON_3f9a12c4>", found.findings, found.originals)

    handed_in = [one.text for one in GIVEN]

    found = OutputFilter([stated], handed_in).filtered("Ask Dr Adamson or Dr Brook.", Keyed())

    assert f"Ask {NO_PERSONAL_DATA} or {NO_PERSONAL_DATA}." == found.cleaned


@pytest.mark.parametrize(
    "answer",
    ['"w w w w w" ' * (MAX_QUOTATIONS + 1), "\u201c" * MAX_QUOTATIONS + "w " * (MAX_QUOTED // 100)],
    ids=["number", "length"],
)
def test_what_is_too_much_to_compare_is_not_accepted(stated: Statement, answer: str) -> None:
    """
    The last words, which nobody has looked at, are not passed over in silence.
    """
    assert "quote_not_checked" in kinds(filtered(stated, f'{answer}\n\n"{STRAY}"'))
