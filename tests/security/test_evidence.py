"""
The arithmetic of the timing and the inference tests, on data whose truth is known.

Those tests run in the deep effort alone; that they could fail is shown every day, here.
"""

import numpy as np
import pytest

from tests.security.evidence import (
    Numbers,
    Truths,
    area_under_curve,
    guessing,
    most_telling,
    paired,
    sign_test,
    standard_error,
)
from tests.security.stopwatch import Contrast

PAIRS = 7_000
MEMBERS = np.arange(5_000) % 2 == 0


def times(
    seed: int, *, longer: float = 0, slower_installation: float = 0, middle: float = 5
) -> list[Numbers]:
    """
    Return pairs as a busy machine gives them: skewed, drifting, with outliers, in two strata.
    """
    drawn = np.random.default_rng(seed)
    strata = []
    for sign in (1, -1):
        drift = np.cumsum(drawn.normal(0, 0.01, PAIRS // 2))[:, None]
        noise = drawn.lognormal(-1, 1, (PAIRS // 2, 2)) + 20 * (
            drawn.random((PAIRS // 2, 2)) < 0.02
        )
        pairs = middle + drift + noise
        pairs[:, 0] += longer + sign * slower_installation
        strata.append(pairs)
    return strata


@pytest.mark.promise("equal-time")
@pytest.mark.parametrize("seed", range(5))
def test_equal_times_are_within_the_limit(seed: int) -> None:
    found = paired(times(seed), seed)

    assert found.within()
    assert not found.beyond()
    assert found.low_ms < 0 < found.high_ms
    assert PAIRS == found.pairs


@pytest.mark.promise("equal-time")
@pytest.mark.parametrize("longer", [-0.75, 0.75])
@pytest.mark.parametrize("seed", range(3))
def test_half_again_the_limit_is_beyond_it(seed: int, longer: float) -> None:
    """
    Whichever of the two takes longer.
    """
    found = paired(times(seed, longer=longer), seed)

    assert found.beyond()
    assert not found.within()
    assert found.difference_ms == pytest.approx(longer, abs=0.1)
    assert found.sign_p < 1e-6


@pytest.mark.promise("equal-time")
def test_three_percent_of_a_long_request_is_beyond_the_limit() -> None:
    assert paired(times(1, middle=100), 1).within()
    assert paired(times(1, longer=3, middle=100), 1).beyond()


@pytest.mark.promise("equal-time")
def test_a_slower_installation_is_no_secret() -> None:
    """
    It counts for the one stratum and against the other, and is gone.
    """
    found = paired(times(1, slower_installation=2), 1)

    assert found.within()
    assert paired(times(1, slower_installation=2, longer=0.75), 1).beyond()


@pytest.mark.promise("equal-time")
def test_too_few_pairs_prove_neither() -> None:
    few = [stratum[:8] for stratum in times(1, longer=0.5)]

    found = paired(few, 1)

    assert not found.within()
    assert not found.beyond()


@pytest.mark.promise("equal-time")
@pytest.mark.parametrize("size", [200, 201])
def test_the_interval_is_that_of_the_plain_bootstrap(size: int) -> None:
    """
    Against the definition: medians of resamples, for an even and an odd number of pairs.
    """
    drawn = np.random.default_rng(1)
    pairs = np.column_stack([drawn.lognormal(0, 1, size), np.zeros(size)])

    found = paired([pairs], 1)

    resampled = np.median(drawn.choice(pairs[:, 0], (20_000, size)), axis=1)
    low, high = np.quantile(resampled, [0.005, 0.995])
    assert found.low_ms == pytest.approx(low, abs=0.02)
    assert found.high_ms == pytest.approx(high, abs=0.02)


@pytest.mark.promise("equal-time")
def test_the_sign_test_counts_signs() -> None:
    """
    55 of 100, 2,428 times: the reference's own example is seen at .001.
    """
    assert sign_test(np.zeros(10)) == 1
    assert sign_test(np.array([-1.0, 1.0] * 500)) == 1
    assert sign_test(np.array([1.0] * 1_336 + [-1.0] * 1_092)) < 0.001
    assert sign_test(np.array([1.0] * 1_242 + [-1.0] * 1_186)) > 0.05


@pytest.mark.promise("equal-time")
def test_a_contrast_times_what_it_is_told_to() -> None:
    """
    Preparation comes before its request, both are called for every number, and in both orders.
    """
    done: list[tuple[str, int]] = []
    contrast = Contrast(
        secret=lambda n: done.append(("secret", n)),
        plain=lambda n: done.append(("plain", n)),
        stratum=lambda n: n % 2,
        before_secret=lambda n: done.append(("before secret", n)),
        before_plain=lambda n: done.append(("before plain", n)),
    )

    strata = contrast.measured(100, seed=1)

    assert [(50, 2), (50, 2)] == [one.shape for one in strata]
    assert all((one > 0).all() for one in strata)
    for place in range(0, len(done), 2):
        (prepared, of), request = done[place : place + 2]
        assert (prepared.removeprefix("before "), of) == request
    firsts = [done[place][0] for place in range(0, len(done), 4)]
    assert {"before secret", "before plain"} == set(firsts)
    assert sorted({n for _, n in done}) == list(range(200))


def noise(seed: int, columns: int = 12) -> Numbers:
    """
    Return features that tell nothing, of the kinds that are collected.
    """
    drawn = np.random.default_rng(seed)
    features = drawn.lognormal(0, 1, (len(MEMBERS), columns))
    features[:, 0] = 200  # a status that is always the same
    features[:, 1] = drawn.integers(3, size=len(MEMBERS))
    return features


@pytest.mark.promise("non-interference")
@pytest.mark.parametrize("seed", range(3))
def test_who_sees_nothing_guesses_nothing(seed: int) -> None:
    found = guessing(noise(seed), MEMBERS, seed)

    assert 0.47 <= found.area <= 0.53
    assert found.upper < 0.55


def telling(kind: str) -> Numbers:
    features, drawn = noise(1), np.random.default_rng(2)
    inside = MEMBERS.astype(float)
    match kind:
        case "one word":
            features[:, 1] = inside
        case "a little time":
            features[:, 5] += 0.5 * inside
        case "spread":
            features[:, 5] = drawn.normal(0, 1 + inside)
        case _:
            features[:, 4:8] += 0.15 * inside[:, None]
    return features


@pytest.mark.promise("non-interference")
@pytest.mark.parametrize("kind", ["one word", "a little time", "spread", "several together"])
def test_what_tells_is_found(kind: str) -> None:
    """
    A feature that is the answer, one that leans, one that only scatters more, and many weak ones.
    """
    assert guessing(telling(kind), MEMBERS, 1).area > 0.55


@pytest.mark.promise("non-interference")
def test_the_most_telling_feature_is_named() -> None:
    best, area, corrected = most_telling(telling("one word"), MEMBERS)
    _, _, by_chance = most_telling(noise(1), MEMBERS)

    assert (1, 1.0) == (best, area)
    assert corrected < 1e-9
    assert by_chance > 0.001


@pytest.mark.promise("non-interference")
def test_the_area_is_the_chance_to_score_higher() -> None:
    """
    Against the definition, with equal scores; and its error against the reference's figure.
    """
    drawn = np.random.default_rng(1)
    scores, members = drawn.integers(5, size=60).astype(float), drawn.integers(2, size=60) == 1

    assert area_under_curve(scores, members) == pytest.approx(by_definition(scores, members))
    assert standard_error(0.5, 2_500, 2_500) == pytest.approx(0.0082, abs=5e-5)
    assert standard_error(1.0, 10, 10) == 0


def by_definition(scores: Numbers, members: Truths) -> float:
    pairs = [(a > b) + (a == b) / 2 for a in scores[members] for b in scores[~members]]
    return float(np.mean(pairs))
