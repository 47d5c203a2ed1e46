"""
What the engine makes of a scope, asked without anything in front of it.

The shard runs in this process, so that the filter and the second look are seen one at a time.
"""

from collections.abc import Iterator
from itertools import chain, combinations
from pathlib import Path

import pytest
import qdrant_edge as edge

from acl.index import stored
from acl.index.engine_shard import EngineShard
from acl.model.identifiers import DocumentId, DocumentKey, ReadershipKey, SourceName
from acl.model.readerships import ReadershipSet
from tests.acl.index.engines import (
    DIMENSION,
    NAMER,
    OPEN,
    PRIVATE,
    SALARY,
    STAFFS,
    chunk_of,
    vector,
)
from tests.acl.people import HANDBOOK, INTRANET

pytestmark = pytest.mark.promise("filter-in-engine")

ALL = (OPEN, STAFFS, PRIVATE)


@pytest.fixture
def shard(tmp_path: Path) -> Iterator[EngineShard]:
    (tmp_path / "points").mkdir()
    one = EngineShard(tmp_path / "points", DIMENSION)
    yield one
    one.close()


def key_of(name: str) -> DocumentKey:
    return NAMER.document(HANDBOOK, DocumentId(name))


def stage(shard: EngineShard, name: str, source: SourceName = HANDBOOK) -> None:
    key = key_of(name)
    dense = vector(len(name)).tolist()
    shard.stage([[chunk_of(key), NAMER.source(source), key, 1, dense, [SALARY], [1.0]]])


def put(
    shard: EngineShard, name: str, readership: ReadershipKey, source: SourceName = HANDBOOK
) -> None:
    stage(shard, name, source)
    shard.publish([[key_of(name), 1, 1, readership]])


def found(
    shard: EngineShard,
    *readerships: ReadershipKey,
    sources: tuple[SourceName, ...] = (HANDBOOK,),
    withheld: tuple[str, ...] = (),
) -> set[object]:
    """
    Return the documents that a search finds, which both legs must.
    """
    scope = (
        ReadershipSet(readerships).packed(),
        sorted(NAMER.source(one) for one in sources),
        sorted(str(key_of(one)) for one in withheld),
    )
    legs = shard.search((vector(0).tobytes(), [SALARY], [1.0]), scope, 100)
    dense, sparse = ({hit[1] for hit in leg} for leg in legs)
    assert dense == sparse
    return dense


