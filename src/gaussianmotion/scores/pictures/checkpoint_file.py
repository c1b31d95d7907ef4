"""Reading files of weights that come from elsewhere, with one line for whatever is wrong with them.

Nothing in them is executed: safetensors hold only tensors, and other formats are read with torch's
``weights_only``.
"""

import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from gaussianmotion.runtime.errors import UserError, first_sentence


def read_weights(path: Path) -> dict[str, Tensor]:
    """The named tensors of a checkpoint, on the CPU.

    A checkpoint that keeps them under ``state_dict`` is unwrapped, and so is the ``module.`` that
    data-parallel training puts before every name.

    Args:
        path: ``.safetensors``, or a file of ``torch.save``.

    Raises:
        UserError: the file is missing, truncated or no checkpoint.
    """
    state: Any
    try:
        if path.suffix == ".safetensors":
            state = load_file(path)
        else:
            # Files of 2020 and before are no archives, which alone can be mapped.
            mapped = zipfile.is_zipfile(path)
            state = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except FileNotFoundError:
        raise UserError(f"{path} not found: run `gaussianmotion models`") from None
    except (
        OSError,
        RuntimeError,
        ValueError,
        EOFError,
        KeyError,
        AttributeError,
        pickle.UnpicklingError,
        SafetensorError,
    ) as error:
        raise UserError(
            f"{path} is no checkpoint, or it is truncated ({first_sentence(error, 120)}): fetch it "
            "again"
        ) from error
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise UserError(f"{path} is no checkpoint: it holds something else than named tensors")
    if state and all(str(name).startswith("module.") for name in state):
        state = {name.removeprefix("module."): tensor for name, tensor in state.items()}
    return state


def fill(network: nn.Module, weights: dict[str, Tensor], path: Path, what: str) -> None:
    """Load weights into a network, every one accounted for.

    Args:
        network: The network.
        weights: Its tensors by name.
        path: Where they are from, for the message.
        what: What the network is, for the message.

    Raises:
        UserError: names or shapes are those of another network.
    """
    own = network.state_dict()
    missing = sorted(own.keys() - weights.keys())
    foreign = sorted(weights.keys() - own.keys())
    shapes = sorted(
        name for name in own.keys() & weights.keys() if own[name].shape != weights[name].shape
    )
    for names, fault in (
        (missing, "lacks"),
        (foreign, "has the foreign"),
        (shapes, "has the wrong size of"),
    ):
        if names:
            raise UserError(
                f"{path} is not a checkpoint of {what}: it {fault} {names[0]} "
                f"({len(missing)} missing, {len(foreign)} foreign, {len(shapes)} of another size)"
            )
    network.load_state_dict(weights)
