"""How well the embedded prior follows pose and text, on people it has not seen.

Four runs over the same held-out items, whole figures, from the same noise: as the item says;
without the pose; with the pose of another item; with the caption of another item; and two over head
close-ups, with their own and with another's caption. The pictures are compared with the item's true
masks and colours. The same measures on the true renders are the ceiling, and on the shuffled runs
the floor.
"""

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from gaussianmotion.config import PriorConfig
from gaussianmotion.guidance.digest import prior_digest
from gaussianmotion.guidance.prior import load_prior
from gaussianmotion.pose.condition import SKELETON
from gaussianmotion.pose.openpose import draw_openpose
from gaussianmotion.runtime.atomic import atomic_path, write_json
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.pictures.captions import FULL_BODY, HEAD
from gaussianmotion.synthesis.pictures.data import Shard, load_shards, read_palette
from gaussianmotion.synthesis.prior.heads import heads
from gaussianmotion.synthesis.prior.metrics import colours, faces, silhouettes
from gaussianmotion.synthesis.prior.samples import Request, Sampling, sample_resumable
from gaussianmotion.synthesis.reporting import Report, log_line

# 2: guesses of the clean latents are limited as the model's scheduler says; noise by item.
# 3: the colour of hats; heads.
PROTOCOL = "prior-3"
MEASURES = "measures.json"
#: Whole figures that measures are of at least.
LEAST = 16


def measure_prior(
    prior: Path,
    heldout: Path,
    out: Path,
    count: int = 200,
    controls: int = 64,
    close_ups: int = 96,
    guidance: float = 5.0,
    steps: int = 25,
    seed: int = 0,
    batch: int = 16,
    samples: Path | None = None,
    report: Report = log_line,
) -> dict[str, Any]:
    """Measure a prior and write ``measures.json`` and ``grid.png``.

    The samples are kept batch by batch: a run that was killed goes on there.

    Args:
        prior: Folder of the prior.
        heldout: Dataset of people that the training did not see.
        out: Folder to write to.
        count: Whole figures to measure, at least :data:`LEAST`.
        close_ups: Heads to measure; sets of version 2 have none that are held out.
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
    if count < LEAST:
        raise UserError(f"{count} whole figures say little: at least {LEAST} are needed to measure")
    everything = load_shards(heldout)
    figures = np.flatnonzero(everything.framing == FULL_BODY)
    if len(figures) < LEAST:
        raise UserError(
            f"{heldout} holds {len(figures)} whole figures: at least {LEAST} are needed to measure"
        )
    items = everything.take(figures[:count])
    close = everything.take(np.flatnonzero(everything.framing == HEAD)[:close_ups])
    palette = read_palette(heldout)
    config = PriorConfig(model=str(prior), controlnet=str(prior / "controlnet"), dtype="bfloat16")
    weights = prior_digest(config)
    model = load_prior(config, "cpu")
    others, other_heads = (np.roll(np.arange(len(part)), 1) for part in (items, close))
    poses, head_poses = (poses_of(part, model.condition_channels) for part in (items, close))
    captions, head_captions = items.captions.tolist(), close.captions.tolist()
    few = slice(controls)
    requests = {
        "conditioned": Request(captions, poses),
        "no pose": Request(captions[few], None),
        "other pose": Request(captions[few], poses[others][few]),
        "other caption": Request([captions[i] for i in others[few]], poses[few]),
        "heads": Request(head_captions, head_poses),
        "heads, other caption": Request(
            [head_captions[i] for i in other_heads[few]], head_poses[few]
        ),
    }
    requests = {name: request for name, request in requests.items() if request.captions}
    sampling = Sampling(guidance, steps, seed, batch, weights)
    seconds = 0.0
    images = {}
    for name, request in requests.items():
        path = (samples or out / "samples") / f"{name.replace(', ', '_').replace(' ', '_')}.npz"
        pictures, spent = sample_resumable(model, request, sampling, path, name, report)
        images[name] = pictures.astype(np.float32) / 255.0
        seconds += spent
    began = time.monotonic()
    true = items.images.astype(np.float32) / 255.0
    measures: dict[str, Any] = {
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
    if len(close):
        judged = {
            "conditioned": images["heads"],
            "other caption": images["heads, other caption"],
        }
        measures["heads"] = heads(judged, close.images.astype(np.float32) / 255.0, close)
    write_json(out / MEASURES, measures)
    if len(close):
        write_grid(out / "heads.png", images["heads"], close)
    write_grid(out / "grid.png", images["conditioned"], items)
    return measures


def write_grid(path: Path, pictures: NDArray[np.float32], items: Shard, columns: int = 12) -> None:
    """Rows of pose, sample and true render, side by side for looking at; at most four of each."""
    rows = []
    poses = poses_of(items, SKELETON)
    columns = min(columns, len(pictures))
    count = min(len(pictures), 4 * columns) // columns * columns
    for start in range(0, count, columns):
        part = slice(start, start + columns)
        rows.append(_row(poses[part].permute(0, 2, 3, 1).numpy()))
        rows.append(_row(pictures[part]))
        rows.append(_row(items.images[part].astype(np.float32) / 255.0))
    with atomic_path(path) as temporary:
        Image.fromarray(np.concatenate(rows)).save(temporary, optimize=True)


def poses_of(items: Shard, channels: int) -> torch.Tensor:
    """The conditioning pictures of some items, (N, K, H, W) in [0, 1].

    Raises:
        UserError: surface maps are asked for (K is 6), and the data set has none.
    """
    keypoints, visible = torch.from_numpy(items.keypoints), torch.from_numpy(items.visible)
    skeletons = draw_openpose(keypoints, visible, *items.masks.shape[1:])
    if channels == SKELETON:
        return skeletons
    if not items.surface.any():
        raise UserError(
            "the prior reads surface maps, and the data set has none: render one of version 4 into "
            "a new folder (`gaussianmotion synthesis dataset --held-out`)"
        )
    surfaces = torch.from_numpy(items.surface).permute(0, 3, 1, 2).float().div(255.0)
    return torch.cat([skeletons, surfaces], dim=1)


def _row(pictures: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.concatenate(list((pictures.clip(0, 1) * 255).round().astype(np.uint8)), axis=1)
