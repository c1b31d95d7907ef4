"""Human Preference Score v2.1 of the front view, as the hpsv2 package computes it.

Wu et al., "Human Preference Score v2", 2023: the cosine of ViT-H/14's embeddings, fine-tuned on
people's choices. Protocol hps-1 is the package's ``score``: the picture as a float tensor, resized
by its longer side (bicubic, antialiased), centred on black, normalised as OpenAI's; half precision
on a GPU. The package itself reads 4 GB at every call, lacks its vocabulary and pins libraries of
2023; here the weights are read once. (It takes v2.0 unless told ``hps_version="v2.1"``; numbers of
the two versions cannot be compared.) Its authors: scores compare pictures of the same prompt only,
so tables report differences paired by prompt.
"""

from pathlib import Path
from typing import ClassVar

from jaxtyping import Float
from open_clip.constants import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD
from PIL import Image
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as transforms

from gaussianmotion.config import Config
from gaussianmotion.models.fetch import model_path, weights_digest
from gaussianmotion.scores.pictures.open_clip_model import load_clip
from gaussianmotion.scores.pictures.pictures import front_view
from gaussianmotion.scores.pictures.prompt_scorer import PromptScorer
from gaussianmotion.scores.score_file import ScoreFile

PROTOCOL = "hps-1"


class HpsScorer(PromptScorer):
    """HPSv2 of any number of pictures, the weights loaded once.

    Args:
        path: A checkpoint of the hpsv2 project: ``{"state_dict": ...}``.
        architecture: open_clip's name of the network: ViT-H-14 for the published weights.
        source: Where the weights are from.
        device: Where to compute.

    Raises:
        UserError: the weights are missing, damaged or of another network.
    """

    key = "hps"
    value_name = "hpsv2"
    protocol = PROTOCOL
    half = True
    remarks: ClassVar[dict[str, str]] = {"compare": "only with pictures of the same prompt"}

    def __init__(self, path: Path, architecture: str, source: str, device: str) -> None:
        name = f"{path.stem} ({architecture})"
        self.title, self.model_id = f"HPSv2 ({name})", f"{name} {source}"
        self.digest = weights_digest(path)
        self.model = load_clip(path, architecture, device)
        size = self.model.preprocess["size"]
        self._size = int(size[0] if isinstance(size, tuple | list) else size)

    def prepared(self, image: Image.Image) -> Float[Tensor, "3 H W"]:
        return prepared(image, self._size)

    def of_cosines(self, cosines: Float[Tensor, " B"]) -> Float[Tensor, " B"]:
        return cosines  # about 0.2 to 0.35


def hps_scorer(config: Config, device: str) -> HpsScorer:
    """The scorer that a configuration names.

    Raises:
        UserError: its weights are not here, or not usable.
    """
    weights = config.models.hps
    return HpsScorer(model_path(config, "hps"), weights.architecture, weights.source, device)


def score_hps(run: Path, config: Config, device: str) -> ScoreFile:
    """HPSv2 of a run's front view.

    Args:
        run: Folder of the run; its views must be there.
        config: Names the weights.
        device: Where to compute.

    Raises:
        UserError: pictures or weights are missing or damaged.
    """
    picture, prompt = front_view(run)
    return hps_scorer(config, device).files([picture], [prompt], run)[0]


def prepared(image: Image.Image, size: int) -> Float[Tensor, "3 H W"]:
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
