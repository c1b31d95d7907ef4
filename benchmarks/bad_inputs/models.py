"""Models whose weights are damaged, and pictures and numbers that would be made of them."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from bad_inputs.case import AVATAR, CONFIG, TRAIN, Case, Change, keys, written
from gaussianmotion.guidance.layout import GRID, HEAD_FILE, REGIONS


def _weights(part: str, value: float, factor: float = 0.0) -> Change:
    """Put a number into a part's weights, or multiply all of them."""

    def change(folder: Path) -> None:
        path = folder / "prior" / part / "diffusion_pytorch_model.safetensors"
        state = load_file(path)
        if factor:
            state = {name: tensor * factor for name, tensor in state.items()}
        else:
            name = max(state, key=lambda name: state[name].numel())
            state[name].view(-1)[0] = value
        save_file(state, path)

    return change


def _head(value: float = 0.0, factor: int = 1) -> Change:
    """A head that names regions, with a number in it or of a UNet that is so much wider."""

    def change(folder: Path) -> None:
        config = json.loads((folder / "prior/unet/config.json").read_text())
        width = factor * config["block_out_channels"][1]
        parts = len(REGIONS) * GRID**2
        bias = torch.full((parts,), value)
        weight = torch.zeros(parts, width, 1, 1)
        save_file({"conv_out.weight": weight, "conv_out.bias": bias}, folder / "prior" / HEAD_FILE)

    return change


def _junk(folder: Path) -> None:
    (folder / "prior" / HEAD_FILE).write_bytes(b"junk")


NAN, INF = float("nan"), float("inf")
REFERENCE = ("reference", *CONFIG, "--prompt", "a man in a suit", "--out", "samples")
NOISED = ("noised", *CONFIG, "--avatar", AVATAR, "--out", "noised")
CASES = [
    *(
        Case(f"{command[0]}, {part} with {value}", command, part, _weights(part, value))
        for part in ("unet", "vae")
        for value in (NAN, INF)
        for command in (TRAIN, REFERENCE)
    ),
    Case("noised, controlnet with nan", NOISED, "controlnet", _weights("controlnet", NAN)),
    Case("train, a layout head of nan", TRAIN, "layout_head.*NaN", _head(NAN)),
    Case("train, a layout head of junk", TRAIN, "layout_head.*damaged", _junk),
    Case("train, another prior's layout head", TRAIN, "another prior's", _head(factor=2)),
    Case("train, unet x 1e30", TRAIN, "unet|finite", _weights("unet", 0.0, 1e30)),
    Case(
        "train, 9 steps, unet with nan",
        (*TRAIN, *keys("train.steps=9")),
        "unet",
        _weights("unet", NAN),
    ),
    Case(
        "train, weights of junk",
        TRAIN,
        "damaged|cannot be read|unet",
        written("prior/unet/diffusion_pytorch_model.safetensors", b"junk"),
    ),
    Case(
        "train, prior is no folder", (*TRAIN, *keys("prior.model=none/here/at/all")), "prior|none"
    ),
]
