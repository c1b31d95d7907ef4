"""The registry of layouts: which one a file has, told by its keys and shapes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gaussianmotion.config.motion import MotionFile
from gaussianmotion.pose.files import generated, smpl, video
from gaussianmotion.pose.files.captured import read_bvh
from gaussianmotion.pose.files.container import Content, read_content
from gaussianmotion.pose.files.recording import Recording
from gaussianmotion.runtime.errors import UserError


@dataclass(frozen=True)
class Layout:
    """One kind of motion file.

    Attributes:
        name: As docs/how-to/motions.md has it.
        matches: Whether the content has its keys or shape.
        read: The content's reader; raises UserError.
    """

    name: str
    matches: Callable[[Content], bool]
    read: Callable[[Content, MotionFile], Recording]


def _keys(*keys: str) -> Callable[[Content], bool]:
    return lambda content: content.has(*keys)


# The first that matches is taken.
LAYOUTS = (
    Layout("BVH", lambda c: c.kind == "bvh", lambda c, f: read_bvh(c, f.joint_names)),
    Layout("GVHMR", _keys("smpl_params_global"), lambda c, f: video.read_gvhmr(c)),
    Layout("TRAM", _keys("pred_rotmat", "pred_trans"), lambda c, f: video.read_tram(c)),
    Layout("WHAM", video.is_wham, lambda c, f: video.read_wham(c, f.take)),
    Layout("AIST++", _keys("smpl_poses", "smpl_trans"), lambda c, f: smpl.read_aist(c)),
    Layout(
        "MDM's SMPL parameters",
        _keys("thetas", "root_translation"),
        lambda c, f: generated.read_mdm_smpl(c),
    ),
    Layout("MDM joints", _keys("motion", "lengths"), lambda c, f: generated.read_mdm(c, f.take)),
    Layout("SMPL family", smpl.has_poses, lambda c, f: smpl.read_poses(c)),
    Layout("Motion-X", smpl.is_motion_x, lambda c, f: smpl.read_motion_x(c)),
    Layout("HumanML3D joints", generated.is_joints, lambda c, f: generated.read_joints(c)),
)


def read_recording(file: MotionFile) -> Recording:
    """Open a file, recognise it, and read what it holds.

    Raises:
        UserError: it cannot be opened, is of no known layout, or holds anything but a motion.
    """
    content = read_content(file.path)
    for layout in LAYOUTS:
        if layout.matches(content):
            return layout.read(content, file)
    raise UserError(f"{file.path} {_held(content)}")


def _held(content: Content) -> str:
    """What a file of no known layout holds, and what is the nearest that is read."""
    value = content.value
    if generated.is_features(content):
        return (
            "holds HumanML3D's features (T x 263), which models are trained on: give its joints "
            "(new_joints, T x 22 x 3)"
        )
    if isinstance(value, np.ndarray):
        return (
            f"holds an array of shape {value.shape}, which is no motion that is known: T x 22 x 3 "
            "joints or Motion-X's T x 322 are; see docs/how-to/motions.md"
        )
    if isinstance(value, dict):
        keys = [str(key) for key in value]
        some = ", ".join(keys[:8]) + (", ..." if len(keys) > 8 else "")
        return (
            f"lacks poses, an array of T x 72 (SMPL) or T x 156 (AMASS) radians; it holds "
            f"{some or 'nothing'}, which is no layout that is known; see docs/how-to/motions.md"
        )
    return f"holds {type(value).__name__}, which is no motion; see docs/how-to/motions.md"
