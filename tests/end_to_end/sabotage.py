"""
Doors left open on purpose: the positive controls of the tests that say nothing leaks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from acl.decision.scoping import ScopeGround, mint_scope
from acl.decision.visibility import VisibilityIndex
from acl.identity.reader import VerifiedReader
from acl.index.reading import ChunkSearcher, Leg, Question
from acl.model.documents import UNLABELLED, Hit
from acl.model.grants import AclSnapshot, Effect, Entry
from acl.model.identifiers import AuthorityId
from acl.model.labels import NO_CEILING
from acl.model.principals import Principal, PrincipalKind, everyone
from acl.model.readerships import Readership
from acl.model.scope import ReadScope
from retrieval.answer import ReadingRoom
from retrieval.authorize import Authorized
from retrieval.recheck import Rechecked, Rechecker, Released
from retrieval.search import ScopedSearch


@dataclass(frozen=True, slots=True)
class UnfilteredSearcher:
    """
    Door 2 removed: searches every readership, whatever the scope says.
    """

    real: ChunkSearcher
    room: ReadingRoom

    def search(self, question: Question, *, scope: ReadScope, candidates: int) -> tuple[Leg, Leg]:
        """
        Search with a scope that covers everything.
        """
        view, _ = self.room.permissions.current()
        tenant = scope.tenant
        anybody = AclSnapshot(tenant, ((Entry(Effect.PERMIT, frozenset({everyone(tenant)})),),))
        ground = ScopeGround(
            epoch=view.epoch,
            visibility=VisibilityIndex.of(
                view.directory, dict.fromkeys(view.readerships, Readership(anybody, UNLABELLED))
            ),
            fresh_sources=scope.sources,
            withheld=scope.withheld,
        )
        wide = mint_scope(
            frozenset({Principal(tenant, AuthorityId("any"), PrincipalKind.USER, "body")}),
            ground,
            now=self.room.clock(),
            token_expires_at=scope.expires_at,
            ceiling=NO_CEILING,
        )
        return self.real.search(question, scope=wide, candidates=candidates)


@dataclass(frozen=True, slots=True)
class OpenRechecker(Rechecker):
    """
    Door 3 removed: releases whatever the index found.
    """

    def still_readable(self, hits: Sequence[Hit], authorized: Authorized) -> Rechecked:
        """
        Release every hit that the registry has any statement on.
        """
        del authorized
        view, currency, statements = self.permissions.permissions({hit.document for hit in hits})
        released = tuple(
            Released(hit, statements[hit.document], max(currency.acl_observed_at.values()))
            for hit in hits
            if hit.document in statements
        )
        return Rechecked(view.epoch, released, {}, {})


def without_filter(room: ReadingRoom) -> ReadingRoom:
    """
    Return the room with door 2 removed.
    """
    searcher = UnfilteredSearcher(room.search.searcher, room)
    return replace(room, search=ScopedSearch(searcher, room.search.candidates))


def without_recheck(room: ReadingRoom) -> ReadingRoom:
    """
    Return the room with door 3 removed.
    """
    old = room.rechecker
    opened = OpenRechecker(old.permissions, old.budgets, old.namer, old.clock)
    return replace(room, rechecker=opened)


def scope_of(room: ReadingRoom, reader: VerifiedReader) -> ReadScope:
    """
    Return the scope that a reader gets.
    """
    return room.authorizer.authorize(reader, needs="rag.search").scope