def test_the_filter_itself_finds_exactly_what_the_scope_covers(
    shard: EngineShard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Without the second look: short scopes, long ones, and all but one; of two sources.
    """
    monkeypatch.setattr(stored, "inside", lambda *_: True)
    monkeypatch.setattr(stored, "hit", lambda one, payload: [one.id, payload["d"]])
    stage(shard, "staged")
    for number, readership in enumerate(ALL):
        put(shard, f"mine-{number}", readership)
        put(shard, f"elsewhere-{number}", readership, INTRANET)

    for some in chain.from_iterable(combinations(range(3), size) for size in (1, 2, 3)):
        readerships = [ALL[number] for number in some]
        expected = {key_of(f"mine-{number}") for number in some}
        assert expected == found(shard, *readerships)
        first = f"mine-{some[0]}"
        assert expected - {key_of(first)} == found(shard, *readerships, withheld=(first,))
        both = expected | {key_of(f"elsewhere-{number}") for number in some}
        assert both == found(shard, *readerships, sources=(HANDBOOK, INTRANET))


def test_a_point_without_a_readership_is_nobodys(
    shard: EngineShard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Not even for a reader who sees everything else, and whose filter says what to leave out.
    """
    monkeypatch.setattr(stored, "inside", lambda *_: True)
    put(shard, "menu", OPEN)
    put(shard, "plan", STAFFS)
    put(shard, "lost", PRIVATE)
    lost = stored.all_of([key_of("lost")])
    damage = edge.UpdateOperation.delete_payload_by_filter(lost, [stored.READERSHIP])
    shard._shard.update(damage)  # noqa: SLF001 - what no operation of ours does

    assert {key_of("menu"), key_of("plan")} == found(shard, *ALL)


def test_what_the_engine_finds_is_looked_at_again(
    shard: EngineShard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A filter that matches everything would still show nothing but the scope.
    """
    put(shard, "menu", OPEN)
    put(shard, "payroll", PRIVATE)
    put(shard, "elsewhere", OPEN, INTRANET)
    put(shard, "rewritten", OPEN)
    monkeypatch.setattr(stored, "scope_filter", lambda *_: edge.Filter(must=[]))

    assert {key_of("menu")} == found(shard, OPEN, withheld=("rewritten",))


def test_a_readership_that_is_published_later_is_left_out_of_older_scopes(
    shard: EngineShard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A reader who saw everything asks again, and there is one readership more.
    """
    monkeypatch.setattr(stored, "inside", lambda *_: True)
    put(shard, "menu", OPEN)
    put(shard, "plan", STAFFS)
    everything = {key_of("menu"), key_of("plan")}
    assert everything == found(shard, OPEN, STAFFS)

    put(shard, "payroll", PRIVATE)

    assert everything == found(shard, OPEN, STAFFS)
    assert everything | {key_of("payroll")} == found(shard, *ALL)


def test_a_source_that_comes_later_is_left_out_of_older_scopes(
    shard: EngineShard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    As long as there is one source a filter names none; then there are two.
    """
    monkeypatch.setattr(stored, "inside", lambda *_: True)
    put(shard, "menu", OPEN)
    assert {key_of("menu")} == found(shard, OPEN)

    put(shard, "elsewhere", OPEN, INTRANET)

    assert {key_of("menu")} == found(shard, OPEN)
    assert {key_of("elsewhere")} == found(shard, OPEN, sources=(INTRANET,))


def test_sources_are_known_from_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    An engine that is opened again knows what its points bear.
    """
    monkeypatch.setattr(stored, "inside", lambda *_: True)
    first = EngineShard(tmp_path, DIMENSION)
    put(first, "menu", OPEN)
    put(first, "elsewhere", OPEN, INTRANET)
    first.close()

    again = EngineShard(tmp_path, DIMENSION)

    assert {key_of("menu")} == found(again, OPEN)
    assert {key_of("elsewhere")} == found(again, OPEN, sources=(INTRANET,))
    again.close()


def test_what_is_remembered_of_a_scope_is_all_of_it(shard: EngineShard) -> None:
    """
    Scopes that differ in one part only, asked one after the other.
    """
    put(shard, "menu", OPEN)
    put(shard, "plan", STAFFS)
    put(shard, "elsewhere", OPEN, INTRANET)

    for _ in range(2):
        assert {key_of("menu")} == found(shard, OPEN)
        assert set() == found(shard, OPEN, withheld=("menu",))
        assert {key_of("elsewhere")} == found(shard, OPEN, sources=(INTRANET,))
        assert {key_of("plan")} == found(shard, STAFFS)


@pytest.mark.promise("restrict-first")
def test_publishing_makes_no_other_revision_visible(
    shard: EngineShard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Nor for the moment before the others are dropped: here the engine never comes to that.
    """
    key, source = key_of("plan"), NAMER.source(HANDBOOK)
    for revision in (1, 2):
        dense = vector(revision).tolist()
        shard.stage([[chunk_of(key, revision), source, key, revision, dense, [SALARY], [1.0]]])
    monkeypatch.setattr(shard, "_discard", lambda _: None)

    shard.publish([[key, 1, 1, OPEN]])

    scope = (ReadershipSet([OPEN]).packed(), [source], list[str]())
    legs = shard.search((vector(0).tobytes(), [SALARY], [1.0]), scope, 100)
    assert [[1], [1]] == [[hit[3] for hit in leg] for leg in legs]
