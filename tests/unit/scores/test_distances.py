"""Frechet and kernel distances: torchmetrics' values, and intervals as wide as they say."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import poly_mmd

from gaussianmotion.scores.distances.frechet import (
    Products,
    frechet_distance,
    intervals,
    kernel_distance,
)


class _Given(nn.Module):
    """The 'network' whose features are its input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.num_features = width

    def forward(self, x: Tensor) -> Tensor:
        return x


def _sets(n: int, m: int, width: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(width, width, generator=generator, dtype=torch.float64)
    x = torch.randn(n, width, generator=generator, dtype=torch.float64)
    y = torch.randn(m, width, generator=generator, dtype=torch.float64) @ mixing + 0.5
    return x, y


@pytest.mark.parametrize(
    ("n", "m", "width"), [(80, 60, 12), (20, 30, 64)], ids=["full rank", "rank-deficient"]
)
def test_the_frechet_distance_is_that_of_torchmetrics(n: int, m: int, width: int) -> None:
    x, y = _sets(n, m, width)
    metric = FrechetInceptionDistance(feature=_Given(width))
    metric.update(x, real=True)
    metric.update(y, real=False)
    assert frechet_distance(Products.of(x, y)) == pytest.approx(float(metric.compute()), rel=1e-5)


def test_the_kernel_distance_is_that_of_torchmetrics() -> None:
    x, y = _sets(40, 40, 16)
    assert kernel_distance(Products.of(x, y)) == pytest.approx(float(poly_mmd(x, y)), rel=1e-10)


def test_the_kernel_distance_of_sets_of_two_sizes_is_the_mean_over_pairs() -> None:
    x, y = _sets(5, 7, 3)

    def mean(a: Tensor, b: Tensor, same: bool) -> float:
        pairs = [
            (float(p @ q) / 3 + 1) ** 3
            for i, p in enumerate(a)
            for j, q in enumerate(b)
            if not (same and i == j)
        ]
        return sum(pairs) / len(pairs)

    expected = mean(x, x, True) + mean(y, y, True) - 2 * mean(x, y, False)
    assert kernel_distance(Products.of(x, y)) == pytest.approx(expected, rel=1e-10)


def test_a_set_is_at_no_frechet_distance_from_itself() -> None:
    x, _ = _sets(30, 30, 8)
    assert frechet_distance(Products.of(x, x)) == pytest.approx(0.0, abs=1e-9)


# 97.5 % of Student's distribution with 11 degrees of freedom: 12 prompts.
STUDENT_11 = 2.201


def _prompts(seed: int, count: int = 12, each: int = 4) -> tuple[Products, np.ndarray]:
    """Pictures that are alike within a prompt, and renders that differ from references."""
    rng = np.random.default_rng(seed)
    middles = rng.normal(size=(count, 1, 6))
    x = middles + 0.5 * rng.normal(size=(count, each, 6)) + 0.4
    y = middles + 0.5 * rng.normal(size=(count, each, 6))
    flat = (torch.from_numpy(values.reshape(-1, 6)) for values in (x, y))
    return Products.of(*flat), np.repeat(np.arange(count), each)


@pytest.mark.parametrize("name", ["frechet", "kernel"])
def test_intervals_are_as_wide_as_values_of_new_prompts_scatter(name: str) -> None:
    measure = {"frechet": frechet_distance, "kernel": kernel_distance}[name]
    scatter = np.std([measure(_prompts(seed)[0]) for seed in range(80)])
    reaches = []
    for seed in range(6):
        products, groups = _prompts(seed)
        low, high = intervals(products, groups, groups, [name])[name]
        assert low <= measure(products) <= high
        reaches.append((high - measure(products)) / STUDENT_11)
    assert 0.5 < np.mean(reaches) / scatter < 2.0


def test_intervals_are_the_same_every_time() -> None:
    products, groups = _prompts(0)
    first, second = (intervals(products, groups, groups, ["frechet", "kernel"]) for _ in range(2))
    assert first == second
    other = intervals(products, groups, groups, ["frechet", "kernel"], seed=1)
    assert other["kernel"] != first["kernel"]


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_prompts_have_no_interval(count: int) -> None:
    products, _ = _prompts(0)
    groups = np.arange(48) % count
    assert intervals(products, groups, groups, ["frechet", "kernel"]) == {}
