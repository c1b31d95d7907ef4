"""CLIP score: how well the front view matches the prompt, 100 max(cos, 0).

Hessel et al., "CLIPScore", 2021, without its factor of 2.5, as papers on text to 3D report it.
Protocol clip-1: the picture ``front.png`` and the prompt as the user wrote it (no view or framing
words); the picture is resized and normalised as the network's own configuration says; a prompt
longer than the context (77 tokens) is cut, its end token kept. One number per avatar; tables
average over prompts. Scores of different networks are not comparable, so the title names it.

The default is LAION's ViT-L/14 trained on LAION-2B. OpenAI's ViT-L/14, which most papers use, has
the very text encoder of Stable Diffusion 1.5, by which the avatars are optimised; set
``models.clip`` to it to compare with those papers.
"""

from gaussianmotion.config.evaluation import ClipModel
from gaussianmotion.config.experiment import DeviceKeys
from gaussianmotion.scores.score import FRONT, Measure, OfRun, RunScore


class ClipSettings(DeviceKeys):
    """What it reads."""

    models: ClipModel = ClipModel()


def _prepare(settings: ClipSettings, device: str) -> OfRun:
    from gaussianmotion.models.fetch import model_path
    from gaussianmotion.scores.pictures.prompt_scorers import ClipScorer, of_front_view

    weights = settings.models.clip
    path = model_path(settings, "clip")
    scorer = ClipScorer(path, weights.architecture, weights.source, device)
    return of_front_view(SCORE, scorer)


SCORE = RunScore(
    name="clip",
    title="CLIP score",
    protocol="clip-1",
    looks_at=FRONT,
    settings=ClipSettings,
    weights=("clip",),
    measures=(Measure("clip_score", "front view and prompt, 100 max(cos, 0)", "higher"),),
    prepare=_prepare,
)
