"""A checkpoint of the text alignment model becomes the folder that ships, in open_clip's format."""

import json
from pathlib import Path
from typing import Any

import torch
from open_clip import CLIP
from safetensors.torch import save_file

from gaussianmotion.runtime.atomic import atomic_path, write_json, write_text
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.pictures.alignment_model import DISTRACTORS, LEXICON, WEIGHTS
from gaussianmotion.scores.pictures.open_clip_model import CONFIG_FILE
from gaussianmotion.synthesis.alignment.captions import person_part
from gaussianmotion.synthesis.alignment.network import PREPROCESS
from gaussianmotion.synthesis.alignment.training import KIND
from gaussianmotion.synthesis.pictures.data import list_shards, load_captions
from gaussianmotion.synthesis.prior.checkpoint import load_checkpoint

TRAINING = "training.json"


def export_alignment(checkpoint: Path, held_out: Path, out: Path) -> Path:
    """Write the model: fp16 weights, open_clip's configuration, lexicon and other descriptions.

    Args:
        checkpoint: ``alignment.pt``.
        held_out: Dataset whose second wordings become the descriptions that prompts are ranked
            among: short ones, as prompts are, of people that the training did not see.
        out: Folder of the model.

    Raises:
        UserError: the checkpoint or the dataset is missing or damaged.
    """
    state = load_checkpoint(checkpoint, KIND)
    settings = state["settings"]
    weights = _halved(state)
    # All is read before anything is written: half a new model would replace the one that is there.
    others = {person_part(str(text)) for path in list_shards(held_out) for text in
              load_captions(path)[1]}  # fmt: skip
    write_json(
        out / CONFIG_FILE, {"model_cfg": settings["model"], "preprocess_cfg": _preprocess(settings)}
    )
    with atomic_path(out / WEIGHTS) as temporary:
        save_file(weights, temporary, metadata={"format": "pt"})
    # One word table per line: the file is read by people, too.
    write_text(out / LEXICON, json.dumps(state["lexicon"], indent=1) + "\n")
    write_text(out / DISTRACTORS, "\n".join(sorted(others)) + "\n")
    write_json(out / TRAINING, training_facts(state))
    return out


def _halved(state: dict[str, Any]) -> dict[str, torch.Tensor]:
    network = CLIP(**state["settings"]["model"])
    try:
        network.load_state_dict(state["network"])
    except (RuntimeError, KeyError) as error:
        raise UserError("the checkpoint's weights do not fit its settings: train again") from error
    weights = {
        name: (value.half() if value.is_floating_point() else value).contiguous()
        for name, value in network.state_dict().items()
    }
    if not all(torch.isfinite(value).all() for value in weights.values()):
        raise UserError("the trained weights are not finite: delete the checkpoint and train again")
    return weights


def _preprocess(settings: dict[str, Any]) -> dict[str, Any]:
    return {"size": settings["model"]["vision_cfg"]["image_size"], **PREPROCESS}


def training_facts(state: dict[str, Any]) -> dict[str, Any]:
    """What the model card says of the training."""
    settings = state["settings"]
    return {
        "steps": state["done"],
        "of_steps": settings["steps"],
        "pictures": state["pictures"],
        "pictures_seen": state["done"] * settings["batch"],
        "cpu_minutes": round(state["cpu_seconds"] / 60, 1),
        "settings": {k: v for k, v in settings.items() if k != "model"},
    }
