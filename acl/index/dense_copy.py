"""
Keeps a copy of the shard's dense vectors in memory, in step with it, for as long as it fits.

What the rows say is read back from the shard after every write, and never taken from the
request that asked for it: `_read` is the one way in. The copy starts empty, is gathered some
documents at a time, and is searched once it is whole. When anything about it is in doubt it is
given up, and the engine searches by itself until it is started again.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import numpy as np
import qdrant_edge as edge

from acl.index import stored
from acl.index.dense_rows import DenseRows, Seen

POINTS_A_PAGE: Final = 1_000
DOCUMENTS_A_TIME: Final = 100
MAX_DOCUMENTS: Final = 2**31

logger = logging.getLogger(__name__)


class DenseCopy:
    """
    The rows of one shard, or none.
    """

    def __init__(self, shard: edge.EdgeShard, dimension: int, places: int) -> None:
        self._shard = shard
        self._rows: DenseRows | None = None
        self._waiting: list[str] = []
        self._gathered = False
        if not places:
            return
        if self._total() > places:
            self.give_up(f"the index holds more than {places} chunks")
            return
        self._rows = DenseRows(dimension, places)
        every = edge.FacetRequest(stored.DOCUMENT, limit=MAX_DOCUMENTS, exact=True)
        self._waiting = [str(found.value) for found in shard.facet(every).hits]
        self.gather()

    @property
    def rows(self) -> DenseRows | None:
        """
        The rows, if all are there.
        """
        return self._rows if self._gathered else None

    def gather(self) -> bool:
        """
        Read some more documents; say whether there are others.
        """
        if self._rows is None or self._gathered:
            return False
        some = self._waiting[-DOCUMENTS_A_TIME:]
        del self._waiting[-DOCUMENTS_A_TIME:]
        self._follow(some)
        if not self._waiting and self._rows is not None:
            self._finish(self._rows)
        return bool(self._waiting)

    @contextmanager
    def following(self, documents: Sequence[str], *, vectors: bool = False) -> Iterator[None]:
        """
        Read these documents back after the block has changed them, also if it failed half-way.

        With `vectors`, those may have changed as well.
        """
        if vectors and self._rows is not None:
            self._rows.restate(documents, ())
        try:
            yield
        finally:
            self._follow(documents)

    def arrange(self) -> None:
        """
        Lay the rows in order again.
        """
        if self._rows is not None:
            self._rows.arrange()

    def give_up(self, reason: str) -> None:
        """
        Do without, until the engine is started again.
        """
        logger.warning("searching without vectors in memory: %s", reason)
        self._rows, self._waiting, self._gathered = None, [], False

    def _finish(self, rows: DenseRows) -> None:
        if len(rows) != (total := self._total()):
            self.give_up(f"{len(rows)} vectors were read of {total}")
            return
        rows.arrange()
        self._gathered = True
        logger.info("%d chunks are in memory", total)

    def _follow(self, documents: Sequence[str]) -> None:
        try:
            for start in range(0, len(documents), DOCUMENTS_A_TIME):
                if self._rows is not None:
                    self._read(self._rows, documents[start : start + DOCUMENTS_A_TIME])
        except Exception as error:
            logger.exception("documents could not be read back")
            self.give_up(f"{type(error).__name__}: {error}")

    def _read(self, rows: DenseRows, documents: Sequence[str]) -> None:
        points = self._scroll(stored.all_of(documents), vectors=False)
        missing = rows.restate(documents, [stored.seen(point) for point in points])
        if not rows.has_place_for(len(missing)):
            self.give_up("the index holds more chunks than may be in memory")
            return
        for start in range(0, len(missing), POINTS_A_PAGE):
            self._add(rows, missing[start : start + POINTS_A_PAGE])

    def _add(self, rows: DenseRows, missing: Sequence[Seen]) -> None:
        points = self._scroll(stored.only({one.chunk.hex() for one in missing}), vectors=True)
        found = {stored.name_of(point): stored.dense_of(point) for point in points}
        rows.add(missing, np.array([found[one.chunk] for one in missing], dtype=np.float32))

    def _scroll(self, within: edge.Filter, *, vectors: bool) -> Iterator[edge.Record]:
        offset = None
        while True:
            page, offset = self._shard.scroll(
                edge.ScrollRequest(
                    offset=offset,
                    limit=POINTS_A_PAGE,
                    filter=within,
                    with_payload=None if vectors else stored.SEEN,
                    with_vector=[stored.DENSE] if vectors else None,
                )
            )
            yield from page
            if offset is None:
                return

    def _total(self) -> int:
        return self._shard.count(edge.CountRequest(exact=True))
