"""How an avatar's Gaussians come from canonical space to a standing person's."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.body import Body
from gaussianmotion.body.poses import standing_pose


def to_standing(avatar: Avatar, body: Body) -> tuple[Float[Tensor, "N 3 3"], Float[Tensor, "N 3"]]:
    """Linear parts and translations, metres, of the blended transforms (eq. 3)."""
    transforms = body.transforms(standing_pose()[None].to(body.device))[0]
    blended = torch.einsum("nj,jab->nab", avatar.weights(), transforms)
    return blended[:, :3, :3], blended[:, :3, 3]
