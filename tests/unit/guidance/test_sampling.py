"""DDIM against cases whose answer is known, and pictures from tiny priors."""

import pytest
import torch
from diffusers import DDIMScheduler

from gaussianmotion.guidance.load import alpha_bar_of
from gaussianmotion.guidance.prior import DiffusionPrior
from gaussianmotion.guidance.sampling import ddim, ddim_timesteps, guided

ALPHA_BAR = torch.cumprod(
    1.0 - torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2, dim=0
).float()


def test_timesteps_fall_evenly_and_start_where_asked():
    assert ddim_timesteps(999, 4) == [999, 749, 500, 250]
    assert ddim_timesteps(600, 3) == [600, 400, 200]


def test_the_true_noise_leads_back_to_the_picture():
    clean = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    noise = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(1))

    def truth(latents, timesteps):
        level = ALPHA_BAR[timesteps][:, None, None, None]
        return (latents - level.sqrt() * clean) / (1.0 - level).sqrt()

    start = ALPHA_BAR[999].sqrt() * clean + (1.0 - ALPHA_BAR[999]).sqrt() * noise
    found = ddim(truth, ALPHA_BAR, start, ddim_timesteps(999, 10))
    torch.testing.assert_close(found, clean, atol=1e-3, rtol=0.0)


def test_the_optimal_denoiser_of_a_normal_distribution_reproduces_its_spread():
    # For data N(0, s^2) the best guess of the noise is linear, and the exact probability flow maps
    # N(0, 1) to N(0, s^2).
    spread = 0.3

    def best(latents, timesteps):
        level = ALPHA_BAR[timesteps][:, None, None, None]
        return latents * (1.0 - level).sqrt() / (level * spread**2 + 1.0 - level)

    start = torch.randn(4, 4, 32, 32, generator=torch.Generator().manual_seed(0))
    found = ddim(best, ALPHA_BAR, start, ddim_timesteps(999, 500))
    assert found.std().item() == pytest.approx(spread, rel=0.03)


def test_the_limit_clips_guesses_of_the_clean_picture():
    found = ddim(
        lambda latents, _: -100.0 * torch.ones_like(latents),
        ALPHA_BAR,
        torch.zeros(1, 4, 2, 2),
        ddim_timesteps(999, 3),
        limit=2.0,
    )
    assert found.abs().max() == 2.0


def test_guidance_scale_one_is_the_prompts_noise_and_zero_the_empty_prompts():
    null, text = torch.randn(2, 1, 4, 2, 2)
    torch.testing.assert_close(guided(null, text, 1.0), text)
    assert torch.equal(guided(null, text, 0.0), null)
    torch.testing.assert_close(guided(null, text, 3.0), 3.0 * text - 2.0 * null)


def sample(prior: DiffusionPrior, prompts: list[str], seed: int = 0, **options) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return prior.sample(prompts, steps=3, generator=generator, **options)


def test_samples_are_pictures_decided_by_their_seed(prior: DiffusionPrior):
    images = sample(prior, ["a man", "a suit"], size=64)
    assert images.shape == (2, 3, 64, 64)
    assert images.min() >= 0.0
    assert images.max() <= 1.0
    assert images.std() > 1e-3
    assert torch.equal(images, sample(prior, ["a man", "a suit"], size=64))
    assert not torch.equal(images, sample(prior, ["a man", "a suit"], seed=1, size=64))


def test_samples_follow_prompt_negative_prompt_and_pose(prior: DiffusionPrior):
    pose = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(5))
    image = sample(prior, ["a man"], pose_image=pose)
    assert image.shape == (1, 3, 64, 64)
    for other in (
        sample(prior, ["a red suit"], pose_image=pose),
        sample(prior, ["a man"], pose_image=pose, negative="blurry"),
        sample(prior, ["a man"], pose_image=pose.flip(-1)),
        sample(prior, ["a man"], size=64),
    ):
        assert (other - image).abs().max() > 1e-4


def test_the_models_own_size_is_used_where_none_is_given(prior: DiffusionPrior):
    side = 8 * prior.downscale
    assert sample(prior, ["a man"]).shape == (1, 3, side, side)


def test_image_to_image_stays_nearer_the_less_noise_is_added(prior: DiffusionPrior):
    start = prior.encode_image(torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(2)))
    plain = prior.decode(start)
    distances = [
        (sample(prior, ["a", "b"], start_latents=start, start_timestep=t) - plain).abs().mean()
        for t in (1, 200, 600)
    ]
    assert distances[0] < distances[1] < distances[2]


@pytest.mark.parametrize("limit", [None, 0.8])
def test_it_is_diffusers_ddim_on_the_same_path(limit):
    """Ours starts at any noise level, and distillation shares its parts."""
    clip = {"clip_sample": limit is not None, "clip_sample_range": limit or 1.0}
    schedule = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
    theirs = DDIMScheduler(**schedule, **clip, timestep_spacing="trailing")
    torch.testing.assert_close(theirs.alphas_cumprod, alpha_bar_of(schedule), rtol=1e-5, atol=0.0)
    theirs.set_timesteps(10)
    weights = torch.randn(4, 4, generator=torch.Generator().manual_seed(0)) / 2

    def predict(latents, timesteps):
        bent = torch.einsum("bchw,cd->bdhw", latents, weights)
        return torch.tanh(bent + timesteps[:, None, None, None] / 1000)

    start = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    expected = start
    for t in theirs.timesteps:
        noise = predict(expected, t.repeat(2))
        expected = theirs.step(noise, t, expected, use_clipped_model_output=True).prev_sample
    found = ddim(predict, theirs.alphas_cumprod, start, theirs.timesteps.tolist(), limit)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
