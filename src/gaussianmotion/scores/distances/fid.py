"""FID and KID: the views of avatars against samples of the text-to-image model.

Protocol fid-1, the paper's Table 1: all azimuth views of all prompts against all references of the
same prompts, pooled, by the features of :mod:`inception`. What N allows is in :mod:`pooled`,
the maths and the intervals in :mod:`frechet`. Features are not cached: 600 pictures take seconds
on a GPU.
"""

from collections.abc import Sequence
from pathlib import Path

from gaussianmotion.config import Config
from gaussianmotion.models.fetch import model_path, weights_digest
from gaussianmotion.scores.distances.inception import NAME, load_inception
from gaussianmotion.scores.distances.pooled import run_distances
from gaussianmotion.scores.score_file import ScoreFile

PROTOCOL = "fid-1"


def score_fid(
    runs: Sequence[Path], references: Sequence[Path], config: Config, device: str
) -> ScoreFile:
    """FID and KID of runs, each of another prompt, against the references of their prompts.

    Args:
        runs: Folders of the runs; their views must be there.
        references: For each run the folder of its prompt's references.
        config: Names the weights.
        device: Where to compute.

    Raises:
        UserError: pictures or weights are missing or damaged.
    """
    path = model_path(config, "inception")
    score = ScoreFile(
        score="fid",
        title=f"FID and KID ({NAME})",
        protocol=PROTOCOL,
        n=0,
        model=NAME,
        model_digest=weights_digest(path),
    )
    return run_distances(load_inception(path, device), runs, references, ("fid", "kid"), score)
