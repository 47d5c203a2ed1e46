"""
A scan over vectors in memory changes no answer, whatever is hidden, and whatever goes wrong.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from acl.index import dense_rows
from acl.index.dense_rows import DenseRows
from acl.index.embedder import Vectors
from acl.index.engine_shard import EngineShard
from acl.model.readerships import unpacked
from tests.acl.index.dense_worlds import (
    SOURCES,
    Found,
    Scope,
    certain,
    copied,
    document_of,
    drawn,
    engine_alone,
    found,
    opened,
    points,
    put,
    record,
    rows_of,
)
from tests.acl.index.engines import DIMENSION, OPEN, PRIVATE, STAFFS

pytestmark = pytest.mark.promise("filter-in-engine")

MINE: Final = Scope(readerships=frozenset({OPEN}))
WANTED: Final = 10
NEAR: Final = 200
"""
Chunks so close to each other that rounding decides which of them comes first.
"""


@pytest.fixture
def shard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineShard]:
    monkeypatch.setattr(dense_rows, "ROWS_A_CANDIDATE", 1)
    one = opened(tmp_path / "points")
    yield one
    one.close()


def near(seed: int, count: int) -> Sequence[Vectors]:
    """
    Draw directions around one, which differ in their last bits.
    """
    (middle,) = drawn(seed, 1)
    moved = np.random.default_rng(seed).normal(size=(count, DIMENSION)) * 1e-7
    return [(middle + one).astype(np.float32) for one in moved]


def fill(shard: EngineShard, rows: Sequence[Vectors], *, first: int, readership: int) -> None:
    """
    Put documents of one chunk each.
    """
    numbered = list(enumerate(rows, first))
    shard.stage([record(number, row) for number, row in numbered])
    shard.publish([[document_of(number), 1, 1, readership] for number, _ in numbered])


def answers(shard: EngineShard, *, scanned: bool = True) -> list[Found]:
    """
    Return what is found of many questions, all by the way that is expected.
    """
    assert scanned == bool(shard.scanned())
    questions = [*near(1, 20), *drawn(2, 20)]
    return [certain(found(shard, one, MINE, WANTED), WANTED) for one in questions]


def hidden_worlds(shard: EngineShard) -> Iterator[str]:
    """
    Change what is hidden, and say how.
    """
    yield "nothing is hidden"
    fill(shard, near(1, NEAR), first=10_000, readership=PRIVATE)
    yield "the same again"
    fill(shard, drawn(6, 300), first=20_000, readership=STAFFS)
    yield "much else"
    shard.remove([document_of(number) for number in range(10_000, 10_150)])
    yield "part of it is gone"
    fill(shard, near(1, 90), first=30_000, readership=STAFFS)
    yield "others are where it was"
    shard.optimize()
    yield "all is in order again"


@pytest.mark.promise("non-interference")
def test_what_is_hidden_changes_nothing_of_what_a_scan_finds(shard: EngineShard) -> None:
    """
    Names, order and scores, to the last bit, among chunks that only rounding tells apart.
    """
    fill(shard, near(1, NEAR), first=1, readership=OPEN)
    fill(shard, drawn(3, NEAR), first=1_000, readership=OPEN)
    seen = {world: answers(shard) for world in hidden_worlds(shard)}

    assert [seen["nothing is hidden"]] * len(seen) == list(seen.values())
    with engine_alone(shard):
        assert seen["nothing is hidden"] == answers(shard, scanned=False)


@pytest.mark.promise("non-interference")
def test_so_much_that_nothing_is_scanned_any_more_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Hidden chunks can fill the places; which way was taken shows in no bit of an answer.
    """
    monkeypatch.setattr(dense_rows, "ROWS_A_CANDIDATE", 1)
    shard = opened(tmp_path / "points", places=2 * NEAR + 10)
    fill(shard, near(1, NEAR), first=1, readership=OPEN)
    fill(shard, drawn(3, NEAR), first=1_000, readership=OPEN)
    before = answers(shard)

    fill(shard, drawn(4, 11), first=10_000, readership=PRIVATE)

    assert before == answers(shard, scanned=False)
    shard.close()


