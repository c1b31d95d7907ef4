"""Where the floor is under a motion, and the motion set on it."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.body import Body
from gaussianmotion.body.model import skin

# Every n-th vertex, and this many frames, are enough to find the floor.
VERTEX_STRIDE = 7
FRAMES = 240
# A foot touches the floor most of the time, and a few frames may sink into it.
TOUCHING = 0.1


def lowest_points(
    poses: Float[Tensor, "T 24 3"], translation: Float[Tensor, "T 3"], body: Body
) -> Float[Tensor, " T"]:
    """Height of the lowest point of the body in each frame, metres."""
    vertices, weights = body.vertices[::VERTEX_STRIDE], body.weights[::VERTEX_STRIDE]
    lowest = [
        skin(vertices, weights, body.transforms(some))[..., 1].amin(dim=1)
        for some in poses.split(64)
    ]
    return torch.cat(lowest) + translation[:, 1]


def set_on_floor(
    poses: Float[Tensor, "T 24 3"], translation: Float[Tensor, "T 3"], body: Body
) -> Float[Tensor, "T 3"]:
    """The translation with the whole clip moved up or down, so that its lowest points touch.

    All frames move alike: jumps stay jumps, and a floor that the file lets drift does drift.
    """
    chosen = torch.linspace(0, len(poses) - 1, min(len(poses), FRAMES)).round().long()
    lowest = lowest_points(poses[chosen], translation[chosen], body)
    drop = body.floor - float(lowest.quantile(TOUCHING))
    return translation + torch.tensor([0.0, drop, 0.0])
