"""Where a skirt closes, and what moves it there."""

from dataclasses import replace

import pytest
import torch

from gaussianmotion.body.clothing import (
    AVERAGED,
    NEAR_SKIN,
    sample_between_legs,
    smooth_weights,
)
from gaussianmotion.body.joints import INDEX

LEFT = [INDEX[name] for name in ("left_hip", "left_knee", "left_ankle")]
RIGHT = [INDEX[name] for name in ("right_hip", "right_knee", "right_ankle")]


def test_weights_on_the_body_are_the_nearest_vertexs(open_body):
    points, _ = open_body.sample_surface(500, torch.Generator().manual_seed(0))
    near = torch.cdist(points, open_body.vertices).amin(dim=1) < NEAR_SKIN
    assert near.sum() > 400
    expected = open_body.nearest_weights(points[near])
    torch.testing.assert_close(smooth_weights(open_body, points[near]), expected)


def test_weights_are_whole_and_change_sides_smoothly_between_the_legs(open_body):
    knees = open_body.joints[[INDEX["left_knee"], INDEX["right_knee"]]]
    along = torch.linspace(0.15, 0.85, 29)[:, None]
    line = (1.0 - along) * knees[0] + along * knees[1]
    weights = smooth_weights(open_body, line)
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(29))
    assert (weights >= 0).all()
    share = weights[:, LEFT].sum(1) / weights[:, LEFT + RIGHT].sum(1)
    assert share[0] > 0.95
    assert share[-1] < 0.05
    assert abs(share[14].item() - 0.5) < 0.1
    assert share.diff().abs().max() < 0.25  # those of the nearest vertex jump by more
    nearest = open_body.nearest_weights(line)[:, LEFT].sum(1)
    assert nearest.diff().abs().max() > 0.4


@pytest.mark.parametrize("stride", [45, 10_000])
def test_a_coarse_body_has_fewer_vertices_to_average(open_body, stride):
    names = ("vertices", "rest_vertices", "normals", "weights")
    coarse = replace(open_body, **{name: getattr(open_body, name)[::stride] for name in names})
    assert len(coarse.thinned) < AVERAGED
    weights = smooth_weights(coarse, torch.tensor([[0.0, 0.0, 0.3], [0.1, -0.5, 0.0]]))
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(2))


def test_the_tree_of_a_body_is_built_once(open_body):
    before = open_body.thinned_tree
    smooth_weights(open_body, torch.zeros(2, 3))
    assert open_body.thinned_tree is before


def test_points_between_the_legs_are_there(open_body):
    points, facing = sample_between_legs(open_body, 300, torch.Generator().manual_seed(0))
    assert len(points) == 300
    ankle, hip = (open_body.joints[INDEX[f"left_{name}"]] for name in ("ankle", "hip"))
    assert points[:, 1].min() > ankle[1]
    assert points[:, 1].max() < hip[1] + 0.1
    assert points[:, 0].abs().max() < ankle[0] + 0.1
    assert abs(points[:, 0].mean().item()) < 0.03
    assert set(facing[:, 2].tolist()) == {-1.0, 1.0}
    away = torch.cdist(points, open_body.vertices).amin(dim=1)
    assert (away > 0.05).float().mean() > 0.3
    again, _ = sample_between_legs(open_body, 300, torch.Generator().manual_seed(0))
    assert torch.equal(points, again)
