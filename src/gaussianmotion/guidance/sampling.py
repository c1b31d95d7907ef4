"""Pictures out of a noise predictor: deterministic DDIM (Song et al. 2021, eta 0)."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

Latents = Float[Tensor, "B C h w"]
Predict = Callable[[Latents, Int[Tensor, " B"]], Latents]


def ddim_timesteps(start: int, steps: int) -> list[int]:
    """``steps`` evenly spaced timesteps falling from ``start``; the data comes after the last."""
    return [round(start * (1.0 - i / steps)) for i in range(steps)]


@torch.no_grad()
def ddim(
    predict: Predict,
    alpha_bar: Float[Tensor, " T"],
    latents: Latents,
    timesteps: list[int],
    limit: float | None = None,
) -> Latents:
    """Follow the deterministic path from noisy latents to clean ones.

    Args:
        predict: Noise in latents at timesteps (B,).
        alpha_bar: Cumulative product of the alphas.
        latents: Latents at the noise level of ``timesteps[0]``.
        timesteps: Falling, as :func:`ddim_timesteps` gives them.
        limit: Guesses of the clean latents are clipped to this magnitude: strong guidance
            overshoots at the first steps, and what follows saturates.
    """
    for now, following in zip(timesteps, [*timesteps[1:], None], strict=True):
        noise = predict(latents, torch.full((len(latents),), now, device=latents.device))
        clean, noise = guess(latents, noise, alpha_bar[now], limit)
        if following is None:
            return clean
        level = alpha_bar[following]
        latents = level.sqrt() * clean + (1.0 - level).sqrt() * noise
    return latents


def guess(
    latents: Latents, noise: Latents, level: Tensor, limit: float | None
) -> tuple[Latents, Latents]:
    """The clean latents that predicted noise leads to, and the noise that leads to them.

    Args:
        latents: At noise level ``level``.
        noise: Predicted for them.
        level: alpha_bar, one for all or broadcast over the latents.
        limit: The clean latents are clipped to this magnitude, and the noise follows.
    """
    clean = (latents - (1.0 - level).sqrt() * noise) / level.sqrt()
    if limit is not None:
        clean = clean.clamp(-limit, limit)
        noise = (latents - level.sqrt() * clean) / (1.0 - level).sqrt()
    return clean, noise


def guided(eps_null: Latents, eps_text: Latents, scale: float) -> Latents:
    """Classifier-free guidance: from the empty (or negative) prompt's noise past the prompt's."""
    return eps_null + scale * (eps_text - eps_null)
