"""Posing Gaussians: covariances, and the fused kernel against plain torch."""

import pytest
import torch

from gaussianmotion.splat.covariance import covariances
from gaussianmotion.splat.skinned import skin_gaussians, skin_gaussians_torch


def _inputs(count, batch, joints, dtype=torch.float32, seed=0):
    generator = torch.Generator().manual_seed(seed)
    normal = lambda *shape: torch.randn(*shape, generator=generator)  # noqa: E731
    inputs = (
        normal(count, 3),
        normal(count, 4),
        normal(count, 3).abs() + 0.1,
        normal(count, joints).softmax(dim=-1),
        normal(batch, joints, 4, 4),
    )
    return [tensor.to(dtype).requires_grad_() for tensor in inputs]


@pytest.mark.parametrize(
    ("count", "batch", "joints"), [(37, 2, 24), (5000, 3, 5), (1, 1, 1), (2048, 1, 8), (0, 2, 24)]
)
def test_the_kernel_agrees_with_torch(count, batch, joints):
    fast = _inputs(count, batch, joints)
    exact = [tensor.detach().double().requires_grad_() for tensor in fast]
    results, expected = skin_gaussians(*fast), skin_gaussians_torch(*exact)
    generator = torch.Generator().manual_seed(1)
    weights = [torch.randn(result.shape, generator=generator) for result in results]
    gradients = torch.autograd.grad(results, fast, weights)
    slopes = torch.autograd.grad(expected, exact, [weight.double() for weight in weights])
    for actual, right in zip((*results, *gradients), (*expected, *slopes), strict=True):
        assert actual.shape == right.shape
        if right.numel():
            assert (actual - right).abs().max() <= 1e-5 * right.abs().max()


def test_the_gradient_of_the_torch_twin_is_its_slope():
    assert torch.autograd.gradcheck(skin_gaussians_torch, _inputs(3, 2, 4, torch.float64))


def test_float64_is_kept():
    posed, covars = skin_gaussians(*_inputs(4, 1, 3, torch.float64))
    assert posed.dtype == covars.dtype == torch.float64


def test_a_rigid_joint_moves_and_turns_a_gaussian():
    quarter_turn = torch.tensor(
        [[0.0, -1.0, 0.0, 5.0], [1.0, 0.0, 0.0, 6.0], [0.0, 0.0, 1.0, 7.0], [0.0, 0.0, 0.0, 1.0]]
    )
    posed, covars = skin_gaussians(
        torch.tensor([[1.0, 0.0, 0.0]]),
        torch.tensor([[2.0, 0.0, 0.0, 0.0]]),
        torch.tensor([[3.0, 2.0, 1.0]]),
        torch.tensor([[0.0, 1.0]]),
        torch.stack([torch.zeros(4, 4), quarter_turn])[None],
    )
    assert posed.flatten().tolist() == [5.0, 7.0, 7.0]
    assert torch.equal(covars[0, 0], torch.diag(torch.tensor([4.0, 9.0, 1.0])))


def test_a_quaternion_turns_the_long_axis():
    half = 0.5**0.5
    covars = covariances(torch.tensor([[half, 0.0, 0.0, half]]), torch.tensor([[3.0, 1.0, 2.0]]))
    expected = torch.diag(torch.tensor([1.0, 9.0, 4.0]))
    torch.testing.assert_close(covars[0, 0], expected, rtol=0, atol=1e-5)


def test_wrong_shapes_are_named():
    inputs = _inputs(4, 1, 3)
    inputs[4] = torch.zeros(1, 5, 4, 4)
    with pytest.raises(Exception, match="transforms"):
        skin_gaussians(*inputs)
