"""
The read scope: the capability without which the index cannot be searched.

Only `acl.decision.scoping` mints one. The constructor asks for the minting right, which no
other module imports (`tests/architecture` looks), so a scope cannot be written by hand, copied
with other contents by `dataclasses.replace`, or parsed from anything that a client sent.
"""

from dataclasses import InitVar, dataclass
from datetime import datetime
from typing import Final

from acl.model.identifiers import DocumentKey, Epoch, SourceName, TenantId
from acl.model.labels import Ceiling
from acl.model.readerships import ReadershipSet


class MintingRight:
    """
    Held by `acl.decision.scoping` alone.
    """


MINTING_RIGHT: Final = MintingRight()


@dataclass(frozen=True, slots=True)
class ReadScope:
    """
    What one reader may search, at one epoch, until a moment.

    `readerships` is complete: what is not in it cannot be found, and when it is empty nothing
    can. It holds nothing labelled above `ceiling`. `sources` are the only sources searched.
    `withheld` are documents left out whatever their readership: their index points are being
    rewritten, or an operator has switched them off.
    """

    tenant: TenantId
    readerships: ReadershipSet
    sources: frozenset[SourceName]
    withheld: frozenset[DocumentKey]
    epoch: Epoch
    expires_at: datetime
    ceiling: Ceiling
    right: InitVar[MintingRight]

    def __post_init__(self, right: MintingRight) -> None:
        if right is not MINTING_RIGHT:
            msg = "a read scope is minted by acl.decision.scoping and by nothing else"
            raise PermissionError(msg)

    def __reduce__(self) -> tuple[object, ...]:
        # Copies and pickles would come back without asking for the right.
        msg = "a read scope is neither copied nor written down"
        raise TypeError(msg)

    def __repr__(self) -> str:
        # A scope may hold a hundred thousand readerships; logs get their number.
        return (
            f"ReadScope(tenant={self.tenant!r}, readerships={len(self.readerships)}, "
            f"sources={sorted(self.sources)}, epoch={self.epoch}, expires_at={self.expires_at})"
        )

    def covers_nothing(self) -> bool:
        """
        Say whether this scope is empty, so that a search cannot find anything.
        """
        return not self.readerships or not self.sources
