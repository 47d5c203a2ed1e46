"""
Plain text: UTF-8, or what the source declared.
"""

from ingestion.extraction.formats.source import Source, decode_strictly
from ingestion.extraction.wire import Extracted


def extract(source: Source) -> Extracted:
    """
    Decode the text; plain text has neither title nor pages.
    """
    return Extracted(decode_strictly(source), title=None, page_starts=())
