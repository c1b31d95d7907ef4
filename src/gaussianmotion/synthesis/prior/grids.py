"""Grids of samples to be looked at while a prior trains: pose, sample, true render."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from gaussianmotion.guidance.sampling import ddim, ddim_timesteps
from gaussianmotion.runtime.atomic import atomic_path
from gaussianmotion.synthesis.prior.batches import Batch, make_batch
from gaussianmotion.synthesis.prior.objective import Noised, predict_clean
from gaussianmotion.synthesis.prior.patch_trainer import PatchTrainer
from gaussianmotion.synthesis.prior.precision import autocast
from gaussianmotion.synthesis.prior.shards import TrainingSet

GUIDANCE = 4.0
STEPS = 20
#: Of so many columns; heads first, since faces come last.
COLUMNS = 12


def grid_items(held_out: TrainingSet, count: int) -> np.ndarray:
    """Half heads and half others, from the front of the set."""
    framings = np.concatenate([shard["framing"] for shard in held_out.shards])
    heads = np.flatnonzero(framings == 2)[: count // 2]
    others = np.flatnonzero(framings != 2)[: count - len(heads)]
    return np.concatenate([heads, others])


@torch.no_grad()
def write_training_grid(
    path: Path, trainer: PatchTrainer, held_out: TrainingSet, count: int
) -> None:
    """Samples by the networks as they are, for the same held-out items and noise every time."""
    items = grid_items(held_out, count)
    view, device = trainer.view(mirror=False), trainer.device
    batch = make_batch(held_out, items, view, torch.Generator().manual_seed(0))
    truth, poses = batch.pictures, batch.poses[:, -3:]
    batch = batch.to(device)
    blank = trainer.empty.to(device).expand_as(batch.text)
    cells = view.size // view.patch
    noise = torch.randn(
        len(items), 3 * view.patch**2, cells, cells, generator=torch.Generator().manual_seed(1)
    ).to(device)
    doubled = Batch(**{name: torch.cat([value, value]) for name, value in vars(batch).items()})
    doubled.text = torch.cat([blank, batch.text])
    alpha_bars = trainer.timesteps.alpha_bars.to(device)

    def predict(latents: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
        ones = torch.ones(2 * len(latents), device=device)
        twice = torch.cat([latents] * 2)
        noised = Noised(twice, twice, torch.cat([timesteps] * 2), ones)
        with autocast(device):
            null, full = predict_clean(
                trainer.built.unet, trainer.built.controlnet, doubled, noised
            ).float().chunk(2)  # fmt: skip
        trainer.tap.take()
        clean = null + GUIDANCE * (full - null)
        level = alpha_bars[timesteps][:, None, None, None]
        return (latents - level.sqrt() * clean) / (1.0 - level).sqrt()

    limit = trainer.scaling
    made = ddim(predict, alpha_bars, noise, ddim_timesteps(999, STEPS), limit)
    pictures = torch.nn.functional.pixel_shuffle(made / limit, view.patch).cpu()
    poses = torch.nn.functional.interpolate(poses, size=(view.size, view.size)) * 2.0 - 1.0
    rows = []
    for start in range(0, len(items), COLUMNS):
        part = slice(start, start + COLUMNS)
        rows += [_row(poses[part]), _row(pictures[part]), _row(truth[part])]
    width = max(row.shape[1] for row in rows)
    whole = [np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0))) for row in rows]
    with atomic_path(path) as temporary:
        Image.fromarray(np.concatenate(whole)).save(temporary, optimize=True)


def _row(pictures: torch.Tensor) -> np.ndarray:
    """Pictures in [-1, 1] side by side, uint8."""
    values = pictures.add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
    return np.concatenate(list(values.permute(0, 2, 3, 1).numpy()), axis=1)
