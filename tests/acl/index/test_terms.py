"""
The sparse leg: words, stems and weights that depend on one text alone.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.index.hashing_embedder import HashingEmbedder
from acl.index.terms import (
    MAX_TERMS,
    MAX_WORD_CHARACTERS,
    STOP_WORDS,
    chunk_weights,
    question_weights,
    terms,
    words,
)
from tests.properties.effort import tries


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Salaries, in EUR: 3_000!", ["salaries", "in", "eur", "3_000"]),
        ("<PERSON_3f9a12> asked", ["person_3f9a12", "asked"]),
        ("it's o’clock", ["it's", "o’clock"]),  # noqa: RUF001 - the apostrophe that people type
        ("Straße ΣΟΦΌΣ", ["strasse", "σοφόσ"]),
        ("", []),
        ("__ -- ..", []),
    ],
)
def test_words_are_what_a_person_would_say(text: str, found: list[str]) -> None:
    assert found == list(words(text))


def test_forms_of_one_word_share_a_stem_and_stop_words_have_none() -> None:
    assert {"salari": 2} == terms("the salary of all salaries")
    assert {} == terms(" ".join(STOP_WORDS))


def test_a_term_weighs_more_the_more_often_it_stands_there_and_saturates() -> None:
    once, twice, often = (chunk_weights("heron " * n)["heron"] for n in (1, 2, 50))

    assert 0 < once < twice < often < 2.2


def test_a_question_counts_every_term_once() -> None:
    assert {"heron": 1.0} == question_weights("heron heron HERON")


def test_a_text_cannot_have_endless_terms_or_words() -> None:
    assert MAX_TERMS == len(terms(" ".join(f"x{number}" for number in range(MAX_TERMS + 500))))
    assert [MAX_WORD_CHARACTERS] == [len(word) for word in words("a" * 10_000)]


@given(texts=st.lists(st.text(max_size=30), min_size=1, max_size=4))
@tries(60)
def test_a_texts_vectors_do_not_depend_on_its_neighbours(texts: list[str]) -> None:
    """
    Nothing that other documents hold may change how one is found.
    """
    embedder = HashingEmbedder()
    together = embedder.embed(texts)

    for text, vector in zip(texts, together, strict=True):
        assert (embedder.embed([text])[0] == vector).all()
    assert (0, embedder.dimension) == embedder.embed([]).shape
