"""What a training runs on: its device, and the versions that it writes down."""

import importlib.metadata
import platform

import torch

from gaussianmotion import __version__
from gaussianmotion.guidance.asked import Prior
from gaussianmotion.runtime.torch_device import usable_device


def choose_device(name: str) -> torch.device:
    """The device of the key ``device``, and what torch does on a GPU from then on.

    Raises:
        UserError: cuda is asked for, and torch cannot use a GPU.
    """
    device = torch.device(usable_device(name))
    if device.type == "cuda":
        # All steps have the same shapes: the fastest convolutions are worth looking for.
        torch.backends.cudnn.benchmark = True
    return device


def ran_on(device: torch.device, prior: Prior) -> dict[str, str | int]:
    """Device, precision, engine and threads of a training, for ``run.json``."""
    return {
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
        "precision": str(prior.dtype).removeprefix("torch."),
        "engine": getattr(prior, "engine", "torch"),
        "threads": torch.get_num_threads(),
    }


def versions() -> dict[str, str]:
    """Of Python, of this package and of what computes."""
    packages = ("torch", "numpy", "numba", "gsplat", "diffusers", "transformers")
    found = {name: importlib.metadata.version(name) for name in packages}
    return {"python": platform.python_version(), "gaussianmotion": __version__, **found}
