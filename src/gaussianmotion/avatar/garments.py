"""Each garment in its own colours: what distillation mixed up is told apart again.

The mean of a prior's pictures is mottled, darker where they agree less, and mixed with skin where
a sleeve ends here in one and there in another. Where it is known what belongs to which garment
(:mod:`.regions`), the colours that most of it has are found by mean shift (Comaniciu and Meer
2002): one for a plain dress, two or three for a suit with a shirt. Each Gaussian gets the nearest
of them, along a short border (:mod:`.borders`), with a part of its own light and shade. The mean of
pictures may be a colour that none of them has, and duller than they are. So what most of a garment
has goes half of the way to what most pictures have, where they agree (:mod:`..training.palette`).
The mean of many people's shoes is the grey of bare feet: it is made as dark as leather. This goes
beyond the paper.
"""

from collections.abc import Mapping

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussianmotion.avatar.borders import shortened
from gaussianmotion.avatar.complexion import DARKEST
from gaussianmotion.avatar.gaussians import Avatar, colour_logits
from gaussianmotion.avatar.regions import GARMENTS, SHOES, Regions, fewest
from gaussianmotion.avatar.surface import CAPPED, Sheet

# Colours of this distance (RGB from 0 to 1) are one with a few of the garment between them.
BANDWIDTH = 0.07
# Gaussians that climb, that they climb on, and how often.
CLIMBERS, GROUND, CLIMBS = 400, 2000, 30
# Modes nearer than so many bandwidths are one; one that fewer than this share climb to is noise.
APART, LEAST = 2.0, 0.01
# On a border a Gaussian's colour counts this much of one in the middle of its garment.
BORDER = 0.3
# How often borders between colours are made shorter: collars are small.
SHORTER = 1
# Share of a Gaussian's own light and shade that stays.
SHADE = 0.5
# How far the most frequent colour goes to the palette's, in logarithms: both are estimates, the one
# dull, the other of a dozen pictures.
GIVEN = 0.5
# Mean logarithms of RGB between which shoes are as bright as feet, and that of dark leather.
FEET, LEATHER = (-1.6, -0.5), -1.8
# Colours that are given are kept above what black cloth has in light: on less no fold is seen.
BLACK = 0.06


@torch.no_grad()
def even_garments(
    avatar: Avatar,
    sheet: Sheet,
    regions: Regions,
    palette: Mapping[str, Float[Tensor, "3"]] | None = None,
) -> Int[Tensor, " N"]:
    """Change the colours of what is worn.

    Args:
        avatar: Avatar whose colours are changed.
        sheet: Of it as it is.
        regions: Its regions.
        palette: What most of some garments has in pictures, RGB; others keep what is learnt.

    Returns:
        Which of its region's colours each has, from 0, where there are some to choose from.
    """
    palette, sheet = palette or {}, regions.cut(sheet)
    rgb = avatar.rgb.detach().cpu()
    logs = rgb.clamp(min=DARKEST).log()
    shade = logs.mean(dim=1, keepdim=True)
    part = regions.seen / regions.seen.mean().clamp(min=1e-12)
    # What is hidden has no shade of its own.
    sure = part.clamp(max=1.0)[:, None]
    counts = part.clamp(max=CAPPED) * regions.purity.clamp(min=BORDER)
    nearest = torch.zeros(len(rgb), dtype=torch.int64)
    worn = torch.zeros(len(rgb), dtype=torch.bool)
    found = []
    for name in GARMENTS:
        rows = regions.among(name).nonzero()[:, 0]
        if len(rows) >= fewest(len(rgb)):
            colours, _ = modes(rgb[rows], counts[rows], BANDWIDTH)
            nearest[rows] = torch.cdist(rgb[rows], colours).argmin(dim=1)
            worn[rows] = True
            found.append((name, rows, colours))
    chosen = shortened(sheet, nearest, SHORTER, ~worn, ~worn)
    for name, rows, colours in found:
        learnt = colours.clamp(min=DARKEST).log()
        bright = learnt.mean(dim=1, keepdim=True)
        given = learnt.clone()
        if name in palette:
            given[0].lerp_(palette[name].cpu().clamp(min=BLACK).log(), GIVEN)
        elif name == SHOES and FEET[0] < bright[0] < FEET[1]:
            given += LEATHER - bright[0]
        own = SHADE * sure[rows] * (shade[rows] - bright[nearest[rows]])
        logs[rows] = given[chosen[rows]] + own
    logits = avatar.colours.detach().cpu().clone()
    logits[worn] = colour_logits(logs[worn].exp())
    avatar.colours.copy_(logits.to(avatar.colours.device))
    return chosen


def modes(
    colours: Float[Tensor, "F 3"], counts: Float[Tensor, " F"], bandwidth: float
) -> tuple[Float[Tensor, "M 3"], Float[Tensor, " M"]]:
    """The colours that most have, and the share that climbs to each, the largest first.

    Args:
        colours: RGB.
        counts: How much each counts.
        bandwidth: Standard deviation of the window over colours.
    """
    chosen = _spread(len(colours), GROUND)
    ground, weight = colours[chosen], counts[chosen] + 1e-6
    climbers = _spread(len(colours), CLIMBERS)
    at = colours[climbers]
    for _ in range(CLIMBS):
        like = (-0.5 * (torch.cdist(at, ground) / bandwidth).square()).exp() * weight + 1e-12
        at = like @ ground / like.sum(dim=1, keepdim=True)
    share = counts[climbers] / counts[climbers].sum().clamp(min=1e-12)
    found: list[tuple[float, Tensor]] = []
    left = torch.ones(len(at), dtype=torch.bool)
    while left.any():
        first = int(torch.where(left, share, -1.0).argmax())
        same = left & ((at - at[first]).norm(dim=1) < APART * bandwidth)
        same[first] = True
        found.append((float(share[same].sum()), at[first]))
        left &= ~same
    found.sort(key=lambda pair: -pair[0])
    kept = [pair for pair in found if pair[0] >= LEAST] or found[:1]
    return torch.stack([mode for _, mode in kept]), torch.tensor([part for part, _ in kept])


def _spread(count: int, wanted: int) -> Int[Tensor, " W"]:
    """Numbers below ``count``, evenly spaced, at most as many as wanted."""
    return torch.linspace(0, count - 1, min(count, wanted)).round().long()
