"""
PDF, page by page, as far as it holds text.
"""

from itertools import accumulate

import pypdfium2

from ingestion.extraction.formats.source import Source, UnreadableError, normal_form
from ingestion.extraction.wire import Extracted

_BETWEEN_PAGES = "\n\n"


def extract(source: Source) -> Extracted:
    """
    Return the text of all pages and where each begins.

    Raises:
        UnreadableError: Encrypted, damaged, too many pages, or no text on any page.
    """
    document = _open(source)
    pages = [normal_form(_text_of(document, number)) for number in range(len(document))]
    if not any(page.strip() for page in pages):
        msg = f"no text on any of {len(pages)} pages: scanned pictures, or text drawn as shapes"
        raise UnreadableError(msg)
    starts = accumulate((len(page) + len(_BETWEEN_PAGES) for page in pages[:-1]), initial=0)
    title = document.get_metadata_value("Title")
    return Extracted(_BETWEEN_PAGES.join(pages), title=title, page_starts=tuple(starts))


def _open(source: Source) -> pypdfium2.PdfDocument:
    try:
        document = pypdfium2.PdfDocument(source.content)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            msg = "encrypted PDF: it opens only with a password"
        else:
            msg = f"damaged PDF: {error}"
        raise UnreadableError(msg) from error
    if len(document) > source.limits.pages:
        msg = f"too large: {len(document)} pages, more than {source.limits.pages}"
        raise UnreadableError(msg)
    return document


def _text_of(document: pypdfium2.PdfDocument, number: int) -> str:
    try:
        page = document[number]
        text = page.get_textpage().get_text_range()
    except pypdfium2.PdfiumError as error:
        msg = f"damaged PDF: page {number + 1}: {error}"
        raise UnreadableError(msg) from error
    page.close()
    return str(text)
