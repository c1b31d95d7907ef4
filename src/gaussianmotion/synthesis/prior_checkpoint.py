"""Training checkpoints: everything that the next step depends on, in one file."""

import hashlib
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from gaussianmotion.atomic import atomic_path
from gaussianmotion.errors import UserError

FORMAT = 1


def digest_of(settings: dict[str, Any]) -> str:
    """Short digest of the settings that a resumed run must share with the interrupted one."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]


def save_checkpoint(path: Path, kind: str, state: dict[str, Any]) -> None:
    """Write ``state`` (tensors, numbers, strings, in dicts and lists) atomically."""
    with atomic_path(path) as temporary:
        torch.save({"format": FORMAT, "kind": kind, **state}, temporary)


def load_checkpoint(path: Path, kind: str) -> dict[str, Any]:
    """Read a checkpoint; no code in it is run.

    Args:
        path: The file.
        kind: What it must be: ``autoencoder`` or ``diffusion``.

    Raises:
        UserError: the file is missing, damaged, or another kind of checkpoint.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise UserError(f"{path} not found: train the {kind} first") from error
    except (OSError, RuntimeError, pickle.UnpicklingError, zipfile.BadZipFile, EOFError) as error:
        raise UserError(
            f"{path} is damaged or no checkpoint: delete it, or resume from an older one"
        ) from error
    if not isinstance(state, dict) or state.get("format") != FORMAT or state.get("kind") != kind:
        raise UserError(f"{path} is not a checkpoint of the {kind}: give the right file")
    return state
