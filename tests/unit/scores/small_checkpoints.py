"""Small networks in the file formats of the published weights, and pictures to score."""

import io
import json
from pathlib import Path

import numpy as np
import open_clip
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor
from torchmetrics.image.fid import NoTrainInceptionV3

# CLIP's tokenizer has 49,408 tokens; everything else is as small as it can be.
NETWORK = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 2},
}
ARCHITECTURE = "gaussianmotion-test"


def register(folder: Path) -> Path:
    """Teach open_clip the small network's name; returns its configuration file."""
    path = folder / f"{ARCHITECTURE}.json"
    path.write_text(json.dumps(NETWORK))
    open_clip.add_model_config(path)
    return path


def network_weights(seed: int = 0) -> dict[str, Tensor]:
    """Random weights that tell pictures and texts apart."""
    torch.manual_seed(seed)
    weights = open_clip.CLIP(**NETWORK).state_dict()
    return {
        name: torch.randn_like(value) * 0.3 if value.ndim > 1 else value
        for name, value in weights.items()
    }


def write_clip(folder: Path, mean: float = 0.5, std: float = 0.5, sign: float = 1.0) -> Path:
    """A CLIP checkpoint as the hub has it: safetensors, and the configuration beside it.

    With ``sign`` -1 every cosine has the other sign.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = {"model_cfg": NETWORK, "preprocess_cfg": {"mean": [mean] * 3, "std": [std] * 3}}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    weights = network_weights()
    weights["text_projection"] *= sign
    save_file(weights, folder / "open_clip_pytorch_model.safetensors")
    return folder / "open_clip_pytorch_model.safetensors"


def write_hps(folder: Path) -> Path:
    """A checkpoint as the hpsv2 project publishes it: in half precision."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.half() for name, value in network_weights(1).items()}
    torch.save({"state_dict": weights}, folder / "HPS_v2.1_compressed.pt")
    return folder / "HPS_v2.1_compressed.pt"


class _Unfilled(NoTrainInceptionV3):
    def load_state_dict(self, *arguments: object, **options: object) -> None:
        """Keep the random weights."""


def write_inception(path: Path) -> Path:
    """FID's Inception with random weights; its shape is fixed, so it is not small."""
    torch.manual_seed(0)
    nothing = io.BytesIO()
    torch.save({}, nothing)
    nothing.seek(0)
    network = _Unfilled("inception-v3-compat", ["2048"], nothing)
    torch.save(network.state_dict(), path)
    return path


def write_picture(path: Path, seed: int, size: tuple[int, int] = (64, 64)) -> Path:
    """Coloured blocks, others for every seed; ``size`` is width and height."""
    path.parent.mkdir(parents=True, exist_ok=True)
    blocks = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(blocks).resize(size, Image.Resampling.BILINEAR).save(path)
    return path


def write_run(folder: Path, prompt: str, seed: int, views: int = 10) -> Path:
    """The pictures of a run as the views stage leaves them."""
    names = [f"views/{index:02d}.png" for index in range(views)]
    for index, name in enumerate(names):
        write_picture(folder / name, 1000 * seed + index)
    write_picture(folder / "front.png", 1000 * seed + 999)
    facts = {
        "prompt": prompt,
        "front": {"file": "front.png", "azimuth": 0.0},
        "views": [{"file": name, "azimuth": 0.0} for name in names],
    }
    (folder / "views.json").write_text(json.dumps(facts))
    return folder


def write_references(folder: Path, seed: int, count: int = 10) -> Path:
    """The references of one prompt."""
    for index in range(count):
        write_picture(folder / f"{index:02d}.png", 1000 * seed + 500 + index)
    (folder / "reference.json").write_text("{}")
    return folder
