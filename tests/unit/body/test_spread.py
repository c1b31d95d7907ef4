"""Points that keep away from one another, and stay as dense as they were drawn."""

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from gaussianmotion.body.clothing import sample_between_legs
from gaussianmotion.body.spread import CANDIDATES, evenly_spread


def evenness(points):
    """Distance of the nearest over the mean of the eight nearest, of all points, sorted."""
    distance, _ = cKDTree(points).query(points, k=9)
    return np.sort(distance[:, 1] / distance[:, 1:].mean(axis=1))


def on_a_square(count, seed=0):
    points = np.random.default_rng(seed).uniform(size=(count, 3))
    points[:, 2] = 0.0
    return points


def test_no_two_points_are_near_one_another_and_none_are_far_apart():
    points = on_a_square(4 * 2000)
    kept = points[evenly_spread(points, 2000)]
    assert len(kept) == 2000
    lattice = np.sqrt(2.0 / np.sqrt(3.0) / 2000)
    nearest, _ = cKDTree(kept).query(kept, k=2)
    assert nearest[:, 1].min() > 0.4 * lattice
    inside = points[(np.abs(points[:, :2] - 0.5) < 0.45).all(axis=1)]
    holes, _ = cKDTree(kept).query(inside)
    random_holes, _ = cKDTree(points[:2000]).query(inside)
    assert holes.max() < 1.0 * lattice < 1.4 * lattice < random_holes.max()


def test_where_candidates_are_dense_points_are_dense():
    left, right = on_a_square(8000, 1), on_a_square(2000, 2)
    right[:, 0] += 1.0
    points = np.concatenate([left, right])
    kept = points[evenly_spread(points, 2500)]
    assert (kept[:, 0] < 1.0).mean() == pytest.approx(0.8, abs=0.02)
    assert evenness(kept)[25] > 0.4


def test_rows_are_given_once_and_in_order_and_equal_points_give_equal_rows():
    points = on_a_square(1000)
    rows = evenly_spread(points, 250)
    assert (np.diff(rows) > 0).all()
    assert np.array_equal(rows, evenly_spread(points.copy(), 250))


@pytest.mark.parametrize(
    ("candidates", "count", "expected"), [(5, 9, 5), (1, 1, 1), (0, 3, 0), (7, 7, 7)]
)
def test_of_few_candidates_all_are_kept(candidates, count, expected):
    assert len(evenly_spread(on_a_square(candidates), count)) == expected


def test_candidates_on_one_spot_are_thinned_all_the_same():
    spot = np.zeros((40, 3))
    assert len(evenly_spread(spot, 10)) == 10
    apart = np.concatenate([spot, on_a_square(40)])
    assert len(evenly_spread(apart, 20)) == 20


def test_points_on_a_body_are_even_where_they_are_dense_too(open_body):
    generator = torch.Generator().manual_seed(0)
    points, normals = open_body.sample_surface(4000, generator, detail=5.0, even=True)
    random, _ = open_body.sample_surface(4000, torch.Generator().manual_seed(0), detail=5.0)
    assert points.shape == normals.shape == (4000, 3)
    assert evenness(points.numpy())[40] > 0.4 > 0.15 > evenness(random.numpy())[40]
    head = [(p[:, 1] > 0.6).float().mean().item() for p in (points, random)]
    assert head[0] == pytest.approx(head[1], rel=0.1)
    again, _ = open_body.sample_surface(4000, torch.Generator().manual_seed(0), 5.0, even=True)
    assert torch.equal(points, again)


def test_so_are_points_between_the_legs(open_body):
    generators = [torch.Generator().manual_seed(0) for _ in range(2)]
    even, facing = sample_between_legs(open_body, 400, generators[0], even=True)
    random, _ = sample_between_legs(open_body, CANDIDATES * 400, generators[1])
    assert even.shape == facing.shape == (400, 3)
    assert evenness(even.numpy())[8] > evenness(random[:400].numpy())[8] + 0.1
    # They are some of those that would have been drawn.
    distance, _ = cKDTree(random.numpy()).query(even.numpy())
    assert distance.max() == 0.0
