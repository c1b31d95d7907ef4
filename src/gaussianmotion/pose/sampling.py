"""Random training poses: a normal distribution around the star pose, within human joint limits.

Each joint has three angles (x, y, z) and turns by Rx(x) Ry(y) Rz(z) relative to its parent: first
about z (raise or lower the arm, open the leg), then about y, last about the person's left-right
axis x (swing). The named poses turn about z only, so their axis-angle vectors are such angles.
A truncated normal keeps every angle within its limit without heaping poses up at the limit.
"""

import functools
import math

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.body.joints import INDEX, MIRROR
from gaussianmotion.body.poses import arms_down_pose, named_pose
from gaussianmotion.body.rotation import multiply, to_axis_angle, to_quaternion
from gaussianmotion.config import PoseConfig

Limits = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]

# Degrees about x, y, z for the middle and for the LEFT side. Forward is -x for hips and a hanging
# arm, -y for a horizontal left arm; the knee bends by +x, the left elbow by -y; +z opens the left
# hip and raises the left arm. The right side mirrors x -> x, y -> -y, z -> -z.
LIMITS: dict[str, Limits] = {
    "spine1": ((-10, 25), (-15, 15), (-12, 12)),
    "spine2": ((-10, 20), (-15, 15), (-12, 12)),
    "spine3": ((-10, 15), (-15, 15), (-10, 10)),
    "neck": ((-20, 25), (-30, 30), (-15, 15)),
    "head": ((-20, 25), (-35, 35), (-15, 15)),
    "left_hip": ((-90, 25), (-25, 25), (-3, 65)),
    "left_knee": ((0, 120), (0, 0), (0, 0)),
    "left_ankle": ((-20, 35), (-10, 10), (-8, 8)),
    "left_collar": ((-4, 4), (-10, 6), (-5, 15)),
    "left_shoulder": ((-70, 50), (-80, 25), (-80, 60)),
    "left_elbow": ((-30, 30), (-130, 0), (0, 0)),
    "left_wrist": ((-15, 15), (-12, 12), (-30, 30)),
}

# Share of the large joints' standard deviation; joints not named here get a third.
FULL_SPREAD = ("left_hip", "left_knee", "left_shoulder", "left_elbow")
# Share of the spread about z that poses with lowered arms and closed legs keep.
LOWERED_OPENING = 1.0 / 3.0


def sample_poses(
    count: int, config: PoseConfig, generator: torch.Generator
) -> Float[Tensor, "B 24 3"]:
    """Draw poses for training.

    Args:
        count: B.
        config: Mean, spread and share of poses with lowered arms and closed legs.
        generator: A CPU generator; equal states give equal poses.

    Returns:
        Axis-angle in radians, SMPL joint order, on the CPU; the root does not turn.
    """
    mean = named_pose(config.mean)
    if config.distribution == "fixed":
        return mean.repeat(count, 1, 1)
    # Both are always drawn, so that changing one share leaves the other draws as they were.
    lowered = torch.rand(count, generator=generator) < config.arms_down
    uniform = torch.rand(count, 24, 3, generator=generator)

    means = torch.where(lowered[:, None, None], arms_down_pose(), mean)
    low, high, spread = _limits()
    # Lowered limbs swing freely but hardly open: limits cut one side of that spread, so a wide
    # one would open the legs and lift the arms again.
    opening = torch.where(lowered[:, None], LOWERED_OPENING, 1.0)
    spreads = torch.stack([spread[:, 0].expand(count, -1)] * 2 + [spread[:, 0] * opening], dim=-1)
    deviation = (spreads * math.radians(config.std)).clamp(min=1e-9)
    cdf_low = torch.special.ndtr((low - means) / deviation)
    cdf_high = torch.special.ndtr((high - means) / deviation)
    quantile = cdf_low + uniform * (cdf_high - cdf_low)
    angles = means + deviation * torch.special.ndtri(quantile.clamp(1e-6, 1 - 1e-6))
    # Limits of zero width, and the clamped tails.
    angles = torch.minimum(torch.maximum(angles, low), high)
    return _axis_angle(angles)


@functools.cache
def _limits() -> tuple[Float[Tensor, "24 3"], Float[Tensor, "24 3"], Float[Tensor, "24 1"]]:
    """Lower and upper limits in radians, and the relative spread, of all joints."""
    low, high, spread = torch.zeros(24, 3), torch.zeros(24, 3), torch.zeros(24, 1)
    for name, limits in LIMITS.items():
        joint = INDEX[name]
        bounds = torch.deg2rad(torch.tensor(limits, dtype=torch.float32))
        low[joint], high[joint] = bounds[:, 0], bounds[:, 1]
        spread[joint] = 1.0 if name in FULL_SPREAD else 1.0 / 3.0
        other = MIRROR[joint]
        if other != joint:
            flipped = torch.stack([bounds[0], -bounds[1].flip(0), -bounds[2].flip(0)])
            low[other], high[other] = flipped[:, 0], flipped[:, 1]
            spread[other] = spread[joint]
    return low, high, spread


def _axis_angle(angles: Float[Tensor, "B J 3"]) -> Float[Tensor, "B J 3"]:
    """Axis-angle vectors of Rx(x) Ry(y) Rz(z)."""
    zero = torch.zeros_like(angles[..., 0])
    x, y, z = angles.unbind(-1)
    about_x = to_quaternion(torch.stack([x, zero, zero], dim=-1))
    about_y = to_quaternion(torch.stack([zero, y, zero], dim=-1))
    about_z = to_quaternion(torch.stack([zero, zero, z], dim=-1))
    return to_axis_angle(multiply(multiply(about_x, about_y), about_z))
