"""What a prior without an autoencoder has in its place: pictures as patches of pixels.

A patch of p x p pixels becomes one cell of 3 p p channels, nothing is lost, and the UNet works on
the cells as it would on latents. It predicts the clean picture ("sample" in a scheduler's
configuration), from which the noise follows: noise of many pixels at once is no more than a
network can hold, a clean patch is (Li and He 2025, "Back to Basics").
"""

import math
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from gaussianmotion.runtime.errors import UserError

CLASS_NAME = "PixelPatches"


@dataclass(frozen=True)
class PatchConfig:
    """Settings of :class:`PixelPatches`, read as an autoencoder's are.

    Attributes:
        patch: Pixels per cell and side, a power of 2.
        scaling_factor: What pixels in [-1, 1] are multiplied by. Noise averages out over a patch,
            pictures hardly do: the factor sets how noisy a patch is at a timestep.
    """

    patch: int
    scaling_factor: float

    @property
    def latent_channels(self) -> int:
        """Channels of a cell."""
        return 3 * self.patch**2

    def get(self, name: str, default: Any = None) -> Any:
        """A setting by name, as diffusers' configurations give it."""
        return getattr(self, name, default)


class PixelPatches(nn.Module):
    """Pictures to cells and back, with an autoencoder's interface; it has no weights."""

    def __init__(self, patch: int, scaling_factor: float) -> None:
        super().__init__()
        self.config = PatchConfig(patch, scaling_factor)

    @classmethod
    def from_config(cls, config: dict[str, Any], path: Any) -> "PixelPatches":
        """From ``config.json`` of a prior's ``vae`` folder.

        Raises:
            UserError: the settings are none of this class; it names ``path``.
        """
        patch, scaling = config.get("patch"), config.get("scaling_factor")
        if not isinstance(patch, int) or patch < 1 or patch & (patch - 1):
            raise UserError(f"{path}: patch is {patch!r}, not a power of 2: export the prior again")
        if not isinstance(scaling, int | float) or not 0 < scaling < math.inf:
            raise UserError(
                f"{path}: scaling_factor is {scaling!r}, not a positive number: export the prior "
                "again"
            )
        return cls(patch, float(scaling))

    def encode(self, images: Float[Tensor, "B 3 H W"]) -> SimpleNamespace:
        """``latents`` (B, 3 p p, H / p, W / p) of pictures in [-1, 1], not scaled."""
        return SimpleNamespace(latents=F.pixel_unshuffle(images, self.config.patch))

    def decode(self, latents: Float[Tensor, "B C h w"]) -> SimpleNamespace:
        """``sample`` (B, 3, h p, w p): the pictures of cells."""
        return SimpleNamespace(sample=F.pixel_shuffle(latents, self.config.patch))


def pooled_text(states: Float[Tensor, "B L D"]) -> Float[Tensor, "B D"]:
    """Mean of a text's token states, padded tokens (all zeros) left out."""
    used = (states != 0).any(dim=-1).sum(dim=1, keepdim=True).clamp(min=1)
    return states.sum(dim=1) / used


def noise_of(
    clean: Float[Tensor, "B C h w"],
    noisy: Float[Tensor, "B C h w"],
    level: Float[Tensor, "B 1 1 1"],
) -> Float[Tensor, "B C h w"]:
    """The noise in x_t when its clean x is known: (x_t - sqrt(a) x) / sqrt(1 - a).

    Args:
        clean: x, as predicted.
        noisy: x_t.
        level: a, the cumulative product of the alphas at the timestep.
    """
    return (noisy - level.sqrt() * clean) / (1.0 - level).sqrt()


def pose_at(picture: Float[Tensor, "B K H W"], factor: int) -> Float[Tensor, "B K h w"]:
    """A pose's picture ``factor`` times smaller: a prior of large patches reads a small one."""
    return picture if factor == 1 else F.avg_pool2d(picture, factor)


def pose_factor(patch: int, condition: int) -> int:
    """How much smaller a ControlNet wants its picture than the image, given both downscalings.

    Args:
        patch: Pixels per cell of the prior.
        condition: Pixels per cell of the ControlNet's picture.
    """
    return patch // condition if patch % condition == 0 else 0


def is_patches(codec: Any) -> bool:
    """Whether a prior's first part is this one and no autoencoder."""
    return isinstance(codec, PixelPatches)


def uses_pooled_text(unet: Any) -> bool:
    """Whether a UNet adds the mean of the token states to its time embedding."""
    return bool(unet.config.get("class_embed_type") == "projection")


def pooled_for(unet: Any, text: Float[Tensor, "B L D"]) -> dict[str, Tensor]:
    """The argument by which a UNet receives the pooled text; none where it takes none."""
    return {"class_labels": pooled_text(text)} if uses_pooled_text(unet) else {}


def cells(images: Tensor, patch: int, scaling: float) -> Tensor:
    """Scaled cells of pictures in [-1, 1]: what the diffusion is trained on."""
    return torch.mul(F.pixel_unshuffle(images, patch), scaling)
