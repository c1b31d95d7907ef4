"""The networks of a prior on pixel patches, in classes that diffusers loads by name.

Three levels of 32x32, 16x16 and 8x8 cells for a picture of 128 px. The mean of the text's token
states is added to the time embedding, so that colours reach every layer; while training, a head on
a middle layer predicts what is where (:mod:`gaussianmotion.guidance.layout`), which is what binds
pose and text early.
"""

import itertools
from dataclasses import dataclass, field
from typing import Any

import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor, AttnProcessor2_0
from torch import Tensor, nn

from gaussianmotion.guidance.text import MINILM_DIM
from gaussianmotion.pose.condition import SKELETON_AND_SURFACE

#: The ControlNet's picture has so many pixels per cell, whatever the patch.
POSE_PIXELS = 4


@dataclass(frozen=True)
class Shape:
    """Sizes of UNet and ControlNet.

    Attributes:
        patch: Pixels per cell and side.
        widths: Channels of the levels, the largest cells last.
        heads: Attention heads of the levels.
        layers: Residual blocks per level.
        attention: Which levels read the text.
        condition: Channels of the pose's picture: a skeleton has 3, with a surface map 6.
        pose: Channels of the ControlNet's layers between the pose's picture and the cells.
    """

    patch: int = 4
    widths: tuple[int, ...] = (64, 128, 192)
    heads: tuple[int, ...] = (2, 4, 6)
    layers: int = 1
    attention: tuple[bool, ...] = (False, True, True)
    condition: int = SKELETON_AND_SURFACE
    pose: tuple[int, ...] = (16, 32, 64)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def channels(self) -> int:
        """Of a cell."""
        return 3 * self.patch**2


def new_patch_unet(shape: Shape, cells: int = 32) -> UNet2DConditionModel:
    """The UNet with random weights, for pictures of ``cells`` x ``cells`` patches."""
    kinds = ["CrossAttn" if reads else "" for reads in shape.attention]
    return UNet2DConditionModel(
        sample_size=cells,
        in_channels=shape.channels,
        out_channels=shape.channels,
        layers_per_block=shape.layers,
        block_out_channels=shape.widths,
        down_block_types=tuple(f"{kind}DownBlock2D" for kind in kinds),
        up_block_types=tuple(f"{kind}UpBlock2D" for kind in reversed(kinds)),
        cross_attention_dim=MINILM_DIM,
        attention_head_dim=shape.heads,
        class_embed_type="projection",
        projection_class_embeddings_input_dim=MINILM_DIM,
        **shape.extra,
    )


def new_patch_controlnet(shape: Shape) -> ControlNetModel:
    """The ControlNet with random weights, small ones where it enters the UNet.

    Zero convolutions protect a finished UNet. Here both start together, so the pose is felt from
    the first step. It reads no text: one pass serves all branches of guidance.
    """
    network = ControlNetModel(
        in_channels=shape.channels,
        conditioning_channels=shape.condition,
        layers_per_block=shape.layers,
        block_out_channels=shape.widths,
        down_block_types=("DownBlock2D",) * len(shape.widths),
        mid_block_type="UNetMidBlock2D",
        cross_attention_dim=MINILM_DIM,
        attention_head_dim=shape.heads,
        conditioning_embedding_out_channels=shape.pose,
    )
    zeros = [*network.controlnet_down_blocks, network.controlnet_mid_block]
    for layer in [*zeros, network.controlnet_cond_embedding.conv_out]:
        nn.init.normal_(layer.weight, std=0.3 / (layer.weight[0].numel() ** 0.5))
    return network


def for_device(network: Any, device: torch.device) -> Any:
    """Channels last; plain attention on a CPU, where the fused one's backward pass is slow."""
    plain = device.type == "cpu"
    network.set_attn_processor(AttnProcessor() if plain else AttnProcessor2_0())
    return network.to(device=device, memory_format=torch.channels_last)


@torch.no_grad()
def grow(state: dict[str, Tensor], patch: int) -> dict[str, Tensor]:
    """Weights of a UNet or ControlNet for patches of twice the side, which compute the same.

    On a picture of twice the size whose 2x2 pixels are alike, at half the scaling factor, the
    larger network gives what the smaller one gave: the first layer's weights are repeated over the
    2x2 pixels and halved (four times the inputs, each half as large), the last layer's are repeated
    and halved, as the scale is.

    Args:
        state: Weights for patches of ``patch`` pixels.
        patch: The side that ``state`` is for.
    """
    grown = dict(state)
    grown["conv_in.weight"] = _repeated(state["conv_in.weight"], patch, dim=1).mul(0.5)
    if "conv_out.weight" in state:
        grown["conv_out.weight"] = _repeated(state["conv_out.weight"], patch, dim=0).mul(0.5)
        grown["conv_out.bias"] = _repeated(state["conv_out.bias"], patch, dim=0).mul(0.5)
    return grown


def _repeated(weight: Tensor, patch: int, dim: int) -> Tensor:
    """Channels (3, p, p) of ``dim`` as (3, 2p, 2p), each pixel's value at its 2x2 children."""
    split = weight.unflatten(dim, (3, patch, patch))
    wide = split.repeat_interleave(2, dim + 1).repeat_interleave(2, dim + 2)
    return wide.flatten(dim, dim + 2).contiguous()


def grow_all(weights: dict[str, Tensor], patch: int) -> dict[str, Tensor]:
    """Weights of UNet, ControlNet and head, by their prefixes, for patches of twice the side."""
    grown: dict[str, Tensor] = {}
    for name, members in itertools.groupby(weights, key=lambda key: key.split(".")[0]):
        part = {key.removeprefix(f"{name}."): weights[key] for key in members}
        if name != "head":
            part = grow(part, patch)
        grown |= {f"{name}.{key}": value for key, value in part.items()}
    return grown
