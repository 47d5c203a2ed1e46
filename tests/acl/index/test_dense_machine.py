"""
The copy of the vectors is in step with the shard whatever is written, and a scan over it finds
exactly what the engine finds by itself, and what a plain look at every point says.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from acl.index import dense_copy, dense_rows
from acl.index.dense_rows import DenseRows, Selection
from acl.index.embedder import Vectors
from acl.index.engine_shard import EngineShard
from tests.acl.index.dense_worlds import (
    ALL,
    SOURCES,
    Scope,
    agree,
    certain,
    copied,
    document_of,
    drawn,
    engine_alone,
    expected,
    found,
    opened,
    points,
    record,
)
from tests.properties.effort import times

pytestmark = pytest.mark.promise("filter-in-engine")

T = TypeVar("T")
DOCUMENTS: Final = 8
RUNS: Final = 30
STEPS: Final = 40
QUESTIONS: Final = 3
LEAST_SCANS: Final = 100
numbers = st.integers(0, DOCUMENTS - 1)
revisions = st.integers(1, 2)
readerships = st.sampled_from(ALL)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Small worlds are scanned, in runs and one by one, and read back in several pages.
    """
    monkeypatch.setattr(dense_rows, "ROWS_A_CANDIDATE", 1)
    monkeypatch.setattr(dense_rows, "SHORT", 3)
    monkeypatch.setattr(dense_rows, "BLOCK", 2)
    monkeypatch.setattr(dense_copy, "POINTS_A_PAGE", 3)
    monkeypatch.setattr(dense_copy, "DOCUMENTS_A_TIME", 2)


class IndexMachine(RuleBasedStateMachine):
    """
    Writes of every kind in any order, questions in between.
    """

    def __init__(self) -> None:
        super().__init__()
        self.place = tempfile.TemporaryDirectory(prefix="readership-rows-")
        self.shard = opened(Path(self.place.name))
        self.asked = 0

    @rule(
        document=numbers,
        revision=revisions,
        chunks=st.integers(1, 5),
        source=st.sampled_from(SOURCES),
        seed=st.integers(0, 99),
    )
    def stage(self, document: int, revision: int, chunks: int, source: str, seed: int) -> None:
        some = enumerate(drawn(seed, chunks))
        named = {"revision": revision, "source": source}
        self.shard.stage([record(document, row, ordinal=n, **named) for n, row in some])  # type: ignore[arg-type]

    @rule(
        documents=st.lists(numbers, min_size=1, max_size=DOCUMENTS),
        chunks=st.integers(1, 5),
        readership=readerships,
        source=st.sampled_from(SOURCES),
        seed=st.integers(0, 99),
    )
    def put(
        self, documents: list[int], chunks: int, readership: int, source: str, seed: int
    ) -> None:
        for document in documents:
            self.stage(document, 1, chunks, source, seed + document)
        self.publish(documents, 1, readership)

    @rule(
        documents=st.lists(numbers, min_size=1, max_size=2),
        revision=revisions,
        readership=readerships,
    )
    def publish(self, documents: list[int], revision: int, readership: int) -> None:
        self.shard.publish([[document_of(one), revision, 1, readership] for one in documents])

    @rule(documents=st.lists(numbers, max_size=2))
    def withdraw(self, documents: list[int]) -> None:
        self.shard.withdraw([document_of(one) for one in documents])

    @rule(documents=st.lists(numbers, max_size=2))
    def remove(self, documents: list[int]) -> None:
        self.shard.remove([document_of(one) for one in documents])

    @rule(documents=st.lists(numbers, max_size=1), revision=revisions)
    def discard(self, documents: list[int], revision: int) -> None:
        self.shard.discard([[document_of(one), revision] for one in documents])

    @rule()
    def optimize(self) -> None:
        self.shard.optimize()

    @rule(begun=st.integers(0, 3))
    def open_again(self, begun: int) -> None:
        """
        Perhaps not to the end: the rest is read in between later writes.
        """
        self.shard.close()
        self.shard = EngineShard(Path(self.place.name), self.shard.ping())
        for _ in range(begun):
            self.shard.gather()

    @invariant()
    def in_step(self) -> None:
        """
        Once it is whole, and it becomes so.
        """
        if not self.shard.gather():
            assert points(self.shard) == copied(self.shard)
            assert self.shard.total() == self.shard.scanned()

    @invariant()
    def scanned_as_by_the_engine(self) -> None:
        """
        Some questions after every step, by scopes of every kind.
        """
        self.asked += 1
        random = np.random.default_rng(self.asked)
        for question in drawn(1_000 + self.asked, QUESTIONS):
            candidates = int(random.integers(1, 5))
            scope = Scope(
                frozenset(_some(random, (0, 77, *ALL))),
                tuple(_some(random, SOURCES)),
                tuple(
                    document_of(one)
                    for one in _some(random, range(DOCUMENTS))[: random.integers(3)]
                ),
            )
            leg = found(self.shard, question, scope, candidates)
            with engine_alone(self.shard):
                alone = found(self.shard, question, scope, candidates)
            assert certain(alone, candidates) == certain(leg, candidates)
            agree(leg, expected(self.shard, question, scope), candidates)

    def teardown(self) -> None:
        self.shard.close()
        self.place.cleanup()


def _some(random: np.random.Generator, of: Sequence[T]) -> list[T]:
    return [of[at] for at in sorted(random.permutation(len(of))[: random.integers(1, len(of) + 1)])]


def test_what_is_scanned_is_what_the_engine_holds_and_the_scope_covers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    And enough questions were answered by scanning.
    """
    nearest, proposals = DenseRows.nearest, list[int]()

    def counted(
        rows: DenseRows, question: Vectors, selected: Selection, wanted: int
    ) -> set[str] | None:
        proposed = nearest(rows, question, selected, wanted)
        proposals.append(len(proposed or ()))
        return proposed

    monkeypatch.setattr(DenseRows, "nearest", counted)
    tried = settings(
        max_examples=times(RUNS),
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )

    run_state_machine_as_test(IndexMachine, settings=tried)

    assert sum(size > 0 for size in proposals) > LEAST_SCANS
