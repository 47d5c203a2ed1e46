"""
Mints read scopes: from a reader's standing to the readerships that the reader may search.

The rules, in the order they are applied:

1. Every readership is decided by `decide_read`, with the same standing and the same clock.
2. A scope names only sources whose permissions are fresh; a dark source is left out whole.
3. A scope ends when the reader's token ends, at the next expiry inside a readership that it
   covers, or after `MAX_SCOPE_LIFE`, whichever comes first: no grant outlives its facts. An
   expiry inside a readership that it does not cover cannot shorten it: that would let a
   hidden document disturb this reader's searches. What such an expiry opens is found by the
   next scope.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from acl.decision.membership import Standing
from acl.decision.read import Permit, decide_read
from acl.model.grants import AclSnapshot
from acl.model.identifiers import DocumentKey, Epoch, ReadershipKey, SourceName
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
    readerships: Mapping[ReadershipKey, AclSnapshot]
    fresh_sources: frozenset[SourceName]
    unsettled: frozenset[DocumentKey]


def mint_scope(
    standing: Standing, ground: ScopeGround, *, now: datetime, token_expires_at: datetime
) -> ReadScope:
    """
    Mint the scope of a reader with this standing.
    """
    visible = frozenset(
        key
        for key, snapshot in ground.readerships.items()
        if isinstance(decide_read(standing, snapshot, now=now), Permit)
    )
    return ReadScope(
        tenant=standing.tenant,
        readerships=visible,
        sources=ground.fresh_sources,
        unsettled=ground.unsettled,
        epoch=ground.epoch,
        expires_at=min(token_expires_at, now + MAX_SCOPE_LIFE, *_upcoming(ground, visible, now)),
        right=MINTING_RIGHT,
    )


def narrow_scope(scope: ReadScope, *, sources: Iterable[SourceName]) -> ReadScope:
    """
    Mint a scope that covers only those of `scope`'s sources that are also in `sources`.
    """
    return ReadScope(
        tenant=scope.tenant,
        readerships=scope.readerships,
        sources=scope.sources & frozenset(sources),
        unsettled=scope.unsettled,
        epoch=scope.epoch,
        expires_at=scope.expires_at,
        right=MINTING_RIGHT,
    )


def _upcoming(
    ground: ScopeGround, visible: Iterable[ReadershipKey], now: datetime
) -> list[datetime]:
    moments = {moment for key in visible for moment in ground.readerships[key].expiries()}
    return [moment for moment in moments if moment > now]
