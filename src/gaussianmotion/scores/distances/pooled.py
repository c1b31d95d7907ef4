"""Two sets of pictures, renders and references, compared by a network's features.

Numbers depend on N: the Frechet distance is biased upward, the more so the fewer pictures there
are, and its covariances have not full rank unless there are more pictures than features. So:

* below :data:`LEAST_KERNEL` pictures in either set there is no number;
* below :data:`LEAST_FRECHET` there is a kernel distance, which is unbiased, and no Frechet one;
* below the number of features (the paper's own 300 pictures against 2048) the Frechet distance is
  there with a note, and may be compared only with one of the same N.
"""

from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float64, UInt8
from PIL import Image
from torch import Tensor

from gaussianmotion.models.finite import finite
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.distances.frechet import (
    RESAMPLES,
    Products,
    frechet_distance,
    intervals,
    kernel_distance,
)
from gaussianmotion.scores.pictures.pictures import azimuth_views, batches, reference_pictures
from gaussianmotion.scores.score import OfRuns, PooledScore
from gaussianmotion.scores.score_file import ScoreFile, Value, input_digests

LEAST_KERNEL = 20
LEAST_FRECHET = 100
BATCH = 32

Features = Callable[[UInt8[Tensor, "B 3 H W"]], Float[Tensor, "B D"]]


def of_runs(score: PooledScore, features: Features, model: str, digest: str) -> OfRuns:
    """What measures the views of runs against the references of their prompts.

    Args:
        score: The declaration, of a Frechet and a kernel distance.
        features: The network, with its weights loaded.
        model: Its name.
        digest: SHA-256 of its weights.
    """
    frechet, kernel = score.measures

    def of_runs(runs: Sequence[Path], references: Sequence[Path]) -> ScoreFile:
        return distances(
            lambda pictures: finite(features(pictures), model),
            [azimuth_views(run) for run in runs],
            [reference_pictures(folder) for folder in references],
            (frechet.name, kernel.name),
            score.file({}, n=0, model=model, model_digest=digest),
            _common_root([*runs, *references]),
        )

    return of_runs


def distances(
    features: Features,
    renders: Sequence[Sequence[Path]],
    references: Sequence[Sequence[Path]],
    labels: tuple[str, str],
    score: ScoreFile,
    root: Path,
) -> ScoreFile:
    """``score`` with the distances between renders and references of the same prompts.

    Args:
        features: The network.
        renders: Pictures of each prompt.
        references: Those of the same prompts, in the same order.
        labels: Names of the values of the Frechet and the kernel distance.
        score: What the score is called and computed with.
        root: Folder that all pictures are below; digests are by path from it.

    Raises:
        UserError: a picture is missing or damaged, or prompts and references do not pair.
    """
    if len(renders) != len(references) or not renders:
        raise UserError(
            f"{score.title}: {len(renders)} prompts have renders and {len(references)} have "
            "references; give both of each prompt"
        )
    pictures = [[path for group in groups for path in group] for groups in (renders, references)]
    counts = [len(paths) for paths in pictures]
    facts = {
        "renders": counts[0],
        "references": counts[1],
        "prompts": len(renders),
        "interval": f"95 %: {RESAMPLES} resamples of the prompts, Student's t",
    }
    score = score.model_copy(update={"n": counts[0], "details": {**score.details, **facts}})
    looked_at = sorted({path.absolute() for paths in pictures for path in paths})
    score = score.model_copy(update={"inputs": input_digests(looked_at, root.absolute())})
    least = min(counts)
    if least < LEAST_KERNEL:
        reason = f"{least} pictures; a distance of two sets needs at least {LEAST_KERNEL} in each"
        return score.model_copy(update={"status": "too few", "reason": reason})
    products = Products.of(*(features_of(features, paths) for paths in pictures))
    values, notes = _values(products, renders, references, labels)
    details = {**score.details, "features": products.width, "kernel_subset_size": counts} | notes
    return score.model_copy(update={"values": values, "details": details})


def features_of(network: Features, paths: Sequence[Path]) -> Float64[Tensor, "N D"]:
    """Features of pictures, on the CPU in float64."""
    found = []
    with torch.no_grad():
        for images in batches(paths, BATCH):
            # Networks take pictures of one size at a time; sizes differ only between systems.
            for _, alike in groupby(images, key=lambda image: image.size):
                found.append(network(as_tensor(list(alike))).double().cpu())
    return torch.cat(found)


def as_tensor(images: Sequence[Image.Image]) -> UInt8[Tensor, "B 3 H W"]:
    """Pictures of one size as a batch."""
    return torch.stack([torch.from_numpy(np.array(image)) for image in images]).permute(0, 3, 1, 2)


def _values(
    products: Products,
    renders: Sequence[Sequence[Path]],
    references: Sequence[Sequence[Path]],
    labels: tuple[str, str],
) -> tuple[dict[str, Value], dict[str, str]]:
    groups_x, groups_y = (
        np.repeat(np.arange(len(groups)), [len(group) for group in groups])
        for groups in (renders, references)
    )
    least = min(len(groups_x), len(groups_y))
    measures = {"kernel": (labels[1], kernel_distance)}
    notes = {}
    if least >= LEAST_FRECHET:
        measures = {"frechet": (labels[0], frechet_distance), **measures}
    else:
        notes["note"] = (
            f"no {labels[0]}: {least} pictures, and it needs at least {LEAST_FRECHET} in each set"
        )
    if LEAST_FRECHET <= least <= products.width:
        notes["note"] = (
            f"{labels[0]} of {least} pictures with {products.width} features is biased upward: "
            "compare it only with the same N"
        )
    ranges = intervals(products, groups_x, groups_y, list(measures))
    values = {}
    for name, (label, measure) in measures.items():
        low, high = ranges.get(name, (None, None))
        values[label] = Value(value=measure(products), better="lower", low=low, high=high)
    return values, notes


def _common_root(paths: Sequence[Path]) -> Path:
    """The deepest folder that holds all paths."""
    resolved = [path.absolute() for path in paths]
    root = resolved[0]
    while not all(path.is_relative_to(root) for path in resolved):
        root = root.parent
    return root
