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


@torch.no_grad()
def back_to_the_skin(
    avatar: Avatar, body: Body, began: Float[Tensor, "N 3"], held: Int[Tensor, " M"] | None = None
) -> None:
    """Put Gaussians whose means are below the skin to where they began.

    Args:
        avatar: Avatar whose means are changed.
        body: Its body.
        began: Where each Gaussian began, canonical, metres; what grew begins where its parent did.
        held: Numbers of Gaussians that are left alone.
    """
    # Points on the surface measure a millimetre below or above it.
    skin = body.heights(began).clamp(max=0.0)
    below = body.heights(avatar.means) < skin
    if held is not None:
        below[held] = False
    avatar.means.copy_(torch.where(below[:, None], began, avatar.means))
