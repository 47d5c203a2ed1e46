"""
What the engine process does: one method an operation, over one Qdrant Edge shard.

Reading operations: `search`. Nothing reads without a scope's filter; the engine's own
`retrieve` takes none and is not called anywhere.

The leg of meaning has two ways to one answer. The engine's own walks over the filter's values
and the visible points. The other scans the rows that the scope covers (`dense_rows`), and has
the engine score what that proposes; it is taken whenever the copy in memory is whole and more is
visible than was asked for. Either way what the engine found is held against the scope.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import qdrant_edge as edge

from acl.index import stored
from acl.index.dense_copy import DenseCopy
from acl.index.dense_rows import PLACES, Selection
from acl.index.embedder import Vectors
from acl.index.stored import Present
from acl.model.encoding import encode
from acl.model.readerships import Numbers, unpacked

POINTS_A_CALL: Final = 1_000
MAX_VALUES: Final = 2**31
MAX_PLANS: Final = 64
MAX_PLANNED: Final = 500_000
"""
Plans that are kept, and readerships in all of them: a large one takes megabytes.
"""


@dataclass(slots=True)
class SearchPlan:
    """
    A scope as the engine needs it: the filter, and what it was built from, to check against.

    `selected` are the rows that it covers, as of the last search.
    """

    within: edge.Filter
    numbers: Numbers
    visible: frozenset[int]
    sources: frozenset[str]
    withheld: frozenset[str]
    selected: Selection | None = None

    def hits(self, leg: Sequence[edge.ScoredPoint]) -> list[list[object]]:
        """
        Read the found points that lie in the scope.
        """
        # Each payload is translated by the engine, and once is enough.
        found = [(one, one.payload or {}) for one in leg]
        return [stored.hit(one, payload) for one, payload in found if self._covers(payload)]

    def _covers(self, payload: Mapping[str, object]) -> bool:
        return stored.inside(payload, self.visible, self.sources, self.withheld)


class EngineShard:
    """
    One tenant's points.
    """

    def __init__(self, directory: Path, dimension: int, places: int = PLACES) -> None:
        self._dimension = dimension
        self._shard = _open(directory, dimension)
        self._present = _present(self._shard)
        self._copy = DenseCopy(self._shard, dimension, places)
        self._plans: OrderedDict[bytes, SearchPlan] = OrderedDict()

    def operations(self) -> Mapping[str, Callable[..., object]]:
        """
        Return everything that a client may ask for, by name.
        """
        return {
            "ping": self.ping,
            "search": self.search,
            "discard": self.discard,
            "stage": self.stage,
            "publish": self.publish,
            "withdraw": self.withdraw,
            "remove": self.remove,
            "count": self.count,
            "total": self.total,
            "scanned": self.scanned,
            "flush": self.flush,
            "optimize": self.optimize,
        }

    def ping(self) -> int:
        """
        Return the dimension of the vectors held.
        """
        return self._dimension

    def search(
        self,
        question: tuple[bytes, list[int], list[float]],
        scope: tuple[bytes, list[str], list[str]],
        candidates: int,
    ) -> list[list[list[object]]]:
        """
        Return the dense and the sparse leg, filtered and checked, best first.

        `question` is the dense row, term names and their weights; `scope` the packed
        readerships, the sources, and the documents withheld.
        """
        plan = self._plan(*scope)
        if plan is None:
            return [[], []]
        dense, terms, weights = question
        by_meaning = self._by_meaning(np.frombuffer(dense, dtype=np.float32), plan, candidates)
        if not terms:
            return [by_meaning, []]
        # Document frequencies are counted over the scope: over all points they would tell
        # this reader which words occur in documents that this reader may not see.
        counted = edge.SearchParams(exact=True, idf=edge.IdfParams(corpus=plan.within))
        words = edge.SparseVector(indices=terms, values=weights)
        by_words = edge.Query.Nearest(words, using=stored.SPARSE)
        found = self._nearest(by_words, plan.within, candidates, counted)
        return [by_meaning, plan.hits(found)]

    def gather(self) -> bool:
        """
        Bring more vectors into memory; say whether there are others.
        """
        return self._copy.gather()

    def discard(self, kept: Sequence[Sequence[object]]) -> None:
        """
        Delete every revision but the named one of each document.
        """
        with self._copy.following([str(document) for document, _ in kept]):
            self._discard(kept)

    def _discard(self, kept: Sequence[Sequence[object]]) -> None:
        update = edge.UpdateOperation.delete_points_by_filter
        for document, revision in kept:
            others = stored.other_revisions_of(str(document), int(str(revision)))
            self._shard.update(update(others))

    def stage(self, records: Sequence[Sequence[object]]) -> None:
        """
        Upsert points that are nobody's.
        """
        # Before any point bears it: a filter that names no source must begin to.
        self._know(Present(sources={str(record[1]) for record in records}))
        points = [stored.point(record) for record in records]
        documents = sorted({str(record[2]) for record in records})
        with self._copy.following(documents, vectors=True):
            for start in range(0, len(points), POINTS_A_CALL):
                some = points[start : start + POINTS_A_CALL]
                self._shard.update(edge.UpdateOperation.upsert_points(some))

    def publish(self, publications: Sequence[Sequence[object]]) -> None:
        """
        Set readership and ACL revision on one revision of each document; drop the others.
        """
        update = edge.UpdateOperation
        # Before any point bears it: a scope that does not cover it must leave it out.
        self._know(Present(readerships={int(str(one[3])) for one in publications}))
        with self._copy.following([str(publication[0]) for publication in publications]):
            for document, revision, acl_revision, readership in publications:
                named, number = str(document), int(str(revision))
                fields = {stored.READERSHIP: readership, stored.ACL_REVISION: acl_revision}
                current = stored.revision_of(named, number)
                self._shard.update(update.set_payload_by_filter(current, fields))
            self._discard([publication[:2] for publication in publications])

    def withdraw(self, documents: Sequence[str]) -> None:
        """
        Make every point of these documents nobody's.
        """
        if documents:
            nobodys = {stored.READERSHIP: stored.NOBODY}
            update = edge.UpdateOperation.set_payload_by_filter
            with self._copy.following(documents):
                self._shard.update(update(stored.all_of(documents), nobodys))

    def remove(self, documents: Sequence[str]) -> None:
        """
        Delete every point of these documents.
        """
        if documents:
            update = edge.UpdateOperation.delete_points_by_filter
            with self._copy.following(documents):
                self._shard.update(update(stored.all_of(documents)))

    def count(self, document: str, revision: int) -> int:
        """
        Count the points of one revision.
        """
        counted = edge.CountRequest(filter=stored.revision_of(document, revision), exact=True)
        return self._shard.count(counted)

    def total(self) -> int:
        """
        Count all points. For agreement with the registry; no reader is ever told.
        """
        return self._shard.count(edge.CountRequest(exact=True))

    def scanned(self) -> int:
        """
        Count the chunks whose vectors are in memory; none before all are.
        """
        return len(self._copy.rows or ())

    def flush(self) -> None:
        """
        Force everything to disk.
        """
        self._shard.flush()

    def optimize(self) -> None:
        """
        Merge segments and rebuild the payload indexes.
        """
        self._shard.optimize()
        self._copy.arrange()

    def close(self) -> None:
        """
        Flush and release the files.
        """
        self._shard.flush()
        self._shard.close()

    def _plan(self, packed: bytes, sources: list[str], withheld: list[str]) -> "SearchPlan | None":
        # Building a filter of a hundred thousand values takes longer than most searches.
        named = encode([packed, sources, withheld])
        if named in self._plans:
            self._plans.move_to_end(named)
            return self._plans[named]
        numbers = np.unique(unpacked(packed))
        visible = frozenset(numbers.tolist())
        if not visible & self._present.readerships - {stored.NOBODY} or not sources:
            return None
        within = stored.scope_filter(visible, self._present, sources, withheld)
        plan = SearchPlan(within, numbers, visible, frozenset(sources), frozenset(withheld))
        self._plans[named] = plan
        while len(self._plans) > 1 and self._is_full():
            self._plans.popitem(last=False)
        return plan

    def _is_full(self) -> bool:
        planned = sum(len(one.visible) for one in self._plans.values())
        return len(self._plans) > MAX_PLANS or planned > MAX_PLANNED

    def _know(self, more: Present) -> None:
        if self._present.learns(more):
            self._plans.clear()  # they leave out only what was present when they were made

    def _by_meaning(
        self, question: Vectors, plan: SearchPlan, candidates: int
    ) -> list[list[object]]:
        query = edge.Query.Nearest(question.tolist(), using=stored.DENSE)
        exact = edge.SearchParams(exact=True)
        if (rows := self._copy.rows) is not None:
            scope = plan.numbers, plan.sources, plan.withheld
            plan.selected = rows.select(*scope, plan.selected)
            proposed = rows.nearest(question, plan.selected, candidates)
            if proposed is not None:
                hits = plan.hits(self._nearest(query, stored.only(proposed), candidates, exact))
                if len(hits) == candidates:
                    return hits
                self._copy.give_up("a proposed chunk is not where it was")
        return plan.hits(self._nearest(query, plan.within, candidates, exact))

    def _nearest(
        self, query: edge.Query, scope: edge.Filter, candidates: int, params: edge.SearchParams
    ) -> Sequence[edge.ScoredPoint]:
        return self._shard.query(
            edge.QueryRequest(
                query=query,
                filter=scope,
                limit=candidates,
                with_payload=True,  # naming the fields would take longer
                params=params,
            )
        )


def _open(directory: Path, dimension: int) -> edge.EdgeShard:
    if any(directory.iterdir()):
        return edge.EdgeShard.load(str(directory))
    shard = edge.EdgeShard.create(str(directory), stored.shard_config(dimension))
    for key, schema in stored.PAYLOAD_INDEXES.items():
        shard.update(edge.UpdateOperation.create_field_index(key, schema))
    shard.flush()
    return shard


def _present(shard: edge.EdgeShard) -> Present:
    def borne(field: str) -> list[object]:
        request = edge.FacetRequest(field, limit=MAX_VALUES, exact=True)
        return [found.value for found in shard.facet(request).hits]

    readerships = {int(str(one)) for one in borne(stored.READERSHIP)}
    return Present(readerships | {stored.NOBODY}, set(map(str, borne(stored.SOURCE))))
