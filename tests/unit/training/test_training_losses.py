"""Eq. 7 and L_skin against values worked out by hand."""

import pytest
import torch

from gaussianmotion.training.losses import scale_loss, skinning_loss


def test_scale_loss_counts_what_the_largest_axis_exceeds():
    scales = torch.tensor([[0.03, 0.001, 0.02], [0.005, 0.009, 0.001], [0.0, 0.0, 0.012]])
    # Excess over 0.01: 0.02, none, 0.002; the mean of three.
    assert scale_loss(scales, 0.01).item() == pytest.approx(0.022 / 3, rel=1e-5)


def test_scale_loss_pulls_the_largest_axis_of_large_gaussians_only():
    scales = torch.tensor([[0.03, 0.001, 0.02], [0.005, 0.009, 0.001]], requires_grad=True)
    scale_loss(scales, 0.01).backward()
    assert torch.equal(scales.grad, torch.tensor([[0.5, 0.0, 0.0], [0.0, 0.0, 0.0]]))


def test_skinning_loss_is_the_mean_squared_distance_of_rows():
    weights = torch.tensor([[0.5, 0.5], [1.0, 0.0]])
    smpl = torch.tensor([[0.75, 0.25], [0.0, 1.0]])
    assert skinning_loss(weights, smpl).item() == pytest.approx((0.125 + 2.0) / 2)
