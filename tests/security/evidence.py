"""
What measurements prove: paired differences of times, and how well a classifier guesses.

Everything is numpy with given seeds, so that a figure can be computed again from the same
measurements. `test_evidence` tells it lies and truths of known size.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]

RESAMPLES: Final = 20_000
CONFIDENCE: Final = 0.99
LIMIT_SHARE: Final = 0.02
LIMIT_MS: Final = 0.5
FOLDS: Final = 10
RIDGE: Final = 1.0
STEPS: Final = 12
NINETY_FIVE: Final = 1.96
"""
Standard errors to the end of a two-sided 95% interval.
"""


@dataclass(frozen=True)
class Difference:
    """
    By how much one way takes longer than the other, in milliseconds, over `pairs` pairs.

    `low_ms` and `high_ms` are the ends of the bootstrap's 99% interval.
    """

    pairs: int
    median_ms: float
    difference_ms: float
    low_ms: float
    high_ms: float
    sign_p: float

    @property
    def limit_ms(self) -> float:
        """
        The most that passes: 2% of the median, or half a millisecond where that is more.
        """
        return max(LIMIT_SHARE * self.median_ms, LIMIT_MS)

    def within(self) -> bool:
        """
        Say whether the whole interval lies inside the limit.
        """
        return -self.limit_ms < self.low_ms and self.high_ms < self.limit_ms

    def beyond(self) -> bool:
        """
        Say whether the whole interval lies outside the limit.
        """
        return self.low_ms > self.limit_ms or self.high_ms < -self.limit_ms

    def __str__(self) -> str:
        share = 100 / self.median_ms
        return (
            f"{self.pairs} pairs, median {self.median_ms:.3f} ms, "
            f"difference {self.difference_ms:+.4f} ms ({self.difference_ms * share:+.2f}%), "
            f"99% interval {self.low_ms:+.4f} to {self.high_ms:+.4f} ms "
            f"({self.low_ms * share:+.2f}% to {self.high_ms * share:+.2f}%), "
            f"limit {self.limit_ms:.3f} ms, sign test p = {self.sign_p:.2g}"
        )


def paired(strata: Sequence[Numbers], seed: int) -> Difference:
    """
    Judge pairs of milliseconds: column 0 is the case in question, column 1 what it is held to.

    Each stratum is one arrangement of the same experiment, with the installations exchanged.
    The difference is the mean of the strata's medians: what distinguishes two installations
    however they are filled counts once for and once against, and is gone.
    """
    apart = [stratum[:, 0] - stratum[:, 1] for stratum in strata]
    drawn = np.random.default_rng(seed)
    resampled = np.mean([_resampled_medians(one, drawn) for one in apart], axis=0)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return Difference(
        pairs=sum(map(len, apart)),
        median_ms=float(np.median(np.concatenate([stratum[:, 1] for stratum in strata]))),
        difference_ms=float(np.mean([np.median(one) for one in apart])),
        low_ms=float(low),
        high_ms=float(high),
        sign_p=sign_test(np.concatenate(apart)),
    )


def sign_test(differences: Numbers) -> float:
    """
    Return the two-sided p value that differences are as often above zero as below.

    By the normal approximation with continuity correction; ties are dropped.
    """
    above, below = int((differences > 0).sum()), int((differences < 0).sum())
    if not above + below:
        return 1.0
    deviation = max(abs(above - below) - 1, 0) / math.sqrt(above + below)
    return math.erfc(deviation / math.sqrt(2))


@dataclass(frozen=True)
class Guessing:
    """
    How well something tells members from others: 0.5 is not at all, 1 always.
    """

    area: float
    error: float

    @property
    def upper(self) -> float:
        """
        The upper end of the 95% interval.
        """
        return self.area + NINETY_FIVE * self.error

    def __str__(self) -> str:
        return f"AUC {self.area:.4f} (standard error {self.error:.4f}, 95% below {self.upper:.4f})"


def area_under_curve(scores: Numbers, members: Truths) -> float:
    """
    Return the chance that a member scores above another; equal scores count half.
    """
    ranks = _ranks(scores)
    inside, outside = int(members.sum()), int((~members).sum())
    return float((ranks[members].sum() - inside * (inside + 1) / 2) / (inside * outside))


def standard_error(area: float, inside: int, outside: int) -> float:
    """
    Return the error of an area (Hanley and McNeil, Radiology 1982).
    """
    both = area / (2 - area), 2 * area**2 / (1 + area)
    squared = area * (1 - area)
    squared += (inside - 1) * (both[0] - area**2) + (outside - 1) * (both[1] - area**2)
    return math.sqrt(max(squared, 0) / (inside * outside))


def guessing(features: Numbers, members: Truths, seed: int) -> Guessing:
    """
    Let a logistic regression learn on nine tenths and guess the last, ten times.

    Features enter by rank, and squared: what is rare or far out then counts without deciding
    alone. The areas of the folds are averaged; guesses of different folds are not compared.
    """
    columns = _prepared(features)
    fold = _folds(members, seed)
    areas = []
    for number in range(FOLDS):
        tried = fold == number
        weights = _fitted(columns[~tried], members[~tried])
        areas.append(area_under_curve(columns[tried] @ weights, members[tried]))
    area = float(np.mean(areas))
    return Guessing(area, standard_error(area, int(members.sum()), int((~members).sum())))


def most_telling(features: Numbers, members: Truths) -> tuple[int, float, float]:
    """
    Return the feature that alone tells most, its area, and its p value times the features.
    """
    areas = [area_under_curve(column, members) for column in features.T]
    best = int(np.argmax(np.abs(np.array(areas) - 0.5)))
    inside, outside = int(members.sum()), int((~members).sum())
    deviation = abs(areas[best] - 0.5) / standard_error(0.5, inside, outside)
    corrected = min(1.0, len(areas) * math.erfc(deviation / math.sqrt(2)))
    return best, areas[best], corrected


def _resampled_medians(values: Numbers, drawn: np.random.Generator) -> Numbers:
    # The median of a resample is drawn at once: the middle of so many uniform places is a beta
    # variable, and the next place the least of the remaining ones above it.
    size = len(values)
    middle = (size + 1) // 2
    place = drawn.beta(middle, size - middle + 1, RESAMPLES)
    ordered: Numbers = np.sort(values)
    medians: Numbers = ordered[(size * place).astype(int)]
    if size % 2:
        return medians
    above = place + (1 - place) * (1 - drawn.random(RESAMPLES) ** (1 / (size - middle)))
    medians += ordered[(size * above).astype(int)]
    return medians / 2


def _ranks(values: Numbers) -> Numbers:
    # From 1; equal values share the mean of their places.
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2)[place], dtype=np.float64)


def _prepared(features: Numbers) -> Numbers:
    columns = []
    for column in features.T:
        ranked = _ranks(column) / len(column) - 0.5
        columns += [ranked, ranked**2]
    spread = np.column_stack(columns)
    scale = spread.std(axis=0)
    centred = (spread - spread.mean(axis=0)) / np.where(scale > 0, scale, 1)
    return np.column_stack([np.ones(len(features)), centred])


def _folds(members: Truths, seed: int) -> npt.NDArray[np.int64]:
    # As many members in each: a fold with fewer would teach the rest that members are common.
    drawn, fold = np.random.default_rng(seed), np.empty(len(members), dtype=np.int64)
    for some in (members, ~members):
        fold[some] = drawn.permutation(np.arange(int(some.sum())) % FOLDS)
    return fold


def _fitted(columns: Numbers, members: Truths) -> Numbers:
    # Newton's method with a ridge, which a feature that never changes needs.
    weights = np.zeros(columns.shape[1])
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-np.clip(columns @ weights, -30, 30)))
        slope = columns.T @ (members - chance) - RIDGE * weights
        bend = (columns * (chance * (1 - chance))[:, None]).T @ columns
        weights = weights + np.linalg.solve(bend + RIDGE * np.eye(len(weights)), slope)
    return weights
