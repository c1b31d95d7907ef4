"""Cameras that keep everybody in view, and the floor under them."""

import pytest
import torch

from gaussianmotion.config import RenderConfig
from gaussianmotion.rendering.cameras import fitted_orbit, moved, repeated, smoothed
from gaussianmotion.rendering.ground import floor_layer

CONFIG = RenderConfig()
WHITE = torch.ones(3)


@pytest.fixture
def cloud() -> torch.Tensor:
    points = torch.rand(200, 3, generator=torch.Generator().manual_seed(0)) - 0.5
    return points * torch.tensor([1.2, 1.8, 0.6]) + torch.tensor([3.0, 1.0, -2.0])


@pytest.mark.parametrize("elevation", [-20.0, 0.0, 30.0])
def test_every_point_is_inside_and_none_is_wasted(cloud, elevation):
    azimuths = torch.linspace(-180.0, 180.0, 9)[:-1]
    cameras = fitted_orbit(cloud, azimuths, elevation, 100, CONFIG)
    pixels = cameras.project(cloud.expand(len(cameras), -1, -1))[..., :2]
    free = CONFIG.margin * 100
    assert pixels.min() > free
    assert pixels.max() < 100 - free
    assert (pixels - 50).abs().max() > 33  # as near as the room around the points lets it


def test_all_azimuths_are_seen_from_one_distance(cloud):
    cameras = fitted_orbit(cloud, torch.tensor([0.0, 45.0, 90.0]), 10.0, 64, CONFIG)
    middle = 0.5 * (cloud.amin(0) + cloud.amax(0))
    depth = cameras.project(middle.expand(3, 1, 3))[:, 0, 2]
    torch.testing.assert_close(depth, depth[:1].expand(3))


def test_moving_the_camera_is_moving_the_world_back(cloud):
    camera = repeated(fitted_orbit(cloud, torch.tensor([30.0]), 10.0, 64, CONFIG), 2)
    offsets = torch.tensor([[0.0, 0.0, 0.0], [0.4, -0.2, 1.0]])
    here = moved(camera, offsets).project(cloud.expand(2, -1, -1))
    there = camera.project(cloud - offsets[:, None])
    torch.testing.assert_close(here, there, rtol=1e-4, atol=1e-3)


def test_smoothing_keeps_a_straight_path_and_calms_a_shaky_one():
    straight = torch.linspace(0.0, 3.0, 40)[:, None] * torch.tensor([1.0, 0.0, 2.0])
    torch.testing.assert_close(smoothed(straight, 5.0), straight, rtol=1e-4, atol=1e-4)
    shaky = straight.clone()
    shaky[::2, 0] += 0.1
    jerk = smoothed(shaky, 5.0).diff(dim=0).diff(dim=0).abs().max()
    assert jerk < 0.05 * shaky.diff(dim=0).diff(dim=0).abs().max()


def test_shadow_is_dark_under_a_foot_and_pale_under_a_jump():
    points = torch.tensor([[-0.5, 0.0, -0.5], [0.5, 1.8, 0.5]])
    camera = fitted_orbit(points, torch.tensor([0.0]), 20.0, 128, CONFIG)
    column, row, _ = camera.project(torch.zeros(1, 1, 3))[0, 0].round().long().tolist()

    def under(height: float) -> float:
        joints = torch.tensor([[[0.0, height, 0.0]]])
        return float(floor_layer(camera, joints, 0.0, WHITE)[0, row, column].mean())

    assert under(0.05) < 0.85
    assert under(0.05) < under(0.3) < under(1.0) < 1.0 + 1e-6
    layer = floor_layer(camera, torch.tensor([[[0.0, 0.05, 0.0]]]), 0.0, WHITE)
    assert layer[0, row, 2].min() > 0.93  # and not far away


def test_there_is_no_floor_above_the_horizon():
    points = torch.tensor([[-0.5, 0.0, -0.5], [0.5, 1.8, 0.5]])
    level = fitted_orbit(points, torch.tensor([0.0]), 0.0, 64, CONFIG)
    layer = floor_layer(level, torch.tensor([[[0.0, 0.05, 0.0]]]), 0.0, WHITE)[0]
    assert (layer[:31] == 1.0).all()
    assert layer[33:].min() < 1.0
    below = fitted_orbit(points, torch.tensor([0.0]), -40.0, 64, CONFIG)
    seen = floor_layer(below, torch.tensor([[[0.0, 0.05, 0.0]]]), 0.0, WHITE)[0]
    assert seen.isfinite().all()
    assert (seen == 1.0).all()  # from below the floor, nothing
