"""Light and shade: each Gaussian as bright as its surface is to a light above and in front.

A prior's pictures are lit from anywhere, and the mean over them from nowhere: an arm before a body
of the same colour cannot be seen. The light is painted on, as it falls on a person who stands, and
goes along when the limbs move. This goes beyond the paper.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.avatar.gaussians import Avatar, colour_logits, thin_axes
from gaussianmotion.avatar.standing import to_standing
from gaussianmotion.body import Body

#: Where the light comes from, a unit vector in the world of a standing person.
FROM = (0.0, 0.9, 0.436)
# What falls on the mean surface, in parts of what falls on one that faces the light.
MEAN = 0.2
# The direction of the surface is a mean over so many vertices, which count as a Gaussian of this
# standard deviation does, metres: the nearest one's alone would change in steps.
VERTICES, AROUND = 8, 0.008
# The least factor of a strong light: less is black.
DIMMEST = 0.2
# Metres from the skin at which a disc's own direction says how its surface lies, and no more the
# body's below it: hair over an ear, a skirt between the legs.
OWN = 0.02


@torch.no_grad()
def paint_light(avatar: Avatar, body: Body, strength: float) -> None:
    """Multiply colours by 1 + strength (n . l - mean), n the surface's normal, l the light.

    The factor is at least :data:`DIMMEST`, and no more than leaves a colour its hue.

    Args:
        avatar: Avatar whose colours are changed.
        body: Its body.
        strength: Of the light; 0 changes nothing.
    """
    if not strength:
        return
    turns, _ = to_standing(avatar, body)
    world = torch.einsum("nab,nb->na", turns, normals(avatar, body))
    facing = torch.nn.functional.normalize(world, dim=1) @ world.new_tensor(FROM)
    factor = (1.0 + strength * (facing - MEAN)).clamp(min=DIMMEST)
    avatar.colours.copy_(colour_logits(avatar.rgb * factor[:, None]))


def normals(avatar: Avatar, body: Body) -> Float[Tensor, "N 3"]:
    """Canonical unit normals of the surface that Gaussians are: the body's, or their own off it."""
    distance, found = body.tree.query(avatar.means.detach().cpu().numpy(), k=VERTICES)
    away = torch.from_numpy(distance - distance[:, :1]).float() / AROUND
    weight = (-0.5 * away.square()).exp()[..., None].to(body.device)
    near = (weight * body.normals[torch.from_numpy(found).to(body.device)]).sum(dim=1)
    near = torch.nn.functional.normalize(near, dim=1)
    own = thin_axes(avatar.quats, avatar.log_scales, near)
    share = (body.heights(avatar.means) / OWN).clamp(0.0, 1.0)[:, None]
    return torch.nn.functional.normalize(torch.lerp(near, own, share), dim=1)
