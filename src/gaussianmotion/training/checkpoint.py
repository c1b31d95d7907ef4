"""Checkpoints: everything a training needs to go on as if nothing had happened.

One file, replaced atomically. It belongs to one digest: a checkpoint of other settings, of a newer
version or a damaged one is never resumed, and never deleted either; it is moved aside.
"""

import hashlib
import json
import pickle
import sys
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from gaussianmotion.avatar.density import DensityControl
from gaussianmotion.avatar.file import state
from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.avatar.whose_face import whose_face
from gaussianmotion.body.face_marks import load_marks
from gaussianmotion.config.face import face_path
from gaussianmotion.config.stages import TrainSettings
from gaussianmotion.guidance.digest import layout_digest
from gaussianmotion.records.run_folder import RunFolder
from gaussianmotion.runtime.atomic import atomic_path

FORMATS = "gaussianmotion-checkpoint-"
FORMAT = f"{FORMATS}3"
# These decide when something is written, not what the avatar becomes.
WITHOUT_EFFECT = {"preview_every", "checkpoint_every"}

#: In place of a digest of a prior that was handed over, as the tests' oracle is.
GIVEN = "given"


def training_digest(
    config: TrainSettings, prompt: str, seed: int, body_id: str, weights: str
) -> str:
    """16 hex digits over all that decides an avatar.

    Args:
        config: Of which the prior and the training count; body and face count by their content.
        prompt: The sentence.
        seed: Of everything random.
        body_id: ``Body.id``, which holds a hash of the file.
        weights: Digest of the prior's weights: the configuration only says where they are.

    Raises:
        UserError: the face that the avatar is drawn to cannot be read.
    """
    if (config.train.face.tone or config.train.garments) and weights != GIVEN:
        weights += layout_digest(config.prior)  # which tells what is skin, and what is worn
    if config.train.face.contrast:
        weights += load_marks(face_path(whose_face(prompt, seed))).digest
    decisive = {
        "prior": config.prior.model_dump(mode="json"),
        "train": config.train.model_dump(mode="json", exclude=WITHOUT_EFFECT),
        "weights": weights,
        "body": body_id,
        "betas": config.body.betas,
        "prompt": prompt,
        "seed": seed,
    }
    text = json.dumps(decisive, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def training_state(
    finished: int,
    seconds: float,
    avatar: Avatar,
    optimiser: torch.optim.Optimizer,
    density: DensityControl,
    generators: dict[str, torch.Tensor],
) -> dict[str, Any]:
    """What a training goes on from: finished steps, their seconds, and the state of each part.

    Args:
        generators: State of each generator, the one of views as it was before looking ahead.
    """
    return {
        "finished": finished,
        "seconds": seconds,
        "avatar": state(avatar),
        "optimiser": optimiser.state_dict(),
        "density": density.state_dict(),
        "generators": generators,
    }


def go_on(
    kept: dict[str, Any],
    optimiser: torch.optim.Optimizer,
    density: DensityControl,
    generators: dict[str, torch.Generator],
) -> tuple[int, float]:
    """Bring everything but the avatar to a :func:`training_state`; returns steps and seconds."""
    optimiser.load_state_dict(kept["optimiser"])
    device = density.seen.device
    density.load_state_dict({k: v.to(device) for k, v in kept["density"].items()})
    for name, generator in generators.items():
        generator.set_state(kept["generators"][name])
    return kept["finished"], kept["seconds"]


def save_checkpoint(path: Path, digest: str, kept: dict[str, Any]) -> None:
    """Write ``kept`` (tensors, numbers, strings, dicts and lists of them) for ``digest``.

    Raises:
        UserError: the disk is full or the folder cannot be written.
    """
    with atomic_path(path) as temporary:
        torch.save({"format": FORMAT, "digest": digest, "state": kept}, temporary)


def load_checkpoint(path: Path, digest: str) -> dict[str, Any] | None:
    """The state to go on from, on the CPU, or None to start anew.

    A file that does not belong to ``digest`` is moved aside and one line on standard error says so.
    """
    if not path.exists():
        return None
    content = None
    # torch would take anything but a zip archive for a checkpoint of its early years.
    if zipfile.is_zipfile(path):
        try:
            # weights_only: a checkpoint from elsewhere can hold tensors, never code.
            content = torch.load(path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, EOFError, KeyError, ValueError, pickle.UnpicklingError):
            content = None
    format = content.get("format") if isinstance(content, dict) else None
    if format != FORMAT and str(format).startswith(FORMATS):
        _set_aside(path, "other-version", "is of another version of gaussianmotion")
        return None
    if not isinstance(content, dict) or format != FORMAT:
        _set_aside(path, "damaged", "is damaged or foreign")
        return None
    if content.get("digest") != digest:
        _set_aside(path, str(content.get("digest")), "belongs to other settings")
        return None
    return content["state"]


def forget_finished(folder: Path) -> None:
    """Remove the checkpoint of a training whose results are there; one that goes on keeps its own.

    A workflow notes that a training is finished after it has ended. Where it cannot, on a full
    disk, it takes the results away; from the checkpoint the next start writes them without a step.
    """
    checkpoint, results = RunFolder(folder).checkpoint, RunFolder(folder).record
    with suppress(OSError):
        if results.stat().st_mtime_ns >= checkpoint.stat().st_mtime_ns:
            checkpoint.unlink()


def _set_aside(path: Path, label: str, reason: str) -> None:
    kept = path.with_name(f"{path.stem}-{''.join(filter(str.isalnum, label))[:16]}{path.suffix}")
    path.replace(kept)
    print(f"{path} {reason}: kept as {kept.name}, training starts anew", file=sys.stderr)
