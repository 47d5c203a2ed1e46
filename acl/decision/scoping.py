"""
Mints read scopes: from a reader's standing to the readerships that the reader may search.

The rules, in the order they are applied:

1. A scope covers the readerships that `visibility` finds for the reader's identity links, as
   `decide_read` would for each, and of these only the ones labelled below the ceiling.
2. A scope names only sources whose permissions are fresh; a dark source is left out whole.
3. A scope ends when the reader's token ends, at the next expiry inside a readership that it
   covers, or after `MAX_SCOPE_LIFE`, whichever comes first: no grant outlives its facts. An
   expiry inside a readership that it does not cover cannot shorten it: that would let a
   hidden document disturb this reader's searches. What such an expiry opens is found by the
   next scope.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from acl.decision.visibility import VisibilityIndex
from acl.model.identifiers import DocumentKey, Epoch, SourceName
from acl.model.labels import Ceiling
from acl.model.principals import Principal
from acl.model.scope import MINTING_RIGHT, ReadScope

MAX_SCOPE_LIFE = timedelta(seconds=60)
"""
Long enough for the slowest request, short enough that a forgotten scope is worthless.
"""


@dataclass(frozen=True, slots=True)
class ScopeGround:
    """
    The facts of one epoch on which a scope rests.
    """

    epoch: Epoch
    visibility: VisibilityIndex
    fresh_sources: frozenset[SourceName]
    withheld: frozenset[DocumentKey]


def mint_scope(
    linked: frozenset[Principal],
    ground: ScopeGround,
    *,
    now: datetime,
    token_expires_at: datetime,
    ceiling: Ceiling,
) -> ReadScope:
    """
    Mint the scope of a reader with these identity links.
    """
    visible = ground.visibility.visible(linked, ceiling=ceiling, now=now)
    ends = [token_expires_at, now + MAX_SCOPE_LIFE, visible.next_expiry]
    return ReadScope(
        tenant=ground.visibility.tenant,
        readerships=visible.readerships,
        sources=ground.fresh_sources,
        withheld=ground.withheld,
        epoch=ground.epoch,
        expires_at=min(end for end in ends if end is not None),
        ceiling=ceiling,
        right=MINTING_RIGHT,
    )


def narrow_scope(scope: ReadScope, *, sources: Iterable[SourceName]) -> ReadScope:
    """
    Mint a scope that covers only those of `scope`'s sources that are also in `sources`.
    """
    return replace(scope, sources=scope.sources & frozenset(sources), right=MINTING_RIGHT)
