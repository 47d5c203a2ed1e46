"""
What a document does not show is not in its text, and it is noted that there was something.
"""

from collections.abc import Iterator
from typing import Final

import pytest

from acl.screening.instructions import reads_like_an_instruction
from ingestion.extract import SandboxedExtractor
from tests.security.hiding import HIDDEN, MARK, SEEN, cases, plain
from tests.security.hiding_office import more_cases, more_plain

CASES: Final = cases() | more_cases()
PLAIN: Final = plain() | more_plain()
NEVER_TEXT: Final = (
    "HTML: script",
    "HTML: meta",
    "HTML: title attribute",
    "HTML: data attribute",
    "HTML: input",
    "PDF: metadata",
    "DOCX: comment",
    "DOCX: properties",
    "DOCX: fallback",
    "PPTX: description",
)
"""
Left out as what is no text of a document at all, and so not counted as hidden text.
"""


@pytest.fixture(scope="module")
def extractor() -> Iterator[SandboxedExtractor]:
    with SandboxedExtractor() as running:
        yield running


@pytest.mark.promise("hidden-text")
@pytest.mark.parametrize("name", sorted(CASES))
def test_what_is_hidden_is_left_out_and_counted(extractor: SandboxedExtractor, name: str) -> None:
    mime, content = CASES[name]

    found = extractor.extract(content, mime=mime)

    assert SEEN in found.text
    assert MARK not in found.text
    assert MARK not in (found.title or "")
    if name not in NEVER_TEXT:
        assert sum(found.hidden.values()) >= len(MARK)
        assert reads_like_an_instruction(found.unseen)


@pytest.mark.promise("hidden-text")
def test_enough_tricks_are_tried() -> None:
    assert len(CASES) >= 80
    assert set(NEVER_TEXT) < CASES.keys()


@pytest.mark.promise("hidden-text")
@pytest.mark.parametrize("name", sorted(PLAIN))
def test_what_is_seen_is_kept(extractor: SandboxedExtractor, name: str) -> None:
    """
    The control: where it is shown, the same sentence is there.
    """
    mime, content = PLAIN[name]

    found = extractor.extract(content, mime=mime)

    assert HIDDEN in " ".join(found.text.split())
    assert {} == found.hidden
