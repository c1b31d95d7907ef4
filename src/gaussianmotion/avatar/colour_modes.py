"""Colours with edges: each Gaussian takes the colour that most of its neighbours of its kind have.

A prior's pixel is some centimetres of a person, and no two of its pictures agree on where a sleeve
ends: between cloth and skin, trained avatars have a band of mixtures, and plain cloth is mottled.
Mean shift over colours (Comaniciu and Meer 2002), among neighbours within about a pixel, climbs
from a mixture to one of the two colours that it is mixed of, and leaves two colours apart that both
are there. Light and shade around it stay where the nearest neighbours share them: folds are several
Gaussians wide, noise is each one's own. This goes beyond the paper.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.avatar.gaussians import Avatar, colour_logits
from gaussianmotion.avatar.surface import Sheet

# The window must reach beyond a band of mixtures, however many Gaussians there are: of those that
# are shown, about so many are neighbours of others.
THINNED = 4000
# Neighbours, and how often each climbs toward what the others have.
NEIGHBOURS, CLIMBS = 128, 16
# Colours of this distance (RGB from 0 to 1) are half-way told apart.
RANGE = 0.12
# Nearest neighbours, itself among them, over which small differences from the common colour are
# averaged.
SHADED = 6
# A Gaussian with so much of the mean share in pictures has a colour of its own; what is seen less
# begins with its neighbours'.
SURE = 1.0
# The same side of the body, and folds on it.
SAME_SIDE = 0.0


@torch.no_grad()
def sharpen_colours(avatar: Avatar, sheet: Sheet, reach: Float[Tensor, " N"]) -> None:
    """Change the colours of what is free.

    Args:
        avatar: Avatar whose colours are changed.
        sheet: Of it as it is now.
        reach: Standard deviation of each one's window over places, metres.
    """
    if len(sheet.shown) < 2 or not len(sheet.free):
        return
    colours, reach = avatar.rgb.detach().cpu(), reach.cpu()
    common, shade = colours.clone(), torch.zeros_like(colours)
    every = max(1, len(sheet.shown) // THINNED)
    for piece in sheet.neighbourhoods(sheet.means, NEIGHBOURS, SAME_SIDE, every):
        rows = piece.rows
        sure = (sheet.counts[rows] / SURE).clamp(max=1.0)
        weight = piece.weights(reach[rows, None])
        common[rows] = _common(colours[rows], sure, colours[piece.near], weight)
        away = colours[rows] - common[rows]
        # What is far from the common colour was a mixture, and is no shade of it.
        shade[rows] = away * (-0.5 * away.square().sum(dim=1, keepdim=True) / RANGE**2).exp()
    for piece in sheet.neighbourhoods(sheet.means, SHADED, SAME_SIDE):
        weight = piece.weights(reach[piece.rows, None])
        common[piece.rows] += (weight[..., None] * shade[piece.near]).sum(dim=1)
    logits = avatar.colours.detach().cpu().clone()
    logits[sheet.free] = colour_logits(common[sheet.free])
    avatar.colours.copy_(logits.to(avatar.colours.device))


def _common(
    own: Float[Tensor, "F 3"],
    sure: Float[Tensor, " F"],
    around: Float[Tensor, "F K 3"],
    weight: Float[Tensor, "F K"],
) -> Float[Tensor, "F 3"]:
    """The common colour that each comes to.

    Args:
        own: Colours to begin with.
        sure: How far to begin with them, and not with the neighbours' mean, from 0 to 1.
        around: The neighbours' colours.
        weight: Theirs; rows sum to 1.
    """
    mean = (weight[..., None] * around).sum(dim=1)
    common = torch.lerp(mean, own, sure[:, None])
    for _ in range(CLIMBS):
        apart = (around - common[:, None]).square().sum(dim=-1)
        like = weight * (-0.5 * apart / RANGE**2).exp() + 1e-15
        common = (like[..., None] * around).sum(dim=1) / like.sum(dim=1, keepdim=True)
    return common
