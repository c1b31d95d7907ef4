"""Joint positions to SMPL's rotations, in closed form, joint by joint from the pelvis outwards.

Joints with several neighbours (pelvis, upper spine) get the best rotation for all of them. Limbs
are turned as little as the bone asks for; that leaves the turn about the bone itself open, which
the bend of knee or elbow tells: a knee bends backwards and an elbow forwards. Where they are
straight, nothing is turned. Feet and the head have no further joint and stay straight; wrists bend
where hands support the body.

A skeleton's rest pose matters as much as its positions: directions are measured from it. Two are
known: our body's, and that of the joints which text-to-motion models write.
"""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from gaussianmotion.body.joints import INDEX, PARENTS
from gaussianmotion.pose.files.directions import (
    FORWARD,
    angle_between,
    best_rotation,
    swing,
    twist_about,
    unit,
)
from gaussianmotion.pose.files.recording import Array

JOINTS = 22
# From one joint to another, by their names.
Between = Callable[[str, str], Array]
CHAINS = ("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist")
# The bend of a knee or elbow, radians, from which it tells the limb's twist; less, it does less.
STRAIGHT, BENT = np.radians(6.0), np.radians(25.0)
# Smoothing of that twist, seconds.
CALM = 0.1
# A wrist lower than this, metres, under an elbow, supports the body: the hand is bent to be flat.
NEAR_FLOOR, FLAT_HAND = 0.35, np.radians(75.0)
# The share of frames in which the lowest joint is on the floor, or below it.
TOUCHING = 0.1

# Rest positions of the 22 joints of HumanML3D and of the models trained on it: pelvis at the
# origin, left side; the right side is its mirror image. An approximation: the offsets that MoMask
# (MIT) publishes for its .bvh, the mean of both sides, to a centimetre. Only directions of bones
# are taken from it; lengths are those of the file.
_TEXT_TO_MOTION = {
    "pelvis": (0.0, 0.0, 0.0), "hip": (0.07, -0.09, -0.01), "knee": (0.11, -0.47, -0.01),
    "ankle": (0.09, -0.87, -0.05), "foot": (0.12, -0.92, 0.07), "spine1": (0.0, 0.11, -0.03),
    "spine2": (0.0, 0.24, -0.03), "spine3": (0.0, 0.30, 0.0), "neck": (0.0, 0.51, -0.04),
    "head": (0.0, 0.58, 0.01), "collar": (0.08, 0.42, -0.04), "shoulder": (0.17, 0.45, -0.05),
    "elbow": (0.43, 0.44, -0.07), "wrist": (0.68, 0.45, -0.07),
}  # fmt: skip


def text_to_motion_rest() -> Array:
    """Rest positions of text-to-motion models' joints, shape (22, 3), metres."""
    rest = np.zeros((JOINTS, 3))
    for name, index in INDEX.items():
        if index < JOINTS:
            side = -1.0 if name.startswith("right") else 1.0
            short = name.removeprefix("left_").removeprefix("right_")
            rest[index] = np.array(_TEXT_TO_MOTION[short]) * [side, 1.0, 1.0]
    return rest


def nearest_rest(joints: Array, rests: list[Array]) -> Array:
    """The one of some rest poses (each (22, 3)) whose bones are as long as the joints' are.

    Lengths are compared as shares of the leg, so that a child's are an adult's.
    """
    seen = _lengths(np.median(np.linalg.norm(_bones(joints), axis=-1), axis=0))
    return min(
        rests, key=lambda rest: np.abs(_lengths(np.linalg.norm(_bones(rest), axis=-1)) - seen).sum()
    )


def _bones(joints: Array) -> Array:
    return joints[..., 1:JOINTS, :] - joints[..., list(PARENTS[1:JOINTS]), :]


def _lengths(bones: Array) -> Array:
    return bones / max(bones[[INDEX["left_knee"] - 1, INDEX["left_ankle"] - 1]].sum(), 1e-9)


def leg_length(joints: Array) -> float:
    """Hip to knee to ankle, mean of both legs and all frames; joints (..., 22, 3)."""
    bones = np.linalg.norm(_bones(joints), axis=-1)
    legs = [
        INDEX[f"{side}_{joint}"] - 1 for side in ("left", "right") for joint in ("knee", "ankle")
    ]
    return float(bones[..., legs].reshape(-1, 4).sum(-1).mean() / 2)


def solve(joints: Array, rest: Array, fps: float) -> Array:
    """SMPL's rotations relative to the parent, (T, 24, 3) axis-angle.

    Args:
        joints: Positions in the world, y up, shape (T, 22, 3), any unit.
        rest: Positions of the same skeleton in its T-pose, shape (22, 3).
        fps: Frames per second, for the calm of twists.
    """
    poses = local_rotations(world_rotations(joints, rest, fps), len(joints))
    return _supported(poses, joints, leg_length(rest) / max(leg_length(joints), 1e-9))


