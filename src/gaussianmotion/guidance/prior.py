"""The prior that the configuration names, read from its folders; nothing is downloaded."""

from pathlib import Path
from typing import Any

import torch

from gaussianmotion.config import PriorConfig
from gaussianmotion.guidance.diffusion import DiffusionPrior
from gaussianmotion.guidance.engine import engine_of, run_by_openvino
from gaussianmotion.guidance.layout import load_layout_head
from gaussianmotion.guidance.load import (
    checked,
    find_model,
    load_alpha_bar,
    load_latent_limit,
    load_network,
    load_prediction,
    loading,
    read_json,
)
from gaussianmotion.guidance.patches import PixelPatches
from gaussianmotion.guidance.text import CLIPEncoder, MiniLMEncoder, TextEncoder
from gaussianmotion.runtime.errors import UserError

__all__ = ["DiffusionPrior", "load_prior", "network_dtype"]


def load_prior(config: PriorConfig, device: torch.device | str) -> DiffusionPrior:
    """Load the prior that the configuration names; nothing is downloaded.

    Raises:
        UserError: it is not here, damaged, or made of parts that do not fit.
    """
    # diffusers takes seconds to import: commands that need no prior do not wait for it.
    from diffusers import AutoencoderKL, AutoencoderTiny, ControlNetModel, UNet2DConditionModel

    device = torch.device(device)
    dtype = network_dtype(config.dtype, device)
    folder = find_model(config.model, config.revision, "prior.model")
    index = read_json(folder / "model_index.json")
    control = find_model(config.controlnet, config.controlnet_revision, "prior.controlnet")
    alpha_bar = load_alpha_bar(folder / "scheduler")  # First: what is cheap fails before the rest.
    predicts = load_prediction(folder / "scheduler")
    folders = {part: folder / part for part in ("vae", "unet", "text_encoder")}
    folders["controlnet"] = control
    kinds: dict[str, Any] = {"unet": UNet2DConditionModel, "controlnet": ControlNetModel}
    vae_config = read_json(folder / "vae" / "config.json")
    match vae_config.get("_class_name"):
        case "PixelPatches":
            patches = {"vae": PixelPatches.from_config(vae_config, folder / "vae" / "config.json")}
        case "AutoencoderTiny":
            kinds["vae"], patches = AutoencoderTiny, {}
        case _:
            kinds["vae"], patches = AutoencoderKL, {}
    networks = patches | {
        part: checked(load_network(kind, folders[part], dtype).to(device), folders[part])
        for part, kind in kinds.items()
    }
    prior = DiffusionPrior(
        **networks,
        text_encoder=_load_text_encoder(folder, index, device, dtype),
        alpha_bar=alpha_bar,
        vocabulary=_load_vocabulary(folder),
        latent_limit=load_latent_limit(folder / "scheduler"),
        folders=folders,
        predicts=predicts,
        layout_head=load_layout_head(folder, device, networks["unet"]),
    )
    if engine_of(config, device) == "openvino":
        run_by_openvino(prior, required=config.engine == "openvino")
    return prior


def network_dtype(requested: str, device: torch.device) -> torch.dtype:
    """The precision that is used for the one that was asked for.

    CPUs have no fast float16: half precision means bfloat16 where the processor multiplies it, and
    float32 where it would be emulated.
    """
    if requested == "float32":
        return torch.float32
    if device.type == "cuda":
        return getattr(torch, requested)
    able = torch.cpu.get_capabilities()
    return torch.bfloat16 if able.get("avx512_bf16") or able.get("amx_bf16") else torch.float32


def precision(requested: str, device: torch.device) -> str:
    """The name of :func:`network_dtype`, for what is written down of a run."""
    return str(network_dtype(requested, device)).removeprefix("torch.")


def _load_text_encoder(
    folder: Path, index: dict[str, Any], device: torch.device, dtype: torch.dtype
) -> TextEncoder:
    """The encoder that ``model_index.json`` names, as ["library", "class"]."""
    entry = index.get("text_encoder")
    name = entry[1] if isinstance(entry, list) and len(entry) == 2 else entry
    if name == "MiniLMEncoder":
        return MiniLMEncoder(device)
    if name == "CLIPTextModel":
        with loading(folder / "text_encoder"), loading(folder / "tokenizer"):
            return CLIPEncoder(folder, device, dtype)
    raise UserError(
        f"{folder / 'model_index.json'} names the text encoder {name}: only CLIPTextModel "
        "(Stable Diffusion 1.x) and MiniLMEncoder (the embedded prior) are supported"
    )


def _load_vocabulary(folder: Path) -> frozenset[str]:
    """Words of ``vocabulary.txt``, one per line; empty where there is no such file."""
    path = folder / "vocabulary.txt"
    if not path.exists():
        return frozenset()
    with loading(path):
        return frozenset(path.read_text(encoding="utf-8").split())
