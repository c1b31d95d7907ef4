"""Avatar files: one safetensors file that says what it is and how it was made.

Tensors are stored as they are in memory, so a round trip is exact. The header carries
:class:`AvatarMetadata` as JSON under one key (safetensors writes several in random order, and equal
avatars should be equal files); a file without it, from a newer version, or cut short is refused.
"""

import json
import math
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from gaussianmotion.avatar.gaussians import GAUSSIAN_FIELDS, Avatar
from gaussianmotion.avatar.limits import LARGEST_LOG, LARGEST_WEIGHT, LONGEST_QUATERNION
from gaussianmotion.avatar.skinning import SkinningField
from gaussianmotion.body.joints import PARENTS
from gaussianmotion.runtime.arrays import Array, check
from gaussianmotion.runtime.atomic import atomic_path
from gaussianmotion.runtime.errors import UserError

HEADER_KEY = "gaussianmotion-avatar"
FORMAT_VERSION = 1
FIELD_PREFIX = "skinning."
JOINTS = len(PARENTS)
# What the tensors of a file must be: N Gaussians, 24 joints. No body is as large as 4 m; the limits
# that a training has (``avatar.limits``) lie within these.
ROOM, LARGEST = 12.0, math.log(40.0)
FIELDS = {
    "means": Array(("N", 3), low=-ROOM, high=ROOM, unit="m"),
    "quats": Array(("N", 4), low=-LONGEST_QUATERNION, high=LONGEST_QUATERNION),
    "log_scales": Array(("N", 3), low=-LARGEST_LOG, high=LARGEST),
    "logit_opacities": Array(("N",), low=-LARGEST_LOG, high=LARGEST_LOG),
    "colours": Array(("N", 3), low=-LARGEST_LOG, high=LARGEST_LOG),
    "smpl_weights": Array(("N", JOINTS), low=0.0, high=1.0),
}
# How far from 1 the weights of a Gaussian may sum, in half precision, too.
SUM_TOLERANCE = 0.01
# The body's box has sides of this many metres at least.
LEAST_SIDE = 0.05


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
        UserError: the file is missing, damaged, not an avatar, from a newer version, or holds
            numbers that no avatar has.
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
    if f"{FIELD_PREFIX}box" in tensors:
        field = SkinningField(tensors[f"{FIELD_PREFIX}box"], tensors["smpl_weights"].shape[1])
        names = [name for name in tensors if name.startswith(FIELD_PREFIX)]
        field.load_state_dict({name.removeprefix(FIELD_PREFIX): tensors[name] for name in names})
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
    remedy = "train the avatar again"
    wanted = dict(FIELDS)
    if any(name.startswith(FIELD_PREFIX) for name in tensors):
        for name, value in SkinningField(torch.zeros(2, 3), JOINTS).state_dict().items():
            limit = ROOM if name == "box" else LARGEST_WEIGHT
            wanted[FIELD_PREFIX + name] = Array(tuple(value.shape), low=-limit, high=limit)
    given = {
        name: (value.float() if value.is_floating_point() else value).numpy()
        for name, value in tensors.items()
        if name in wanted
    }
    checked = {name: torch.from_numpy(x) for name, x in check(path, given, wanted, remedy).items()}
    sums = checked["smpl_weights"].sum(dim=1)
    if (sums - 1.0).abs().max() > SUM_TOLERANCE:
        raise UserError(f"{path}: 'smpl_weights' of a Gaussian do not sum to 1: {remedy}")
    box = checked.get(f"{FIELD_PREFIX}box")
    if box is not None and (box[1] - box[0]).min() < LEAST_SIDE:
        raise UserError(f"{path}: 'skinning.box' is no box around a body: {remedy}")
    return from_state(checked)
