"""What distillation asks of a prior: Stable Diffusion, the embedded one, or the tests' oracle."""

from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor


@runtime_checkable  # so that the tests' run-time checks of signatures can look at it
class Prior(Protocol):
    """What distillation asks of a prior, as ``DiffusionPrior`` and the tests' oracle provide it."""

    alpha_bar: Float[Tensor, " T"]
    dtype: torch.dtype
    condition_channels: int
    latent_limit: float | None

    def encode_image(self, rgb: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B C h w"]: ...

    def encode_text(self, prompts: list[str]) -> Float[Tensor, "B L D"]: ...

    def add_noise(
        self,
        latents: Float[Tensor, "B C h w"],
        noise: Float[Tensor, "B C h w"],
        timesteps: Int[Tensor, " B"],
    ) -> Float[Tensor, "B C h w"]: ...

    def predict_noise(
        self,
        latents: Float[Tensor, "B C h w"],
        timesteps: Int[Tensor, " B"],
        text: Float[Tensor, "KB L D"],
        pose_image: Float[Tensor, "B K H W"] | None = None,
    ) -> Float[Tensor, "KB C h w"]: ...
