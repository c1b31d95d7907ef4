"""Another skeleton's rotations on SMPL's: what its rest pose is of ours, and what it lacks.

A rotation is measured from the skeleton's own rest pose. Ours is a T-pose that faces +z; another
may face elsewhere, let the arms hang, or be no pose that a person could take. The rest poses are
compared bone by bone: a joint whose bones differ gets a constant rotation that brings our bone
onto theirs. Small differences are how people are built, and stay.
"""

import itertools

import numpy as np
from scipy.spatial.transform import Rotation

from gaussianmotion.body.joints import INDEX, PARENTS
from gaussianmotion.pose.files.directions import FORWARD, UP, angle_between, swing, unit
from gaussianmotion.pose.files.inverse_kinematics import (
    JOINTS,
    local_rotations,
    nearest_rest,
    text_to_motion_rest,
    world_rotations,
)
from gaussianmotion.pose.files.recording import Array, Skeleton

NAMES = tuple(INDEX)
LIMBS = {
    f"{side}_{upper}": f"{side}_{lower}"
    for side in ("left", "right")
    for upper, lower in (
        ("hip", "knee"),
        ("knee", "ankle"),
        ("shoulder", "elbow"),
        ("elbow", "wrist"),
    )
}
TRUNK = {"spine1": "spine2", "spine2": "spine3", "spine3": "neck", "neck": "head"} | {
    f"{side}_{joint}": f"{side}_{end}"
    for side in ("left", "right")
    for joint, end in (("collar", "shoulder"), ("ankle", "foot"))
}
# A rest pose whose limbs are all this near to ours is ours, radians.
SAME_REST = np.radians(8.0)
# A spine, collar or foot differs by this from person to person, radians.
BUILD = np.radians(35.0)
# Arms that hang are turned by 90 degrees; where a limb or the trunk is turned by more than this,
# the rest pose is none that a person could take.
NO_POSE = np.radians(110.0)


class NoRestPose(ValueError):
    """A rest pose that does not say where the person looks."""


def retarget(skeleton: Skeleton, rest: Array, fps: float) -> Array:
    """SMPL's rotations relative to the parent, (T, 24, 3) axis-angle.

    Args:
        skeleton: Turned upright.
        rest: Our joints in the T-pose, shape (24, 3).
        fps: Frames per second.

    Raises:
        NoRestPose: hips, or hips and neck, are in one place.
    """
    if _is_no_pose(skeleton.rest, rest) and set(NAMES[:JOINTS]) <= set(skeleton.joints):
        fixed = _from_motion(skeleton, rest, fps)
    else:
        fixed = _corrections(skeleton.rest, rest)
    world = {name: turn * fixed[name] for name, turn in skeleton.turns.items()}
    _share_bends(world)
    for name in NAMES[:JOINTS]:
        if name not in world:
            world[name] = world[NAMES[PARENTS[INDEX[name]]]]
    return local_rotations(world, len(skeleton))


def _bones(theirs: dict[str, Array], rest: Array, ends: dict[str, str]) -> dict[str, tuple]:
    """Our bone and theirs, by the joint where it starts, of those that the skeleton has."""
    return {
        start: (rest[INDEX[end]] - rest[INDEX[start]], theirs[end] - theirs[start])
        for start, end in ends.items()
        if {start, end} <= set(theirs)
    }


def _is_no_pose(theirs: dict[str, Array], rest: Array) -> bool:
    """Whether no person could stand as the rest pose does: all bones along one axis, say."""
    facing = _facing(theirs, rest)
    return any(
        angle_between(facing.apply(ours), seen) > NO_POSE
        for ours, seen in _bones(theirs, rest, LIMBS | TRUNK).values()
    )


def _from_motion(skeleton: Skeleton, rest: Array, fps: float) -> dict[str, Rotation]:
    """Rotations from our rest pose to theirs, where theirs is no pose: from how they move.

    Inverse kinematics of the positions gives rotations that are plausible, if not exact. The
    constant rotation between them and the file's, in the mean over the clip, is the rest pose's;
    what the file's joints turn beyond it stays theirs.
    """
    joints = np.stack([skeleton.joints[name] for name in NAMES[:JOINTS]], axis=1)
    build = nearest_rest(joints, [rest[:JOINTS], text_to_motion_rest()])
    guessed = world_rotations(joints, build, fps)
    fixed = {name: (skeleton.turns[name].inv() * guessed[name]).mean() for name in skeleton.turns}
    for start, (ours, seen) in _bones(skeleton.rest, rest, LIMBS).items():
        fixed[start] = swing(fixed[start].apply(ours), seen) * fixed[start]
    return fixed


