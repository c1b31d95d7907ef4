"""Clothes as things of their own: they lie over the body, and shoes have no toes.

Gaussians begin on the skin, and those of clothes hardly leave it while they learn colours: without
more, clothes are painted on. Where it is known what is cloth (:mod:`.regions`), it is lifted off
the skin, and shoes are rounded until toes and ankles are gone. This goes beyond the paper.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.avatar.regions import CLOTHES, SHOES, Regions
from gaussianmotion.avatar.surface import Neighbourhood, Sheet

#: By how much clothes are lifted, metres.
LIFT = 0.003
# Shoes are moved onto the mean of their neighbours so often, over windows of this standard
# deviation, less what that would take from them all, and lie at last so far over the feet.
ROUNDS, WINDOW, NEIGHBOURS, SHOE_LIFT = 4, 0.015, 40, 0.003


@torch.no_grad()
def put_clothes_on(avatar: Avatar, sheet: Sheet, regions: Regions) -> None:
    """Lift clothes and round shoes.

    Args:
        avatar: Avatar whose means are changed.
        sheet: Of the avatar as it is, with its regions; what is not free stays.
        regions: Its regions.
    """
    means = sheet.means.clone()
    clothes = sheet.free[regions.among(*CLOTHES)[sheet.free]]
    means[clothes] += LIFT * sheet.sides[clothes]
    shoes = sheet.free[regions.among(SHOES)[sheet.free]]
    if len(shoes):
        means = _rounded(means, sheet, shoes)
    avatar.means.copy_(means.to(avatar.means.device))


def _rounded(
    means: Float[Tensor, "N 3"], sheet: Sheet, rows: Int[Tensor, " E"]
) -> Float[Tensor, "N 3"]:
    """Means of which some have gone to those of their neighbours, along the surface's normals."""
    normals = sheet.sides.clone()
    for _ in range(ROUNDS):
        moved = [
            _toward_neighbours(means, normals, piece)
            for piece in sheet.neighbourhoods(means, NEIGHBOURS, 0.0, rows=rows)
        ]
        along, normal = (torch.cat(parts) for parts in zip(*moved, strict=True))
        means, normals = means.clone(), normals.clone()
        means[rows] += (along - along.mean()) * normal
        normals[rows] = normal
    means[rows] += SHOE_LIFT * normals[rows]
    return means


def _toward_neighbours(
    means: Float[Tensor, "N 3"], normals: Float[Tensor, "N 3"], piece: Neighbourhood
) -> tuple[Float[Tensor, "F 1"], Float[Tensor, "F 3"]]:
    """How far the neighbours' middle is along their normal, metres, and that normal."""
    weight = piece.weights(torch.full((len(piece.rows), 1), WINDOW))
    middle = torch.einsum("fk,fkc->fc", weight, means[piece.near])
    normal = torch.einsum("fk,fkc->fc", weight, normals[piece.near])
    normal = torch.nn.functional.normalize(normal, dim=1)
    return ((middle - means[piece.rows]) * normal).sum(dim=1, keepdim=True), normal
