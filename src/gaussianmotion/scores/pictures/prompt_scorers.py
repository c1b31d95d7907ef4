"""CLIP score and HPSv2: a picture with its own prompt, by an open_clip network read once."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import torch
from jaxtyping import Float
from open_clip.constants import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD
from PIL import Image
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as transforms

from gaussianmotion.models.fetch import weights_digest
from gaussianmotion.models.finite import finite
from gaussianmotion.scores.pictures.open_clip_model import load_clip
from gaussianmotion.scores.pictures.pictures import batches, front_view
from gaussianmotion.scores.score import OfRun, RunScore
from gaussianmotion.scores.score_file import ScoreFile, input_digests

BATCH = 16


class PromptScorer:
    """Scores of any number of pictures, the weights loaded once.

    Args:
        path: The network's weights.
        architecture: open_clip's name of the network, or what titles call it; None as of
            :func:`load_clip`.
        device: Where to compute.

    Raises:
        UserError: the weights are missing, damaged or of another network.

    Attributes:
        half: Whether the reference implementation computes in half precision on a GPU.
        title: The score's name with its model.
        model_id: Id of the model.
        digest: Of its weights.
        model: The network.
    """

    half: ClassVar[bool] = False
    title: str
    model_id: str

    def __init__(self, path: Path, architecture: str | None, device: str) -> None:
        self.digest = weights_digest(path)
        self.model = load_clip(path, architecture, device)
        self._path = path

    def prepared(self, image: Image.Image) -> Float[Tensor, "3 H W"]:
        """A picture as the network sees it."""
        raise NotImplementedError

    def of_cosines(self, cosines: Float[Tensor, " B"]) -> Float[Tensor, " B"]:
        """The scores of cosines."""
        raise NotImplementedError

    def score(self, pictures: Sequence[Path], prompts: Sequence[str]) -> list[float]:
        """The score of each picture with its own prompt.

        Raises:
            UserError: a picture is missing or damaged, or the network computes what is no number.
        """
        scores: list[float] = []
        for images in batches(pictures, BATCH):
            stacked = torch.stack([self.prepared(image) for image in images])
            texts = list(prompts[len(scores) : len(scores) + len(images)])
            cosines = self.model.cosines(stacked, texts, self.half)
            scores.extend(self.of_cosines(finite(cosines, self._path)).tolist())
        return scores


class ClipScorer(PromptScorer):
    """CLIP scores.

    Args:
        path: The network's weights, ``open_clip_config.json`` beside them.
        name: What the network is called in titles.
        source: Where the weights are from.
        device: Where to compute.
    """

    def __init__(self, path: Path, name: str, source: str, device: str) -> None:
        super().__init__(path, None, device)
        self.title, self.model_id = f"CLIP score ({name}, {source})", f"{name} {source}"

    def prepared(self, image: Image.Image) -> Float[Tensor, "3 H W"]:
        return self.model.prepared(image)

    def of_cosines(self, cosines: Float[Tensor, " B"]) -> Float[Tensor, " B"]:
        return 100.0 * cosines.clamp(min=0.0)


class HpsScorer(PromptScorer):
    """HPSv2.

    Args:
        path: A checkpoint of the hpsv2 project: ``{"state_dict": ...}``.
        architecture: open_clip's name of the network: ViT-H-14 for the published weights.
        source: Where the weights are from.
        device: Where to compute.
    """

    half = True

    def __init__(self, path: Path, architecture: str, source: str, device: str) -> None:
        super().__init__(path, architecture, device)
        name = f"{path.stem} ({architecture})"
        self.title, self.model_id = f"HPSv2 ({name})", f"{name} {source}"
        size = self.model.preprocess["size"]
        self._size = int(size[0] if isinstance(size, tuple | list) else size)

    def prepared(self, image: Image.Image) -> Float[Tensor, "3 H W"]:
        return centred_on_black(image, self._size)

    def of_cosines(self, cosines: Float[Tensor, " B"]) -> Float[Tensor, " B"]:
        return cosines  # about 0.2 to 0.35


def of_front_view(
    score: RunScore, scorer: PromptScorer, remarks: Mapping[str, str] = MappingProxyType({})
) -> OfRun:
    """What scores a run's front view with its prompt.

    Args:
        score: The declaration, of one measure.
        scorer: With its weights loaded.
        remarks: Further details of every file.
    """
    (measure,) = score.measures

    def of_run(run: Path) -> ScoreFile:
        picture, prompt = front_view(run)
        details = {"prompt": prompt, "prompt_cut": scorer.model.is_cut(prompt), **remarks}
        if details["prompt_cut"]:
            length = scorer.model.tokenizer.context_length
            details["note"] = (
                f"the end of the prompt is not read: the network reads {length} tokens"
            )
        return score.file(
            {measure.name: scorer.score([picture], [prompt])[0]},
            n=1,
            title=scorer.title,
            model=scorer.model_id,
            model_digest=scorer.digest,
            inputs=input_digests([picture], run),
            details=details,
        )

    return of_run


def centred_on_black(image: Image.Image, size: int) -> Float[Tensor, "3 H W"]:
    """A picture as the network of hpsv2 sees it, ``size`` pixels high and wide.

    The package makes a tensor first and resizes that: unlike with Pillow's resizing, values are
    neither rounded nor clipped.
    """
    tensor = transforms.to_tensor(image)
    height, width = tensor.shape[1:]
    scale = size / max(height, width)
    if scale != 1.0:
        high, wide = round(height * scale), round(width * scale)
        tensor = transforms.resize(tensor, [high, wide], InterpolationMode.BICUBIC, antialias=True)
        left, top = (size - wide) // 2, (size - high) // 2
        # Left, top, right, bottom; the odd pixel goes to the right and bottom.
        tensor = transforms.pad(tensor, [left, top, size - wide - left, size - high - top])
    return transforms.normalize(tensor, OPENAI_DATASET_MEAN, OPENAI_DATASET_STD)
