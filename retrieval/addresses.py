"""
Where a person can open what an answer quotes.
"""

from typing import Final
from urllib.parse import quote, urlsplit

PAGE_PATH: Final = "/d/"
"""
The reader's page of a passage, below the service's own address.
"""


def origin_of(resource: str) -> str:
    """
    Return where clients reach this service: the origin of its resource identifier.
    """
    parts = urlsplit(resource)
    return f"{parts.scheme}://{parts.netloc}"


def citation_url(origin: str, url: str, passage: str) -> str:
    """
    Return the absolute address of a passage: its source's `url`, or where the source states none
    that a browser opens, the reader's page of this service.
    """
    return url or f"{origin}{PAGE_PATH}{quote(passage, safe='')}"
