"""What a training of the prior asks of its data, wherever that lies."""

from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor


@runtime_checkable  # so that the tests' run-time checks of signatures can look at it
class Items(Protocol):
    """Where items come from: files on a disk, or the memory of a GPU.

    Attributes:
        device: Device of their tensors.
    """

    device: torch.device

    def __len__(self) -> int:
        """How many there are now."""
        ...

    def framings(self) -> np.ndarray:
        """The framing of each, one of ``captions.FRAMINGS``, shape (N,)."""
        ...

    def tensors(
        self, names: tuple[str, ...], items: np.ndarray, parts: slice | None = None
    ) -> dict[str, Tensor]:
        """Arrays of some items; ``parts`` picks the rows and columns of pictures."""
        ...

    def skeletons(
        self,
        items: np.ndarray,
        flip: Bool[Tensor, " B"],
        keypoints: Float[Tensor, "B 18 2"],
        visible: Bool[Tensor, "B 18"],
        size: int,
    ) -> Float[Tensor, "B 3 P P"]:
        """OpenPose pictures of P = ``size`` pixels, mirrored where ``flip`` says so; keypoints and
        visibility are mirrored already."""
        ...
