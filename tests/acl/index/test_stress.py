"""
The STRESS attack (Wang et al., IEEE S&P 2017): an attacker plants a probe document and reads from
its scores which words occur in documents that are hidden, and in how many.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import qdrant_edge as edge

from acl.index import engine_shard
from acl.index.engine_shard import EngineShard
from acl.model.identifiers import DocumentKey
from acl.model.readerships import ReadershipSet
from tests.acl.index.engines import DIMENSION, NAMER, OPEN, PRIVATE, chunk_of, vector
from tests.acl.people import HANDBOOK

pytestmark = pytest.mark.promise("idf-in-scope")

TERMS: Final = tuple(range(1_000_000, 1_001_000))
HIDDEN: Final = (0, 1, 2, 10, 50)
PROBE: Final = 1
COVER: Final = 3
"""
Other documents of the attacker, so that a frequency is a fraction of something.
"""


@pytest.fixture
def shard(tmp_path: Path) -> Iterator[EngineShard]:
    """
    The engine in this process, where its parameters can be taken away.
    """
    (tmp_path / "points").mkdir()
    one = EngineShard(tmp_path / "points", DIMENSION)
    yield one
    one.close()


def put(shard: EngineShard, number: int, readership: int, terms: tuple[int, ...]) -> None:
    key, source = DocumentKey(f"{number:032x}"), NAMER.source(HANDBOOK)
    weights = [1.0] * len(terms)
    shard.stage([[chunk_of(key), source, key, 1, vector(number).tolist(), list(terms), weights]])
    shard.publish([[key, 1, 1, readership]])


def probe_scores(shard: EngineShard) -> list[float]:
    """
    Return the probe's score for each word, asked for alone.
    """
    scope = (ReadershipSet([OPEN]).packed(), [NAMER.source(HANDBOOK)], list[str]())
    row = vector(0).tobytes()
    probe = f"{PROBE:032x}"
    found = []
    for term in TERMS:
        _, sparse = shard.search((row, [term], [1.0]), scope, 10)
        found += [float(str(hit[-1])) for hit in sparse if hit[1] == probe]
    return found


def scores_by_hidden(shard: EngineShard) -> list[list[float]]:
    """
    Return the scores with ever more hidden documents that hold every word.
    """
    put(shard, PROBE, OPEN, TERMS)
    for number in range(COVER):
        put(shard, 10 + number, OPEN, (7,))
    scores, hidden = [], 0
    for count in HIDDEN:
        while hidden < count:
            put(shard, 1_000 + hidden, PRIVATE, TERMS)
            hidden += 1
        scores.append(probe_scores(shard))
    return scores


def test_no_word_tells_in_how_many_hidden_documents_it_is(shard: EngineShard) -> None:
    """
    A thousand words, in 0, 1, 2, 10 and 50 hidden documents: the difference is exactly zero.
    """
    scores = scores_by_hidden(shard)

    assert [len(TERMS)] * len(HIDDEN) == [len(some) for some in scores]
    assert [scores[0]] * len(HIDDEN) == scores


def test_without_the_corpus_every_word_would_tell(
    shard: EngineShard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The control: each of the thousand words betrays every step.
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

    telling = [
        sorted(set(of_one), reverse=True) == list(of_one) for of_one in zip(*scores, strict=True)
    ]
    assert [True] * len(TERMS) == telling
