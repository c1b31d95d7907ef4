"""The loss of one training batch of the prior that predicts noise.

The target is the noise, its squared error weighted by sigma = sqrt((1 - alpha_bar) / alpha_bar):
half way between an even weight on the noise and one on the image. A garment is a flat patch of a
hundred latent cells, so its colour shows through all but the strongest noise: only timesteps above
about 700 must read it from the text, and there the error of the noise is 10 to 50 times smaller
than below. With sigma, every timestep has nearly the same loss. The choice was not tested alone: in
an earlier training with min-SNR weights (even on the noise, where it matters) 16,000 samples did
not teach a word, but the first 60 % of them ran under torch.compile, whose gradients were zero in
all inner blocks. Which of the two was the cause is not known.
"""

from dataclasses import dataclass
from typing import Any

from jaxtyping import Bool, Float, Int64
from torch import Tensor

from gaussianmotion.synthesis.prior.denoising import run_networks


def noise_weight(alpha_bars: Float[Tensor, " T"]) -> Float[Tensor, " T"]:
    """Weight of the noise's squared error at each level of noise: sigma."""
    return ((1.0 - alpha_bars) / alpha_bars).sqrt()


@dataclass
class NoisedBatch:
    """What the networks see, and the answer.

    Attributes:
        noisy: sqrt(a) latents + sqrt(1 - a) noise, with a the alpha_bar of the timestep.
        noise: What is to be predicted.
        timesteps: 0..999.
        text: Token states, those of the empty caption where the text was dropped.
        poses: Conditioning pictures.
        pose_used: False where the pose was dropped: the ControlNet's output counts as zero.
        weights: Of the squared error, per cell.
    """

    noisy: Float[Tensor, "B 4 h w"]
    noise: Float[Tensor, "B 4 h w"]
    timesteps: Int64[Tensor, " B"]
    text: Float[Tensor, "B L D"]
    poses: Float[Tensor, "B 3 H W"]
    pose_used: Bool[Tensor, " B"]
    weights: Float[Tensor, "B 1 h w"]


def predict_noise(unet: Any, controlnet: Any, batch: NoisedBatch) -> Float[Tensor, "B 4 h w"]:
    """The noise that the networks see, under the caller's precision."""
    seen = batch.noisy, batch.timesteps, batch.text, batch.poses, batch.pose_used
    return run_networks(unet, controlnet, *seen)


def weighted_error(
    predicted: Float[Tensor, "B 4 h w"], batch: NoisedBatch, factor: Float[Tensor, " T"]
) -> Float[Tensor, ""]:
    """Mean squared error of the noise with the weights of cells and timesteps."""
    error = (predicted.float() - batch.noise).square() * batch.weights
    return (error.mean(dim=(1, 2, 3)) * factor[batch.timesteps]).mean()
