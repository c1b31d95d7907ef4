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

from dataclasses import fields
from pathlib import Path

from jaxtyping import Float
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from torch import Tensor

from gaussianmotion.config import Config
from gaussianmotion.models.fetch import model_path, weights_digest
from gaussianmotion.scores.pictures.open_clip_model import ClipModel, load_clip
from gaussianmotion.scores.pictures.pictures import front_view
from gaussianmotion.scores.pictures.prompt_scorer import PromptScorer
from gaussianmotion.scores.score_file import ScoreFile

PROTOCOL = "clip-1"


class ClipScorer(PromptScorer):
    """CLIP scores of any number of pictures, the weights loaded once.

    Args:
        path: The network's weights, ``open_clip_config.json`` beside them.
        name: What the network is called in titles.
        source: Where the weights are from.
        device: Where to compute.

    Raises:
        UserError: the weights are missing, damaged or of another network.
    """

    key = "clip"
    value_name = "clip_score"
    protocol = PROTOCOL

    def __init__(self, path: Path, name: str, source: str, device: str) -> None:
        self.title, self.model_id = f"CLIP score ({name}, {source})", f"{name} {source}"
        self.digest = weights_digest(path)
        self.model = load_clip(path, None, device)
        self._transform = image_transform_v2(_preprocess(self.model), is_train=False)

    def prepared(self, image: Image.Image) -> Float[Tensor, "3 H W"]:
        return self._transform(image)

    def of_cosines(self, cosines: Float[Tensor, " B"]) -> Float[Tensor, " B"]:
        return 100.0 * cosines.clamp(min=0.0)


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
