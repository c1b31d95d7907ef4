"""Points that lie evenly: random ones leave holes between them and lie on one another."""

import math

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

#: Candidates for each point that is kept.
CANDIDATES = 4
# A candidate weighs on so many neighbours: nearly all within two distances of kept points.
NEIGHBOURS = 24
# The method's alpha.
POWER = 8


def evenly_spread(candidates: Float[ndarray, "M 3"], count: int) -> Int[ndarray, " N"]:
    """Of candidates on a surface those to keep, so that none is near another.

    Sample elimination (Yuksel 2015): a candidate at distance d of another weighs
    (1 - d / 2 r)^8 on it, r the distance of neighbours in a lattice of the points that are kept,
    and those that bear most go first. The candidates' density stays: where they are closer, r is
    smaller. All go at once that bear no less than each of their neighbours.

    Args:
        candidates: Random points, :data:`CANDIDATES` times as many as are kept.
        count: N, or all of them where they are fewer.

    Returns:
        Rows of ``candidates``, ascending.
    """
    from scipy.spatial import cKDTree  # half a second, for a training's start only

    near = min(NEIGHBOURS, len(candidates) - 1)
    if len(candidates) <= count or near < 1:
        return np.arange(len(candidates))
    distance, other = cKDTree(candidates).query(candidates, k=near + 1)
    distance, other = distance[:, 1:], other[:, 1:]
    area = math.pi * distance[:, -1] ** 2 / near * (len(candidates) / count)
    lattice = np.sqrt(2.0 / math.sqrt(3.0) * area)
    reach = lattice[:, None] + lattice[other]
    weight = np.clip(1.0 - distance / np.maximum(reach, 1e-12), 0.0, None) ** POWER
    kept = np.arange(len(candidates))
    pairs = _both_ways(other, weight)
    while (surplus := len(kept) - count) > 0:
        kept, pairs = _without_the_heaviest(kept, *pairs, surplus)
    return kept


#: First, second, how much they weigh on one another.
Pairs = tuple[Int[ndarray, " _"], Int[ndarray, " _"], Float[ndarray, " _"]]


def _both_ways(other: Int[ndarray, "M K"], weight: Float[ndarray, "M K"]) -> Pairs:
    """Pairs that weigh on one another, in the order of the first; each in both directions."""
    first = np.repeat(np.arange(len(other)), other.shape[1])
    second, weight = other.reshape(-1), weight.reshape(-1)
    heavy = weight > 0.0
    first, second, weight = first[heavy], second[heavy], weight[heavy]
    # Who is among the nearest of a point need not have it among its own.
    once, index = np.unique(
        np.minimum(first, second) * len(other) + np.maximum(first, second), return_index=True
    )
    low, high, weight = once // len(other), once % len(other), weight[index]
    first, second = np.concatenate([low, high]), np.concatenate([high, low])
    order = np.argsort(first, kind="stable")
    return first[order], second[order], np.concatenate([weight, weight])[order]


def _without_the_heaviest(
    kept: Int[ndarray, " M"],
    first: Int[ndarray, " P"],
    second: Int[ndarray, " P"],
    weight: Float[ndarray, " P"],
    surplus: int,
) -> tuple[Int[ndarray, " N"], Pairs]:
    """One round: up to ``surplus`` points go, and the pairs are numbered anew."""
    load = np.bincount(first, weight, minlength=len(kept))
    heaviest = np.zeros(len(kept))
    starts = np.flatnonzero(np.diff(first, prepend=-1))
    if len(starts):
        heaviest[first[starts]] = np.maximum.reduceat(load[second], starts)
    going = np.flatnonzero((load >= heaviest) & (load > 0.0))
    if not len(going):  # nothing is near anything
        going = np.arange(len(kept))
    if len(going) > surplus:
        going = going[np.argsort(-load[going], kind="stable")[:surplus]]
    stays = np.ones(len(kept), bool)
    stays[going] = False
    number = np.cumsum(stays) - 1
    both = stays[first] & stays[second]
    return kept[stays], (number[first[both]], number[second[both]], weight[both])
