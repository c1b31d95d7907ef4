"""Motions and poses as the page plays them: quaternions, positions, and what the camera follows."""

import base64
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from gaussianmotion.body import Body
from gaussianmotion.body.model import skin
from gaussianmotion.body.poses import NAMED, named_pose
from gaussianmotion.body.rotation import to_quaternion
from gaussianmotion.pose.motion import Motion
from gaussianmotion.rendering.cameras import smoothed
from gaussianmotion.rendering.filming import CAMERA_CALM, STAYS, VERTEX_STRIDE, heading

#: Rate that faster clips are brought to: the page draws what is between two frames.
FPS = 30.0
# Of named poses that are more than a letter.
POSE_NAMES = {"star": "star pose", "arms_down": "arms down", "standing": "standing"}
#: Seconds after which a clip is cut; a frame is 200 bytes.
LONGEST = 60.0


def base64_text(array: ndarray, dtype: str) -> str:
    """The bytes of an array, little-endian, as base64."""
    return base64.b64encode(np.ascontiguousarray(array, dtype=dtype).tobytes()).decode("ascii")


def pack_motion(motion: Motion, body: Body) -> dict[str, Any]:
    """One motion as the page's JSON.

    Returns:
        name, source, fps, frames, cyclic; quats (int16 / 32767, frames x 24 x wxyz), translation
        (float32 metres, frames x 3), path of the camera (float32 metres, frames x 2: x, z), all
        base64; floor (metres), box of the body around the path (metres), heading (degrees).
    """
    if motion.fps > FPS and len(motion) > 1:
        motion = motion.resample(FPS)
    longest = max(2, round(LONGEST * motion.fps))
    cyclic = motion.cyclic and 3 <= len(motion) <= longest
    poses, translation = motion.poses[:longest], motion.translation[:longest]
    path = camera_path(translation, motion.fps, cyclic)
    world = _body_points(body, poses) + translation[:, None]
    around = (world - path[:, None]).reshape(-1, 3)
    return {
        "name": motion.name,
        "source": motion.source,
        "fps": motion.fps,
        "frames": len(poses),
        "cyclic": cyclic,
        "quats": base64_text((to_quaternion(poses) * 32767.0).round().numpy(), "<i2"),
        "translation": base64_text(translation.numpy(), "<f4"),
        "path": base64_text(path[:, [0, 2]].numpy(), "<f4"),
        # As in videos: a foot touches the floor most of the time, a few frames may sink into it.
        "floor": round(float(world[..., 1].amin(dim=1).quantile(0.1)), 4),
        "box": [_rounded(around.amin(dim=0)), _rounded(around.amax(dim=0))],
        "heading": round(heading(poses), 2),
    }


def standing_poses(body: Body) -> list[dict[str, Any]]:
    """The named poses as clips of one frame."""
    return [
        pack_motion(
            Motion(
                name=POSE_NAMES.get(name, f"{name.upper()} pose"),
                fps=FPS,
                poses=named_pose(name)[None],
                translation=torch.zeros(1, 3),
                source="a pose, standing still",
            ),
            body,
        )
        for name in NAMED
    ]


def camera_path(
    translation: Float[Tensor, "T 3"], fps: float, cyclic: bool
) -> Float[Tensor, "T 3"]:
    """What the camera follows over the floor, metres: at constant speed in a cycle, else smoothed.

    Unlike a video, the page repeats a cycle without end, so its camera follows any cycle, however
    slow.
    """
    flat = translation * torch.tensor([1.0, 0.0, 1.0])
    if cyclic:
        share = torch.linspace(0.0, 1.0, len(flat))[:, None]
        return flat[0] + share * (flat[-1] - flat[0])
    if len(flat) == 1 or (flat - flat[0]).norm(dim=1).max() < STAYS:
        return flat[:1].expand(len(flat), 3)
    return smoothed(flat, CAMERA_CALM * fps)


def _body_points(body: Body, poses: Float[Tensor, "T 24 3"]) -> Float[Tensor, "T P 3"]:
    some = slice(None, None, VERTEX_STRIDE)
    with torch.no_grad():
        transforms = body.transforms(poses.to(body.device))
        return skin(body.vertices[some], body.weights[some], transforms).cpu()


def _rounded(point: Float[Tensor, "3"]) -> list[float]:
    return [round(value, 4) for value in point.tolist()]
