"""Colours with edges: each Gaussian takes the colour that most of its neighbours of its kind have.

A prior's pixel is some centimetres of a person, and no two of its pictures agree on where a sleeve
ends: between cloth and skin, trained avatars have a band of mixtures, and plain cloth is mottled.
Mean shift over colours (Comaniciu and Meer 2002), among neighbours within about a pixel, climbs
from a mixture to one of the two colours that it is mixed of, and leaves two colours apart that both
are there. Part of the light and shade around it stays. This goes beyond the paper.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.avatar.surface import PIECE, Sheet

# Neighbours, and how often each climbs toward what the others have.
NEIGHBOURS, CLIMBS = 128, 16
# Colours of this distance (RGB from 0 to 1) are half-way told apart.
RANGE = 0.12
# Share of the differences from the common colour that stays, where they are small.
SHADE = 0.35
# A Gaussian with so much of the mean share in pictures has a colour of its own; what is seen less
# begins with its neighbours'.
SURE = 1.0
# The same side of the body, and folds on it.
SAME_SIDE = 0.0
# Logits of colours stay finite.
DARKEST, LIGHTEST = 0.005, 0.995


@torch.no_grad()
def sharpen_colours(avatar: Avatar, sheet: Sheet, reach: Float[Tensor, " N"]) -> None:
    """Change the colours of what is free.

    Args:
        avatar: Avatar whose colours are changed.
        sheet: Of it as it is now.
        reach: Standard deviation of each one's window over places, metres.
    """
    if len(sheet.shown) < 2 or not sheet.free.any():
        return
    colours = avatar.rgb.detach().cpu()
    distance, near = sheet.neighbours(sheet.means, NEIGHBOURS)
    weight = (-0.5 * (distance / reach.cpu()[sheet.free, None]).square()).exp() * sheet.counts[near]
    # The smallest number keeps a row without near neighbours from being 0 / 0.
    weight = weight * sheet.on_side(near, SAME_SIDE) + 1e-9
    own, sure = colours[sheet.free], (sheet.counts[sheet.free] / SURE).clamp(max=1.0)
    changed = [
        _climbed(own[rows], sure[rows], colours[near[rows]], weight[rows])
        for rows in torch.arange(len(own)).split(PIECE)
    ]
    aim = torch.cat(changed).clamp(DARKEST, LIGHTEST).logit()
    logits = avatar.colours.detach().cpu().clone()
    logits[sheet.free] = aim
    avatar.colours.copy_(logits.to(avatar.colours.device))


def _climbed(
    own: Float[Tensor, "F 3"],
    sure: Float[Tensor, " F"],
    around: Float[Tensor, "F K 3"],
    weight: Float[Tensor, "F K"],
) -> Float[Tensor, "F 3"]:
    """The common colour that each comes to, and its light and shade in part."""
    mean = (weight[..., None] * around).sum(dim=1) / weight.sum(dim=1, keepdim=True)
    common = torch.lerp(mean, own, sure[:, None])
    for _ in range(CLIMBS):
        apart = (around - common[:, None]).square().sum(dim=-1)
        like = weight * (-0.5 * apart / RANGE**2).exp() + 1e-15
        common = (like[..., None] * around).sum(dim=1) / like.sum(dim=1, keepdim=True)
    shade = own - common
    small = (-0.5 * shade.square().sum(dim=1) / RANGE**2).exp()
    return common + (SHADE * sure * small)[:, None] * shade
