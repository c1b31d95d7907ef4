"""Write a tiny, random prior of the embedded one's kind: ``python tiny_prior.py FOLDER``.

It draws nothing sensible, but goes the whole way through loading, guidance and training.
"""

import json
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderTiny, ControlNetModel, UNet2DConditionModel

CHANNELS = (16, 24)
SIZES = {"layers_per_block": 1, "norm_num_groups": 4, "attention_head_dim": 2}


def write_tiny_prior(folder: Path) -> None:
    """Write all parts in diffusers layout."""
    torch.manual_seed(0)
    AutoencoderTiny(
        encoder_block_out_channels=(8, 8, 8),
        decoder_block_out_channels=(8, 8, 8),
        num_encoder_blocks=(1, 1, 1),
        num_decoder_blocks=(1, 1, 1),
    ).save_pretrained(folder / "vae")
    UNet2DConditionModel(
        sample_size=8,
        block_out_channels=CHANNELS,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=384,
        **SIZES,
    ).save_pretrained(folder / "unet")
    controlnet = ControlNetModel(
        block_out_channels=CHANNELS,
        down_block_types=("DownBlock2D", "DownBlock2D"),
        mid_block_type="UNetMidBlock2D",
        cross_attention_dim=384,
        conditioning_embedding_out_channels=(8, 8, 16),
        **SIZES,
    )
    controlnet.save_pretrained(folder / "controlnet")
    schedule = {
        "_class_name": "DDIMScheduler",
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "num_train_timesteps": 1000,
        "prediction_type": "epsilon",
    }
    index = {"text_encoder": ["gaussianmotion.guidance.text", "MiniLMEncoder"]}
    (folder / "scheduler").mkdir()
    (folder / "scheduler/scheduler_config.json").write_text(json.dumps(schedule))
    (folder / "model_index.json").write_text(json.dumps(index))
    (folder / "vocabulary.txt").write_text("a\nman\nwoman\nin\nred\nsuit\n")


if __name__ == "__main__":
    write_tiny_prior(Path(sys.argv[1]))
