"""Sizes that leave no gaps: a Gaussian reaches part of the way to its neighbours.

Cloth and hair move away from the body, where there is more room than on it: the Gaussians that make
them are further apart than they began, learn their sizes slowly, and L_scale (eq. 7) holds them
back. What is below shows between them, as a net of another colour. This goes beyond the paper.
"""

import torch
from jaxtyping import Int
from torch import Tensor

from gaussianmotion.avatar.gaussians import Avatar, spacing

# The mean distance of so many is how far apart Gaussians are.
NEIGHBOURS = 8


@torch.no_grad()
def close_gaps(
    avatar: Avatar, share: float, largest: float, held: Int[Tensor, " M"] | None = None
) -> None:
    """Widen what is too small, along its two longer axes: thin discs stay thin.

    Args:
        avatar: Avatar whose sizes are changed.
        share: Least standard deviation, over the mean distance of the nearest neighbours.
        largest: Metres, beyond which none is widened.
        held: Numbers of Gaussians that are left alone.
    """
    near = min(NEIGHBOURS, len(avatar) - 1)
    if near < 1:
        return
    least = (share * spacing(avatar.means, near)).clamp(min=1e-6, max=largest).log()
    if held is not None:
        least[held] = -torch.inf
    sizes = avatar.log_scales
    thin = sizes.argmin(dim=1, keepdim=True)
    wider = torch.maximum(sizes, least[:, None]).scatter(1, thin, sizes.gather(1, thin))
    sizes.copy_(wider)
