"""
What a directory can be asked.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One entry, with the attributes that were asked for, in lower case.
    """

    dn: str
    attributes: Mapping[str, Sequence[bytes]]

    def values(self, attribute: str) -> Sequence[bytes]:
        """
        Return the values of an attribute; none if it is not there.
        """
        return self.attributes.get(attribute.lower(), ())


class EntrySearch(Protocol):
    """
    Asks a directory.
    """

    def entries(self, base: str, wanted: str, attributes: Sequence[str]) -> Iterator[Entry]:
        """
        Yield every entry below a base that a filter finds.

        Raises:
            InputError: Not every entry was there: an error, a limit, a referral, a silence. What
                was yielded before is worth nothing then.
        """
        ...

    def entry(self, dn: str, attributes: Sequence[str]) -> Entry | None:
        """
        Return one entry by its DN, if it is there.

        Raises:
            InputError: The directory did not answer.
        """
        ...