def world_rotations(joints: Array, rest: Array, fps: float) -> dict[str, Rotation]:
    """Rotations in the world of the 22 joints, by their names; arguments as of :func:`solve`."""
    world: dict[str, Rotation] = {}

    def seen(start: str, end: str) -> Array:
        return joints[:, INDEX[end]] - joints[:, INDEX[start]]

    def bone(start: str, end: str) -> Array:
        return rest[INDEX[end]] - rest[INDEX[start]]

    def fit(centre: str, ends: tuple[str, ...]) -> Rotation:
        return best_rotation(
            np.stack([bone(centre, end) for end in ends]),
            np.stack([seen(centre, end) for end in ends], axis=1),
        )

    world["pelvis"] = fit("pelvis", ("left_hip", "right_hip", "spine1"))
    world["spine3"] = fit("spine3", ("neck", "left_collar", "right_collar"))
    _spine(world, seen, bone)
    world["neck"] = _follow(world["spine3"], bone("neck", "head"), seen("neck", "head"))
    world["head"] = world["neck"]
    for side in ("left", "right"):
        world[f"{side}_collar"] = _follow(
            world["spine3"],
            bone(f"{side}_collar", f"{side}_shoulder"),
            seen(f"{side}_collar", f"{side}_shoulder"),
        )
        for chain, parent in zip(CHAINS, ("pelvis", f"{side}_collar"), strict=True):
            upper, middle, end = (f"{side}_{joint}" for joint in chain)
            world[upper] = _limb(
                world[parent],
                (bone(upper, middle), bone(middle, end)),
                (seen(upper, middle), seen(middle, end)),
                # An elbow brings the hand forwards, a knee the foot backwards.
                FORWARD if chain[0] == "shoulder" else -FORWARD,
                CALM * fps,
            )
            world[middle] = _follow(world[upper], bone(middle, end), seen(middle, end))
            world[end] = world[middle]
        ankle, foot = f"{side}_ankle", f"{side}_foot"
        world[ankle] = _follow(world[f"{side}_knee"], bone(ankle, foot), seen(ankle, foot))
        world[foot] = world[ankle]
        world[f"{side}_wrist"] = world[f"{side}_elbow"]
    return world


def _supported(poses: Array, joints: Array, scale: float) -> Array:
    """Wrists bent where hands are on the floor, which is under the lowest joints."""
    floor = float(np.quantile(joints[..., 1].min(axis=1), TOUCHING))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        elbow, wrist = (joints[:, INDEX[f"{side}_{name}"]] for name in ("elbow", "wrist"))
        bend = wrist_bend(elbow, wrist, (wrist[:, 1] - floor) * scale)
        poses[:, INDEX[f"{side}_wrist"]] = np.outer(sign * bend, FORWARD)
    return poses


def wrist_bend(elbow: Array, wrist: Array, height: Array) -> Array:
    """How far a wrist bends up where the hand is on the floor, radians, (T,).

    Args:
        elbow: Positions, y up, (T, 3).
        wrist: Positions, (T, 3).
        height: Of the wrist above the floor, metres, (T,).
    """
    near = np.clip((NEAR_FLOOR - height) / 0.2, 0.0, 1.0)
    along = unit(wrist - elbow)
    pointing_down = np.clip(-along[:, 1], 0.0, 1.0)
    return near**2 * (3 - 2 * near) * pointing_down * FLAT_HAND


def local_rotations(world: dict[str, Rotation], frames: int) -> Array:
    """Rotations relative to the parent, (T, 24, 3), from rotations in the world; hands straight."""
    poses = np.zeros((frames, 24, 3))
    poses[:, 0] = world["pelvis"].as_rotvec()
    for name, index in INDEX.items():
        if index and name in world:
            parent = world[list(INDEX)[PARENTS[index]]]
            poses[:, index] = (parent.inv() * world[name]).as_rotvec()
    return poses


def _follow(parent: Rotation, bone: Array, seen: Array) -> Rotation:
    """The parent's rotation, and the smallest one that brings the bone where it is seen."""
    return swing(parent.apply(bone), seen) * parent


def _spine(world: dict[str, Rotation], seen: Between, bone: Between) -> None:
    """Lower and middle spine: bones where they are, the twist to the chest shared evenly."""
    between = [("spine1", "spine2"), ("spine2", "spine3")]
    for share, (start, end) in zip((1 / 3, 1 / 2), between, strict=True):
        below = world["pelvis" if start == "spine1" else "spine1"]
        turn = _follow(below, bone(start, end), seen(start, end))
        axis = bone(start, end)
        rest_of_it = twist_about(turn.inv() * world["spine3"], axis)
        world[start] = turn * Rotation.from_rotvec(unit(axis) * (share * rest_of_it)[:, None])


def _limb(
    parent: Rotation,
    bones: tuple[Array, Array],
    seen: tuple[Array, Array],
    towards: Array,
    calm: float,
) -> Rotation:
    """Rotation of a hip or shoulder: its bone where it is seen, twisted as the bend says.

    Args:
        parent: Rotation of the joint before it.
        bones: Upper and lower bone at rest, (3,) each.
        seen: The same in each frame, (T, 3) each.
        towards: Where the lower bone's end goes when the limb bends, at rest.
        calm: Smoothing of the twist, frames.
    """
    plain = _follow(parent, bones[0], seen[0])
    axis = unit(bones[0])

    def across(vector: Array) -> Array:
        return vector - (vector * axis).sum(-1, keepdims=True) * axis

    # The lower bone as the upper one's frame sees it. Angles about the bone, rest to seen.
    lower = across(plain.inv().apply(seen[1])) - across(bones[1])
    start = unit(across(towards))
    angle = np.arctan2(np.cross(start, lower) @ axis, lower @ start)
    bend = angle_between(plain.apply(bones[1]), seen[1])
    weight = np.clip((bend - STRAIGHT) / (BENT - STRAIGHT), 0.0, 1.0)
    # Beyond a quarter turn it is noise or an overstretched joint, not a twist.
    weight = weight * np.clip(2.0 - np.abs(angle) / (np.pi / 2), 0.0, 1.0)
    twist = (
        gaussian_filter1d(weight * angle, calm, mode="nearest") if calm > 0.1 else weight * angle
    )
    return plain * Rotation.from_rotvec(axis * twist[:, None])
