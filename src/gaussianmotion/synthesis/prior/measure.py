"""How well the embedded prior follows pose and text, on people it has not seen.

Four runs over the same held-out items, from the same noise: as the item says; without the pose;
with the pose of another item; with the caption of another item. The pictures are compared with the
item's true masks and colours. The same measures on the true renders are the ceiling, and on the
shuffled runs the floor.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from gaussianmotion.config import PriorConfig
from gaussianmotion.errors import UserError
from gaussianmotion.guidance.digest import prior_digest
from gaussianmotion.guidance.prior import load_prior
from gaussianmotion.pose.openpose import draw_openpose
from gaussianmotion.runtime.atomic import atomic_path, write_json
from gaussianmotion.synthesis.pictures.data import Shard, load_shards, read_palette
from gaussianmotion.synthesis.prior.metrics import colours, faces, silhouettes
from gaussianmotion.synthesis.prior.samples import Request, Sampling, sample_resumable

# 2: guesses of the clean latents are limited as the model's scheduler says; noise by item.
PROTOCOL = "prior-2"
MEASURES = "measures.json"


def measure_prior(
    prior: Path,
    heldout: Path,
    out: Path,
    count: int = 200,
    controls: int = 64,
    guidance: float = 5.0,
    steps: int = 25,
    seed: int = 0,
    batch: int = 16,
    samples: Path | None = None,
    report: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Measure a prior and write ``measures.json`` and ``grid.png``.

    The samples are kept batch by batch: a run that was killed goes on there.

    Args:
        prior: Folder of the prior.
        heldout: Dataset of people that the training did not see.
        out: Folder to write to.
        count: Items to measure.
        controls: Items of the runs without the pose, with another pose, and with another caption:
            they tell large differences, so fewer do.
        guidance: Classifier-free guidance scale.
        steps: DDIM steps.
        seed: Of the noise.
        batch: Pictures at once.
        samples: Folder that keeps the samples; ``out/samples`` where not given.
        report: Receives progress lines.

    Raises:
        UserError: the prior or the dataset is missing or damaged, or too small.
    """
    items = load_shards(heldout, count)
    if len(items) < 16:
        raise UserError(f"{heldout} holds {len(items)} items: at least 16 are needed to measure")
    palette = read_palette(heldout)
    config = PriorConfig(model=str(prior), controlnet=str(prior / "controlnet"), dtype="bfloat16")
    weights = prior_digest(config)
    model = load_prior(config, "cpu")
    others = np.roll(np.arange(len(items)), 1)
    poses = draw_openpose(
        torch.from_numpy(items.keypoints), torch.from_numpy(items.visible), *items.masks.shape[1:]
    )
    captions = items.captions.tolist()
    few = slice(controls)
    requests = {
        "conditioned": Request(captions, poses),
        "no pose": Request(captions[few], None),
        "other pose": Request(captions[few], poses[others][few]),
        "other caption": Request([captions[i] for i in others[few]], poses[few]),
    }
    sampling = Sampling(guidance, steps, seed, batch, weights)
    seconds = 0.0
    images = {}
    for name, request in requests.items():
        path = (samples or out / "samples") / f"{name.replace(' ', '_')}.npz"
        pictures, spent = sample_resumable(model, request, sampling, path, name, report)
        images[name] = pictures.astype(np.float32) / 255.0
        seconds += spent
    began = time.monotonic()
    true = items.images.astype(np.float32) / 255.0
    measures = {
        "protocol": PROTOCOL,
        "weights": weights,
        "items": len(items),
        "control_items": min(controls, len(items)),
        "guidance": guidance,
        "ddim_steps": steps,
        "latent_limit": model.latent_limit,
        "seed": seed,
        "silhouette": silhouettes(images, true, items, others),
        "colours": colours(images, true, items, palette),
        "faces": faces(images["conditioned"], true, items),
        "seconds": round(seconds + time.monotonic() - began),
    }
    write_json(out / MEASURES, measures)
    write_grid(out / "grid.png", images["conditioned"], items)
    return measures


def write_grid(path: Path, pictures: NDArray[np.float32], items: Shard, columns: int = 12) -> None:
    """Rows of pose, sample and true render, side by side for looking at."""
    rows = []
    height, width = items.masks.shape[1:]
    poses = draw_openpose(
        torch.from_numpy(items.keypoints), torch.from_numpy(items.visible), height, width
    )
    count = min(len(pictures), 4 * columns) // columns * columns
    for start in range(0, count, columns):
        part = slice(start, start + columns)
        rows.append(_row(poses[part].permute(0, 2, 3, 1).numpy()))
        rows.append(_row(pictures[part]))
        rows.append(_row(items.images[part].astype(np.float32) / 255.0))
    with atomic_path(path) as temporary:
        Image.fromarray(np.concatenate(rows)).save(temporary, optimize=True)


def _row(pictures: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.concatenate(list((pictures.clip(0, 1) * 255).round().astype(np.uint8)), axis=1)
