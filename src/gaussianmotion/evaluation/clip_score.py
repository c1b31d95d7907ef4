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

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import torch
from open_clip.transform import PreprocessCfg, image_transform_v2

from gaussianmotion.config import Config
from gaussianmotion.evaluation.open_clip_model import ClipModel, load_clip
from gaussianmotion.evaluation.pictures import batches, front_view
from gaussianmotion.evaluation.score_file import ScoreFile, Value, input_digests
from gaussianmotion.models import model_path, weights_digest

PROTOCOL = "clip-1"
BATCH = 16


class ClipScorer:
    """CLIP scores of any number of pictures, the weights loaded once.

    Args:
        path: The network's weights, ``open_clip_config.json`` beside them.
        name: What the network is called in titles.
        source: Where the weights are from.
        device: Where to compute.

    Raises:
        UserError: the weights are missing, damaged or of another network.
    """

    def __init__(self, path: Path, name: str, source: str, device: str) -> None:
        self.name, self.source = name, source
        self.digest = weights_digest(path)
        self.model = load_clip(path, None, device)
        self._transform = image_transform_v2(_preprocess(self.model), is_train=False)

    def score(self, pictures: Sequence[Path], prompts: Sequence[str]) -> list[float]:
        """100 max(cos, 0) of each picture with its own prompt.

        Raises:
            UserError: a picture is missing or damaged.
        """
        scores: list[float] = []
        for images in batches(pictures, BATCH):
            stacked = torch.stack([self._transform(image) for image in images])
            texts = list(prompts[len(scores) : len(scores) + len(images)])
            cosines = self.model.cosines(stacked, texts)
            scores.extend((100.0 * cosines.clamp(min=0.0)).tolist())
        return scores

    def files(
        self, pictures: Sequence[Path], prompts: Sequence[str], root: Path
    ) -> list[ScoreFile]:
        """A score file for each picture; digests are of paths below ``root``."""
        return [
            ScoreFile(
                score="clip",
                title=f"CLIP score ({self.name}, {self.source})",
                protocol=PROTOCOL,
                n=1,
                model=f"{self.name} {self.source}",
                model_digest=self.digest,
                values={"clip_score": Value(value=score, better="higher")},
                inputs=input_digests([picture], root),
                details={"prompt": prompt, "prompt_cut": self.model.is_cut(prompt)},
            )
            for picture, prompt, score in zip(
                pictures, prompts, self.score(pictures, prompts), strict=True
            )
        ]


def clip_scorer(config: Config, device: str) -> ClipScorer:
    """The scorer that a configuration names.

    Raises:
        UserError: its weights are not here, or not usable.
    """
    weights = config.models.clip
    return ClipScorer(model_path(config, "clip"), weights.architecture, weights.source, device)


def score_clip(run: Path, config: Config, device: str) -> ScoreFile:
    """The CLIP score of a run's front view.

    Args:
        run: Folder of the run; its views must be there.
        config: Names the weights.
        device: Where to compute.

    Raises:
        UserError: pictures or weights are missing or damaged.
    """
    picture, prompt = front_view(run)
    return clip_scorer(config, device).files([picture], [prompt], run)[0]


def _preprocess(model: ClipModel) -> PreprocessCfg:
    known = {field.name for field in fields(PreprocessCfg)}
    return PreprocessCfg(**{k: v for k, v in model.preprocess.items() if k in known})
