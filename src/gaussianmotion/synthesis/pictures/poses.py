"""Random poses for the synthetic pictures: SMPL axis-angle, (24, 3) radians, root upright.

They are drawn by the function that draws the avatars' training poses, since those are the poses
that a prior is asked for, with a margin around them: a share of wider ones, strides as in walking,
and the named poses as they are. Splits and backbends, which nothing asks for, are left out.
"""

import numpy as np
import torch

from gaussianmotion.body.joints import INDEX
from gaussianmotion.body.poses import named_pose
from gaussianmotion.config import PoseConfig
from gaussianmotion.pose.sampling import sample_poses

#: What avatars are trained in (config/laptop.yaml; a test compares), and the same a third wider.
TRAINED = PoseConfig(arms_down=0.5)
WIDER = PoseConfig(arms_down=0.5, std=27.0)
STRIDING = PoseConfig(arms_down=1.0, std=10.0)
#: Share of each kind; the rest are the named poses.
SHARES = {"trained": 0.66, "wider": 0.14, "striding": 0.12}
NAMED = ("star", "a", "t", "arms_down")


def sample_pose(rng: np.random.Generator) -> np.ndarray:
    """One random pose (24, 3), float64."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    kind = str(rng.choice([*SHARES, "named"], p=[*SHARES.values(), 1.0 - sum(SHARES.values())]))
    if kind == "named":
        return np.asarray(named_pose(str(rng.choice(NAMED))), dtype=np.float64)
    config = {"trained": TRAINED, "wider": WIDER, "striding": STRIDING}[kind]
    pose = sample_poses(1, config, generator)[0].double().numpy()
    return with_stride(pose, rng) if kind == "striding" else pose


def with_stride(pose: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A standing ``pose`` in stride: one leg in front, the arm of its side behind, knee bent."""
    stride = rng.normal(0.0, np.radians(22.0))
    pose = pose.copy()
    for side, sign in (("left", 1.0), ("right", -1.0)):
        pose[INDEX[f"{side}_hip"], 0] -= sign * stride
        pose[INDEX[f"{side}_shoulder"], 0] += sign * stride * 0.6
        behind = max(-sign * stride, 0.0)
        pose[INDEX[f"{side}_knee"], 0] += behind * rng.uniform(0.3, 1.4)
    return pose
