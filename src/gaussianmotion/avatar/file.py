"""Avatar files: one safetensors file that says what it is and how it was made.

Tensors are stored as they are in memory, so a round trip is exact. The header carries
:class:`AvatarMetadata` as JSON under one key (safetensors writes several in random order, and equal
avatars should be equal files); a file without it, from a newer version, or cut short is refused.
"""

import json
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from gaussianmotion.avatar.gaussians import GAUSSIAN_FIELDS, Avatar
from gaussianmotion.avatar.skinning import SkinningField
from gaussianmotion.errors import UserError
from gaussianmotion.runtime.atomic import atomic_path

HEADER_KEY = "gaussianmotion-avatar"
FORMAT_VERSION = 1
FIELD_WIDTHS = {"means": 3, "quats": 4, "log_scales": 3, "logit_opacities": 0, "colours": 3}


class AvatarMetadata(BaseModel):
    """Where an avatar comes from; enough to train it again.

    Attributes:
        config: The whole validated configuration, as JSON data.
        digest: Of everything that decides the avatar (``training.checkpoint.training_digest``).
        body_id: ``Body.id`` of the body that it was trained on.
        steps: Training steps that were done.
        version: Of the package that wrote the file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt_id: str
    prompt: str
    seed: int
    steps: int
    body_id: str
    digest: str
    config: dict[str, Any]
    version: str


def save_avatar(path: Path, avatar: Avatar, metadata: AvatarMetadata) -> None:
    """Write an avatar, atomically.

    Raises:
        UserError: the disk is full or the folder cannot be written.
    """
    tensors = {name: value.detach().cpu().contiguous() for name, value in state(avatar).items()}
    header = {"format_version": FORMAT_VERSION, **metadata.model_dump(mode="json")}
    with atomic_path(path) as temporary:
        save_file(tensors, temporary, metadata={HEADER_KEY: json.dumps(header)})


def load_avatar(path: Path, device: torch.device | str = "cpu") -> tuple[Avatar, AvatarMetadata]:
    """Read an avatar that :func:`save_avatar` wrote.

    Raises:
        UserError: the file is missing, damaged, not an avatar, or from a newer version.
    """
    try:
        with safe_open(path, framework="pt", device="cpu") as handle:
            header = handle.metadata() or {}
            tensors = {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise UserError(
            f"there is no avatar at {path}: train one first (gaussianmotion train --help)"
        ) from None
    except (OSError, SafetensorError) as error:
        raise UserError(
            f"{path} is damaged or not an avatar file ({error}): train the avatar again, or give "
            f"the path of an avatar.safetensors"
        ) from None
    metadata = _read_header(path, header)
    return _build(path, tensors).to(device), metadata


def state(avatar: Avatar) -> dict[str, Tensor]:
    """All tensors of an avatar by their name in files."""
    return dict(avatar.state_dict())


def from_state(tensors: dict[str, Tensor]) -> Avatar:
    """An avatar from what :func:`state` returned.

    Raises:
        KeyError: a tensor is missing.
        RuntimeError: a tensor of the skinning field has the wrong name or shape.
    """
    field = None
    if "skinning.box" in tensors:
        field = SkinningField(tensors["skinning.box"], tensors["smpl_weights"].shape[1])
        prefix = "skinning."
        field.load_state_dict(
            {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
        )
    gaussians = {name: tensors[name] for name in GAUSSIAN_FIELDS}
    return Avatar(**gaussians, smpl_weights=tensors["smpl_weights"], skinning=field)


def _read_header(path: Path, header: dict[str, str]) -> AvatarMetadata:
    if HEADER_KEY not in header:
        raise UserError(
            f"{path} is a safetensors file, but not an avatar of gaussianmotion: give the path of "
            f"an avatar.safetensors that `gaussianmotion train` wrote"
        )
    try:
        data = json.loads(header[HEADER_KEY])
        version = data.pop("format_version")
        if version > FORMAT_VERSION:
            raise UserError(
                f"{path} has avatar format {version}, this version reads up to {FORMAT_VERSION}: "
                f"update gaussianmotion"
            )
        return AvatarMetadata.model_validate(data)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise UserError(f"{path} has a damaged header: train the avatar again") from None


def _build(path: Path, tensors: dict[str, Tensor]) -> Avatar:
    count = tensors["means"].shape[0] if "means" in tensors else 0
    for name, width in FIELD_WIDTHS.items():
        shape = (count, width) if width else (count,)
        if name not in tensors or tensors[name].shape != shape or count == 0:
            raise UserError(f"{path} lacks a proper tensor {name!r}: train the avatar again")
        if not tensors[name].isfinite().all():
            raise UserError(f"{path} holds numbers that are not finite: train the avatar again")
    try:
        return from_state(tensors)
    except (KeyError, IndexError, RuntimeError):
        raise UserError(f"{path} has damaged skinning weights: train the avatar again") from None