def test_without_slack_rounding_would_lose_what_is_found(shard: EngineShard) -> None:
    """
    The control: the scan's own order is not the engine's.
    """
    fill(shard, near(1, NEAR), first=1, readership=OPEN)
    with_slack = answers(shard)

    rows_of(shard)._slack = 0.0  # noqa: SLF001 - what is taken away

    assert with_slack != answers(shard)


@pytest.mark.parametrize("dimension", [DIMENSION, 384])
def test_scan_and_engine_differ_by_less_than_the_slack(tmp_path: Path, dimension: int) -> None:
    """
    For questions of any length, and where products cancel each other out.
    """
    shard = EngineShard(tmp_path, dimension)
    random = np.random.default_rng(5)
    some = random.normal(size=(200, dimension)).astype(np.float32)
    some[:50] *= np.where(np.arange(dimension) % 2, 1.0, -1.0)
    some[50:100] **= 5
    shard.stage([record(number, row) for number, row in enumerate(some)])
    shard.publish([[document_of(number), 1, 1, OPEN] for number in range(len(some))])
    rows = rows_of(shard)
    selected = rows.select(unpacked(MINE.told()[0]), SOURCES, ())
    names = [rows._chunks[row].tobytes().hex() for row in selected.rows]  # noqa: SLF001
    apart = []
    for scale in (1e-3, 1.0, 19.6, 1e3):
        for question in np.concatenate([some[:60], random.normal(size=(60, dimension))]):
            asked = (question / np.linalg.norm(question) * scale).astype(np.float32)
            by_engine = dict(found(shard, asked, MINE, len(some)))
            unit = (asked / np.linalg.norm(asked.astype(np.float64))).astype(np.float32)
            scanned = rows._scan(unit, selected)  # noqa: SLF001
            scored = [by_engine[f"{n[:8]}-{n[8:12]}-{n[12:16]}-{n[16:20]}-{n[20:]}"] for n in names]
            apart.append(float(np.abs(np.array(scored) - scanned).max()))
    shard.close()

    assert 0 < max(apart) < rows._slack  # noqa: SLF001


def test_what_the_copy_has_wrong_is_shown_to_nobody(
    shard: EngineShard, caplog: pytest.LogCaptureFixture
) -> None:
    """
    The engine's own points decide; a copy that is found out is not used again.
    """
    fill(shard, drawn(1, 30), first=1, readership=OPEN)
    fill(shard, drawn(2, 30), first=100, readership=PRIVATE)
    (question,) = drawn(3, 1)
    right = certain(found(shard, question, MINE, WANTED), WANTED)
    rows = rows_of(shard)

    rows._readerships[:60] = OPEN  # noqa: SLF001 - what no operation does
    rows._changes += 1  # noqa: SLF001

    with caplog.at_level(logging.WARNING):
        assert right == certain(found(shard, question, MINE, WANTED), WANTED)
    assert "without vectors in memory" in caplog.text
    assert 0 == shard.scanned()


