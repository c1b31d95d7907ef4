"""The loss of the prior that predicts clean pictures.

The error of the clean picture is weighted by sqrt(a / (1 - a)), a the cumulative product of the
alphas: half way between an even weight on the picture and an even weight on the noise.
"""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor

from gaussianmotion.guidance.patches import cells
from gaussianmotion.synthesis.prior.batches import Batch
from gaussianmotion.synthesis.prior.denoising import draw_noise, run_networks


def picture_weight(alpha_bars: Float[Tensor, " T"]) -> Float[Tensor, " T"]:
    """Weight of the clean picture's squared error at each level of noise."""
    return (alpha_bars / (1.0 - alpha_bars)).sqrt()


@dataclass
class Noised:
    """A batch under noise.

    Attributes:
        noisy: sqrt(a) x + sqrt(1 - a) noise, x the scaled cells of the pictures.
        clean: x.
        timesteps: 0..999.
        pose_used: 0 where the pose was dropped, else 1.
    """

    noisy: Float[Tensor, "B C h w"]
    clean: Float[Tensor, "B C h w"]
    timesteps: Int64[Tensor, " B"]
    pose_used: Float[Tensor, " B"]


def add_noise(
    batch: Batch,
    timesteps: Int64[Tensor, " B"],
    alpha_bars: Float[Tensor, " T"],
    patch: int,
    scaling: float,
    generator: torch.Generator,
    pose_drop: float = 0.0,
) -> Noised:
    """A batch's pictures under noise, drawn on the batch's device.

    Args:
        batch: Its pictures.
        timesteps: One each.
        alpha_bars: Of the schedule.
        patch: Pixels of a cell.
        scaling: Of the pixels.
        generator: On the batch's device.
        pose_drop: Share of samples without their pose.
    """
    device = batch.pictures.device
    clean = cells(batch.pictures, patch, scaling)
    noise = F.pixel_unshuffle(draw_noise(batch.pictures.shape, generator), patch)
    level = alpha_bars.to(device)[timesteps.to(device)][:, None, None, None]
    dropped = torch.rand(len(clean), generator=generator, device=device)
    noisy = level.sqrt() * clean + (1.0 - level).sqrt() * noise
    return Noised(
        noisy.contiguous(memory_format=torch.channels_last),
        clean,
        timesteps.to(device),
        (dropped >= pose_drop).float(),
    )


def predict_clean(
    unet: Any, controlnet: Any, batch: Batch, noised: Noised
) -> Float[Tensor, "B C h w"]:
    """The clean cells that the networks see, under the caller's precision."""
    poses = batch.poses.contiguous(memory_format=torch.channels_last)
    seen = noised.noisy, noised.timesteps, batch.text, poses, noised.pose_used
    return run_networks(unet, controlnet, *seen)


def picture_error(
    predicted: Float[Tensor, "B C h w"],
    noised: Noised,
    weights: Float[Tensor, "B 1 g g"],
    patch: int,
    scaling: float,
) -> Float[Tensor, " B"]:
    """Squared error of each picture, in units of pixels in [-1, 1], weighted by place."""
    error = F.pixel_shuffle(predicted.float() - noised.clean, patch).square().mean(1, keepdim=True)
    parts = F.avg_pool2d(error, error.shape[-1] // weights.shape[-1])
    return (parts * weights).mean(dim=(1, 2, 3)) / scaling**2


def layout_error(
    logits: Float[Tensor, "B R g g"], normals: Float[Tensor, "B N g g"], batch: Batch
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Cross-entropy of the regions; 1 - cosine of the normals where there are any (0 if none)."""
    weights = batch.weights[:, 0].clamp(max=1.0)
    entropy = F.cross_entropy(logits.float(), batch.labels, reduction="none")
    regions = (entropy * weights).mean()
    if normals.shape[1] == 0:
        return regions, regions.new_zeros(())
    there = batch.normals.square().sum(1) > 0.5
    cosine = F.cosine_similarity(normals.float(), batch.normals, dim=1)
    return regions, ((1.0 - cosine) * there).sum() / there.sum().clamp(min=1)
