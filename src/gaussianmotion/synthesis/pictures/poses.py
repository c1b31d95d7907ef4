"""Random poses for the synthetic pictures: SMPL axis-angle, (24, 3) radians, root upright.

A mixture: a normal around the star pose (what the avatars are trained in), arms-lowered poses
(standing, walking), the exact star, T and A poses, and a few wide ones; clipped to joint limits.
"""

import numpy as np

from gaussianmotion.body.joints import INDEX

#: Standard deviation in degrees about x, y, z of the normal around the star pose; left side.
STAR_SPREAD = {
    "hip": (18, 9, 12), "knee": (16, 0, 0), "ankle": (6, 4, 4), "spine1": (4, 4, 4),
    "spine2": (3, 4, 3), "spine3": (3, 4, 3), "neck": (6, 9, 5), "head": (6, 9, 5),
    "collar": (2, 4, 4), "shoulder": (14, 20, 22), "elbow": (8, 24, 6), "wrist": (8, 8, 8),
}  # fmt: skip

#: Limits in degrees (low, high) about x, y, z, left side; mirrored in y and z on the right.
LIMITS = {
    "hip": ((-100, 40), (-40, 40), (-25, 62)), "knee": ((0, 130), (-3, 3), (-3, 3)),
    "ankle": ((-30, 30), (-15, 15), (-15, 15)), "spine1": ((-20, 35), (-20, 20), (-20, 20)),
    "spine2": ((-15, 25), (-20, 20), (-15, 15)), "spine3": ((-15, 20), (-20, 20), (-15, 15)),
    "neck": ((-25, 30), (-40, 40), (-20, 20)), "head": ((-20, 25), (-35, 35), (-20, 20)),
    "collar": ((-8, 8), (-12, 12), (-10, 20)), "shoulder": ((-70, 70), (-100, 35), (-92, 60)),
    "elbow": ((-40, 40), (-135, 3), (-15, 15)), "wrist": ((-30, 30), (-30, 30), (-40, 40)),
}  # fmt: skip


def mirrored_limits(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Low and high limits (3,) radians of a joint such as ``right_elbow``."""
    limits = np.radians(np.array(LIMITS[name.split("_")[-1]], dtype=float))
    if name.startswith("right_"):
        limits[1:] = -limits[1:, ::-1]
    return limits[:, 0], limits[:, 1]


def clip_to_limits(pose: np.ndarray) -> np.ndarray:
    """The nearest pose within the joint limits, component by component."""
    out = pose.copy()
    for name, j in INDEX.items():
        if name.split("_")[-1] in LIMITS:
            out[j] = np.clip(pose[j], *mirrored_limits(name))
    return out


def base_pose(kind: str) -> np.ndarray:
    """``star`` (hips opened 45 degrees), ``t`` or ``a`` (arms lowered 50 degrees)."""
    pose = np.zeros((24, 3))
    if kind == "star":
        pose[INDEX["left_hip"], 2], pose[INDEX["right_hip"], 2] = np.radians(45), -np.radians(45)
    if kind == "a":
        pose[INDEX["left_shoulder"], 2], pose[INDEX["right_shoulder"], 2] = (
            -np.radians(50),
            np.radians(50),
        )
    return pose


def _noise(rng: np.random.Generator, scale: float) -> np.ndarray:
    pose = np.zeros((24, 3))
    for name, j in INDEX.items():
        spread = STAR_SPREAD.get(name.split("_")[-1])
        if spread:
            pose[j] = rng.normal(0, np.radians(spread)) * scale
    for side in ("left", "right"):
        # Elbows and knees only bend one way.
        pose[INDEX[f"{side}_knee"], 0] = abs(pose[INDEX[f"{side}_knee"], 0])
        bend = abs(pose[INDEX[f"{side}_elbow"], 1])
        pose[INDEX[f"{side}_elbow"], 1] = -bend if side == "left" else bend
    return pose


def arms_low(rng: np.random.Generator) -> np.ndarray:
    """Standing or walking: arms near the body, legs a little apart or in stride."""
    pose = _noise(rng, 0.35)
    stride = rng.normal(0, np.radians(20)) if rng.random() < 0.6 else 0.0
    for side, sign in (("left", 1.0), ("right", -1.0)):
        pose[INDEX[f"{side}_shoulder"], 2] = -sign * np.radians(rng.uniform(40, 82))
        pose[INDEX[f"{side}_shoulder"], 1] += -sign * np.radians(rng.normal(5, 12))
        # The arm swings against the leg of its side.
        pose[INDEX[f"{side}_shoulder"], 0] += sign * stride * 0.6
        pose[INDEX[f"{side}_elbow"], 1] = -sign * np.radians(abs(rng.normal(12, 18)))
        pose[INDEX[f"{side}_hip"], 0] += -sign * stride
        pose[INDEX[f"{side}_hip"], 2] = sign * np.radians(abs(rng.normal(4, 7)))
        back = max(-sign * stride, 0.0)
        pose[INDEX[f"{side}_knee"], 0] = back * rng.uniform(0.3, 1.4) + abs(rng.normal(0, 0.06))
    return pose


def sample_pose(rng: np.random.Generator) -> np.ndarray:
    """One random pose (24, 3) within the joint limits."""
    draw = rng.random()
    if draw < 0.45:
        pose = base_pose("star") + _noise(rng, 1.0)
    elif draw < 0.80:
        pose = arms_low(rng)
    elif draw < 0.90:
        pose = base_pose(str(rng.choice(["star", "star", "t", "a"])))
    else:
        pose = base_pose(str(rng.choice(["star", "a", "t"]))) + _noise(rng, 1.8)
    return clip_to_limits(pose)
