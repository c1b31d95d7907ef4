"""Nothing below the skin: cloth, hair and shoes lie outside of a body, and bare skin lies on it.

The means of a prior's pictures over poses and seeds are thinner than people are: arms and legs that
lie a little elsewhere in each picture agree on their middles alone. Gaussians follow, into the
body, until a forearm is a rod of splats with fur around. Here those that are below the skin go back
to where they began, which keeps them as evenly spaced as they were, too: pushed straight out, they
gather in clumps with holes between. This goes beyond the paper.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.body import Body

#: Metres below which a Gaussian is in the skin: points on it measure as much to either side, and
#: what slides along it must not be put back.
SKIN_DEEP = 0.002


@torch.no_grad()
def back_to_the_skin(
    avatar: Avatar, body: Body, began: Float[Tensor, "N 3"], held: Int[Tensor, " M"] | None = None
) -> None:
    """Put Gaussians whose means are below the skin to where they began.

    Args:
        avatar: Avatar whose means are changed.
        body: Its body.
        began: Where each Gaussian began, canonical, metres.
        held: Numbers of Gaussians that are left alone.
    """
    skin = body.heights(began).clamp(max=0.0) - SKIN_DEEP
    below = body.heights(avatar.means) < skin
    if held is not None:
        below[held] = False
    avatar.means.copy_(torch.where(below[:, None], began, avatar.means))


def on_the_skin(body: Body, points: Float[Tensor, "N 3"]) -> Float[Tensor, "N 3"]:
    """Points of which those below the skin are lifted onto it."""
    depth = body.heights(points).clamp(max=0.0)
    return points - depth[:, None] * body.normals[body.nearest(points)]
