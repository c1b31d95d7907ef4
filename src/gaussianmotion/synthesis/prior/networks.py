"""The networks of the embedded prior, in classes that diffusers loads by name.

Sizes are for two CPU cores: 1.4 M parameters of autoencoder, 18.4 M of UNet, 3.7 M of ControlNet.
Images are 128 px, latents 32 px with 4 channels (f = 4: at f = 8 a limb is one latent cell wide).
"""

from typing import Any

import torch
from diffusers import AutoencoderTiny, ControlNetModel, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import nn

from gaussianmotion.guidance.text import MINILM_DIM
from gaussianmotion.synthesis.prior.denoising import SCHEDULE

IMAGE_SIZE = 128
LATENT_SIZE = 32
LATENT_CHANNELS = 4

AUTOENCODER: dict[str, Any] = {
    "encoder_block_out_channels": (64, 64, 64),
    "decoder_block_out_channels": (64, 64, 64),
    "num_encoder_blocks": (0, 2, 3),
    "num_decoder_blocks": (3, 2, 1),
    "latent_channels": LATENT_CHANNELS,
    "upsampling_scaling_factor": 2,
}

# No attention at 32 px: there it costs as much as all the rest and adds little.
UNET: dict[str, Any] = {
    "sample_size": LATENT_SIZE,
    "in_channels": LATENT_CHANNELS,
    "out_channels": LATENT_CHANNELS,
    "layers_per_block": 1,
    "block_out_channels": (96, 192, 224),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "cross_attention_dim": MINILM_DIM,
    # The number of heads per block, in spite of its name: 32 channels a head.
    "attention_head_dim": (3, 6, 7),
}

# The pose needs no text, so one pass serves the conditional and the unconditional branch. The
# picture of the pose comes down to the latents' 32 px by two strides of 2.
CONTROLNET: dict[str, Any] = {
    "in_channels": LATENT_CHANNELS,
    "layers_per_block": 1,
    "block_out_channels": (96, 192, 224),
    "down_block_types": ("DownBlock2D", "DownBlock2D", "DownBlock2D"),
    "mid_block_type": "UNetMidBlock2D",
    "cross_attention_dim": MINILM_DIM,
    "attention_head_dim": (3, 6, 7),
    "conditioning_embedding_out_channels": (16, 32, 64),
}

SCHEDULER: dict[str, Any] = {
    **SCHEDULE,
    "prediction_type": "epsilon",
    # Latents of 1,500 renders stay below 3.3. Strong guidance overshoots at the first steps, where
    # the picture is hardly there, and what follows would saturate.
    "clip_sample": True,
    "clip_sample_range": 4.0,
    "set_alpha_to_one": False,
    "steps_offset": 1,
}


def new_autoencoder() -> AutoencoderTiny:
    """The autoencoder with random weights."""
    return AutoencoderTiny(**AUTOENCODER).to(memory_format=torch.channels_last)


def new_unet(**changes: Any) -> UNet2DConditionModel:
    """The UNet with random weights; ``changes`` make a smaller one for tests."""
    return _for_cpu(UNet2DConditionModel(**{**UNET, **changes}))


def new_controlnet(**changes: Any) -> ControlNetModel:
    """The ControlNet with random weights.

    ControlNet's zero convolutions protect a finished UNet. Here both start together, so they get
    small random weights: the pose is felt from the first step.
    """
    network = ControlNetModel(**{**CONTROLNET, **changes})
    zeros = [*network.controlnet_down_blocks, network.controlnet_mid_block]
    for layer in [*zeros, network.controlnet_cond_embedding.conv_out]:
        nn.init.normal_(layer.weight, std=0.3 / (layer.weight[0].numel() ** 0.5))
    return _for_cpu(network)


def _for_cpu(network: Any) -> Any:
    """Channels last for fast bf16 convolutions; plain attention for its fast backward."""
    network.set_attn_processor(AttnProcessor())
    return network.to(memory_format=torch.channels_last)
