"""Hands and feet of converted motions meet the floor.

DeepMimic's person stands on small boxes and supports itself on fists; a body with soles and
fingers would float over the floor and reach through it.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from gaussianmotion.body import Body
from gaussianmotion.body.joints import INDEX
from gaussianmotion.pose.files.inverse_kinematics import wrist_bend

Array = NDArray[np.float64]

# A lowest point nearer to the floor than this, metres, is taken to stand on it.
CONTACT = 0.05
FOOT_JOINTS = ("left_ankle", "right_ankle", "left_foot", "right_foot")


def hands_on_floor(poses: Array, translation: Array, body: Body) -> Array:
    """Bend the wrists of hands that support the body; DeepMimic's person has fists there."""
    bent = poses.copy()
    moved = torch.from_numpy(translation).float()
    joints = body.posed_joints(torch.from_numpy(poses).float(), moved).numpy().astype(np.float64)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        elbow, wrist = joints[:, INDEX[f"{side}_elbow"]], joints[:, INDEX[f"{side}_wrist"]]
        bend = wrist_bend(elbow, wrist, wrist[:, 1] - body.floor)
        bent[:, INDEX[f"{side}_wrist"]] = np.outer(sign * bend, [0.0, 0.0, 1.0])
    return bent


def lowest(
    poses: Array, translation: Array, body: Body, vertices: NDArray[np.bool_] | None = None
) -> Array:
    """Height of the lowest of the given vertices (or of all) above the floor, (T,), metres."""
    heights = []
    for pose in torch.from_numpy(poses).float():
        y = body.posed_vertices(pose[None])[0, :, 1].numpy()
        heights.append(float((y if vertices is None else y[vertices]).min()))
    return np.array(heights) + translation[:, 1] - body.floor


def feet_on_floor(poses: Array, translation: Array, body: Body, cyclic: bool) -> Array:
    """Move the clip up and down, gently, so that what touches the floor stands on it.

    DeepMimic's feet are small boxes: a sole of our body would float and sink by centimetres. The
    clip as a whole is brought down until its feet reach the floor; then each frame with the
    lowest point within :data:`CONTACT` of the floor is set on it, the frames in the air
    follow their neighbours, and the result is smoothed.
    """
    feet = body.weights[:, [INDEX[n] for n in FOOT_JOINTS]].sum(1).numpy() > 0.5
    fixed = translation.copy()
    fixed[:, 1] -= np.quantile(lowest(poses, fixed, body, feet), 0.1)
    height = lowest(poses, fixed, body)
    time = np.arange(len(height))
    period = len(height) - 1 if cyclic else None
    touching = height < CONTACT
    lift = np.interp(time, time[touching], -height[touching], period=period)
    fixed[:, 1] += smoothed(lift, cyclic)
    # What still sinks is lifted, over a few frames.
    sunk = np.maximum(-lowest(poses, fixed, body), 0.0)
    spread = np.array([sunk[max(0, t - 1) : t + 2].max() for t in time])
    fixed[:, 1] += smoothed(spread, cyclic)
    return fixed


def smoothed(signal: Array, cyclic: bool) -> Array:
    """Mean over about 5 frames; the ends of a cycle see each other."""
    if cyclic:
        # First and last frame are the same moment.
        padded = np.concatenate([signal[-3:-1], signal, signal[1:3]])
    else:
        padded = np.pad(signal, 2, mode="edge")
    return np.convolve(padded, np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0, mode="valid")
