"""Discs that fit the surface they lie in: no strays, smaller and thicker where it bends.

A surface is drawn by thin discs, wide enough that no gaps show. Where it bends within a disc, at
toes, heels and fingertips, the disc's edge sticks out as a needle. There discs are made smaller,
and as thick as their neighbours are off their planes: outlines are round. What is away from all
others is no surface, and is not seen. This goes beyond the paper.
"""

from dataclasses import replace

import torch
from jaxtyping import Int
from torch import Tensor

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.avatar.surface import SAME_SIDE, Sheet

# Neighbours that are asked.
NEIGHBOURS = 25
# Neighbours may be off a disc's plane by this part of its size; then it is made smaller, down to
# this part.
BENT, SMALLEST = 0.35, 0.75
# A stray's so many nearest are so many times as far away as those of its neighbours are.
NEAREST, STRAY = 4, 2.0
# Both sides of a finger are company.
ANY_SIDE = -2.0
# The logit of an opacity that no rasteriser draws.
UNSEEN = -10.0


@torch.no_grad()
def fit_discs(avatar: Avatar, sheet: Sheet) -> None:
    """Change the sizes of discs by what is within them.

    Args:
        avatar: Avatar whose sizes are changed.
        sheet: Of the avatar as it is; what is free in it is changed.
    """
    if len(sheet.shown) < 2 or not len(sheet.free):
        return
    sizes = avatar.log_scales.detach().cpu().exp()
    for piece in sheet.neighbourhoods(sheet.means, NEIGHBOURS, SAME_SIDE):
        size = sizes[piece.rows].max(dim=1, keepdim=True).values
        away = sheet.means[piece.near] - sheet.means[piece.rows, None]
        apart = torch.einsum("fkc,fc->fk", away, sheet.normals[piece.rows])
        off = (piece.weights(size) * apart.square()).sum(dim=1, keepdim=True).sqrt()
        part = (BENT * size / off.clamp(min=1e-9)).clamp(SMALLEST, 1.0)
        # What is off a plane grows with the square of the size of the part that is looked at.
        thick = torch.minimum(off * part.square(), part * size)
        sizes[piece.rows] = torch.maximum(sizes[piece.rows] * part, thick)
    avatar.log_scales.copy_(sizes.log().to(avatar.log_scales.device))


@torch.no_grad()
def hide_strays(avatar: Avatar, sheet: Sheet) -> None:
    """Make unseen what is away from all others, those that are held excepted: hair before a face.

    Args:
        avatar: Avatar whose opacities are changed.
        sheet: Of the avatar as it is; what is free in it may be hidden.
    """
    if len(sheet.free) <= NEAREST:
        return
    loose = replace(sheet, shown=sheet.free)
    reach = torch.full((len(sheet.means),), torch.inf)
    around: list[tuple[Int[Tensor, " F"], Int[Tensor, "F K"]]] = []
    for piece in loose.neighbourhoods(sheet.means, NEIGHBOURS, ANY_SIDE):
        reach[piece.rows] = piece.distance[:, NEAREST]  # the first is itself
        around.append((piece.rows, piece.near))
    stray = torch.zeros(len(reach), dtype=torch.bool)
    for rows, near in around:
        stray[rows] = reach[rows] > STRAY * reach[near].median(dim=1).values
    opacities = avatar.logit_opacities
    opacities.copy_(opacities.masked_fill(stray.to(opacities.device), UNSEEN))
