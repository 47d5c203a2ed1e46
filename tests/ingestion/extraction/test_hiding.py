"""
What a document hides is left out by its parser, outside the sandbox as well.
"""

from typing import Final

import pytest

from ingestion.extraction.formats.source import Source
from ingestion.extraction.limits import ExtractionLimits
from ingestion.extraction.wire import Extracted
from ingestion.extraction.worker import load_parsers, parse
from tests.security.hiding import MARK, SEEN, cases
from tests.security.hiding_office import more_cases

CASES: Final = cases() | more_cases()
PARSERS: Final = load_parsers("ingestion.extraction.formats")


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_parser_leaves_out_what_is_hidden(name: str) -> None:
    mime, content = CASES[name]

    found = parse(PARSERS[mime], Source(content, None, ExtractionLimits()))

    assert isinstance(found, Extracted)
    assert SEEN in found.text
    assert MARK not in found.text
