"""Layouts of text-to-motion models: joints of HumanML3D, MDM and MoMask, and MDM's fits of SMPL."""

import numpy as np

from gaussianmotion.pose.files.arrays import (
    as_array,
    check_length,
    numbers,
    one_number,
    six_numbers,
    text,
)
from gaussianmotion.pose.files.container import Content
from gaussianmotion.pose.files.recording import Positions, Rotations
from gaussianmotion.pose.files.video import chosen
from gaussianmotion.runtime.errors import UserError

# Of HumanML3D, and of all that is trained on it.
FPS = 20.0
JOINTS = 22


def is_joints(content: Content) -> bool:
    """Whether it is one array of T x 22 x 3."""
    return isinstance(content.value, np.ndarray) and content.value.shape[1:] == (JOINTS, 3)


def read_joints(content: Content) -> Positions:
    """HumanML3D's new_joints and MoMask's joints: metres, y up."""
    check_length(len(content.value), content.path)
    joints = numbers(content.value, "the array", content.path)
    return Positions(layout="HumanML3D joints", fps=FPS, up="y", joints=joints)


def is_features(content: Content) -> bool:
    """Whether it is HumanML3D's new_joint_vecs, which models are trained on."""
    return isinstance(content.value, np.ndarray) and content.value.shape[1:] == (263,)


def read_mdm(content: Content, take: int | None) -> Positions:
    """MDM's results.npy: (N, 22, 3, T) joints, each sample cut at its own length."""
    value, path = content.value, content.path
    motion = as_array(value["motion"], "motion", path)
    if motion.ndim != 4 or motion.shape[1:3] != (JOINTS, 3):
        raise UserError(
            f"{path}: motion has shape {motion.shape}, but N x {JOINTS} x 3 x T is needed: joints, "
            "as MDM's sample.generate writes them"
        )
    takes = {str(index): index for index in range(len(motion))}
    index = chosen(takes, take, "sample", path)
    lengths = numbers(value["lengths"], "lengths", path, (len(motion),))
    count = int(lengths[index])
    joints = numbers(motion[index].transpose(2, 0, 1)[: max(0, count)], "motion", path)
    check_length(len(joints), path)
    texts = value.get("text")
    said = text(texts[index]) if isinstance(texts, list) and index < len(texts) else None
    return Positions(layout="MDM joints", fps=FPS, up="y", joints=joints, provenance=said)


def read_mdm_smpl(content: Content) -> Rotations:
    """MDM's *_smpl_params.npy: six numbers for each of 24 joints, and where the pelvis is."""
    value, path = content.value, content.path
    thetas = as_array(value["thetas"], "thetas", path)
    if thetas.ndim != 3 or thetas.shape[:2] != (24, 6):
        raise UserError(f"{path}: thetas has shape {thetas.shape}, but 24 x 6 x T is needed")
    count = _length(content, thetas.shape[2])
    six = numbers(thetas.transpose(2, 0, 1)[:count], "thetas", path)
    check_length(len(six), path)
    place = as_array(value["root_translation"], "root_translation", path)
    place = numbers(place.T if place.ndim == 2 else place, "root_translation", path, (None, 3))
    if len(place) < len(six):
        raise UserError(f"{path}: root_translation has {len(place)} frames, thetas {len(six)}")
    said = text(value.get("text")) or None
    return Rotations(
        layout="MDM's SMPL parameters",
        fps=FPS,
        up="y",
        poses=six_numbers(six, "thetas", path),
        translation=place[: len(six)],
        provenance=said,
    )


def _length(content: Content, whole: int) -> int:
    """How many of the frames are the motion's; the rest is padding."""
    if "length" not in content.value:
        return whole
    return min(whole, int(one_number(content.value["length"], "length", content.path)))
