"""
What a reader may not see changes nothing of what the reader sees: no rank, and no score.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
import qdrant_edge as edge

from acl.index import engine_shard
from acl.index.engine_shard import EngineShard
from acl.index.reading import Question
from acl.model.identifiers import DocumentKey
from acl.model.readerships import ReadershipSet
from tests.acl.index.engines import (
    DIMENSION,
    MENU,
    NAMER,
    OPEN,
    PRIVATE,
    SALARY,
    STAFFS,
    Index,
    chunk_of,
    scope_of,
    vector,
)
from tests.acl.people import HANDBOOK

pytestmark = pytest.mark.promise("idf-in-scope")

HIDDEN_COUNTS = (0, 1, 10, 50)
Scored = list[tuple[DocumentKey, float]]


def answers(index: Index) -> tuple[Scored, Scored]:
    question = Question(vector(0), {SALARY: 1.0, MENU: 1.0})
    dense, sparse = index.reader.search(question, scope=scope_of(OPEN), candidates=100)
    ranked = [[(hit.document, score) for hit, score in leg.hits] for leg in (dense, sparse)]
    return ranked[0], ranked[1]


def test_hidden_documents_with_the_term_change_no_score(index: Index) -> None:
    """
    Equal to the last bit with 0, 1, 10 and 50 of them, before and after optimisation.
    """
    for number in range(6):
        terms = {SALARY: 1.5, MENU: 0.5} if number % 2 else {MENU: 1.0 + number}
        index.put(f"mine-{number}", OPEN, terms=terms)
    seen = []
    hidden = 0
    for count in HIDDEN_COUNTS:
        while hidden < count:
            index.put(f"hidden-{hidden}", (PRIVATE, STAFFS)[hidden % 2], terms={SALARY: 2.0})
            hidden += 1
        seen.append(answers(index))
    index.writer.optimize()
    seen.append(answers(index))

    assert [seen[0]] * len(seen) == seen
    assert 6 == len(seen[0][0]) == len(seen[0][1])


@pytest.fixture
def shard(tmp_path: Path) -> Iterator[EngineShard]:
    """
    The engine in this process, where its parameters can be taken away.
    """
    (tmp_path / "points").mkdir()
    one = EngineShard(tmp_path / "points", DIMENSION)
    yield one
    one.close()


def scores_by_hidden(shard: EngineShard) -> list[float]:
    """
    Return the score of bob's one document with the term, as ever more hidden ones hold it.
    """
    source = NAMER.source(HANDBOOK)

    def put(number: int, readership: int, terms: list[int]) -> None:
        key = DocumentKey(f"{number:032x}")
        weights = [1.0] * len(terms)
        record = [chunk_of(key), source, key, 1, vector(number).tolist(), terms, weights]
        shard.stage([record])
        shard.publish([[key, 1, 1, readership]])

    for number in range(20):
        put(number, OPEN, [MENU] if number else [SALARY])
    scores, hidden = [], 0
    for count in HIDDEN_COUNTS:
        while hidden < count:
            put(1_000 + hidden, PRIVATE, [SALARY])
            hidden += 1
        scope = ReadershipSet([OPEN]).packed()
        question = (vector(0).tobytes(), [SALARY], [1.0])
        _, sparse = shard.search(question, (scope, [source], []), 10)
        scores.append(float(str(sparse[0][-1])))
    return scores


def test_the_frequency_of_a_term_is_counted_in_scope(shard: EngineShard) -> None:
    assert 1 == len(set(scores_by_hidden(shard)))


def test_counted_over_everything_it_would_tell_how_many_are_hidden(
    shard: EngineShard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The control: without `idf` in the parameters every step lowers the score.
    """

    class Unscoped:
        def __getattr__(self, name: str) -> object:
            return getattr(edge, name)

        @staticmethod
        def SearchParams(**given: object) -> edge.SearchParams:  # noqa: N802 - the engine's name
            del given
            return edge.SearchParams(exact=True)

    monkeypatch.setattr(engine_shard, "edge", Unscoped())

    scores = scores_by_hidden(shard)

    assert sorted(scores, reverse=True) == scores
    assert 4 == len(set(scores))
    assert not math.isclose(scores[0], scores[1], rel_tol=0.01)
