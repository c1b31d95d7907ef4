"""Every score against numbers computed by hand, and at the edges of its timestep rule."""

import pytest
import torch
from torch import Tensor

from gaussianmotion.guidance import scores

# One number per branch and sample, chosen so that every difference is distinct:
# delta_c = text - null = 2, 3, -1; delta_n = null - noise = 0.5, -1, 4.
TEXT = [3.0, 5.0, 6.0]
NULL = [1.0, 2.0, 7.0]
NEGATIVE = [0.25, 1.5, 3.0]
NOISE = [0.5, 3.0, 3.0]


def latents(values: list[float]) -> Tensor:
    return torch.tensor(values)[:, None, None, None].expand(-1, 4, 2, 2).clone()


def per_sample(delta: Tensor) -> list[float]:
    assert delta.shape == (3, 4, 2, 2)
    assert torch.equal(delta, delta[:, :1, :1, :1].expand_as(delta))
    return delta[:, 0, 0, 0].tolist()


def test_sds_is_the_noise_difference_plus_s_times_the_text_difference():
    delta = scores.sds(latents(TEXT), latents(NULL), latents(NOISE), 10.0)
    assert per_sample(delta) == [0.5 + 20.0, -1.0 + 30.0, 4.0 - 10.0]


def test_csd_is_the_text_difference_alone():
    delta = scores.csd(latents(TEXT), latents(NULL), 10.0)
    assert per_sample(delta) == [20.0, 30.0, -10.0]


def test_nfsd_changes_its_denoising_direction_at_timestep_200():
    delta = scores.nfsd(
        latents(TEXT), latents(NULL), latents(NEGATIVE), torch.tensor([199, 200, 980]), 10.0
    )
    assert per_sample(delta) == [1.0 + 20.0, (2.0 - 1.5) + 30.0, (7.0 - 3.0) - 10.0]


@pytest.mark.parametrize(("low_t_scale", "below"), [("s", 20.0), ("1", 2.0)])
def test_asd_drops_the_noise_difference_below_tau_and_keeps_it_at_tau(low_t_scale, below: float):
    delta = scores.asd(
        latents(TEXT),
        latents(NULL),
        latents(NOISE),
        torch.tensor([399, 400, 401]),
        scale=10.0,
        tau=400,
        low_t_scale=low_t_scale,
    )
    assert per_sample(delta) == [below, -1.0 + 30.0, 4.0 - 10.0]


def test_asd_with_tau_zero_is_sds_and_with_tau_above_all_timesteps_is_csd():
    t = torch.tensor([0, 500, 999])
    args = (latents(TEXT), latents(NULL), latents(NOISE), t, 7.5)
    assert torch.equal(scores.asd(*args, tau=0), scores.sds(*args[:3], 7.5))
    assert torch.equal(scores.asd(*args, tau=1000), scores.csd(*args[:2], 7.5))


def test_the_guidance_of_a_sample_depends_on_that_sample_alone():
    generator = torch.Generator().manual_seed(0)
    text, null, noise = torch.randn(3, 5, 4, 8, 8, generator=generator)
    t = torch.tensor([10, 399, 400, 700, 980])
    together = scores.asd(text, null, noise, t, 7.5, 400)
    for i in range(5):
        one = slice(i, i + 1)
        alone = scores.asd(text[one], null[one], noise[one], t[one], 7.5, 400)
        assert torch.equal(alone, together[one])


def test_weights_are_one_or_the_variance_of_the_noise():
    alpha_bar = torch.tensor([0.9, 0.5, 0.25])
    t = torch.tensor([2, 0])
    assert scores.weight(alpha_bar, t, "one").flatten().tolist() == [1.0, 1.0]
    variance = scores.weight(alpha_bar, t, "one_minus_alpha_bar")
    assert variance.shape == (2, 1, 1, 1)
    torch.testing.assert_close(variance.flatten(), torch.tensor([0.75, 0.1]))
