"""FID and KID: the views of avatars against samples of the text-to-image model.

Protocol fid-1, the paper's Table 1: all azimuth views of all prompts against all references of the
same prompts, pooled, by the features of FID's Inception. A Frechet distance needs at least 100
pictures in each set, and a kernel distance 20 (``scores/distances/pooled.py``); the maths and the
intervals are in ``scores/distances/frechet.py``. Features are not cached: 600 pictures take seconds
on a GPU.
"""

from gaussianmotion.config.evaluation import InceptionModel
from gaussianmotion.config.experiment import DeviceKeys
from gaussianmotion.scores.distances.measures import FALLS_WITH_N
from gaussianmotion.scores.score import VIEWS, Measure, OfRuns, PooledScore


class FidSettings(DeviceKeys):
    """What it reads."""

    models: InceptionModel = InceptionModel()


def _prepare(settings: FidSettings, device: str) -> OfRuns:
    from gaussianmotion.models.fetch import model_path, weights_digest
    from gaussianmotion.scores.distances.inception import NAME, load_inception
    from gaussianmotion.scores.distances.pooled import of_runs

    path = model_path(settings, "inception")
    return of_runs(SCORE, load_inception(path, device), NAME, weights_digest(path))


SCORE = PooledScore(
    name="fid",
    title="FID and KID (Inception v3, TensorFlow 2015-12-05)",
    protocol="fid-1",
    looks_at=VIEWS,
    settings=FidSettings,
    weights=("inception",),
    measures=(
        Measure("fid", "Frechet distance of renders and references", "lower", note=FALLS_WITH_N),
        Measure("kid", "kernel distance of renders and references", "lower"),
    ),
    prepare=_prepare,
)
