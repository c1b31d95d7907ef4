"""Samples of the prior, kept batch by batch: a sampling of minutes that was killed goes on."""

import hashlib
import json
import time
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from gaussianmotion.guidance.prior import DiffusionPrior
from gaussianmotion.runtime.atomic import atomic_path
from gaussianmotion.synthesis.prior.networks import IMAGE_SIZE
from gaussianmotion.synthesis.reporting import Report, log_line


@dataclass(frozen=True)
class Request:
    """What is asked of the prior.

    Attributes:
        captions: One per picture.
        poses: The ControlNet's pictures, shape (N, K, H, W); None: without the ControlNet.
    """

    captions: list[str]
    poses: Float[Tensor, "N K H W"] | None


@dataclass(frozen=True)
class Sampling:
    """How it is sampled.

    Attributes:
        guidance: Classifier-free guidance scale.
        steps: DDIM steps.
        seed: Picture i starts from the noise of seed + i, whatever the batch.
        batch: Pictures at once.
        weights: Digest of the prior's weights.
    """

    guidance: float
    steps: int
    seed: int
    batch: int
    weights: str


def sample_resumable(
    model: DiffusionPrior,
    request: Request,
    sampling: Sampling,
    path: Path,
    name: str,
    report: Report = log_line,
) -> tuple[NDArray[np.uint8], float]:
    """Pictures (N, H, W, 3) and the seconds they took, from the file as far as it goes.

    Args:
        model: The prior.
        request: Captions and poses.
        sampling: How to sample; pictures of another prior, request or sampling are made again.
        path: The .npz that is written after each batch.
        name: Of the run, for the progress lines.
        report: Receives them.
    """
    key = _key(model, request, sampling)
    pictures, seconds = _read(path, key)
    count = len(request.captions)
    if len(pictures):
        report(f"{name}: {len(pictures)}/{count} pictures were there")
    for start in range(len(pictures), count, sampling.batch):
        began = time.monotonic()
        part = slice(start, start + sampling.batch)
        captions = request.captions[part]
        seeds = [sampling.seed + i for i in range(start, start + len(captions))]
        made = model.sample(
            captions,
            None if request.poses is None else request.poses[part],
            sampling.steps,
            sampling.guidance,
            noise=model.draw_noise(seeds, IMAGE_SIZE),
            size=IMAGE_SIZE,
        )
        new = made.mul(255.0).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
        pictures = np.concatenate([pictures, new]) if len(pictures) else new
        seconds += time.monotonic() - began
        with atomic_path(path) as temporary:
            np.savez(temporary, key=np.array(key), pictures=pictures, seconds=np.array(seconds))
        report(f"{name}: {len(pictures)}/{count} pictures")
    return pictures, seconds


def _key(model: DiffusionPrior, request: Request, sampling: Sampling) -> str:
    facts = asdict(sampling) | {"captions": request.captions, "limit": model.latent_limit}
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    if request.poses is not None:
        digest.update(request.poses.contiguous().numpy().tobytes())
    return digest.hexdigest()


def _read(path: Path, key: str) -> tuple[NDArray[np.uint8], float]:
    """What an earlier run left of the same pictures; none where it made others."""
    nothing = np.zeros((0, 0, 0, 3), np.uint8), 0.0
    try:
        # NumPy leaves a damaged file open that it has opened itself.
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as saved:
            if str(saved["key"]) != key:
                return nothing
            return saved["pictures"], float(saved["seconds"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return nothing
