"""Gradients that pass through float16 keep their digits, however small they are."""

import pytest
import torch
from torch import nn

from gaussianmotion.guidance.networks import scale_gradient_between


def gradient(size: float, dtype: torch.dtype, scaled: bool) -> torch.Tensor:
    """Of a small encoder's input, where its output's gradient has this size."""
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(3, 8, 3), nn.SiLU(), nn.Conv2d(8, 4, 3)).to(dtype)
    picture = torch.rand(1, 3, 12, 12).requires_grad_()
    start = 2.0 * picture - 1.0
    end = layers(start.to(dtype)).float()
    if scaled:
        scale_gradient_between(start, end)
    (size * end * torch.randn_like(end)).sum().backward()
    assert picture.grad is not None
    return picture.grad


@pytest.mark.parametrize("size", [1e-9, 1e-6, 1.0, 1e4])
def test_a_gradient_of_any_size_survives(size: float) -> None:
    exact = gradient(size, torch.float32, scaled=False)
    plain = gradient(size, torch.float16, scaled=False)
    scaled = gradient(size, torch.float16, scaled=True)
    error, before = (((x - exact).norm() / exact.norm()).item() for x in (scaled, plain))
    assert error < 2e-3
    if size < 1e-5:  # what float16 alone makes of it
        assert before > 10 * error


def test_a_gradient_that_is_none_or_not_finite_stays_so() -> None:
    assert gradient(0.0, torch.float16, scaled=True).abs().max() == 0
    assert not gradient(float("nan"), torch.float16, scaled=True).isfinite().any()
