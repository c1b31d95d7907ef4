"""Scores of a picture with its own prompt, by an open_clip network that is read once."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from gaussianmotion.scores.pictures.open_clip_model import ClipModel
from gaussianmotion.scores.pictures.pictures import batches
from gaussianmotion.scores.score_file import ScoreFile, Value, input_digests

BATCH = 16


class PromptScorer:
    """What CLIP score and HPSv2 have in common; they differ in the attributes and in two methods.

    Attributes:
        key: The score's key in ``scores.names``.
        value_name: Of its one value.
        protocol: Name and version.
        half: Whether the reference implementation computes in half precision on a GPU.
        remarks: Further details of every score file.
        title: The score's name with its model.
        model_id: Id of the model.
        digest: Of its weights.
        model: The network.
    """

    key: ClassVar[str]
    value_name: ClassVar[str]
    protocol: ClassVar[str]
    half: ClassVar[bool] = False
    remarks: ClassVar[dict[str, str]] = {}
    title: str
    model_id: str
    digest: str
    model: ClipModel

    def prepared(self, image: Image.Image) -> Float[Tensor, "3 H W"]:
        """A picture as the network sees it."""
        raise NotImplementedError

    def of_cosines(self, cosines: Float[Tensor, " B"]) -> Float[Tensor, " B"]:
        """The scores of cosines."""
        raise NotImplementedError

    def score(self, pictures: Sequence[Path], prompts: Sequence[str]) -> list[float]:
        """The score of each picture with its own prompt.

        Raises:
            UserError: a picture is missing or damaged.
        """
        scores: list[float] = []
        for images in batches(pictures, BATCH):
            stacked = torch.stack([self.prepared(image) for image in images])
            texts = list(prompts[len(scores) : len(scores) + len(images)])
            cosines = self.model.cosines(stacked, texts, self.half)
            scores.extend(self.of_cosines(cosines).tolist())
        return scores

    def files(
        self, pictures: Sequence[Path], prompts: Sequence[str], root: Path
    ) -> list[ScoreFile]:
        """A score file for each picture; digests are of paths below ``root``."""
        return [
            ScoreFile(
                score=self.key,
                title=self.title,
                protocol=self.protocol,
                n=1,
                model=self.model_id,
                model_digest=self.digest,
                values={self.value_name: Value(value=score, better="higher")},
                inputs=input_digests([picture], root),
                details={
                    "prompt": prompt,
                    "prompt_cut": self.model.is_cut(prompt),
                    **self.remarks,
                },
            )
            for picture, prompt, score in zip(
                pictures, prompts, self.score(pictures, prompts), strict=True
            )
        ]
