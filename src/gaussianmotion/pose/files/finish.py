"""From a recording to poses: right way up, our skeleton, our size, from the origin.

World afterwards: metres, y up. Where a file is silent (its rate, its up axis), the user says it;
nothing is guessed from how the person happens to stand.
"""

from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from gaussianmotion.body.joints import INDEX
from gaussianmotion.config.motion import MotionFile
from gaussianmotion.pose.files.inverse_kinematics import (
    leg_length,
    nearest_rest,
    solve,
    text_to_motion_rest,
)
from gaussianmotion.pose.files.recording import (
    UNITS,
    Array,
    Positions,
    Recording,
    Rotations,
    Skeleton,
)
from gaussianmotion.pose.files.retarget import NoRestPose, retarget
from gaussianmotion.runtime.errors import UserError

# From an axis that points up to y, by the smallest turn.
UPRIGHT = {
    "y": Rotation.identity(),
    "z": Rotation.from_euler("x", -90, degrees=True),
    "-z": Rotation.from_euler("x", 90, degrees=True),
    "-y": Rotation.from_euler("x", 180, degrees=True),
}
# Nobody is faster (the fastest sprint is 12 m/s) or higher above the floor of a recording, metres.
FASTEST, HIGHEST = 20.0, 30.0
# A leg of less than this, in whatever unit, is no skeleton to measure by.
SHORTEST_LEG = 1e-6


def rate(recording: Recording, file: MotionFile) -> float:
    """Frames per second: the user's, else the file's.

    Raises:
        UserError: neither says it.
    """
    found = file.fps or recording.fps
    if found is None:
        raise UserError(
            f"{file.path} ({recording.layout}) does not say its frame rate: add `fps: 30` beside "
            "`path:`, or --fps 30"
        )
    return found


def up_axis(recording: Recording, file: MotionFile) -> str:
    """The axis that points up: the user's, else the layout's.

    Raises:
        UserError: neither says it.
    """
    found = file.up or recording.up
    if found is None:
        raise UserError(
            f"{file.path} ({recording.layout}) does not say which axis is up: add `up: y` or "
            "`up: z` beside `path:`, or --up"
        )
    return found


def finish(recording: Recording, file: MotionFile, rest: Array) -> tuple[Array, Array, float]:
    """Poses (T, 24, 3) axis-angle, translations (T, 3) in metres, frames per second.

    The translation begins at x = z = 0; how high the floor is, is not known here.

    Args:
        recording: Of the file.
        file: What the user says of it.
        rest: Our body's joints in the T-pose, shape (24, 3), metres.

    Raises:
        UserError: rate or up is not known, or positions are in another unit than metres.
    """
    fps, turn = rate(recording, file), UPRIGHT[up_axis(recording, file)]
    if isinstance(recording, Rotations):
        poses = recording.poses.copy()
        poses[:, 0] = (turn * Rotation.from_rotvec(poses[:, 0])).as_rotvec()
        moved = turn.apply(recording.translation) * UNITS[file.unit or "m"]
    elif isinstance(recording, Positions):
        joints = turn.apply(recording.joints.reshape(-1, 3)).reshape(recording.joints.shape)
        own = nearest_rest(joints, [rest[:22], text_to_motion_rest()])
        scale = _scale(leg_length(joints), file, rest)
        poses = solve(joints, own, fps)
        hips = 0.5 * (joints[:, INDEX["left_hip"]] + joints[:, INDEX["right_hip"]])
        moved = _translation(hips * scale, poses, rest)
    elif isinstance(recording, Skeleton):
        recording = _turned(recording, turn)
        try:
            poses = retarget(recording, rest, fps)
        except NoRestPose as error:
            raise UserError(f"{file.path}: {error}") from None
        hips = 0.5 * (recording.joints["left_hip"] + recording.joints["right_hip"])
        moved = _translation(hips * _scale(_leg(recording.joints), file, rest), poses, rest)
    else:
        raise TypeError(f"no finish for {type(recording).__name__}")
    _check_unit(moved, fps, file.path)
    return poses, moved - moved[0] * [1.0, 0.0, 1.0], fps


def _turned(skeleton: Skeleton, turn: Rotation) -> Skeleton:
    """The skeleton in turned axes: its rest pose, rotations and positions."""
    return Skeleton(
        layout=skeleton.layout,
        fps=skeleton.fps,
        up="y",
        rest={name: turn.apply(place) for name, place in skeleton.rest.items()},
        turns={name: turn * seen * turn.inv() for name, seen in skeleton.turns.items()},
        joints={name: turn.apply(place) for name, place in skeleton.joints.items()},
    )


def _leg(joints: dict[str, Array]) -> float:
    """Hip to knee to ankle as it is seen: the offsets say something else in some files."""
    total = 0.0
    for side in ("left", "right"):
        for upper, lower in (("hip", "knee"), ("knee", "ankle")):
            bones = np.linalg.norm(joints[f"{side}_{lower}"] - joints[f"{side}_{upper}"], axis=1)
            total += 0.5 * float(np.median(bones))
    return total


def _scale(leg: float, file: MotionFile, rest: Array) -> float:
    """Metres of the file's unit on our body: by the unit, else so that steps fit our legs."""
    if file.unit is not None:
        return UNITS[file.unit]
    if leg < SHORTEST_LEG:
        raise UserError(
            f"{file.path}: its legs have no length, so its size is not known: add `unit: cm` "
            "beside `path:`, or --unit"
        )
    return leg_length(rest[:22]) / leg


def _translation(hips: Array, poses: Array, rest: Array) -> Array:
    """What is added after posing, so that the middle of the hips is where it should be, (T, 3)."""
    middle = 0.5 * (rest[INDEX["left_hip"]] + rest[INDEX["right_hip"]])
    return hips - Rotation.from_rotvec(poses[:, 0]).apply(middle - rest[0]) - rest[0]


def _check_unit(moved: Array, fps: float, path: Path) -> None:
    """Positions in centimetres or inches are a hundred times too far apart."""
    height = float(np.median(np.abs(moved[:, 1])))
    speed = float(np.quantile(np.linalg.norm(np.diff(moved, axis=0), axis=1), 0.9)) * fps
    if height > HIGHEST or speed > FASTEST:
        what = f"is {height:.4g} m high" if height > HIGHEST else f"moves at {speed:.4g} m/s"
        raise UserError(
            f"{path}: the person {what}: are positions in another unit? add `unit: cm` (or mm, in, "
            "ft) beside `path:`, or --unit"
        )
