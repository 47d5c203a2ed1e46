"""
The reading adapter of the embedded engine.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np

from acl.index.engine_lease import EngineLease
from acl.index.errors import IndexUnavailableError, ScopeRefusedError
from acl.index.reading import Leg, Question
from acl.keys.naming import Namer
from acl.model.documents import Hit
from acl.model.identifiers import ChunkId, DocumentKey, ReadershipKey, TenantId
from acl.model.scope import ReadScope


class EdgeReader:
    """
    Searches one tenant's shard, inside a scope.
    """

    def __init__(
        self, lease: EngineLease, tenant: TenantId, namer: Namer, clock: Callable[[], datetime]
    ) -> None:
        self._lease = lease
        self._tenant = tenant
        self._namer = namer
        self._clock = clock

    def search(self, question: Question, *, scope: ReadScope, candidates: int) -> tuple[Leg, Leg]:
        """
        Search both legs; see `ChunkSearcher`.
        """
        self._require_usable(scope)
        if scope.covers_nothing():
            return Leg(()), Leg(())
        dense = np.ascontiguousarray(question.dense, dtype=np.float32).tobytes()
        sources = [self._namer.source(source) for source in scope.sources]
        answer = self._lease.call(
            "search",
            [dense, list(question.sparse.keys()), list(question.sparse.values())],
            [scope.readerships.packed(), sorted(sources), sorted(scope.withheld)],
            candidates,
        )
        match answer:
            case [list(by_meaning), list(by_words)]:
                return _leg(by_meaning), _leg(by_words)
            case _:
                msg = "the engine's answer to a search has no two legs"
                raise IndexUnavailableError(msg)

    def _require_usable(self, scope: ReadScope) -> None:
        if scope.tenant != self._tenant:
            msg = f"a scope of tenant {scope.tenant!r} cannot search tenant {self._tenant!r}"
            raise ScopeRefusedError(msg)
        if scope.expires_at <= self._clock():
            msg = f"the scope expired at {scope.expires_at.isoformat()}"
            raise ScopeRefusedError(msg)


def _leg(rows: Sequence[object]) -> Leg:
    return Leg(tuple(_hit(row) for row in rows))


def _hit(row: object) -> tuple[Hit, float]:
    match row:
        case [str(c), str(d), int(r), int(revision), int(acl_revision), float(score)]:
            names = ChunkId(c), DocumentKey(d), ReadershipKey(r)
            return Hit(*names, revision, acl_revision), score
        case _:
            msg = "the engine returned a hit that cannot be read"
            raise IndexUnavailableError(msg)
