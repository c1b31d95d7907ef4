"""Inversion against numbers computed by hand."""

import pytest
import torch
from torch import Tensor

from gaussianmotion.guidance.inversion import invert, move, noise_between

# Square roots of these and of their complements are short: 0.8, 0.6; 0.6, 0.8.
ALPHA_BAR = torch.tensor([1.0, 0.64, 0.36])
ONE = torch.ones(1, 1, 1, 1)


def half(x: Tensor, timesteps: Tensor) -> Tensor:
    """A prior whose noise is half of what it sees."""
    return 0.5 * x


def test_two_steps_of_inversion_by_hand():
    # 0.8 * 1 + 0.6 * 0.5 = 1.1; its noise 0.55 leaves (1.1 - 0.33) / 0.8 = 0.9625 clean;
    # 0.6 * 0.9625 + 0.8 * 0.55 = 1.0175.
    x = invert(half, ALPHA_BAR, ONE, torch.tensor([2]), steps=2)
    assert x.item() == pytest.approx(1.0175)
    one_step = invert(half, ALPHA_BAR, ONE, torch.tensor([2]), steps=1)
    assert one_step.item() == pytest.approx(0.6 + 0.8 * 0.5)


def test_each_sample_arrives_at_its_own_timestep():
    x = invert(half, ALPHA_BAR, ONE.repeat(2, 1, 1, 1), torch.tensor([1, 2]), steps=1)
    assert x.flatten().tolist() == pytest.approx([0.8 + 0.3, 0.6 + 0.4])


def test_moving_back_undoes_moving_forth():
    noise = torch.full_like(ONE, 0.3)
    noisy = move(ONE, noise, ALPHA_BAR[[0]], ALPHA_BAR[[2]])
    assert move(noisy, noise, ALPHA_BAR[[2]], ALPHA_BAR[[0]]).item() == pytest.approx(1.0)
    assert noise_between(ONE, noisy, ALPHA_BAR[[2]]).item() == pytest.approx(0.3)


def test_of_a_prior_that_sees_the_same_noise_everywhere_any_number_of_steps_finds_it():
    generator = torch.Generator().manual_seed(0)
    clean, noise = torch.randn(2, 3, 4, 2, 2, generator=generator)
    alpha_bar = torch.linspace(0.999, 0.01, 1000)
    t = torch.tensor([40, 500, 999])
    for steps in (1, 3, 7):
        x = invert(lambda x, t: noise, alpha_bar, clean, t, steps)
        torch.testing.assert_close(noise_between(clean, x, alpha_bar[t]), noise)
