"""
What `readership doctor` finds, one line each.
"""

from collections.abc import Callable
from dataclasses import dataclass

from acl.errors import ReadershipError


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing that was looked at; `detail` says what was seen, or what to do.
    """

    name: str
    healthy: bool
    detail: str


def fine(name: str, detail: str) -> Finding:
    """
    Return that something is as it should be.
    """
    return Finding(name, healthy=True, detail=detail)


def wrong(name: str, detail: str) -> Finding:
    """
    Return that something is not, and what to do.
    """
    return Finding(name, healthy=False, detail=detail)


def look(name: str, examination: Callable[[], str]) -> Finding:
    """
    Look at something that says itself what is wrong.
    """
    try:
        return fine(name, examination())
    except ReadershipError as error:
        return wrong(name, error.diagnostics())
