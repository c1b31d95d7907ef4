"""An avatar starts as the body's skin and follows its poses."""

import math

import pytest
import torch

from gaussianmotion.avatar.gaussians import (
    FAINT,
    GAUSSIAN_FIELDS,
    LIGHTEST,
    Avatar,
    colour_logits,
    quats_facing,
)
from gaussianmotion.body.poses import a_pose, star_pose, t_pose
from gaussianmotion.camera import orbit
from gaussianmotion.splat.covariance import covariances, rotation_matrices


@pytest.fixture
def fresh(open_body):
    return Avatar.on_body(open_body, 500, 0.9, torch.Generator().manual_seed(0))


def front_camera(size, count=1):
    return orbit(
        torch.zeros(count),
        torch.zeros(count),
        torch.full((count,), 3.0),
        torch.full((count,), 45.0),
        torch.tensor([[0.0, -0.1, 0.0]]).expand(count, 3),
        size,
    )


def test_starts_on_the_surface_grey_and_as_opaque_as_asked(open_body, fresh):
    nearest = torch.cdist(fresh.means.detach(), open_body.vertices).amin(dim=1)
    assert nearest.max() < 0.05
    assert torch.allclose(fresh.rgb, torch.full((500, 3), 0.5))
    assert torch.allclose(fresh.opacities, torch.full((500,), 0.9), atol=1e-6)


def test_starts_as_discs_that_lie_on_the_skin(open_body, fresh):
    scales = fresh.scales.detach()
    assert (scales[:, 2] < 0.5 * scales[:, 0]).all()
    assert torch.equal(scales[:, 0], scales[:, 1])
    thin_axis = rotation_matrices(fresh.quats.detach())[:, :, 2]
    nearest = torch.cdist(fresh.means.detach(), open_body.vertices).argmin(dim=1)
    agreement = (thin_axis * open_body.normals[nearest]).sum(dim=1)
    assert agreement.quantile(0.1) > 0.8


def test_more_gaussians_are_smaller(open_body):
    few, many = (
        Avatar.on_body(open_body, n, 0.9, torch.Generator().manual_seed(0)) for n in (200, 3200)
    )
    # 16 times the density is a quarter of the spacing.
    ratio = (few.scales.median() / many.scales.median()).item()
    assert ratio == pytest.approx(4.0, rel=0.25)


def test_a_seed_decides_the_start(open_body):
    one, same, other = (
        Avatar.on_body(open_body, 50, 0.9, torch.Generator().manual_seed(seed)).state_dict()
        for seed in (1, 1, 2)
    )
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["means"], other["means"])


@pytest.mark.parametrize(
    "normal", [(0.0, 0.0, 1.0), (0.0, 0.0, -1.0), (1.0, 0.0, 0.0), (0.6, -0.48, 0.64)]
)
def test_quats_turn_z_to_the_normal(normal):
    wanted = torch.tensor([normal])
    turned = rotation_matrices(quats_facing(wanted))[0, :, 2]
    assert torch.allclose(turned, wanted[0], atol=1e-6)


def test_the_star_pose_leaves_everything_in_place(open_body, fresh):
    means, covars, _ = fresh.posed(open_body, star_pose()[None])
    assert torch.allclose(means[0], fresh.means, atol=1e-5)
    assert torch.allclose(covars, covariances(fresh.quats, fresh.scales), atol=1e-7)


def test_posed_gaussians_follow_the_posed_body(open_body):
    """Gaussians put on vertices move as the vertices do."""
    chosen = torch.arange(0, len(open_body.vertices), 97)
    points = open_body.vertices[chosen]
    fresh = Avatar.on_body(open_body, len(chosen), 0.9, torch.Generator(), residual_skinning=False)
    fresh.means.data = points
    fresh.refresh_smpl_weights(open_body)
    poses = torch.stack([a_pose(), t_pose()])
    means, _, _ = fresh.posed(open_body, poses)
    assert torch.allclose(means, open_body.posed_vertices(poses)[:, chosen], atol=1e-4)


