"""The scores of score distillation, as pure functions of predicted noises.

Every function returns delta, the direction whose product with w(t) is taken for the gradient with
respect to the latents. All share names and shapes:

    eps_text:     eps(x_t; y, t, p), noise predicted with the prompt, shape (B, C, h, w).
    eps_null:     eps(x_t; t, p), with the empty prompt.
    eps_negative: with the prompt of the unwanted.
    noise:        the noise that was added to the latents.
    timesteps:    0..999 for each sample, shape (B,).
    scale:        s, the guidance scale.

The pose image p is the same in all branches. GaussianMotion eq. 5 names two differences:
delta_n = eps_null - noise pulls toward what is likely, delta_c = eps_text - eps_null toward what
the text says.
"""

from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

NFSD_TIMESTEP = 200
"""Below it NFSD takes the empty prompt's prediction for the denoising direction, as published."""

Latents = Float[Tensor, "B C h w"]
Timesteps = Int[Tensor, " B"]


def sds(eps_text: Latents, eps_null: Latents, noise: Latents, scale: float) -> Latents:
    """Score distillation sampling (DreamFusion) with classifier-free guidance: eq. 5's delta."""
    return (eps_null - noise) + scale * (eps_text - eps_null)


def csd(eps_text: Latents, eps_null: Latents, scale: float) -> Latents:
    """Classifier score distillation: the text's difference alone.

    Published with ``scale`` 1. Adam does not see a constant factor, but the other terms of eq. 8
    would weigh ``scale`` times more against it than against SDS or ASD; so it stays.
    """
    return scale * (eps_text - eps_null)


def nfsd(
    eps_text: Latents, eps_null: Latents, eps_negative: Latents, timesteps: Timesteps, scale: float
) -> Latents:
    """Noise-free score distillation, the form HumanGaussian uses.

    The random noise is replaced by what the network itself predicts: near the data (t below
    :data:`NFSD_TIMESTEP`) eps_null is the denoising direction; above, eps_null - eps_negative is.
    """
    low = (timesteps < NFSD_TIMESTEP)[:, None, None, None]
    denoising = torch.where(low, eps_null, eps_null - eps_negative)
    return denoising + scale * (eps_text - eps_null)


def asd(
    eps_text: Latents,
    eps_null: Latents,
    noise: Latents,
    timesteps: Timesteps,
    scale: float,
    tau: int,
    low_t_scale: Literal["s", "1"] = "s",
) -> Latents:
    """Adaptive score distillation (GaussianMotion eq. 6): no delta_n below ``tau``.

    Args:
        tau: Timesteps below it use delta_c alone; ``tau`` itself uses the full delta.
        low_t_scale: Factor of delta_c below ``tau``: "s" keeps its size on both sides of ``tau``;
            "1" is eq. 6 as printed, a jump by ``scale``.
    """
    delta_c = eps_text - eps_null
    full = (eps_null - noise) + scale * delta_c
    low = delta_c * (scale if low_t_scale == "s" else 1.0)
    return torch.where((timesteps < tau)[:, None, None, None], low, full)


def weight(
    alpha_bar: Float[Tensor, " T"],
    timesteps: Timesteps,
    weighting: Literal["one", "one_minus_alpha_bar"],
) -> Float[Tensor, "B 1 1 1"]:
    """w(t) of eq. 2, per sample.

    Args:
        alpha_bar: Cumulative product of the scheduler's alphas, per timestep.
        timesteps: Per sample.
        weighting: 1, or the variance of the noise, 1 - alpha_bar(t).
    """
    noise_variance = 1.0 - alpha_bar[timesteps]
    chosen = torch.ones_like(noise_variance) if weighting == "one" else noise_variance
    return chosen[:, None, None, None]
