"""Human Preference Score v2.1 of the front view, as the hpsv2 package computes it.

Wu et al., "Human Preference Score v2", 2023: the cosine of ViT-H/14's embeddings, fine-tuned on
people's choices. Protocol hps-1 is the package's ``score``: the picture as a float tensor, resized
by its longer side (bicubic, antialiased), centred on black, normalised as OpenAI's; half precision
on a GPU. The package itself reads 4 GB at every call, lacks its vocabulary and pins libraries of
2023; here the weights are read once. (It takes v2.0 unless told ``hps_version="v2.1"``; numbers of
the two versions cannot be compared.) Its authors: scores compare pictures of the same prompt only,
so tables report differences paired by prompt.
"""

from gaussianmotion.config.evaluation import HpsModel
from gaussianmotion.config.experiment import DeviceKeys
from gaussianmotion.scores.score import FRONT, Measure, OfRun, RunScore


class HpsSettings(DeviceKeys):
    """What it reads."""

    models: HpsModel = HpsModel()


def _prepare(settings: HpsSettings, device: str) -> OfRun:
    from gaussianmotion.models.fetch import model_path
    from gaussianmotion.scores.pictures.prompt_scorers import HpsScorer, of_front_view

    weights = settings.models.hps
    path = model_path(settings, "hps")
    scorer = HpsScorer(path, weights.architecture, weights.source, device)
    return of_front_view(SCORE, scorer, {"compare": "only with pictures of the same prompt"})


SCORE = RunScore(
    name="hps",
    title="HPSv2",
    protocol="hps-1",
    looks_at=FRONT,
    settings=HpsSettings,
    weights=("hps",),
    measures=(
        Measure("hpsv2", "what people would prefer, about 0.2 to 0.35", "higher", paired=True),
    ),
    prepare=_prepare,
)
