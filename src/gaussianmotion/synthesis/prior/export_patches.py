"""A checkpoint of the training on pixel patches becomes a prior's folder, as one that ships.

The averaged weights are written, and in a file of its own the small layout head; the optimiser is
left behind. In place of an autoencoder's weights, ``vae/config.json`` names the patch and scale.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import nn

from gaussianmotion.guidance.layout import HEAD_FILE
from gaussianmotion.guidance.patches import CLASS_NAME
from gaussianmotion.runtime.atomic import atomic_path, write_json
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.prior.checkpoint import load_checkpoint
from gaussianmotion.synthesis.prior.denoising import SCHEDULE
from gaussianmotion.synthesis.prior.export import write_parts
from gaussianmotion.synthesis.prior.patch_networks import (
    Shape,
    new_patch_controlnet,
    new_patch_unet,
)
from gaussianmotion.synthesis.prior.train_patches import KIND


def export_patches(checkpoint: Path, out: Path, captions: Iterable[str] | None = None) -> Path:
    """Write the averaged weights of a training on pixel patches as a prior.

    Every file is replaced by a rename, so a reader sees old or new weights, never half of them.

    Args:
        checkpoint: ``patches.pt``.
        out: Folder of the prior.
        captions: Training captions for ``vocabulary.txt``; where not given, the file is kept.

    Returns:
        ``out``.

    Raises:
        UserError: the checkpoint is missing, damaged, of another kind, or its weights are not
            finite.
    """
    state = load_checkpoint(checkpoint, KIND)
    scaling = float(state["scaling"])
    networks = patch_networks(state)
    write_json(
        out / "vae" / "config.json",
        {"_class_name": CLASS_NAME, "patch": state["patch"], "scaling_factor": scaling},
    )
    # A pixel is within [-1, 1]; strong guidance overshoots at the first steps of sampling.
    limits = {"clip_sample": True, "clip_sample_range": scaling}
    kept = {"prediction_type": "sample", "set_alpha_to_one": False, "steps_offset": 1}
    vae = ["gaussianmotion.guidance.patches", CLASS_NAME]
    write_parts(out, networks, SCHEDULE | limits | kept, vae, captions)
    _write_head(state, out / HEAD_FILE)
    write_json(out / "training.json", training_facts(state))
    return out


def _write_head(state: dict[str, Any], path: Path) -> None:
    """The averaged layout head; none where the loss left it untrained."""
    if not state["settings"]["regions"]:
        path.unlink(missing_ok=True)
        return
    head = {
        name.removeprefix("head."): value.half()
        for name, value in state["averages"].items()
        if name.startswith("head.")
    }
    with atomic_path(path) as temporary:
        save_file(head, temporary, metadata={"format": "pt"})


def patch_networks(state: dict[str, Any]) -> dict[str, nn.Module]:
    """UNet and ControlNet with the averaged weights of a checkpoint, in float32.

    Raises:
        UserError: the weights are not those of the settings.
    """
    shape = shape_of(state)
    cells = phase_of(state)["size"] // shape.patch
    networks: dict[str, nn.Module] = {
        "unet": new_patch_unet(shape, cells),
        "controlnet": new_patch_controlnet(shape),
    }
    try:
        for name, network in networks.items():
            prefix = f"{name}."
            network.load_state_dict(
                {
                    key.removeprefix(prefix): value
                    for key, value in state["averages"].items()
                    if key.startswith(prefix)
                }
            )
    except (RuntimeError, KeyError) as error:
        raise UserError("the checkpoint's weights do not fit its settings: train again") from error
    return {name: network.eval() for name, network in networks.items()}


def shape_of(state: dict[str, Any]) -> Shape:
    """The networks' sizes, with the patch that the training had come to."""
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in state["settings"]["shape"].items()
    }
    return Shape(**{**values, "patch": int(state["patch"])})


def phase_of(state: dict[str, Any]) -> dict[str, int]:
    """The phase that a checkpoint's next sample is of."""
    phases: list[dict[str, int]] = state["phases"]
    return next((phase for phase in phases if state["done"] < phase["until"]), phases[-1])


def training_facts(state: dict[str, Any]) -> dict[str, Any]:
    """What the model card says of the training."""
    return {
        "steps": state["steps"],
        "samples_seen": state["done"],
        "hours": round(state["seconds"] / 3600, 2),
        "size": phase_of(state)["size"],
        "phases": [phase for phase in state["phases"] if phase["until"] <= state["done"]]
        + [phase_of(state)],
        "settings": {key: value for key, value in state["settings"].items() if value != {}},
    }
