"""Frechet and kernel distances between two sets of features, in float64, with intervals.

Frechet distance of the Gaussians fitted to both sets (Dowson and Landau 1982; FID: Heusel et al.
2017): |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)). With centred features A1, A2 (rows are pictures,
scaled by 1 / sqrt(n - 1)), S = A^T A, and the eigenvalues of S1 S2 are the squared singular values
of A1 A2^T; so the last trace is the nuclear norm of an n1 x n2 matrix. Nothing is of the size of
the features, no rank is needed, and everything follows from the pictures' inner products.

Kernel distance (KID: Binkowski et al. 2018): the unbiased squared maximum mean discrepancy with
the kernel (x.y / d + 1)^3, of all pictures at once (one subset of size N).

The values are those of torchmetrics (tested); it computes one value at a time and half a minute
for each, and intervals need hundreds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64, Int64
from numpy import ndarray
from scipy.special import stdtrit
from torch import Tensor

RESAMPLES = 200
LEAST_PROMPTS = 3


@dataclass(frozen=True)
class Products:
    """Inner products of two sets of features.

    Attributes:
        xx: Of the first set, (N, N).
        yy: Of the second, (M, M).
        xy: Between them, (N, M).
        width: Length of a feature.
    """

    xx: Float64[Tensor, "N N"]
    yy: Float64[Tensor, "M M"]
    xy: Float64[Tensor, "N M"]
    width: int

    @classmethod
    def of(cls, x: Float64[Tensor, "N D"], y: Float64[Tensor, "M D"]) -> "Products":
        """Those of two sets."""
        return cls(x @ x.T, y @ y.T, x @ y.T, x.shape[1])

    def chosen(self, rows: Int64[Tensor, " n"], columns: Int64[Tensor, " m"]) -> "Products":
        """Those of some pictures of the first set and some of the second; repeats are allowed."""
        return Products(
            self.xx[rows][:, rows],
            self.yy[columns][:, columns],
            self.xy[rows][:, columns],
            self.width,
        )

    def kernel(self) -> "Products":
        """The polynomial kernel of each pair, in place of its inner product."""
        xx, yy, xy = ((inner / self.width + 1.0) ** 3 for inner in (self.xx, self.yy, self.xy))
        return Products(xx, yy, xy, self.width)


def frechet_distance(products: Products) -> float:
    """Squared Frechet distance of two sets of at least two pictures each."""
    xx, yy, xy = products.xx, products.yy, products.xy
    n, m = xy.shape
    means = xx.mean() + yy.mean() - 2.0 * xy.mean()
    traces = (xx.trace() - n * xx.mean()) / (n - 1) + (yy.trace() - m * yy.mean()) / (m - 1)
    centred = xy - xy.mean(0, keepdim=True) - xy.mean(1, keepdim=True) + xy.mean()
    nuclear = torch.linalg.svdvals(centred).sum() / ((n - 1) * (m - 1)) ** 0.5
    return float(means + traces - 2.0 * nuclear)


def kernel_distance(products: Products) -> float:
    """Unbiased squared maximum mean discrepancy; may be a little below 0 for equal sets."""
    ones_x = torch.ones(len(products.xx), dtype=torch.float64)
    ones_y = torch.ones(len(products.yy), dtype=torch.float64)
    return _weighted_discrepancy(products.kernel(), ones_x, ones_y)


def intervals(
    products: Products,
    groups_x: Int64[ndarray, " N"],
    groups_y: Int64[ndarray, " M"],
    names: Sequence[str],
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """95 % intervals of distances by a bootstrap over prompts.

    Pictures of one prompt are alike, so prompts are drawn, with replacement, and with each its
    pictures of both sets. The interval is the value -/+ t sqrt(P / (P - 1)) standard deviations of
    the resampled values, t that of Student's distribution with P - 1 degrees of freedom: from few
    prompts little is known. It is not their percentiles: a resample repeats pictures, which lowers
    the rank of its covariance and shifts its Frechet distance up, often beyond the value itself.
    In the kernel distance a picture is never compared with its own copies.

    Args:
        products: Inner products of both sets.
        groups_x: Prompt of each picture of the first set, 0 to P - 1.
        groups_y: Prompt of each picture of the second.
        names: Some of ``frechet`` and ``kernel``.
        seed: Of the draws.

    Returns:
        Low and high by name; empty where there are fewer than :data:`LEAST_PROMPTS` prompts.
    """
    count = int(groups_x.max()) + 1
    if count < LEAST_PROMPTS:
        return {}
    kernels = products.kernel()
    rng = np.random.default_rng(seed)
    values: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(RESAMPLES):
        drawn = np.bincount(rng.integers(count, size=count), minlength=count)
        if "kernel" in values:
            weights = (torch.from_numpy(drawn[g].astype(np.float64)) for g in (groups_x, groups_y))
            values["kernel"].append(_weighted_discrepancy(kernels, *weights))
        if "frechet" in values:
            rows = np.repeat(np.arange(len(groups_x)), drawn[groups_x])
            columns = np.repeat(np.arange(len(groups_y)), drawn[groups_y])
            chosen = products.chosen(torch.from_numpy(rows), torch.from_numpy(columns))
            values["frechet"].append(frechet_distance(chosen))
    whole = {"frechet": frechet_distance, "kernel": kernel_distance}
    factor = float(stdtrit(count - 1, 0.975)) * (count / (count - 1)) ** 0.5
    found = {}
    for name in names:
        middle, reach = whole[name](products), factor * float(np.std(values[name], ddof=1))
        found[name] = (middle - reach, middle + reach)
    if "frechet" in found:
        found["frechet"] = (max(0.0, found["frechet"][0]), found["frechet"][1])
    return found


def _weighted_discrepancy(
    kernels: Products, x: Float64[Tensor, " N"], y: Float64[Tensor, " M"]
) -> float:
    """The discrepancy of sets in which each picture counts as often as its weight says."""

    def within(kernel: Tensor, weights: Tensor) -> Tensor:
        pairs = torch.outer(weights, weights).fill_diagonal_(0.0)
        return (pairs * kernel).sum() / pairs.sum()

    across = x @ kernels.xy @ y / (x.sum() * y.sum())
    return float(within(kernels.xx, x) + within(kernels.yy, y) - 2.0 * across)
