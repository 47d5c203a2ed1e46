"""
Chunks cover a text without gap or overlap, and cut it where a person would.
"""

import itertools
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.clean import PAGE_BREAK
from ingestion.split import MAX_CHARACTERS, MAX_CHUNKS, MIN_CHARACTERS, TextChunk, split

DEEP = bool(os.environ.get("READERSHIP_DEEP"))
PSEUDONYM = "<EMAIL_ADDRESS_3f9a12>"

words = st.sampled_from(
    [
        "a",
        "word",
        "another",
        PSEUDONYM,
        "<PERSON_0a1b2c>,",
        "x" * 40,
        "\u00e9t\u00e9",
        "end.",
        "\U0001f600",
    ]
)
spaces = st.sampled_from([" ", " ", " ", "  ", "\n", "\n\n", "\t", ". ", "\n# ", "\n\n## "])
pages = st.lists(st.tuples(words, spaces), max_size=400).map(
    lambda some: "".join(word + space for word, space in some)
)
texts = st.lists(pages, min_size=1, max_size=4).map(PAGE_BREAK.join)


def joined(chunks: list[TextChunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


@settings(max_examples=1_000 if DEEP else 60, deadline=None)
@given(texts)
def test_chunks_cover_the_text_without_gap_or_overlap(text: str) -> None:
    """
    Together they are the whole text, and each says rightly where it stands.
    """
    whole, chunks = split(text)

    assert len(text) == len(whole)
    assert whole == text.replace(PAGE_BREAK, "\n")
    if not whole.strip():
        assert [] == chunks
        return
    assert whole == joined(chunks)
    assert [0, *(c.span.end for c in chunks)] == [*(c.span.start for c in chunks), len(whole)]
    assert all(chunk.text == whole[chunk.span.start : chunk.span.end] for chunk in chunks)


@settings(max_examples=1_000 if DEEP else 60, deadline=None)
@given(texts)
def test_chunks_are_bounded(text: str) -> None:
    """
    None is empty or too long, and only the last of a page may be short.
    """
    _, chunks = split(text)

    for chunk, after in itertools.pairwise(chunks):
        assert 0 < len(chunk.text) <= MAX_CHARACTERS
        assert chunk.span.page != after.span.page or len(chunk.text) > MIN_CHARACTERS
    if chunks:
        assert 0 < len(chunks[-1].text) <= MAX_CHARACTERS


@settings(max_examples=1_000 if DEEP else 60, deadline=None)
@given(texts)
def test_a_chunk_never_spans_two_pages(text: str) -> None:
    """
    Pages count from 1, in order; a text of one page has none.
    """
    _, chunks = split(text)

    borders = [0, *itertools.accumulate(len(page) + 1 for page in text.split(PAGE_BREAK))]
    for chunk in chunks:
        if len(borders) == 2:
            assert chunk.span.page is None
            continue
        assert chunk.span.page is not None
        assert borders[chunk.span.page - 1] <= chunk.span.start
        assert chunk.span.end <= borders[chunk.span.page]


@settings(max_examples=1_000 if DEEP else 60, deadline=None)
@given(texts)
def test_a_pseudonym_is_never_cut(text: str) -> None:
    """
    As many of them are whole in chunks as are whole in the text.
    """
    whole, chunks = split(text)

    if chunks:
        assert whole.count(PSEUDONYM) == sum(chunk.text.count(PSEUDONYM) for chunk in chunks)


def test_a_text_without_words_gives_no_chunks() -> None:
    assert ("  \n\t \n", []) == split(f"  \n\t {PAGE_BREAK}")


def test_a_short_text_is_one_chunk() -> None:
    assert ["Short."] == [chunk.text for chunk in split("Short.")[1]]


FILL = "word " * 70  # 350 characters: above the smallest chunk, below the largest


@pytest.mark.parametrize(
    ("border", "worse"),
    [
        ("\n", "\n\n"),  # before a heading rather than after a paragraph
        ("\n\n", "\n"),
        ("\n", ". "),
        (". ", " "),
    ],
)
def test_the_better_border_is_taken(border: str, worse: str) -> None:
    """
    Although a worse one comes later and would give a fuller chunk.
    """
    after = "# Heading " if (border, worse) == ("\n", "\n\n") else "Next "
    text = f"{FILL}end{border}{after}{FILL[:300].strip()}{worse}{FILL * 2}"

    _, chunks = split(text)

    assert f"{FILL}end{border}" == chunks[0].text
    assert chunks[1].text.startswith(after)


def test_a_single_word_longer_than_a_chunk_is_cut_at_the_limit() -> None:
    lengths = [len(chunk.text) for chunk in split("x" * 2_000)[1]]

    assert [MAX_CHARACTERS, MAX_CHARACTERS, 2_000 - 2 * MAX_CHARACTERS] == lengths


@pytest.mark.parametrize("shift", range(24))
def test_a_pseudonym_is_not_cut_where_no_spaces_are_written(shift: int) -> None:
    """
    Chinese and Japanese have nothing else to cut at.
    """
    text = "\u6587" * (MAX_CHARACTERS - shift) + PSEUDONYM + "\u5b57" * 100

    _, chunks = split(text)

    assert text == joined(chunks)
    assert 1 == sum(chunk.text.count(PSEUDONYM) for chunk in chunks)


def test_a_text_of_too_many_chunks_is_refused() -> None:
    with pytest.raises(ValueError, match=f"more than {MAX_CHUNKS} chunks"):
        split(("x" + PAGE_BREAK) * (MAX_CHUNKS + 1))
