"""
How a token came: everything of a request that says whether whoever sends it may have it.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Presented:
    """
    The headers of one request that speak of its sender, and what the request is.

    `method` and `address` are what a proof must be made for; the address is absolute, and as
    clients know it. `certificates` are the values of the header in which a trusted proxy says
    which certificate it has verified; of anybody else's header nothing may come here.
    """

    authorization: tuple[str, ...]
    method: str = ""
    address: str = ""
    proofs: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()


Credentials = Presented | Sequence[str]
"""
All of it, or the values of `Authorization` alone, by which only bearer tokens can come.
"""


def presented(credentials: Credentials) -> Presented:
    """
    Return credentials in full.
    """
    if isinstance(credentials, Presented):
        return credentials
    return Presented(tuple(credentials))
