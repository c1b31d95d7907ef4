"""A shipped prior of pixel patches becomes a checkpoint again, so that its training can go on.

A checkpoint (weights, averages, optimiser) is 370 MB and stays where the training ran; the fp16
averages that ship, with the small layout head beside them, are enough to go on anywhere. Only
Muon's momentum is lost, which is new after 20 steps, and the difference between the weights and
their average.
"""

from pathlib import Path
from typing import Any

import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from safetensors.torch import load_file
from torch import float32

from gaussianmotion.guidance.layout import HEAD_FILE
from gaussianmotion.guidance.load import load_network, loading, read_json
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.prior.export_patches import shape_of
from gaussianmotion.synthesis.prior.patch_settings import PatchSettings, Phase
from gaussianmotion.synthesis.prior.patch_trainer import PatchTrainer
from gaussianmotion.synthesis.prior.shards import TrainingSet
from gaussianmotion.synthesis.prior.train_patches import CHECKPOINT, patch_keeping


def import_patches(prior: Path, out: Path) -> Path:
    """Write ``patches.pt`` of a prior; `gaussianmotion synthesis prior --out OUT` goes on from it.

    Args:
        prior: Folder of the prior, as :func:`export_patches` wrote it.
        out: Folder of the training.

    Returns:
        The checkpoint's path.

    Raises:
        UserError: a part of the prior is missing or damaged, or ``out`` holds a training already.
    """
    path = out / CHECKPOINT
    if path.exists():
        raise UserError(f"{path} is of a training: give --out another folder")
    facts = read_json(prior / "training.json")
    try:
        settings = _settings(facts["settings"])
        phases = [Phase(**phase) for phase in facts["phases"]]
        last = phases[-1]
        done, steps = int(facts["samples_seen"]), int(facts["steps"])
        seconds = 3600.0 * float(facts["hours"])
    except (KeyError, TypeError, IndexError, ValueError, AttributeError) as error:
        raise UserError(f"{prior / 'training.json'} is of another kind of training") from error
    cpu = torch.device("cpu")
    data, empty = TrainingSet(prior), torch.zeros(1, 1)
    trainer = PatchTrainer(data, settings, [last], 10**12, 0, cpu, empty)
    trainer.phases = phases
    for name, kind in (("unet", UNet2DConditionModel), ("controlnet", ControlNetModel)):
        weights = load_network(kind, prior / name, float32).state_dict()
        with loading(prior / name):
            trainer.networks[name].load_state_dict(weights)
    if settings.regions:  # else it was untrained, and left out
        with loading(prior / HEAD_FILE):
            trainer.built.head.load_state_dict(
                {name: value.float() for name, value in load_file(prior / HEAD_FILE).items()}
            )
    for name, parameter in trainer.networks.named_parameters():
        trainer.averages[name].copy_(parameter.detach())
    trainer.done, trainer.steps, trainer.seconds = done, steps, seconds
    patch_keeping(out, settings).save(trainer)
    return path


def _settings(values: dict[str, Any]) -> PatchSettings:
    shape = shape_of({"settings": values, "patch": values["shape"]["patch"]})
    return PatchSettings(**{**values, "shape": shape})
