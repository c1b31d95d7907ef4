"""Stable Diffusion 1.5 and ControlNet 1.1 openpose in their real sizes, with random weights.

Shapes, precision, memory and time of the paper's guidance can be checked and measured without the
weights (5 GB). The numbers are those of the published config.json files.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gaussianmotion.guidance.load import alpha_bar_of
from gaussianmotion.guidance.prior import DiffusionPrior

_BLOCKS: dict[str, Any] = {
    "in_channels": 4,
    "block_out_channels": (320, 640, 1280, 1280),
    "down_block_types": (*["CrossAttnDownBlock2D"] * 3, "DownBlock2D"),
    "layers_per_block": 2,
    "cross_attention_dim": 768,
    "attention_head_dim": 8,
}
UNET: dict[str, Any] = {
    **_BLOCKS,
    "out_channels": 4,
    "sample_size": 64,
    "up_block_types": ("UpBlock2D", *["CrossAttnUpBlock2D"] * 3),
}
CONTROLNET: dict[str, Any] = {
    **_BLOCKS,
    "conditioning_embedding_out_channels": (16, 32, 96, 256),
}
AUTOENCODER: dict[str, Any] = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
    "sample_size": 512,
    "scaling_factor": 0.18215,
}
TEXT: dict[str, Any] = {
    "vocab_size": 49408,
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "hidden_act": "quick_gelu",
    "bos_token_id": 49406,
    "eos_token_id": 49407,
    "pad_token_id": 49407,
}
SCHEDULER: dict[str, Any] = {
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "num_train_timesteps": 1000,
}
CONTROLNET_SPREAD = 0.02
"""Spread of the weights that are zero in a new ControlNet, so that the pose is felt."""


def random_stable_diffusion(
    device: torch.device | str, dtype: torch.dtype, seed: int = 0
) -> DiffusionPrior:
    """A prior with SD1.5's configuration and random weights.

    Args:
        device: Where the networks are made; "meta" makes shapes only.
        dtype: Precision of the networks.
        seed: Of the weights.
    """
    from diffusers import AutoencoderKL, ControlNetModel, UNet2DConditionModel

    torch.manual_seed(seed)
    with torch.device(device), _default_dtype(dtype):
        controlnet = ControlNetModel(**CONTROLNET)
        embedding = controlnet.controlnet_cond_embedding.conv_out
        for layer in [*controlnet.controlnet_down_blocks, controlnet.controlnet_mid_block]:
            nn.init.normal_(layer.weight, std=CONTROLNET_SPREAD)
        nn.init.normal_(embedding.weight, std=CONTROLNET_SPREAD)
        return DiffusionPrior(
            vae=AutoencoderKL(**AUTOENCODER),
            unet=UNet2DConditionModel(**UNET),
            controlnet=controlnet,
            text_encoder=_HashedCLIP(device),
            alpha_bar=alpha_bar_of(SCHEDULER),
        )


class _HashedCLIP:
    """CLIP ViT-L/14's text network; hashes of words stand for its token numbers."""

    length, dim = 77, TEXT["hidden_size"]

    def __init__(self, device: torch.device | str) -> None:
        from transformers import CLIPTextConfig, CLIPTextModel

        self._model: Any = CLIPTextModel(CLIPTextConfig(**TEXT)).eval().requires_grad_(False)
        self._device = device

    def tokens(self, prompt: str) -> int:
        return len(prompt.split()) + 2

    @torch.no_grad()
    def __call__(self, prompts: list[str]) -> Float[Tensor, "B L D"]:
        rows = []
        for prompt in prompts:
            hashed = [zlib.crc32(word.encode()) % TEXT["bos_token_id"] for word in prompt.split()]
            row = [TEXT["bos_token_id"], *hashed[: self.length - 2]]
            rows.append(row + [TEXT["eos_token_id"]] * (self.length - len(row)))
        ids = torch.tensor(rows, device=self._device)
        return self._model(ids).last_hidden_state.float()


@contextmanager
def _default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """Make new parameters in ``dtype``: half the memory of converting them afterwards."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
