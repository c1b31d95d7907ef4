"""Layouts of SMPL's rotations in plain arrays: AMASS, ours, AIST++, Motion-X.

SMPL, SMPL-H and SMPL-X share the rotations of their first 22 joints, closely enough for animation.
SMPL's last two are the hands, which the others have fingers for, and are left straight.
"""

from pathlib import Path
from typing import Any

import numpy as np

from gaussianmotion.pose.files.arrays import (
    as_array,
    axis_angles,
    check_length,
    numbers,
    one_number,
    text,
)
from gaussianmotion.pose.files.container import Content
from gaussianmotion.pose.files.recording import Array, Rotations
from gaussianmotion.runtime.errors import UserError

SHARED_JOINTS = 22
# Values per frame: SMPL (24 joints), its body without hands (22), SMPL-H (52), SMPL-X (55).
WIDTHS = (72, 66, 156, 165)
# Both spellings are AMASS's: SMPL-H's files have the first one, SMPL-X's (stageii) the second.
AMASS_RATES = ("mocap_framerate", "mocap_frame_rate")
RATES = (*AMASS_RATES, "fps")


def has_poses(content: Content) -> bool:
    """Whether it holds SMPL's poses in one array, or in two as SMPL-X's do."""
    return content.has("poses") or content.has("root_orient", "pose_body")


def read_poses(content: Content) -> Rotations:
    """AMASS's .npz of SMPL-H and SMPL-X, our own, and plain SMPL of other tools.

    Ours says which axis is up. AMASS is z up, and is told by the name of its rate or by its soft
    tissue. Other files do not say.
    """
    value, path = content.value, content.path
    if "trans" not in value:
        raise UserError(f"{path} lacks trans, the root's positions: an array of T x 3 metres")
    poses = _poses(value, path)
    rate = next((key for key in RATES if key in value), None)
    amass = "dmpls" in value or any(key in value for key in AMASS_RATES)
    if "up_axis" in value:
        up, layout = text(value["up_axis"]).lower(), "SMPL .npz that says its up axis"
        if up not in ("y", "z"):
            raise UserError(f"{path}: up_axis is {up!r}, but must be 'y' or 'z'")
    elif amass:
        smplx = "surface_model_type" in value or "root_orient" in value
        up, layout = "z", f"AMASS, {'SMPL-X' if smplx else 'SMPL-H'}"
    else:
        up, layout = None, "SMPL poses"
    return Rotations(
        layout=layout,
        fps=one_number(value[rate], rate, path) if rate else None,
        up=up,
        poses=poses,
        translation=numbers(value["trans"], "trans", path, (len(poses), 3)),
        cyclic=bool(np.all(value["cyclic"])) if "cyclic" in value else False,
        provenance=text(value.get("provenance")) or None,
    )


def _poses(value: dict[str, Any], path: Path) -> Array:
    if "poses" in value:
        raw = as_array(value["poses"], "poses", path)
        raw = raw.reshape(len(raw), -1) if raw.ndim == 3 and raw.shape[-1] == 3 else raw
    else:
        root = axis_angles(value["root_orient"], "root_orient", path, (None, 3))
        raw = np.concatenate(
            [root, axis_angles(value["pose_body"], "pose_body", path, (len(root), 63))], axis=1
        )
    if raw.ndim != 2 or raw.shape[1] not in WIDTHS:
        raise UserError(
            f"{path}: poses has shape {raw.shape}, but T x 72 (SMPL), T x 66 (its body), T x 156 "
            "(SMPL-H, AMASS) or T x 165 (SMPL-X) axis-angle values are needed"
        )
    check_length(len(raw), path)
    return body_joints(axis_angles(raw, "poses", path))


def body_joints(flat: Array) -> Array:
    """SMPL's 24 joints (T, 24, 3) from T x 66, 72, 156 or 165 values."""
    poses = np.zeros((len(flat), 24, 3))
    joints = 24 if flat.shape[1] == 72 else SHARED_JOINTS
    poses[:, :joints] = flat[:, : joints * 3].reshape(len(flat), joints, 3)
    return poses


def read_aist(content: Content) -> Rotations:
    """AIST++: positions are those of a body ``smpl_scaling`` times the size, 60 frames a second."""
    value, path = content.value, content.path
    poses = axis_angles(value["smpl_poses"], "smpl_poses", path, (None, 72))
    check_length(len(poses), path)
    scale = (
        one_number(value["smpl_scaling"], "smpl_scaling", path) if "smpl_scaling" in value else 1
    )
    translation = numbers(value["smpl_trans"], "smpl_trans", path, (len(poses), 3))
    return Rotations(
        layout="AIST++", fps=60.0, up="y", poses=body_joints(poses), translation=translation / scale
    )


def is_motion_x(content: Content) -> bool:
    """Whether it is one array of 322 columns."""
    return isinstance(content.value, np.ndarray) and content.value.shape[1:] == (322,)


def read_motion_x(content: Content) -> Rotations:
    """Motion-X: root, body, hands, jaw, face, then trans at 309; its releases differ in up."""
    value = numbers(content.value, "the array", content.path)
    check_length(len(value), content.path)
    poses = body_joints(axis_angles(value[:, :66], "the array's first 66 columns", content.path))
    return Rotations(
        layout="Motion-X", fps=30.0, up=None, poses=poses, translation=value[:, 309:312]
    )
