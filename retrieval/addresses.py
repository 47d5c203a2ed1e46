"""
The addresses that this service gives out: what a citation leads to.
"""

from typing import Final
from urllib.parse import quote, urlsplit

PAGE_PREFIX: Final = "/d/"


def origin_of(resource: str) -> str:
    """
    Return where clients reach this service, from the address of its resource.
    """
    parts = urlsplit(resource)
    return f"{parts.scheme}://{parts.netloc}"


def page_path(passage_id: str) -> str:
    """
    Return the path of the page that shows a passage, whatever the id is made of.
    """
    return PAGE_PREFIX + quote(passage_id, safe="")


def page_of(public_origin: str, passage_id: str) -> str:
    """
    Return the address of the page that shows a passage to whoever may read it.
    """
    return public_origin + page_path(passage_id)
