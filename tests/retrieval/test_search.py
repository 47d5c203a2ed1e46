"""
Fusion is deterministic, whatever order the engine returns equal scores in.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.index.reading import Leg, Question
from acl.model.documents import Hit
from acl.model.identifiers import ChunkId, DocumentKey, ReadershipKey
from acl.model.scope import ReadScope
from retrieval.search import RRF_K, ScopedSearch, fuse

FULL = 10


def hit(name: str) -> Hit:
    return Hit(ChunkId(name), DocumentKey("d"), ReadershipKey(1), 1, 1)


def leg(*scored: tuple[str, float]) -> Leg:
    return Leg(tuple((hit(name), score) for name, score in scored))


def names(hits: list[Hit]) -> list[str]:
    return [one.chunk for one in hits]


def test_nothing_found_is_nothing() -> None:
    assert [] == fuse((leg(), leg()), full=FULL)


def test_a_chunk_in_both_legs_beats_one_that_leads_in_one() -> None:
    """
    1/61 + 1/62 for b and a; 1/62 is all that c has.
    """
    fused = fuse((leg(("a", 0.9), ("b", 0.8)), leg(("b", 7.0), ("a", 6.0), ("c", 5.0))), full=FULL)

    assert ["a", "b", "c"] == names(fused)


def test_equal_scores_share_a_rank() -> None:
    """
    Which of two equals comes first in a leg changes nothing.
    """
    one = fuse((leg(("a", 0.5), ("b", 0.5), ("c", 0.1)), leg()), full=FULL)
    other = fuse((leg(("b", 0.5), ("a", 0.5), ("c", 0.1)), leg()), full=FULL)

    assert ["a", "b", "c"] == names(one) == names(other)


def test_equals_at_the_cut_of_a_full_leg_are_dropped() -> None:
    """
    The engine may have kept either of them; a reader must not see which.
    """
    kept = fuse((leg(("a", 0.9), ("b", 0.5)), leg()), full=2)
    other = fuse((leg(("a", 0.9), ("c", 0.5)), leg()), full=2)

    assert ["a"] == names(kept) == names(other)


def test_a_leg_of_nothing_but_equals_is_kept() -> None:
    assert ["a", "b"] == names(fuse((leg(("a", 0.5), ("b", 0.5)), leg()), full=2))


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from([0.1, 0.2, 0.3])), max_size=8),
    st.randoms(use_true_random=False),
)
def test_the_engines_order_among_equals_never_matters(
    scored: list[tuple[str, float]], chance: "st.DataObject"
) -> None:
    unique = sorted(dict(scored).items(), key=lambda one: -one[1])
    shuffled = list(unique)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    shuffled.sort(key=lambda one: -one[1])

    assert fuse((leg(*unique),), full=FULL) == fuse((leg(*shuffled),), full=FULL)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_the_score_is_the_reciprocal_rank(rank: int) -> None:
    """
    A lone leg keeps its order, by 1 / (K + rank).
    """
    scored = [("abc"[n], 1.0 - n / 10) for n in range(rank)]

    assert 60 == RRF_K
    assert [name for name, _ in scored] == names(fuse((leg(*scored),), full=FULL))


def test_what_only_a_deeper_search_finds_comes_last() -> None:
    """
    By its score d would stand before b, which an earlier page has shown already.
    """
    deep = (
        leg(("a", 0.9), ("b", 0.8), ("c", 0.7), ("d", 0.6)),
        leg(("e", 7.0), ("f", 6.0), ("d", 5.0)),
    )

    class Index:
        def search(
            self, question: Question, *, scope: ReadScope, candidates: int
        ) -> tuple[Leg, ...]:
            del question, scope
            return tuple(Leg(one.hits[:candidates]) for one in deep)

    found = list(ScopedSearch(Index(), 3).nearest(Question([], {}), None))  # type: ignore[arg-type]

    assert [["a", "e", "b", "f"], ["d", "c"]] == [names(hits) for hits in found]
    assert ["d", "a", "e"] == names(fuse(deep, full=12))[:3]
