"""How far the numbers of an avatar can go before it is none: for its file, and for its training.

A learning rate that is far too high need not end in NaN. Means fly out of the pictures, logits grow
until their sigmoid is exactly 0 or 1 and no gradient reaches them again, quaternions grow until
float32 no longer resolves a turn of them; the pictures are white, and every number is finite. None
of these limits is near anything that a training can use: ``benchmarks/README.md`` says how far
healthy ones go.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.body import Body

# Beyond the canonical body's box by more than its own height, a Gaussian is about where cameras
# stand. Heights.
ROOM = 1.0
# A splat of this standard deviation is a wall behind the person. Heights.
LARGEST_SCALE = 10.0
# exp() of more is no float32, so that a sigmoid is exactly 0 or 1.
LARGEST_LOG = 88.0
# The length of a quaternion whose rounding error is as long as the one it started from.
LONGEST_QUATERNION = 1.0 / torch.finfo(torch.float32).eps
# Weights of the skinning network, which start below 0.6.
LARGEST_WEIGHT = 100.0

# The key whose value moves each group, and what has happened to it beyond its limit.
GROUPS = {
    "means": ("train.lr.means", "Gaussians are further from the body than it is tall"),
    "quats": ("train.lr.quats", "quaternions are too long to turn any more"),
    "log_scales": ("train.lr.scales", "a Gaussian is ten times as large as the body"),
    "logit_opacities": ("train.lr.opacities", "opacities are exactly 0 or 1"),
    "colours": ("train.lr.colours", "colours are exactly 0 or 1"),
    "skinning": ("train.lr.skinning", "the weights of the skinning network have exploded"),
}


@torch.no_grad()
def overshoot(avatar: Avatar, body: Body) -> Float[Tensor, " 6"]:
    """How far each of :data:`GROUPS` has gone, over its limit; above 1, or NaN, it is lost.

    On the avatar's device and not read, so that a training does not wait for it.
    """
    lower, upper = body.vertices.amin(dim=0), body.vertices.amax(dim=0)
    means = avatar.means
    outside = torch.maximum(lower - means, means - upper).amax() / body.height
    network = [] if avatar.skinning is None else list(avatar.skinning.parameters())
    weights = [weight.abs().amax() for weight in network] or [outside.new_zeros(())]
    largest = math.log(LARGEST_SCALE * body.height)
    shares = {
        "means": outside / ROOM,
        "quats": avatar.quats.abs().amax() / LONGEST_QUATERNION,
        "log_scales": (avatar.log_scales.amax() - largest).exp(),
        "logit_opacities": avatar.logit_opacities.abs().amax() / LARGEST_LOG,
        "colours": avatar.colours.abs().amax() / LARGEST_LOG,
        "skinning": torch.stack(weights).amax() / LARGEST_WEIGHT,
    }
    return torch.stack([shares[name] for name in GROUPS])
