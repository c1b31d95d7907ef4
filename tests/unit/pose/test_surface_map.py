"""A surface map says which point of the body a pixel sees, whatever the pose and the view."""

import numpy as np
import pytest
import torch

from gaussianmotion.body import Body, posed_body
from gaussianmotion.body.posed_body import PosedBody
from gaussianmotion.body.poses import a_pose, star_pose
from gaussianmotion.camera import Cameras, orbit
from gaussianmotion.pose.condition import condition_image
from gaussianmotion.pose.openpose import pose_image
from gaussianmotion.pose.surface_map import (
    DARKEST,
    draw_surface,
    mirrored_surface,
    surface_codes,
    surface_image,
)

SIZE = 256


def camera(azimuth: float) -> Cameras:
    one = torch.ones(1)
    target = torch.tensor([[0.0, -0.1, 0.0]])
    return orbit(azimuth * one, 0 * one, 2.6 * one, 50 * one, target, SIZE)


def at(image: torch.Tensor, point: torch.Tensor) -> torch.Tensor:
    """The colour of the pixel that a projected point is in."""
    return image[:, int(point[1]), int(point[0])]


def test_codes_are_places_on_the_body_and_never_black():
    points = torch.tensor([[0.0, -1.0, 0.0], [0.0, 0.8, 0.0], [0.9, 0.5, 0.05], [-0.9, 0.5, -0.05]])
    codes = surface_codes(points, floor=-1.0, height=1.8)
    assert codes.min() >= DARKEST
    torch.testing.assert_close(codes[:2, 1], torch.tensor([DARKEST, 1.0]))
    torch.testing.assert_close(codes[:2, 0], torch.full((2,), DARKEST + 0.9 / 2))
    torch.testing.assert_close(codes[2, [0, 2]] + codes[3, [0, 2]], torch.full((2,), 1 + DARKEST))


@pytest.mark.parametrize("pose", [star_pose(), a_pose()], ids=["star", "a"])
@pytest.mark.parametrize("azimuth", [0.0, 25.0])
def test_a_point_has_one_colour_in_all_poses_and_views(
    open_body: Body, pose: torch.Tensor, azimuth: float
) -> None:
    codes = surface_codes(open_body.rest_vertices, open_body.floor, open_body.height)
    image = surface_image(PosedBody.of(open_body, pose[None]), camera(azimuth))[0]
    nose = open_body.landmarks[:1]
    projected = camera(azimuth).project(open_body.posed_vertices(pose[None]))[0, nose][0]
    torch.testing.assert_close(at(image, projected), codes[nose][0], atol=0.04, rtol=0.0)


def test_front_and_back_differ_and_the_ground_is_black(open_body: Body) -> None:
    front, back = (
        surface_image(PosedBody.of(open_body, a_pose()[None]), camera(azimuth))[0]
        for azimuth in (0.0, 180.0)
    )
    seen = (front > 0).any(0) & (back > 0).any(0)
    assert seen.sum() > 1000
    assert (front[2] - back[2])[seen].mean() > 0.25
    assert (front[:, :4] == 0).all()
    assert front[front > 0].min() > 0.99 * DARKEST


def test_a_mirrored_map_is_that_of_the_mirrored_body(open_body: Body) -> None:
    pose = a_pose()[None]
    front = surface_image(PosedBody.of(open_body, pose), camera(0.0))
    error = (mirrored_surface(front) - front).abs()
    assert error.mean() < 0.004
    left, right = (
        surface_image(PosedBody.of(open_body, pose), camera(azimuth)) for azimuth in (60.0, -60.0)
    )
    assert (mirrored_surface(left) - right).abs().mean() < 0.006
    assert (left - right).abs().mean() > 0.02


def test_the_nearer_of_two_triangles_is_seen():
    corners = np.array([[0, 0], [8, 0], [0, 8]], np.float32)
    projected = np.concatenate(
        [np.column_stack([corners, np.full(3, z, np.float32)]) for z in (2.0, 1.0, -1.0)]
    ).astype(np.float32)
    codes = np.repeat(np.array([[0.2], [0.6], [0.9]], np.float32), 3, axis=0).repeat(3, axis=1)
    faces = np.arange(9, dtype=np.int32).reshape(3, 3)
    image = draw_surface(projected, faces, codes, 8, 8)
    assert image[1, 1] == pytest.approx([0.6] * 3)
    assert (image[7, 7] == 0).all()


def test_a_condition_has_the_channels_that_the_prior_reads(open_body: Body) -> None:
    skeleton = pose_image(PosedBody.of(open_body, a_pose()[None]), camera(0.0))
    surface = surface_image(PosedBody.of(open_body, a_pose()[None]), camera(0.0))
    both = condition_image(open_body, a_pose()[None], camera(0.0), channels=6)
    torch.testing.assert_close(condition_image(open_body, a_pose()[None], camera(0.0)), skeleton)
    torch.testing.assert_close(both, torch.cat([skeleton, surface], dim=1))


def test_bodies_that_are_skinned_once_are_drawn_bit_for_bit_as_apart(
    open_body: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    poses, azimuths = torch.stack([star_pose(), a_pose()]), torch.tensor([30.0, 200.0])
    ones = torch.ones(2)
    views = orbit(azimuths, 0 * ones, 2.6 * ones, 50 * ones, torch.zeros(2, 3), SIZE)
    skeletons = pose_image(PosedBody.of(open_body, poses), views)
    codes = surface_codes(open_body.rest_vertices, open_body.floor, open_body.height).numpy()
    surfaces = [
        draw_surface(view.numpy(), open_body.faces.int().numpy(), codes, SIZE, SIZE)
        for view in views.project(open_body.posed_vertices(poses))
    ]
    skinned: list[int] = []
    skin = posed_body.skin

    def counted(points: torch.Tensor, weights: torch.Tensor, transforms: torch.Tensor):
        skinned.append(len(transforms))
        return skin(points, weights, transforms)

    monkeypatch.setattr(posed_body, "skin", counted)
    both = condition_image(open_body, poses, views, channels=6)
    assert torch.equal(both[:, :3], skeletons)
    assert torch.equal(both[:, 3:], torch.from_numpy(np.stack(surfaces)).permute(0, 3, 1, 2))
    assert skinned == [2]
