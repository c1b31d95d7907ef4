"""From a clean picture to a noisy one along the prior's own path: DDIM run backward.

Random noise is what makes score distillation slow and smooth: each step pulls toward another
picture. Two published rules find the noise by inversion instead, and differ in where it is found.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussianmotion.guidance.sampling import Latents, Predict, guess


@torch.no_grad()
def invert(
    predict: Predict,
    alpha_bar: Float[Tensor, " T"],
    latents: Latents,
    timesteps: Int[Tensor, " B"],
    steps: int,
) -> Latents:
    """Noisy latents x_t whose DDIM path leads back to clean ones (Song et al. 2021, eq. 13).

    The path has ``steps`` equal intervals from 0 to each sample's timestep. On each, the noise
    that is predicted at its beginning is used up to its end.

    Args:
        predict: Function that predicts the noise in latents at timesteps (B,).
        alpha_bar: Cumulative product of the alphas, per timestep.
        latents: Clean latents.
        timesteps: Timestep at which each sample shall arrive.
        steps: Evaluations of ``predict``, at least 1.
    """
    x, now = latents, torch.zeros_like(timesteps)
    level = torch.ones_like(alpha_bar[now])  # the data themselves
    for index in range(1, steps + 1):
        following = timesteps * index // steps
        x = move(x, predict(x, now), level, alpha_bar[following])
        now, level = following, alpha_bar[following]
    return x


@torch.no_grad()
def denoise(
    predict: Predict,
    alpha_bar: Float[Tensor, " T"],
    latents: Latents,
    timesteps: Int[Tensor, " B"],
    steps: int,
    limit: float | None = None,
) -> Latents:
    """Clean latents at the end of DDIM paths that begin at each sample's own timestep.

    Args:
        predict: Function that predicts the noise in latents at timesteps (B,).
        alpha_bar: Cumulative product of the alphas, per timestep.
        latents: Noisy latents, at the noise level of ``timesteps``.
        timesteps: Timestep at which each sample begins.
        steps: Evaluations of ``predict``, on equal intervals down to the data.
        limit: Guesses of the clean latents are clipped to this magnitude.
    """
    x, now = latents, timesteps
    for index in range(1, steps + 1):
        noise, level = predict(x, now), alpha_bar[now][:, None, None, None]
        clean, noise = guess(x, noise, level, limit)
        if index == steps:
            break
        now = timesteps * (steps - index) // steps
        level = alpha_bar[now][:, None, None, None]
        x = level.sqrt() * clean + (1.0 - level).sqrt() * noise
    return clean


def move(
    x: Latents, noise: Latents, level: Float[Tensor, " B"], target: Float[Tensor, " B"]
) -> Latents:
    """One step of DDIM, in either direction.

    Args:
        x: Latents at noise level ``level``.
        noise: Noise that was predicted for them.
        level: alpha_bar of each sample now.
        target: alpha_bar of each sample afterwards.
    """
    level, target = level[:, None, None, None], target[:, None, None, None]
    clean = (x - (1.0 - level).sqrt() * noise) / level.sqrt()
    return target.sqrt() * clean + (1.0 - target).sqrt() * noise


def noise_between(clean: Latents, noisy: Latents, level: Float[Tensor, " B"]) -> Latents:
    """The noise that makes ``noisy`` of ``clean`` at the level alpha_bar."""
    level = level[:, None, None, None]
    return (noisy - level.sqrt() * clean) / (1.0 - level).sqrt()
