"""
The configuration of the agents' face: by which names it may be called, and from whose pages.
"""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from acl.settings_values import Section

_HOST: Final = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_ORIGIN: Final = re.compile(rf"https?://{_HOST.pattern}")


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        msg = "must be a name as clients send it in Host, such as rag.acme.example or 10.0.0.7:8080"
        raise ValueError(msg)
    return text


def _origin(text: str) -> str:
    if not _ORIGIN.fullmatch(text):
        msg = "must be an origin as browsers send it, such as https://chat.acme.example"
        raise ValueError(msg)
    return text


class McpSettings(Section):
    """
    Who may come in to `/mcp` beside those who use the resource's own name and origin.
    """

    allowed_hosts: list[Annotated[str, AfterValidator(_host)]] = Field(default=[])
    """Other names of this service; compared whole, there are no patterns."""

    allowed_origins: list[Annotated[str, AfterValidator(_origin)]] = Field(default=[])
    """Origins whose pages may use this service from a browser."""
