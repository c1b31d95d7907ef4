"""95 % intervals of means and shares, small enough to check by hand.

Means. Scores of one prompt are alike, so prompts are the sample and seeds are repeats: the values
of a prompt are averaged, and Student's t is taken over the prompts' means. A bootstrap over three
prompts has ten distinct resamples and covers far too little; t with two degrees of freedom is wide,
and says so.

Shares. Wilson's score interval, which stays inside [0, 1] and is not empty at 0 or 1. Votes of one
person, and votes on one pair of clips, are alike: their interval is that of as many independent
votes as would spread as much.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtrit

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
    half = float(stdtrit(k - 1, 0.5 + LEVEL / 2) * means.std(ddof=1) / math.sqrt(k))
    return Estimate(centre, centre - half, centre + half, len(values), k)


def share(successes: int, trials: int) -> Estimate:
    """A binomial share with Wilson's interval.

    Args:
        successes: 0 .. trials.
        trials: At least 1.
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no share")
    p = successes / trials
    low, high = _wilson(p, float(trials), float(ndtri(0.5 + LEVEL / 2)))
    return Estimate(p, low, high, trials, trials)


def share_of_votes(votes: Sequence[bool], people: Sequence[str], pairs: Sequence[str]) -> Estimate:
    """A share of votes that hang together by person and by pair, with Wilson's interval.

    The variance is clustered both ways (Cameron, Gelbach and Miller 2011): that over people plus
    that over pairs minus that over votes, each with its factor G / (G - 1). Against the variance of
    independent votes it gives the effective number of votes, never more than there are; Student's t
    with one less than the smaller number of clusters takes the place of the normal quantile. Where
    all votes agree, nothing can be seen of how they hang together: then they count once for each
    person or pair, whichever are fewer. A single person or pair counts as one vote.

    Args:
        votes: At least one; whether it is for the compared system.
        people: Who gave each.
        pairs: On what.

    Returns:
        The share; ``clusters`` is the number of people.
    """
    if not votes or not len(votes) == len(people) == len(pairs):
        raise ValueError("one person and one pair for each vote is needed, and at least one vote")
    n, p = len(votes), sum(votes) / len(votes)
    left = np.array(votes, dtype=float) - p
    fewest = min(len(set(people)), len(set(pairs)))
    independent = p * (1.0 - p) / n
    if fewest == 1 or independent == 0.0:
        effective = float(fewest)
    else:
        by_person, by_pair = (_clustered(left, clusters) for clusters in (people, pairs))
        both = by_person + by_pair - _clustered(left, [str(index) for index in range(n)])
        # The difference may come out too small, even below 0; either way alone is a lower bound.
        effective = n * independent / max(both, by_person, by_pair, independent)
    quantile = stdtrit(fewest - 1, 0.5 + LEVEL / 2) if fewest > 1 else ndtri(0.5 + LEVEL / 2)
    low, high = _wilson(p, effective, float(quantile))
    return Estimate(p, low, high, n, len(set(people)))


def _clustered(left: np.ndarray, clusters: Sequence[str]) -> float:
    """The variance of a mean from what is left of its values, which add up within clusters."""
    sums: dict[str, float] = {}
    for value, cluster in zip(left.tolist(), clusters, strict=True):
        sums[cluster] = sums.get(cluster, 0.0) + value
    groups = len(sums)
    return sum(s * s for s in sums.values()) / len(left) ** 2 * groups / (groups - 1)


def _wilson(p: float, n: float, z: float) -> tuple[float, float]:
    """Ends of Wilson's interval for a share of n votes."""
    room = z * z / n
    centre = (p + room / 2) / (1 + room)
    half = z * math.sqrt(p * (1 - p) / n + room / (4 * n)) / (1 + room)
    # Exactly 0 and 1 there, which rounding would miss by a hair.
    return (0.0 if p == 0.0 else centre - half, 1.0 if p == 1.0 else centre + half)
