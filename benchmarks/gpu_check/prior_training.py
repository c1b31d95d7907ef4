"""Samples a second that the embedded prior's training would see on this GPU.

Its own steps at 128 px, with its networks, loss and optimiser, on random pictures.
"""

import statistics
import time

import torch
from sections import Note, Sizes

from gaussianmotion.guidance.layout import GRID, REGIONS
from gaussianmotion.guidance.text import MINILM_DIM
from gaussianmotion.pose.condition import SKELETON_AND_SURFACE
from gaussianmotion.synthesis.prior.batches import Batch
from gaussianmotion.synthesis.prior.patch_networks import POSE_PIXELS
from gaussianmotion.synthesis.prior.patch_settings import PatchSettings, Phase
from gaussianmotion.synthesis.prior.patch_trainer import PatchTrainer
from gaussianmotion.synthesis.prior.shards import TrainingSet

_TOKENS, _SIZE, _PATCH = 32, 128, 4
_WARM_UP = 2


class OfNoise(PatchTrainer):
    """The training without a data set: each step sees the same random batch.

    Args:
        batch: Samples of a step.
        device: Of the training.
    """

    def __init__(self, batch: int, device: torch.device) -> None:
        phases = (Phase(10**12, _SIZE, _PATCH, batch),)
        empty = torch.zeros(_TOKENS, MINILM_DIM)
        nothing = object.__new__(TrainingSet)  # of no folder: nothing is asked of it
        nothing.device = device
        super().__init__(nothing, PatchSettings(), phases, 10**12, 0, device, empty)
        self._batch = _batch(batch).to(device)

    def draw(self, done: int) -> tuple[Batch, torch.Generator]:
        """The batch, and the generator of what else is random in the step."""
        return self._batch, torch.Generator().manual_seed(done)


def run(sizes: Sizes, note: Note) -> None:
    """Note the rate for each size of batch."""
    device = torch.device(sizes.device)
    rows = []
    for count in sizes.batches:
        trainer = OfNoise(count, device)
        times = []
        for _ in range(max(3, sizes.steps)):
            began = time.perf_counter()
            trainer.advance()
            trainer.losses["loss"][-1].item()  # waits
            times.append(time.perf_counter() - began)
        step = statistics.median(times[_WARM_UP:])
        rows.append(
            {"batch": count, "step_ms": round(1e3 * step, 1), "samples_per_s": round(count / step)}
        )
        parameters = sum(p.numel() for p in trainer.networks.parameters())
        note(parameters_millions=round(parameters / 1e6, 1), rates=rows)


def _batch(count: int) -> Batch:
    """Random items of the shapes that the training has."""
    generator = torch.Generator().manual_seed(0)
    cells = _SIZE // _PATCH
    parts, pose = cells * GRID, cells * POSE_PIXELS
    return Batch(
        pictures=torch.rand(count, 3, _SIZE, _SIZE, generator=generator) * 2.0 - 1.0,
        labels=torch.randint(len(REGIONS), (count, parts, parts), generator=generator),
        normals=torch.zeros(count, 0, parts, parts),
        weights=torch.ones(count, 1, parts, parts),
        poses=torch.rand(count, SKELETON_AND_SURFACE, pose, pose, generator=generator),
        text=torch.randn(count, _TOKENS, MINILM_DIM, generator=generator),
    )