def test_a_copy_that_is_not_whole_is_not_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    An index that is opened again is searched as it is, and scanned once all has been read.
    """
    monkeypatch.setattr(dense_rows, "ROWS_A_CANDIDATE", 1)
    first = opened(tmp_path / "points")
    fill(first, drawn(1, 150), first=1, readership=OPEN)
    before = answers(first)
    first.close()

    again = EngineShard(tmp_path / "points", DIMENSION)
    assert before == answers(again, scanned=False)
    put(again, 1_000, -drawn(9, 1)[0])
    again.remove([document_of(1_000)])
    assert not again.gather()

    assert before == answers(again)
    assert points(again) == copied(again)
    again.close()


def test_a_copy_that_misses_a_point_is_given_up(tmp_path: Path) -> None:
    """
    Nothing is scanned unless there are as many rows as points.
    """
    first = opened(tmp_path / "points")
    fill(first, drawn(1, 150), first=1, readership=OPEN)
    first.close()

    again = EngineShard(tmp_path / "points", DIMENSION)
    again._copy._waiting.pop()  # noqa: SLF001 - what no operation does
    assert not again.gather()

    assert (150, 0) == (again.total(), again.scanned())
    again.close()


@pytest.mark.parametrize("places", [0, 99, 100])
def test_no_more_chunks_are_in_memory_than_there_are_places(tmp_path: Path, places: int) -> None:
    """
    From the start, and when more come: all or none.
    """
    first = opened(tmp_path / "points", places=1_000)
    fill(first, drawn(1, 100), first=1, readership=OPEN)
    first.close()

    shard = opened(tmp_path / "points", places=places)
    assert (100 if places == 100 else 0) == shard.scanned()
    put(shard, 5, drawn(2, 1)[0])
    assert (100 if places == 100 else 0) == shard.scanned()
    put(shard, 500, drawn(3, 1)[0])

    assert 0 == shard.scanned()
    assert 20 == len(found(shard, drawn(4, 1)[0], MINE, 20))
    shard.close()


class Failing:
    """
    A shard of which some call fails.
    """

    def __init__(self, real: object, method: str, after: int) -> None:
        self._real, self._method, self._left = real, method, after

    def __getattr__(self, name: str) -> object:
        if name == self._method:
            self._left -= 1
            if self._left < 0:
                raise RuntimeError(name)
        return getattr(self._real, name)


def test_a_write_that_fails_half_way_is_followed_as_far_as_it_came(
    shard: EngineShard, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(shard, drawn(1, 20), first=1, readership=OPEN)
    before = points(shard)
    with monkeypatch.context() as patched:
        patched.setattr(shard, "_shard", Failing(shard._shard, "update", 2))  # noqa: SLF001
        with suppress(RuntimeError):
            shard.publish([[document_of(number), 1, 2, PRIVATE] for number in range(1, 11)])

    assert before != points(shard) == copied(shard)


def test_a_write_that_cannot_be_read_back_ends_scanning(
    shard: EngineShard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The write holds; what is in memory is not trusted.
    """
    fill(shard, drawn(1, 20), first=1, readership=OPEN)
    with monkeypatch.context() as patched:
        copy = shard._copy  # noqa: SLF001
        patched.setattr(copy, "_shard", Failing(copy._shard, "scroll", 0))  # noqa: SLF001
        shard.withdraw([document_of(3)])

    assert 0 == shard.scanned()
    names = {name for name, _ in found(shard, drawn(4, 1)[0], MINE, 15)}
    assert not any(name.startswith("00000000-0000-0003") for name in names)


def test_a_vector_that_is_none_ends_scanning(shard: EngineShard) -> None:
    """
    The engine takes what is not a number; the writer refuses it before.
    """
    fill(shard, drawn(1, 20), first=1, readership=OPEN)
    put(shard, 100, np.full(DIMENSION, np.nan, dtype=np.float32))

    assert 0 == shard.scanned()


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf, 1e-30])
def test_a_question_without_a_direction_is_left_to_the_engine(
    shard: EngineShard, value: float
) -> None:
    fill(shard, drawn(1, 20), first=1, readership=OPEN)
    question = np.full(DIMENSION, value, dtype=np.float32)
    scanned = found(shard, question, MINE, 5)

    with engine_alone(shard):
        assert len(found(shard, question, MINE, 5)) == len(scanned)


def test_many_equal_chunks_are_left_to_the_engine(
    shard: EngineShard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    All of them would have to be proposed.
    """
    monkeypatch.setattr(dense_rows, "SPARE", 10)
    (same,) = drawn(1, 1)
    fill(shard, [same] * 40, first=1, readership=OPEN)
    selected = rows_of(shard).select(unpacked(MINE.told()[0]), SOURCES, ())

    assert rows_of(shard).nearest(same, selected, 5) is None
    assert rows_of(shard).nearest(same, selected, 35) is not None
    assert 5 == len(found(shard, same, MINE, 5))


def test_few_rows_are_left_to_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = DenseRows(DIMENSION, 100)
    seen = [dense_rows.Seen(bytes([n] * 16), "d", "handbook", OPEN) for n in range(80)]
    rows.add(seen, np.stack(drawn(1, 80)))
    selected = rows.select(unpacked(MINE.told()[0]), SOURCES, ())

    assert rows.nearest(drawn(2, 1)[0], selected, 4) is not None
    assert rows.nearest(drawn(2, 1)[0], selected, 5) is None
    monkeypatch.setattr(dense_rows, "ROWS_A_CANDIDATE", 16)
    assert rows.nearest(drawn(2, 1)[0], selected, 5) is not None
