"""Poses that have a name, as SMPL axis-angle vectors in radians.

Zero is the T-pose: y up, facing +z, the person's left arm along +x.
"""

import difflib
import math

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.body.joints import INDEX
from gaussianmotion.runtime.errors import UserError


def t_pose() -> Float[Tensor, "24 3"]:
    """SMPL's rest pose: arms horizontal, legs together."""
    return torch.zeros(24, 3)


def star_pose() -> Float[Tensor, "24 3"]:
    """The canonical pose: T-pose with both hips opened 45 degrees about z (3DGS-Avatar's)."""
    return _spread(arms_down=0.0, legs_out=45.0)


def a_pose() -> Float[Tensor, "24 3"]:
    """Standing: arms 45 degrees below the horizontal, legs slightly apart."""
    return _spread(arms_down=45.0, legs_out=6.0)


def arms_down_pose() -> Float[Tensor, "24 3"]:
    """Standing at ease: arms at the sides, legs nearly closed."""
    return _spread(arms_down=72.0, legs_out=3.0)


def standing_pose() -> Float[Tensor, "24 3"]:
    """As people stand for a photograph: arms away from the body, elbows a little bent.

    The collar bones take a sixth of the arms' way: those of the T-pose are raised, and under
    lowered arms they would shrug.
    """
    pose = _spread(arms_down=50.0, legs_out=5.0)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        pose[INDEX[f"{side}_collar"], 2] = -sign * math.radians(10.0)
        pose[INDEX[f"{side}_elbow"], 1] = -sign * math.radians(18.0)
    return pose


def _spread(arms_down: float, legs_out: float) -> Float[Tensor, "24 3"]:
    """T-pose with arms and legs turned about z, degrees."""
    pose = t_pose()
    for side, sign in (("left", 1.0), ("right", -1.0)):
        pose[INDEX[f"{side}_hip"], 2] = sign * math.radians(legs_out)
        pose[INDEX[f"{side}_shoulder"], 2] = -sign * math.radians(arms_down)
    return pose


NAMED = {
    "star": star_pose,
    "a": a_pose,
    "t": t_pose,
    "arms_down": arms_down_pose,
    "standing": standing_pose,
}


def named_pose(name: str) -> Float[Tensor, "24 3"]:
    """The pose called ``name``: star, a, t, arms_down or standing.

    Raises:
        UserError: there is no such pose.
    """
    if name not in NAMED:
        close = difflib.get_close_matches(name, NAMED, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise UserError(f"unknown pose {name!r}: poses are {', '.join(NAMED)}{hint}")
    return NAMED[name]()
