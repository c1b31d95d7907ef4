"""Finding a diffusion model and reading its parts, with one line for whatever is wrong with it.

A model is a folder in diffusers layout, given by path or by hub id. Training never downloads: the
models stage (:mod:`gaussianmotion.models.fetch`) fetches the hub's snapshots beforehand, so that a
job on a node without network works, or fails at once. Only safetensors are read, since other
formats can carry code.
"""

import json
import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from safetensors import SafetensorError
from torch import Tensor, nn

from gaussianmotion.guidance.timesteps import LAST_TIMESTEP
from gaussianmotion.models.hub import CONTROLNET_FILES, MODEL_EXTRAS, MODEL_FILES, cached_snapshot
from gaussianmotion.runtime.errors import UserError, first_sentence

HOW_TO_GET = "run `gaussianmotion models`, or set {key} to a folder"


def find_model(name: str, revision: str | None, key: str) -> Path:
    """The folder of a model: a local one, or the hub snapshot that was fetched.

    Args:
        name: Path of a folder, or hub id (owner/name).
        revision: Pinned revision of a hub model.
        key: The configuration key that ``name`` came from, for the message.

    Raises:
        UserError: it is neither here nor in the hub's cache.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    patterns = [*MODEL_FILES, *MODEL_EXTRAS, *CONTROLNET_FILES]
    snapshot = cached_snapshot(name, revision, files=(), extras=patterns, half=True)
    if snapshot is None:
        at = f" at revision {revision}" if revision else ""
        raise UserError(f"{key}: {name}{at} not found: {HOW_TO_GET.format(key=key)}")
    return snapshot


@contextmanager
def loading(path: Path) -> Iterator[None]:
    """Turn what a loader raises about ``path`` into one line, and keep its chatter off the screen.

    Raises:
        UserError: the part is missing, damaged, or of another kind.
    """
    if not path.exists():
        raise UserError(
            f"{path} not found: the model's folder is incomplete or not in diffusers layout; "
            + HOW_TO_GET.format(key="prior.model")
        )
    loggers = [logging.getLogger(name) for name in ("diffusers", "transformers")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        yield
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, SafetensorError) as error:
        raise UserError(
            f"{path} cannot be loaded, it is damaged or not of the expected kind "
            f"({first_sentence(error)}): fetch it again"
        ) from error
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def weights_variant(folder: Path, dtype: torch.dtype) -> str | None:
    """Which files of weights to read: "fp16" for those in half precision, where they will do."""
    half = any(folder.glob("*.fp16.safetensors"))
    whole = any(".fp16." not in path.name for path in folder.glob("*.safetensors"))
    return "fp16" if half and (dtype == torch.float16 or not whole) else None


def load_network(kind: Any, folder: Path, dtype: torch.dtype) -> nn.Module:
    """Read one network of a model: ``config.json`` and safetensors, every weight accounted for.

    diffusers leaves missing weights random, with a warning; here they are an error.

    Args:
        kind: Class of the network, from diffusers.
        folder: The network's folder.
        dtype: Precision to load in.
    """
    read_json(folder / "config.json")  # of what is no object, diffusers asks the hub
    with loading(folder):
        if not any(folder.glob("*.safetensors")):
            raise UserError(f"{folder} holds no .safetensors file: only that format is loaded")
        network, info = kind.from_pretrained(
            folder,
            use_safetensors=True,
            local_files_only=True,
            torch_dtype=dtype,
            output_loading_info=True,
            variant=weights_variant(folder, dtype),
        )
        wrong = sorted(info["missing_keys"]) + sorted(info["unexpected_keys"])
        if wrong:
            raise ValueError(
                f"{len(info['missing_keys'])} weights missing and {len(info['unexpected_keys'])} "
                f"too many, such as {wrong[0]}"
            )
    return network


def checked(network: nn.Module, folder: Path) -> nn.Module:
    """A network, once it is known that each of its weights is a number.

    Raises:
        UserError: one is NaN or infinite.
    """
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise UserError(
                f"{folder}: {name} holds NaN or infinity, so the model is damaged: fetch or "
                "restore it"
            )
    return network


def load_alpha_bar(folder: Path) -> Float[Tensor, " T"]:
    """Cumulative product of the alphas per timestep, from ``scheduler_config.json``.

    Raises:
        UserError: the schedule is unknown.
    """
    path = folder / "scheduler_config.json"
    config = read_json(path)
    with loading(path):
        return alpha_bar_of(config)


def load_prediction(folder: Path) -> str:
    """What the model predicts: the noise (``epsilon``) or the clean latents (``sample``).

    Raises:
        UserError: it predicts something else.
    """
    path = folder / "scheduler_config.json"
    prediction = str(read_json(path).get("prediction_type", "epsilon"))
    if prediction not in ("epsilon", "sample"):
        raise UserError(
            f"{path}: the model predicts {prediction}; one that predicts epsilon or sample is "
            "needed"
        )
    return prediction


def load_latent_limit(folder: Path) -> float | None:
    """``clip_sample_range`` of ``scheduler_config.json`` where ``clip_sample`` asks for it.

    As diffusers' DDIM scheduler reads them. The keys bound what is sampled, which for a latent
    model are latents; Stable Diffusion's are not clipped.
    """
    path = folder / "scheduler_config.json"
    config = read_json(path)
    if not config.get("clip_sample", False):
        return None
    with loading(path):
        limit = float(config.get("clip_sample_range", 1.0))  # diffusers' own default
        if not 0.0 < limit < math.inf:
            raise ValueError(f"clip_sample_range {limit:g} is no magnitude")
        return limit


def alpha_bar_of(config: dict[str, Any]) -> Float[Tensor, " T"]:
    """Cumulative product of the alphas of a scheduler's configuration.

    Raises:
        KeyError, ValueError: the schedule is incomplete or unknown.
    """
    start, end = float(config["beta_start"]), float(config["beta_end"])
    count, needed = int(config.get("num_train_timesteps", 1000)), LAST_TIMESTEP + 1
    if count != needed:
        raise ValueError(f"num_train_timesteps is {count}, but {needed} are needed")
    if not 0.0 < start <= end < 1.0:
        raise ValueError(f"beta_start {start:g} and beta_end {end:g} do not rise within 0 and 1")
    match config["beta_schedule"]:
        case "scaled_linear":
            betas = torch.linspace(start**0.5, end**0.5, count, dtype=torch.float64) ** 2
        case "linear":
            betas = torch.linspace(start, end, count, dtype=torch.float64)
        case other:
            raise ValueError(f"beta_schedule {other} is not scaled_linear or linear")
    return torch.cumprod(1.0 - betas, dim=0).float()


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object of a model's folder.

    Raises:
        UserError: the file is missing or not a JSON object.
    """
    with loading(path):
        data = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict):
            raise ValueError("not a JSON object")
    return data
