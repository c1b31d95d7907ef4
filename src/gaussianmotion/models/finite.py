"""What a model computes must be numbers: NaN would become a black picture or a likely score."""

from pathlib import Path

import torch
from jaxtyping import Shaped
from torch import Tensor

from gaussianmotion.runtime.errors import UserError


def finite(values: Shaped[Tensor, "..."], model: Path | str) -> Shaped[Tensor, "..."]:
    """The values that a model has computed, as they are.

    Args:
        values: Any shape.
        model: The model's file or folder, for the message.

    Raises:
        UserError: one of them is NaN or infinite.
    """
    # Tensors on the device "meta" have shapes and types, and no numbers to look at.
    if not values.is_meta and not bool(torch.isfinite(values).all()):
        raise UserError(
            f"{model} computes NaN or infinity instead of numbers: its weights are damaged, or too "
            "large for their precision; fetch or restore the model, and see whether float32 helps"
        )
    return values
