"""What both trainings of a prior share: the noise, its levels, and UNet with ControlNet as one.

A plain ground's brightness, a mean over thousands of pixels, shows through the strongest noise of
the schedule: the text would never be asked for it, and samples, which start from noise of mean 0,
would all be grey. A noise of the mean hides it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from gaussianmotion.guidance.load import alpha_bar_of
from gaussianmotion.guidance.patches import pooled_for

SCHEDULE: dict[str, Any] = {
    "num_train_timesteps": 1000,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
}
# Spread of the constant that is added to the noise, per sample and channel.
_OFFSET_NOISE = 0.1
# Timesteps are drawn more often towards the noisy end, the first a sixth as often as the last; the
# loss is divided by how often, so this changes the variance and not the weights.
_LEAST_DENSITY = 0.2


def alpha_bars() -> Float[Tensor, " T"]:
    """Cumulative product of 1 - beta per timestep, in float32."""
    return alpha_bar_of(SCHEDULE)


class Timesteps:
    """Draws timesteps and knows the weight that each sample's loss then carries.

    Args:
        weight: Of alpha_bar the weight that the squared error is to have.
    """

    def __init__(self, weight: Callable[[Tensor], Tensor]) -> None:
        self.alpha_bars = alpha_bars()
        wanted = weight(self.alpha_bars)
        share = _LEAST_DENSITY + torch.linspace(0.0, 1.0, len(wanted))
        self.density = share / share.sum()
        self.factor = wanted / self.density
        self.factor /= (self.factor * self.density).sum()

    def draw(self, count: int, generator: torch.Generator) -> Int64[Tensor, " B"]:
        """Timesteps, stratified: one from each of ``count`` equal parts of the distribution."""
        places = (torch.arange(count) + torch.rand(count, generator=generator)) / count
        steps = torch.searchsorted(self.density.cumsum(0), places).clamp(max=len(self.density) - 1)
        return steps[torch.randperm(count, generator=generator)]


def draw_noise(shape: Sequence[int], generator: torch.Generator) -> Float[Tensor, "B C H W"]:
    """Noise of spread 1 whose mean is noisy, too; on the generator's device."""
    device = generator.device
    noise = torch.randn(tuple(shape), generator=generator, device=device)
    mean = torch.randn((*shape[:2], 1, 1), generator=generator, device=device)
    noise += _OFFSET_NOISE * mean
    return noise


def run_networks(
    unet: Any,
    controlnet: Any,
    noisy: Float[Tensor, "B C h w"],
    timesteps: Int64[Tensor, " B"],
    text: Float[Tensor, "B L D"],
    poses: Float[Tensor, "B K H W"],
    pose_used: Tensor,
) -> Float[Tensor, "B C h w"]:
    """What UNet and ControlNet predict, under the caller's precision.

    Args:
        unet: The UNet.
        controlnet: The ControlNet.
        noisy: Latents, or cells of pixels, under noise.
        timesteps: Of each.
        text: Token states.
        poses: Conditioning pictures.
        pose_used: Of each sample 0 or False where the pose was dropped: the ControlNet's output
            counts as zero; else 1 or True.
    """
    down, mid = controlnet(noisy, timesteps, text, poses, return_dict=False)
    used = pose_used[:, None, None, None]
    return unet(
        noisy,
        timesteps,
        text,
        **pooled_for(unet, text),
        down_block_additional_residuals=[residual * used for residual in down],
        mid_block_additional_residual=mid * used,
        return_dict=False,
    )[0]
