"""
The engine is searched inside a scope, or not at all.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.index import stored
from acl.index.edge_reader import EdgeReader
from acl.index.engine_shard import EngineShard
from acl.index.errors import IndexUnavailableError, ScopeRefusedError
from acl.index.reading import Question
from acl.model.identifiers import DocumentKey, ReadershipKey, SourceName
from acl.model.readerships import ReadershipSet
from acl.model.scope import ReadScope
from tests.acl.index.engines import (
    DIMENSION,
    NAMER,
    OPEN,
    PRIVATE,
    SALARY,
    STAFFS,
    Index,
    scope_of,
    vector,
)
from tests.acl.people import ACME, GLOBEX, HANDBOOK, INTRANET, NOON
from tests.properties.effort import tries

pytestmark = pytest.mark.promise("filter-in-engine")

READERSHIPS = (OPEN, STAFFS, PRIVATE)
SOURCES = (HANDBOOK, INTRANET)

documents = st.tuples(
    st.none() | st.sampled_from(READERSHIPS), st.sampled_from(SOURCES), st.booleans()
)


@given(
    world=st.lists(documents, max_size=8),
    readerships=st.sets(st.sampled_from(READERSHIPS)),
    sources=st.sets(st.sampled_from(SOURCES)),
)
@tries(25)
def test_a_search_finds_exactly_what_the_scope_covers(
    shared: Index,
    world: list[tuple[ReadershipKey | None, SourceName, bool]],
    readerships: set[ReadershipKey],
    sources: set[SourceName],
) -> None:
    """
    Nothing leaks and nothing readable is lost, on both legs.
    """
    expected: set[DocumentKey] = set()
    withheld: set[DocumentKey] = set()
    written: list[DocumentKey] = []
    for number, (readership, source, settled) in enumerate(world):
        key = shared.stage(f"random-{number}", source=source)
        written.append(key)
        if readership is not None:
            shared.publish(key, readership)
        if not settled:
            withheld.add(key)
        if readership in readerships and source in sources and settled:
            expected.add(key)

    scope = scope_of(*readerships, sources=sources, withheld=withheld)
    dense, sparse = shared.reader.search(
        Question(vector(0), {SALARY: 1.0}), scope=scope, candidates=100
    )
    shared.writer.remove(written)

    assert expected == {hit.document for hit, _ in dense.hits}
    assert expected == {hit.document for hit, _ in sparse.hits}


def test_a_scope_that_covers_nothing_finds_nothing(index: Index) -> None:
    index.put("menu", OPEN)

    assert set() == index.found(scope_of())
    assert set() == index.found(scope_of(OPEN, sources=()))


@pytest.mark.promise("restrict-first")
def test_what_is_withheld_is_not_found(index: Index) -> None:
    """
    Although its readership is covered, and by the scope that is asked before and after.
    """
    menu, plan = index.put("menu", OPEN), index.put("plan", OPEN)

    assert {menu, plan} == index.found(scope_of(OPEN))
    assert {menu} == index.found(scope_of(OPEN, withheld=[plan]))
    assert set() == index.found(scope_of(OPEN, withheld=[plan, menu]))
    assert {menu, plan} == index.found(scope_of(OPEN))


def test_hidden_documents_take_no_place_among_the_candidates(index: Index) -> None:
    """
    Filtered in the engine and not afterwards: fifty nearer ones leave the one that counts.

    They are nearer by words as well: the term weighs more in them.
    """
    mine = index.put("mine", OPEN)
    for number in range(50):
        index.put(f"hidden-{number}", PRIVATE, terms={SALARY: 5.0})

    dense, sparse = index.reader.search(
        Question(vector(0), {SALARY: 1.0}), scope=scope_of(OPEN), candidates=1
    )

    assert [mine] == [hit.document for hit, _ in dense.hits]
    assert [mine] == [hit.document for hit, _ in sparse.hits]


OPENS = ReadershipSet([OPEN]).packed()
EMPTY_SCOPES: dict[str, list[object]] = {
    "nothing": [b"", [], []],
    "no readership": [b"", [NAMER.source(HANDBOOK)], []],
    "nobody's": [ReadershipSet([ReadershipKey(0)]).packed(), [NAMER.source(HANDBOOK)], []],
    "a readership that no point bears": [
        ReadershipSet([ReadershipKey(77)]).packed(),
        [NAMER.source(HANDBOOK)],
        [],
    ],
    "no source": [OPENS, [], []],
    "only withheld": [b"", [], ["d" * 32]],
}
BAD_SCOPES: dict[str, list[object]] = {
    "one part": [OPENS],
    "no part": [],
    "a list of names": [["1"], [NAMER.source(HANDBOOK)], []],
    "half a number": [OPENS[:-1], [NAMER.source(HANDBOOK)], []],
}


@pytest.mark.parametrize("kind", sorted(EMPTY_SCOPES))
def test_the_engine_itself_finds_nothing_in_an_empty_scope(index: Index, kind: str) -> None:
    """
    Asked directly, past the reader and every check in it.
    """
    index.put("menu", OPEN)
    staged = index.stage("staged")
    question = [vector(0).tobytes(), [SALARY], [1.0]]

    found = index.lease.call("search", question, EMPTY_SCOPES[kind], 10)
    index.writer.remove([staged])

    assert [[], []] == found


@pytest.mark.parametrize("kind", sorted(BAD_SCOPES))
def test_the_engine_itself_refuses_what_is_no_scope(index: Index, kind: str) -> None:
    """
    Asked directly, past the reader and every check in it.
    """
    index.put("menu", OPEN)
    question = [vector(0).tobytes(), [SALARY], [1.0]]

    with pytest.raises(IndexUnavailableError):
        index.lease.call("search", question, BAD_SCOPES[kind], 10)


def test_the_engine_itself_refuses_a_missing_scope(index: Index) -> None:
    question = [vector(0).tobytes(), [SALARY], [1.0]]

    for arguments in ([question], [question, None, 10], [question, {}, 10]):
        with pytest.raises(IndexUnavailableError):
            index.lease.call("search", *arguments)


@pytest.mark.parametrize(
    ("visible", "sources"), [([], ["s"]), ([1], []), ([], []), ([2], ["s"]), ([0], ["s"])]
)
def test_no_filter_is_built_without_conditions(visible: list[int], sources: list[str]) -> None:
    """
    `Filter(must=[])` matches everything.
    """
    with pytest.raises(ScopeRefusedError):
        stored.scope_filter(visible, stored.Present({0, 1}, {"s"}), sources, [])
    with pytest.raises(ScopeRefusedError):
        stored.all_of([])


READS = {"search"}
COUNTS_OR_WRITES = {
    "ping": "tells the dimension",
    "count": "counts the points of one revision by its document's secret name",
    "total": "counts all points, for agreement with the registry; no reader is told",
    "scanned": "counts the points whose vectors are in memory; for the operator",
    "discard": "deletes",
    "stage": "writes what no search finds",
    "publish": "writes",
    "withdraw": "writes",
    "remove": "deletes",
    "flush": "writes",
    "optimize": "rebuilds",
}


def test_every_operation_of_the_engine_has_been_reviewed() -> None:
    """
    A new one that reads must ask for a scope; say so here.
    """
    offered = {name for name in vars(EngineShard) if not name.startswith("_")}
    internal = {"operations", "close", "gather"}

    assert READS | COUNTS_OR_WRITES.keys() == offered - internal


def test_nothing_but_a_search_returns_anything_of_a_document(index: Index) -> None:
    """
    Every other operation answers with nothing or with a number.
    """
    key = index.put("menu", OPEN)
    calls: dict[str, list[object]] = {
        "ping": [],
        "count": [key, 1],
        "total": [],
        "scanned": [],
        "discard": [[[key, 1]]],
        "stage": [[]],
        "publish": [[[key, 1, 1, OPEN]]],
        "withdraw": [[key]],
        "remove": [[key]],
        "flush": [],
        "optimize": [],
    }

    assert COUNTS_OR_WRITES.keys() == calls.keys()
    answers = {name: index.lease.call(name, *arguments) for name, arguments in calls.items()}
    numbers = {name: answer for name, answer in answers.items() if answer is not None}
    assert {"ping": DIMENSION, "count": 1, "total": 1, "scanned": 1} == numbers


@pytest.mark.parametrize(
    "name", ["retrieve", "scroll", "close", "operations", "_shard", "", "facet"]
)
def test_an_operation_that_is_not_offered_is_refused(index: Index, name: str) -> None:
    with pytest.raises(IndexUnavailableError) as refused:
        index.lease.call(name)

    assert "there is no operation" in refused.value.diagnostics()


def test_an_expired_scope_is_refused(index: Index) -> None:
    """
    At the very moment of its expiry, and from then on.
    """
    scope = scope_of(OPEN)
    for late, refuses in ((-timedelta(microseconds=1), False), (timedelta(0), True)):
        reader = EdgeReader(index.lease, ACME, NAMER, _at(scope, late))
        if refuses:
            with pytest.raises(ScopeRefusedError):
                reader.search(Question(vector(0), {}), scope=scope, candidates=1)
        else:
            reader.search(Question(vector(0), {}), scope=scope, candidates=1)
    assert NOON < scope.expires_at


@pytest.mark.promise("other-tenant")
def test_another_tenants_scope_is_refused(index: Index) -> None:
    with pytest.raises(ScopeRefusedError):
        index.found(scope_of(OPEN, tenant=GLOBEX))


def test_the_second_look_at_a_hit_is_at_the_scope_and_not_at_the_filter() -> None:
    """
    A point that the engine returned although its payload is outside would be dropped.
    """

    def inside(payload: dict[str, object]) -> bool:
        return stored.inside(payload, frozenset({1}), frozenset({"s"}), frozenset({"w"}))

    good: dict[str, object] = {"r": 1, "s": "s", "d": "d"}
    assert inside(good)
    partial: list[dict[str, object]] = [{}, {"r": 1}, {"s": "s"}]
    for payload in partial:
        assert not inside(payload)
    wrong: list[dict[str, object]] = [{"r": 2}, {"r": 0}, {"r": "1"}, {"s": "x"}, {"d": "w"}]
    for one in wrong:
        assert not inside(good | one)


def _at(scope: ReadScope, late: timedelta) -> Callable[[], datetime]:
    return lambda: scope.expires_at + late
