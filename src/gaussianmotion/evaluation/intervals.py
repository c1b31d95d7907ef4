"""95 % intervals of means and shares, small enough to check by hand.

Means. Scores of one prompt are alike, so prompts are the sample and seeds are repeats: the values
of a prompt are averaged, and Student's t is taken over the prompts' means. A bootstrap over three
prompts has ten distinct resamples and covers far too little; t with two degrees of freedom is wide,
and says so.

Shares. Wilson's score interval, which stays inside [0, 1] and is not empty at 0 or 1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean with its interval.

    Attributes:
        value: Mean of the clusters' means.
        low: Lower end, None where one cluster alone gives no interval.
        high: Upper end.
        values: How many values went in.
        clusters: Of how many prompts (or seeds, where the prompts are pooled).
    """

    value: float
    low: float | None
    high: float | None
    values: int
    clusters: int


def cluster_mean(values: Sequence[float], clusters: Sequence[str]) -> Estimate:
    """Mean over clusters with Student's t interval.

    Args:
        values: At least one.
        clusters: Of each value the name of its prompt.
    """
    if not values or len(values) != len(clusters):
        raise ValueError("one cluster for each value is needed, and at least one value")
    grouped: dict[str, list[float]] = {}
    for value, cluster in zip(values, clusters, strict=True):
        grouped.setdefault(cluster, []).append(float(value))
    means = np.array([np.mean(group) for group in grouped.values()])
    centre, k = float(means.mean()), len(means)
    if k == 1:
        return Estimate(centre, None, None, len(values), k)
    half = float(stats.t.ppf(0.5 + LEVEL / 2, k - 1) * means.std(ddof=1) / math.sqrt(k))
    return Estimate(centre, centre - half, centre + half, len(values), k)


def share(successes: int, trials: int) -> Estimate:
    """A binomial share with Wilson's interval.

    Args:
        successes: 0 .. trials.
        trials: At least 1.
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no share")
    z = float(stats.norm.ppf(0.5 + LEVEL / 2))
    p, room = successes / trials, z * z / trials
    centre = (p + room / 2) / (1 + room)
    half = z * math.sqrt(p * (1 - p) / trials + room / (4 * trials)) / (1 + room)
    # Exactly 0 and 1 there, which rounding would miss by a hair.
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == trials else centre + half
    return Estimate(p, low, high, trials, trials)
