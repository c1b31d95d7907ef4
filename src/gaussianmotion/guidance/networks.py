"""The networks of a prior: whether they fit together, and how they are run."""

from typing import Any

import torch
from torch import Tensor, nn

from gaussianmotion.guidance.patches import is_patches, pose_factor
from gaussianmotion.pose.condition import CONDITIONS, SKELETON, SKELETON_AND_SURFACE
from gaussianmotion.runtime.errors import UserError

# Far from float16's 65504, so that what grows on its way through the encoder does not overflow.
LARGEST_GRADIENT = 8.0


def check_parts(vae: Any, unet: Any, controlnet: Any, text_dim: int) -> None:
    """Check that networks were made for one another.

    Raises:
        UserError: they were not.
    """
    latent_channels, downscale = vae.config.latent_channels, pixels_per_cell(vae)
    unet, controlnet = unet.config, controlnet.config
    condition = condition_pixels(controlnet)
    # A prior of pixel patches may read a smaller picture of the pose than the image is.
    if is_patches(vae) and pose_factor(downscale, condition):
        condition = downscale
    pairs = {
        "the UNet's text dimension and the text encoder's": (
            unet.cross_attention_dim,
            text_dim,
        ),
        "the UNet's channels and the autoencoder's": (
            (unet.in_channels, unet.out_channels),
            (latent_channels,) * 2,
        ),
        "the UNet's blocks and the ControlNet's": (
            (tuple(unet.block_out_channels), unet.layers_per_block, unet.in_channels),
            (
                tuple(controlnet.block_out_channels),
                controlnet.layers_per_block,
                controlnet.in_channels,
            ),
        ),
        "the pose image's and the autoencoder's downscaling": (condition, downscale),
    }
    for what, (one, other) in pairs.items():
        if one != other:
            raise UserError(
                f"prior.model and prior.controlnet do not fit together: {what} differ "
                f"({one} and {other}); name a ControlNet that was made for the model"
            )
    if controlnet.conditioning_channels not in CONDITIONS:
        raise UserError(
            f"prior.controlnet reads pictures of {controlnet.conditioning_channels} channels: name "
            f"one that reads OpenPose pictures ({SKELETON} channels), or those with a surface map "
            f"beside ({SKELETON_AND_SURFACE})"
        )


def condition_pixels(config: Any) -> int:
    """Pixels of a ControlNet's picture per cell: every layer before the cells but one halves it."""
    return int(2 ** (len(config.conditioning_embedding_out_channels) - 1))


def pixels_per_cell(vae: Any) -> int:
    """Pixels per latent cell: every block of the autoencoder but one halves the image."""
    if is_patches(vae):
        return int(vae.config.patch)
    blocks = vae.config.get("encoder_block_out_channels") or vae.config.block_out_channels
    return 2 ** (len(blocks) - 1)


def copy_of(network: Any) -> Any:
    """A network's copy in float32, without what has been put around the network since."""
    copied = type(network).from_config(network.config)
    copied.load_state_dict(network.state_dict())
    return copied


def keep_float32(norm: nn.Module, out: nn.Module) -> None:
    """Run a network's last layers in float32, whatever the precision of the rest."""
    norm.float()
    out.float()
    norm.register_forward_pre_hook(lambda _, inputs: (inputs[0].float(),))


def scale_gradient_between(start: Tensor, end: Tensor) -> None:
    """Let the gradient from ``end`` to ``start`` pass through half precision at a safe size.

    float16 has no numbers between 0 and 6e-8 and few digits below 6e-5, where the gradients of
    small scores lie (eq. 6 as printed, w(t) near 0). They are multiplied by the power of two that
    brings the largest to :data:`LARGEST_GRADIENT` and divided by it again, which rounds nothing.
    Both tensors are float32.
    """
    factor: list[Tensor] = []

    def enter(gradient: Tensor) -> Tensor:
        largest = gradient.abs().amax().clamp(min=1e-30)
        factor.append(torch.exp2((LARGEST_GRADIENT / largest).log2().floor()))
        return gradient * factor[-1]

    end.register_hook(enter)
    start.register_hook(lambda gradient: gradient / factor[-1])


def repeat(x: Tensor, count: int) -> Tensor:
    """``count`` copies along the batch, memory format kept."""
    return torch.cat([x] * count) if count > 1 else x