def _corrections(theirs: dict[str, Array], rest: Array) -> dict[str, Rotation]:
    """For each joint, the rotation from our rest pose to theirs."""
    fixed = {"pelvis": _facing(theirs, rest)}
    facing = fixed["pelvis"]
    limbs, trunk = _bones(theirs, rest, LIMBS), _bones(theirs, rest, TRUNK)
    same = all(angle_between(facing.apply(ours), seen) < SAME_REST for ours, seen in limbs.values())
    for name in NAMES[1:]:
        if name not in theirs:
            continue
        parent = fixed[_ancestor(name, fixed)]
        fixed[name] = parent
        if same:
            continue
        if name in limbs:
            fixed[name] = _limb(parent, *limbs[name])
        elif name in trunk:
            ours, seen = trunk[name]
            # A foot may be flat on the floor whatever the leg does.
            near = min((parent, facing), key=lambda turn: angle_between(turn.apply(ours), seen))
            off = angle_between(near.apply(ours), seen)
            fixed[name] = swing(near.apply(ours), seen) * near if off > BUILD else near
    return fixed


def _facing(theirs: dict[str, Array], rest: Array) -> Rotation:
    """Where the other rest pose looks: a turn about the vertical, or any where it lies."""
    top = next((name for name in ("neck", "head", "spine3") if name in theirs), None)

    def frame(left: Array, right: Array, high: Array) -> Array:
        x = unit(left - right)
        y = high - 0.5 * (left + right)
        y = unit(y - (y @ x) * x)
        return np.stack([x, y, np.cross(x, y)], axis=1)

    hips = theirs["left_hip"], theirs["right_hip"]
    shoulders = 0.5 * (theirs["left_shoulder"] + theirs["right_shoulder"])
    own_shoulders = 0.5 * (rest[INDEX["left_shoulder"]] + rest[INDEX["right_shoulder"]])
    seen = frame(*hips, theirs[top] if top else shoulders)
    own = frame(
        rest[INDEX["left_hip"]],
        rest[INDEX["right_hip"]],
        rest[INDEX[top]] if top else own_shoulders,
    )
    if not np.isfinite(seen).all() or abs(np.linalg.det(seen) - 1.0) > 1e-3:
        raise NoRestPose(
            "the rest pose has both hips, or hips and neck, in one place, so that nobody can tell "
            "where it looks: export the motion with the skeleton's bone lengths (offsets)"
        )
    whole = Rotation.from_matrix(seen @ own.T)
    ahead = whole.apply(FORWARD)
    level = Rotation.from_rotvec(UP * np.arctan2(ahead[0], ahead[2]))
    return level if (whole * level.inv()).magnitude() < BUILD else whole


def _ancestor(name: str, known: dict[str, Rotation]) -> str:
    parent = NAMES[PARENTS[INDEX[name]]]
    return parent if parent in known else _ancestor(parent, known)


def _limb(parent: Rotation, bone: Array, seen: Array) -> Rotation:
    """Our bone onto theirs: sideways first, as arms are let hang and legs are spread.

    The smallest rotation alone would twist the limb a little where the bone is not quite in the
    frontal plane.
    """
    local = parent.inv().apply(seen)
    sideways = Rotation.identity()
    if np.linalg.norm(unit(local)[:2]) > 0.5 and np.linalg.norm(unit(bone)[:2]) > 0.5:
        angle = np.arctan2(local[1], local[0]) - np.arctan2(bone[1], bone[0])
        sideways = Rotation.from_rotvec(FORWARD * angle)
    return parent * swing(sideways.apply(bone), local) * sideways


def _share_bends(world: dict[str, Rotation]) -> None:
    """Joints of the spine that the skeleton lacks take their part of the bend across them."""
    for chain in (("pelvis", "spine1", "spine2", "spine3"), ("spine3", "neck", "head")):
        known = [index for index, name in enumerate(chain) if name in world]
        for before, after in itertools.pairwise(known):
            whole = (world[chain[before]].inv() * world[chain[after]]).as_rotvec()
            for index in range(before + 1, after):
                share = (index - before) / (after - before)
                world[chain[index]] = world[chain[before]] * Rotation.from_rotvec(share * whole)