def test_covariances_turn_with_the_body(open_body, fresh):
    pose = star_pose()
    pose[0, 1] = math.pi / 2  # the root turns left about y: x goes to -z, z to x
    _, covars, _ = fresh.posed(open_body, pose[None])
    turn = torch.tensor([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
    before = covariances(fresh.quats, fresh.scales)
    assert torch.allclose(covars, turn @ before @ turn.T, atol=1e-6)


def test_weights_given_are_used(open_body, fresh):
    pelvis_only = torch.zeros(500, 24)
    pelvis_only[:, 0] = 1.0
    means, _, _ = fresh.posed(open_body, t_pose()[None], weights=pelvis_only)
    assert torch.allclose(means[0], fresh.means, atol=1e-5)


def test_the_left_hand_is_at_the_right_of_a_front_view(open_body, fresh):
    with torch.no_grad():
        fresh.colours.data[fresh.means[:, 0] > 0.5] = torch.tensor([9.0, -9.0, -9.0])
        fresh.colours.data[fresh.means[:, 0] < -0.5] = torch.tensor([-9.0, -9.0, 9.0])
        rgb = fresh.render(open_body, t_pose()[None], front_camera(64)).rgb[0]
    red_column = rgb[..., 0].sub(rgb[..., 2]).clamp(min=0).sum(0) @ torch.arange(64.0)
    blue_column = rgb[..., 2].sub(rgb[..., 0]).clamp(min=0).sum(0) @ torch.arange(64.0)
    red_column /= rgb[..., 0].sub(rgb[..., 2]).clamp(min=0).sum()
    blue_column /= rgb[..., 2].sub(rgb[..., 0]).clamp(min=0).sum()
    assert red_column > 40
    assert blue_column < 24


def test_gradient_reaches_every_parameter(open_body, avatar):
    poses = torch.stack([a_pose(), t_pose()])
    picture = avatar.render(open_body, poses, front_camera(48, 2), torch.ones(2, 3)).rgb
    weighting = torch.rand(picture.shape, generator=torch.Generator().manual_seed(0))
    (picture * weighting).sum().backward()
    for name, parameter in avatar.named_parameters():
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name
    assert {name for name, _ in avatar.named_parameters()} > set(GAUSSIAN_FIELDS)


def test_a_skirts_gaussians_begin_faint_between_the_legs(open_body):
    generator = torch.Generator().manual_seed(0)
    avatar = Avatar.on_body(open_body, 400, 0.9, generator, skirt=0.25, smooth=True)
    assert len(avatar) == 500
    torch.testing.assert_close(avatar.opacities[:400], torch.full((400,), 0.9))
    torch.testing.assert_close(avatar.opacities[400:], torch.full((100,), FAINT))
    away = torch.cdist(avatar.means, open_body.vertices).amin(dim=1)
    assert away[:400].max() < 0.05
    assert away[400:].max() > 0.1
    torch.testing.assert_close(avatar.smpl_weights.sum(dim=1), torch.ones(500))
    before = avatar.smpl_weights.clone()
    avatar.refresh_smpl_weights(open_body, smooth=True)
    torch.testing.assert_close(avatar.smpl_weights, before)


def test_a_skirt_of_less_than_half_a_gaussian_is_none(open_body):
    avatar = Avatar.on_body(open_body, 400, 0.9, torch.Generator().manual_seed(0), skirt=0.001)
    assert len(avatar) == 400


def test_what_is_too_light_keeps_its_hue_and_has_finite_logits():
    skin = torch.tensor([0.9, 0.66, 0.54])
    rgb = torch.stack([1.28 * skin, 0.5 * skin, torch.ones(3), torch.zeros(3)])
    logits = colour_logits(rgb)
    assert logits.isfinite().all()
    back = logits.sigmoid()
    torch.testing.assert_close(back[0], LIGHTEST / 0.9 * skin)
    torch.testing.assert_close(back[1], 0.5 * skin)
    assert back[2].min() > 0.99
    assert back[3].max() < 0.01
