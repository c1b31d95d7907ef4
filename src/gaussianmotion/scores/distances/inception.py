"""The Inception network of FID, as torchmetrics runs it, from a local file of weights."""

import io
from collections.abc import Callable
from pathlib import Path

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torchmetrics.image.fid import NoTrainInceptionV3

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.pictures.checkpoint_file import read_weights

NAME = "Inception v3, TensorFlow 2015-12-05"
WIDTH = 2048


def load_inception(
    path: Path, device: str
) -> Callable[[UInt8[Tensor, "B 3 H W"]], Float[Tensor, "B D"]]:
    """Features of the pooling layer: 2048 of each picture, resized to 299 pixels with antialiasing.

    Args:
        path: ``weights-inception-2015-12-05-6726825d.pth`` of torch-fidelity.
        device: Where to compute.

    Raises:
        UserError: the file is missing, damaged or of another network.
    """
    weights = read_weights(path)
    # torch-fidelity unpickles the file that it is given, and a pickle can carry code: so it gets
    # a copy that holds nothing but the tensors that were read safely.
    copy = io.BytesIO()
    torch.save(weights, copy)
    copy.seek(0)
    try:
        network = NoTrainInceptionV3("inception-v3-compat", [str(WIDTH)], copy)  # type: ignore[arg-type]
    except RuntimeError as error:
        fault = " ".join(str(error).split())[:160]
        raise UserError(
            f"{path} is not a checkpoint of FID's Inception ({fault}): fetch it again"
        ) from error
    network = network.to(device)

    def features(pictures: UInt8[Tensor, "B 3 H W"]) -> Float[Tensor, "B D"]:
        return network(pictures.to(device))

    return features
