"""Training checkpoints: everything that the next step depends on, in one file."""

import hashlib
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from gaussianmotion.runtime.atomic import atomic_path
from gaussianmotion.runtime.errors import UserError

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
        kind: What it must be: ``autoencoder``, ``diffusion`` or ``alignment``.

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


def load_to_resume(
    path: Path, kind: str, digest: str, settings: dict[str, Any]
) -> dict[str, Any] | None:
    """The state of an interrupted training; None where none has begun.

    A training of other settings is neither gone on with nor overwritten: that is the user's choice.

    Args:
        path: The checkpoint.
        kind: See :func:`load_checkpoint`.
        digest: Of all that the interrupted training must share with this one.
        settings: Of this training, to say what differs.

    Raises:
        UserError: the file is damaged, or the checkpoint is not of this training.
    """
    if not path.exists():
        return None
    state = load_checkpoint(path, kind)
    if state.get("digest") == digest:
        return state
    before = state.get("settings", {})
    changed = [
        f"{name} {before[name]}, now {value}"
        for name, value in settings.items()
        if name in before and before[name] != value
    ]
    raise UserError(
        f"{path} is of another training ({'; '.join(changed) or 'other data'}): "
        "give what it began with to go on, or delete it or choose another folder to start anew"
    )
