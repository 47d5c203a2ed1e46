"""
What a scan may look at, asked without the second look at what was found.

As many candidates are asked for as the scope covers, so one row too many shows.
"""

import os
import signal
from collections.abc import Iterator
from itertools import chain, combinations
from pathlib import Path

import pytest

from acl.index import dense_rows, stored
from acl.index.dense_rows import DenseRows
from acl.index.engine_lease import EngineLease
from acl.index.engine_shard import EngineShard
from acl.index.errors import ScopeRefusedError
from acl.model.readerships import unpacked
from tests.acl.index.dense_worlds import (
    ALL,
    SOURCES,
    Scope,
    document_of,
    drawn,
    found,
    opened,
    record,
    rows_of,
)
from tests.acl.index.engines import DIMENSION, OPEN, PRIVATE, STAFFS
from tests.acl.index.test_engine import engine_of, until

pytestmark = pytest.mark.promise("filter-in-engine")

COPIES = 3


@pytest.fixture
def shard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineShard]:
    """
    Three documents of each readership in each source, and as many that are nobody's.
    """
    monkeypatch.setattr(dense_rows, "ROWS_A_CANDIDATE", 1)
    monkeypatch.setattr(dense_rows, "SHORT", 2)
    monkeypatch.setattr(stored, "inside", lambda *_: True)
    one = opened(tmp_path / "points")
    for number, row in enumerate(drawn(1, 8 * COPIES)):
        source, readership = SOURCES[number % 2], (stored.NOBODY, *ALL)[number // 2 % 4]
        one.stage([record(number, row, source=source)])
        one.publish([[document_of(number), 1, 1, readership]])
    yield one
    one.close()


def covered(scope: Scope) -> set[int]:
    """
    Return the numbers of the documents that a scope covers.
    """
    return {
        number
        for number in range(8 * COPIES)
        if (0, *ALL)[number // 2 % 4] in scope.readerships - {0}
        and SOURCES[number % 2] in scope.sources
        and document_of(number) not in scope.withheld
    }


def scanned(shard: EngineShard, scope: Scope, wanted: int) -> set[int]:
    """
    Return the numbers of the documents that a scan finds, of so many that it looks at.
    """
    rows, (question,) = rows_of(shard), drawn(2, 1)
    selected = rows.select(unpacked(scope.told()[0]), scope.sources, scope.withheld)
    assert wanted == len(selected.rows)
    assert rows.nearest(question, selected, wanted) is not None
    leg = found(shard, question, scope, wanted)
    assert shard.total() == shard.scanned()
    return {int(name[:18].replace("-", ""), 16) for name, _ in leg}


def test_a_scan_finds_exactly_what_the_scope_covers(shard: EngineShard) -> None:
    """
    Of some readerships, nobody's among them, of some sources, and without some documents.
    """
    for some in chain.from_iterable(combinations((0, *ALL), size) for size in (2, 3, 4)):
        for sources in (SOURCES, SOURCES[:1], SOURCES[1:]):
            for withheld in ((), (document_of(2), document_of(3), document_of(999))):
                scope = Scope(frozenset(some), sources, withheld)
                expected = covered(scope)
                assert expected == scanned(shard, scope, len(expected)), scope


def test_a_scan_keeps_to_what_was_written_last(shard: EngineShard) -> None:
    """
    The same scope, after a document was hidden, shown, taken out and put in.
    """
    scope = Scope(frozenset({OPEN}))
    before = covered(scope)
    assert before == scanned(shard, scope, 6)

    shard.publish([[document_of(2), 1, 2, PRIVATE]])
    assert before - {2} == scanned(shard, scope, 5)
    shard.publish([[document_of(4), 1, 2, OPEN]])
    assert before - {2} | {4} == scanned(shard, scope, 6)
    shard.remove([document_of(3)])
    assert before - {2, 3} | {4} == scanned(shard, scope, 5)
    shard.withdraw([document_of(4)])
    assert before - {2, 3} == scanned(shard, scope, 4)
    shard.stage([record(50, drawn(5, 1)[0]), record(11, drawn(6, 1)[0], revision=2)])
    assert before - {2, 3} == scanned(shard, scope, 4)
    shard.publish([[document_of(50), 1, 1, OPEN], [document_of(11), 2, 1, STAFFS]])
    assert before - {2, 3, 11} | {50} == scanned(shard, scope, 4)


def test_each_row_is_scanned_by_its_own_vector(shard: EngineShard) -> None:
    """
    In runs and one by one.
    """
    rows, (question,) = rows_of(shard), drawn(2, 1)
    scope = Scope(frozenset({OPEN}), SOURCES, (document_of(10),))
    selected = rows.select(unpacked(scope.told()[0]), scope.sources, scope.withheld)

    scanned = rows._scan(question, selected)  # noqa: SLF001 - before anything is proposed

    assert selected.runs
    assert len(selected.loose)
    own = rows._vectors[selected.rows] @ question  # noqa: SLF001
    assert pytest.approx(own.tolist(), abs=1e-6) == scanned.tolist()


def test_a_chunk_that_is_staged_anew_is_scanned_by_its_new_vector(shard: EngineShard) -> None:
    (question,) = drawn(2, 1)
    scope = Scope(frozenset({OPEN}))
    shard.stage([record(2, question)])
    shard.publish([[document_of(2), 1, 1, OPEN]])

    assert [1.0] == [pytest.approx(score) for _, score in found(shard, question, scope, 1)]


def test_no_filter_is_built_of_no_chunks() -> None:
    """
    `Filter(must=[])` matches everything.
    """
    with pytest.raises(ScopeRefusedError):
        stored.only(set())


def test_a_selection_of_nothing_proposes_nothing() -> None:
    rows = DenseRows(DIMENSION, 10)
    selected = rows.select(unpacked(Scope().told()[0]), SOURCES, ())

    assert 0 == len(selected.rows)
    assert rows.nearest(drawn(1, 1)[0], selected, 1) is None


def hits(lease: EngineLease, scope: Scope) -> object:
    return lease.call("search", [drawn(2, 1)[0].tobytes(), [], []], list(scope.told()), 2)


@pytest.mark.promise("engine-loss")
def test_the_engine_process_scans_and_gathers_anew_after_a_kill(tmp_path: Path) -> None:
    """
    As many as are told to it, and its answers are those of one that scans nothing.
    """
    answers = []
    for places in (1_000, 0, 299):
        lease = EngineLease(tmp_path / "index", DIMENSION, places)
        lease.open()
        if not lease.call("total"):
            numbered = list(enumerate(drawn(1, 300)))
            lease.call("stage", [record(number, row) for number, row in numbered])
            published = [[document_of(n), 1, 1, ALL[n % 2]] for n, _ in numbered]
            lease.call("publish", published)
            lease.call("flush")
        assert until(lambda: (300 if places == 1_000 else 0) == lease.call("scanned"))  # noqa: B023
        answers.append(hits(lease, Scope(frozenset({OPEN}))))
        if places == 1_000:
            os.kill(engine_of(tmp_path / "index"), signal.SIGKILL)
            assert until(lambda: 300 == lease.call("scanned"))  # noqa: B023
            answers.append(hits(lease, Scope(frozenset({OPEN}))))
        lease.close()
        assert until(lambda: not (tmp_path / "index" / "engine.sock").exists())

    assert [answers[0]] * 4 == answers
    assert "without vectors in memory" in (tmp_path / "index" / "engine.log").read_text()
