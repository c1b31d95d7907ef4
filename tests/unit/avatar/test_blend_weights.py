"""Blend weights: the body's own at the start, a proper distribution always (eq. 4)."""

import pytest
import torch

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.avatar.skinning import SkinningField, blend_weights

BOX = torch.tensor([[-1.0, -1.2, -0.3], [1.0, 0.6, 0.4]])


def test_training_starts_from_the_bodys_weights(open_body):
    avatar = Avatar.on_body(open_body, 300, 0.9, torch.Generator().manual_seed(0))
    assert torch.allclose(avatar.weights(), avatar.smpl_weights, atol=2e-3)
    assert torch.equal(avatar.smpl_weights, open_body.nearest_weights(avatar.means.detach()))


def test_without_a_field_the_weights_are_the_bodys(open_body):
    avatar = Avatar.on_body(open_body, 50, 0.9, torch.Generator(), residual_skinning=False)
    assert avatar.skinning is None
    assert torch.equal(avatar.weights(), avatar.smpl_weights)


def test_norm_clamps_at_zero_and_divides_by_the_sum():
    smpl = torch.tensor([[0.75, 0.25, 0.0]])
    residual = torch.tensor([[0.25, -0.5, 0.25]])
    assert torch.allclose(blend_weights(residual, smpl), torch.tensor([[0.8, 0.0, 0.2]]))


def test_a_row_that_the_residual_empties_is_not_nan():
    weights = blend_weights(torch.full((1, 3), -2.0), torch.tensor([[1.0, 0.0, 0.0]]))
    assert torch.equal(weights, torch.zeros(1, 3))


def test_the_field_sees_positions_relative_to_the_box():
    field = SkinningField(BOX, 24, torch.Generator().manual_seed(0))
    doubled = SkinningField(2.0 * BOX, 24, torch.Generator().manual_seed(0))
    points = torch.rand(20, 3)
    assert torch.allclose(field(points), doubled(2.0 * points), atol=1e-8)


def test_the_field_has_the_published_size():
    field = SkinningField(BOX, 24)
    shapes = [tuple(p.shape) for name, p in field.named_parameters() if name.endswith("weight")]
    assert shapes == [(128, 3), (128, 128), (128, 128), (128, 128), (24, 128)]
    last = field.layers[-1].weight
    assert last.std().item() == pytest.approx(1e-5, rel=0.2)


def test_refresh_follows_the_means(open_body):
    avatar = Avatar.on_body(open_body, 20, 0.9, torch.Generator().manual_seed(0))
    left_hand = open_body.joints[22]
    avatar.means.data[:] = left_hand
    assert not torch.equal(avatar.smpl_weights, open_body.nearest_weights(avatar.means.detach()))
    avatar.refresh_smpl_weights(open_body)
    assert (avatar.smpl_weights[:, 20:23:2].sum(dim=1) > 0.9).all()  # left wrist and hand
