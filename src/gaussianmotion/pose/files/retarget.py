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
from gaussianmotion.pose.files.inverse_kinematics import local_rotations
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
# A limb turned this far between the rest poses may be twisted, too; its bend tells where it is.
FAR, TWISTED = np.radians(60.0), np.radians(45.0)
BENT = np.radians(20.0)


def retarget(skeleton: Skeleton, rest: Array) -> Array:
    """SMPL's rotations relative to the parent, (T, 24, 3) axis-angle.

    Args:
        skeleton: Turned upright.
        rest: Our joints in the T-pose, shape (24, 3).
    """
    fixed = _corrections(skeleton.rest, rest, skeleton.turns)
    world = {name: turn * fixed[name] for name, turn in skeleton.turns.items()}
    _share_bends(world)
    for name in NAMES[: INDEX["right_wrist"] + 1]:
        if name not in world:
            world[name] = world[NAMES[PARENTS[INDEX[name]]]]
    return local_rotations(world, len(skeleton))


def _corrections(
    theirs: dict[str, Array], rest: Array, turns: dict[str, Rotation]
) -> dict[str, Rotation]:
    """For each joint, the rotation from our rest pose to theirs."""

    def ours(start: str, end: str) -> Array:
        return rest[INDEX[end]] - rest[INDEX[start]]

    fixed = {"pelvis": _facing(theirs, rest)}
    facing = fixed["pelvis"]
    same = all(
        angle_between(facing.apply(ours(start, end)), theirs[end] - theirs[start]) < SAME_REST
        for start, end in LIMBS.items()
        if {start, end} <= set(theirs)
    )
    for name in NAMES[1:]:
        if name not in theirs:
            continue
        parent = fixed[_ancestor(name, fixed)]
        end = (LIMBS | TRUNK).get(name, "")
        fixed[name] = parent
        if same or end not in theirs:
            continue
        bone, seen = ours(name, end), theirs[end] - theirs[name]
        if name in LIMBS:
            fixed[name] = _limb(parent, bone, seen)
            if name.endswith(("hip", "shoulder")):
                fixed[name] *= _untwisted(name, end, parent, fixed[name], turns, theirs, bone)
            continue
        # A foot may be flat on the floor whatever the leg does.
        parent = min((parent, facing), key=lambda turn: angle_between(turn.apply(bone), seen))
        off = angle_between(parent.apply(bone), seen)
        fixed[name] = swing(parent.apply(bone), seen) * parent if off > BUILD else parent
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


def _untwisted(
    upper: str,
    middle: str,
    parent: Rotation,
    fixed: Rotation,
    turns: dict[str, Rotation],
    theirs: dict[str, Array],
    bone: Array,
) -> Rotation:
    """A turn about our bone, where the rest poses are so far apart that the bend must tell it.

    Knees bend backwards and elbows forwards; the mean over the clip of where the lower limb goes
    is compared with that.
    """
    end = LIMBS[middle]
    none = Rotation.identity()
    if end not in theirs or (fixed * parent.inv()).magnitude() < FAR:
        return none
    lower = turns[middle].apply(theirs[end] - theirs[middle])
    local = (turns[upper] * fixed).inv().apply(lower)
    axis = unit(bone)
    off = local - (local @ axis)[:, None] * axis
    bent = angle_between(local, np.broadcast_to(axis, local.shape)) > BENT
    if not bent.any():
        return none
    mean = off[bent].mean(axis=0)
    towards = FORWARD if upper.endswith("shoulder") else -FORWARD
    towards = towards - (towards @ axis) * axis
    angle = np.arctan2(np.cross(towards, mean) @ axis, towards @ mean)
    return Rotation.from_rotvec(axis * angle) if abs(angle) > TWISTED else none


def _share_bends(world: dict[str, Rotation]) -> None:
    """Joints of the spine that the skeleton lacks take their part of the bend across them."""
    for chain in (("pelvis", "spine1", "spine2", "spine3"), ("spine3", "neck", "head")):
        known = [index for index, name in enumerate(chain) if name in world]
        for before, after in itertools.pairwise(known):
            whole = (world[chain[before]].inv() * world[chain[after]]).as_rotvec()
            for index in range(before + 1, after):
                share = (index - before) / (after - before)
                world[chain[index]] = world[chain[before]] * Rotation.from_rotvec(share * whole)
