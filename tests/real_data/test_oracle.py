"""
The oracle itself, where its answer can be worked out by hand.
"""

import math

import numpy as np
import pytest

from tests.real_data.oracle import Oracle, RedactedQuestion, StoredChunk, Verdict, stems

ANYTHING = RedactedQuestion("zebra", np.array([1.0, 0.0]))
NO_WORD = RedactedQuestion("", np.array([1.0, 0.0]))


def oracle(*cosines: float, candidates: int = 100, hidden: int = 0) -> Oracle:
    """
    An oracle of chunks a, b, c… with these cosines to `ANYTHING`, the last few of them hidden.
    """
    names = "abcdefgh"[: len(cosines)]
    shown = len(cosines) - hidden
    chunks = [
        StoredChunk(name, "mine" if at < shown else "theirs", "zebra", "")
        for at, name in enumerate(names)
    ]
    rows = np.array([[one, math.sqrt(1 - one**2)] for one in cosines])
    return Oracle(chunks, rows, {"alice": frozenset({"mine"})}, candidates=candidates)


def test_words_are_stemmed_folded_and_stopped() -> None:
    text = "The kube-proxy's NODES, node_name and _x_ don\u2019t (RFC 1918)"

    expected = ["kube", "proxi", "node", "node_nam", "x", "don\u2019t", "rfc", "1918"]
    assert expected == list(stems(text))


def test_the_nominal_answer_is_by_score_then_name() -> None:
    judge = oracle(0.5, 0.9, 0.7).judge("alice", ANYTHING, limit=2)

    assert ["b", "c"] == judge.expected()
    assert Verdict.EXACT is judge.verdict(["b", "c"])


@pytest.mark.parametrize(
    "released", [["c", "b"], ["b", "a"], ["b"], ["b", "c", "a"], ["b", "b"], ["b", "x"], []]
)
def test_any_other_answer_is_wrong(released: list[str]) -> None:
    """
    Another order, another chunk, too few, too many, twice, unknown, none.
    """
    judge = oracle(0.5, 0.9, 0.7).judge("alice", ANYTHING, limit=2)

    assert Verdict.WRONG is judge.verdict(released)


def test_what_repeats_another_comes_last() -> None:
    """
    By their scores b, c, a; c says what b says.
    """
    said = {"a": "one two three four", "b": "five six seven eight", "c": "Five, six; seven eight"}
    chunks = [StoredChunk(name, "mine", "zebra", text) for name, text in said.items()]
    rows = np.array([[one, math.sqrt(1 - one**2)] for one in (0.5, 0.9, 0.7)])
    mine = Oracle(chunks, rows, {"alice": frozenset({"mine"})}, candidates=100)
    judge = mine.judge("alice", ANYTHING, limit=3)

    assert ["b", "a", "c"] == judge.expected()
    assert Verdict.EXACT is judge.verdict(["b", "a", "c"])
    assert Verdict.WRONG is judge.verdict(["b", "c", "a"])
    assert Verdict.WRONG is judge.verdict(["b", "a"])


def test_what_is_hidden_is_never_an_answer() -> None:
    judge = oracle(0.5, 0.7, 0.9, hidden=1).judge("alice", ANYTHING, limit=2)

    assert ["b", "a"] == judge.expected()
    assert Verdict.WRONG is judge.verdict(["c", "b"])


def test_scores_that_rounding_cannot_tell_apart_may_come_in_either_order() -> None:
    judge = oracle(0.5, 0.5 + 1e-8, 0.9).judge("alice", ANYTHING, limit=2)

    assert Verdict.EXACT is judge.verdict(["c", "a"])
    assert Verdict.BY_TIE_RULE is judge.verdict(["c", "b"])
    assert Verdict.WRONG is judge.verdict(["a", "b"])


def test_the_last_group_of_a_full_leg_is_not_used() -> None:
    """
    The leg holds b and c; c stands at its end.
    """
    judge = oracle(0.5, 0.9, 0.7, 0.3, candidates=2).judge("alice", NO_WORD, limit=4)

    assert ["b"] == judge.expected()
    assert [0, 1 / 61, 0, 0] == list(judge.lowest) == list(judge.highest)


def test_at_the_end_of_a_full_leg_rounding_may_decide() -> None:
    """
    Of a and c, either is the last group and then dropped, unless the two are one group.
    """
    judge = oracle(0.7, 0.9, 0.7 + 1e-8, 0.3, candidates=3).judge("alice", NO_WORD, limit=4)

    assert Verdict.EXACT is judge.verdict(["b"])
    assert Verdict.BY_TIE_RULE is judge.verdict(["b", "a"])
    assert Verdict.BY_TIE_RULE is judge.verdict(["b", "c"])
    assert Verdict.WRONG is judge.verdict(["a"])
    assert Verdict.WRONG is judge.verdict(["b", "d"])


def test_rarity_is_counted_over_the_permitted_chunks() -> None:
    """
    All that alice may read holds the word, so it is worth ln(1 + 0.5 / 2.5) to her.
    """
    leg = oracle(0.5, 0.9, 0.7, hidden=1)._bm25(np.array([0, 1]), ANYTHING)[0]  # noqa: SLF001

    weight = 2.2 / (1 + 1.2 * (0.25 + 0.75 / 80))
    assert [weight * math.log(1 + 0.5 / 2.5)] * 2 == pytest.approx(leg.tolist())


def test_a_stranger_gets_nothing() -> None:
    judge = oracle(0.5, 0.9).judge("mallory", ANYTHING, limit=2)

    assert [] == judge.expected()
    assert Verdict.EXACT is judge.verdict([])
    assert Verdict.WRONG is judge.verdict(["b"])
