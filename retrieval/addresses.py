"""
The addresses that this service gives out: where a person can open what an answer quotes.
"""

from typing import Final
from urllib.parse import quote, urlsplit

PAGE_PREFIX: Final = "/d/"
"""
The reader's page of a passage, below the service's own address.
"""


def origin_of(resource: str) -> str:
    """
    Return where clients reach this service: the origin of its resource identifier.
    """
    parts = urlsplit(resource)
    return f"{parts.scheme}://{parts.netloc}"


def page_path(passage_id: str) -> str:
    """
    Return the path of the page that shows a passage, whatever the id is made of.
    """
    return PAGE_PREFIX + quote(passage_id, safe="")


def page_of(origin: str, passage_id: str) -> str:
    """
    Return the address of the page that shows a passage to whoever may read it.
    """
    return origin + page_path(passage_id)
