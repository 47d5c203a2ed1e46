"""
Long texts are cut without losing anything.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.redact.settings import MAX_WINDOW_CHARACTERS, WINDOW_OVERLAP_CHARACTERS
from ingestion.redact.windows import windows

LIMIT, OVERLAP = 60, 10


@given(text=st.text("ab .\n", max_size=600))
def test_windows_cover_everything_and_stay_small(text: str) -> None:
    parts = list(windows(text, limit=LIMIT, overlap=OVERLAP))

    covered = {at for part in parts for at in range(part.offset, part.offset + len(part.text))}
    assert set(range(len(text))) == covered
    assert all(len(part.text) <= LIMIT for part in parts)
    assert all(text[part.offset :].startswith(part.text) for part in parts)


@pytest.mark.parametrize("gap", [" ", "\n", "", ". "])
def test_a_finding_at_any_place_is_whole_in_some_window(gap: str) -> None:
    """
    Whatever the text is made of, also one endless word.
    """
    filler = ("x" * 20 + gap) * 300
    name = "Ann Elk"
    for cut in range(MAX_WINDOW_CHARACTERS - 300, MAX_WINDOW_CHARACTERS + 50):
        text = filler[:cut] + name + filler[cut:]
        assert any(name in part.text for part in windows(text))


def test_blank_lines_are_cut_without_overlap() -> None:
    text = "a" * 40 + "\n\n" + "b" * 40

    assert [0, 42] == [part.offset for part in windows(text, limit=LIMIT, overlap=OVERLAP)]


def test_overlap_is_longer_than_the_longest_pattern() -> None:
    assert MAX_WINDOW_CHARACTERS > 4 * WINDOW_OVERLAP_CHARACTERS
    assert not list(windows(""))
