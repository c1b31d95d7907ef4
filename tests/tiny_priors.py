"""Tiny, randomly initialised priors in diffusers layout, read through the real loading path.

They draw nothing sensible, but go the whole way through loading, guidance and training.
"""

import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, ControlNetModel, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from gaussianmotion.config import PriorConfig

CHANNELS = (16, 24)
# The embedded prior's vocabulary: any other word is one that it has never seen.
WORDS = ("a", "man", "woman", "in", "red", "suit", "front", "view")
SCHEDULER = {
    "_class_name": "DDIMScheduler",
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
}


def write_embedded(folder: Path) -> Path:
    """A prior of the embedded one's kind: MiniLM, AutoencoderTiny, ControlNet without text."""
    torch.manual_seed(0)
    AutoencoderTiny(
        encoder_block_out_channels=(8, 8, 8),
        decoder_block_out_channels=(8, 8, 8),
        num_encoder_blocks=(1, 1, 1),
        num_decoder_blocks=(1, 1, 1),
        scaling_factor=0.8,
    ).save_pretrained(folder / "vae")
    UNet2DConditionModel(
        sample_size=8,
        block_out_channels=CHANNELS,
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=384,
        norm_num_groups=4,
        attention_head_dim=2,
    ).save_pretrained(folder / "unet")
    controlnet = ControlNetModel(
        block_out_channels=CHANNELS,
        layers_per_block=1,
        down_block_types=("DownBlock2D", "DownBlock2D"),
        mid_block_type="UNetMidBlock2D",
        cross_attention_dim=384,
        norm_num_groups=4,
        attention_head_dim=2,
        conditioning_embedding_out_channels=(8, 8, 16),
    )
    save_trained(controlnet, folder / "controlnet")
    (folder / "vocabulary.txt").write_text("\n".join([*WORDS, ""]), encoding="utf-8")
    write_index(folder, ["gaussianmotion.guidance.text", "MiniLMEncoder"])
    return folder


def write_stable_diffusion(folder: Path) -> Path:
    """A prior of Stable Diffusion's kind: CLIP, AutoencoderKL, ControlNet that reads the text."""
    torch.manual_seed(0)
    AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=4,
        scaling_factor=0.18215,
    ).save_pretrained(folder / "vae")
    sizes = {
        "block_out_channels": CHANNELS,
        "layers_per_block": 1,
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "cross_attention_dim": 32,
        "norm_num_groups": 4,
        "attention_head_dim": 2,
    }
    up = ("UpBlock2D", "CrossAttnUpBlock2D")
    UNet2DConditionModel(sample_size=8, up_block_types=up, **sizes).save_pretrained(folder / "unet")
    controlnet = ControlNetModel(conditioning_embedding_out_channels=(4, 4, 8, 8), **sizes)
    save_trained(controlnet, folder / "controlnet")
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)] + [","]
    tokens = [*letters, *(f"{x}</w>" for x in letters), "<|startoftext|>", "<|endoftext|>"]
    tokenizer = folder / "tokenizer"
    tokenizer.mkdir()
    (tokenizer / "vocab.json").write_text(json.dumps({t: i for i, t in enumerate(tokens)}))
    (tokenizer / "merges.txt").write_text("#version: 0.2\n")
    (tokenizer / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "CLIPTokenizer", "model_max_length": 77})
    )
    CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokens),
            hidden_size=32,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            bos_token_id=len(tokens) - 2,
            eos_token_id=len(tokens) - 1,
            pad_token_id=len(tokens) - 1,
        )
    ).save_pretrained(folder / "text_encoder")
    write_index(folder, ["transformers", "CLIPTextModel"])
    return folder


def save_trained(controlnet: ControlNetModel, folder: Path) -> None:
    """A new ControlNet's outputs are zero; give them weights, as training would."""
    for block in [*controlnet.controlnet_down_blocks, controlnet.controlnet_mid_block]:
        torch.nn.init.normal_(block.weight, std=0.3)
    torch.nn.init.normal_(controlnet.controlnet_cond_embedding.conv_out.weight, std=0.3)
    controlnet.save_pretrained(folder)


def write_index(folder: Path, text_encoder: list[str]) -> None:
    index = {"_class_name": "Prior", "text_encoder": text_encoder}
    (folder / "model_index.json").write_text(json.dumps(index))
    (folder / "scheduler").mkdir(exist_ok=True)
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(SCHEDULER))


def prior_config(folder: Path, dtype: str = "float32") -> PriorConfig:
    return PriorConfig(
        model=str(folder), controlnet=str(folder / "controlnet"), revision=None, dtype=dtype
    )
