"""What a training runs on: its device, and the versions that it writes down."""

import importlib.metadata
import platform

import torch

from gaussianmotion import __version__
from gaussianmotion.errors import UserError


def choose_device(name: str) -> torch.device:
    """The device of the key ``device``, and what torch does on a GPU from then on.

    Raises:
        UserError: cuda is asked for, and there is none.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError("device: cuda was asked for, but torch sees no GPU: write device: auto")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda":
        # All steps have the same shapes: the fastest convolutions are worth looking for.
        torch.backends.cudnn.benchmark = True
        # What is kept in float32 (the UNet's last layer) is kept so for its last digits.
        torch.backends.cudnn.allow_tf32 = False
    return torch.device(name)


def versions() -> dict[str, str]:
    """Of Python, of this package and of what computes."""
    packages = ("torch", "numpy", "numba", "gsplat", "diffusers", "transformers")
    found = {name: importlib.metadata.version(name) for name in packages}
    return {"python": platform.python_version(), "gaussianmotion": __version__, **found}
