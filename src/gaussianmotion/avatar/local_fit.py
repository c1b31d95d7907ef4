"""Local linear regression on an avatar's surface (Cleveland 1979).

A mean over neighbours is drawn to where there are more of them; the value here of the plane that
fits theirs best is not, and its slope says in which direction they change.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gaussianmotion.avatar.gaussians import quats_facing
from gaussianmotion.avatar.surface import Sheet
from gaussianmotion.splat.covariance import rotation_matrices

# Where neighbours lie in a line there is no plane: its slope is then the least one.
RIDGE = 1e-3


@dataclass(frozen=True)
class LocalFit:
    """Of some Gaussians, how planes through their neighbours' values depend on these; on the CPU.

    Attributes:
        rows: Their numbers.
        near: Their neighbours' numbers.
        here: What each neighbour's value adds to the plane's value here.
        slope: What it adds to its slope along the tangents, per metre.
        tangents: Two unit vectors in the surface.
        counted: Whether any neighbour counts; where none does, the plane says nothing.
    """

    rows: Int[Tensor, " F"]
    near: Int[Tensor, "F K"]
    here: Float[Tensor, "F K"]
    slope: Float[Tensor, "F K 2"]
    tangents: Float[Tensor, "F 3 2"]
    counted: Bool[Tensor, " F"]


def local_fits(
    sheet: Sheet, rows: Int[Tensor, " E"], neighbours: int, window: float
) -> Iterator[LocalFit]:
    """Fits for rows, in pieces.

    Args:
        sheet: The avatar's; what is of another kind, or on the body's other side, counts nothing.
        rows: Numbers of those asked for.
        neighbours: How many are asked.
        window: Standard deviation of the weights' window, metres.
    """
    ridge = torch.diag(torch.tensor([0.0, RIDGE, RIDGE]))  # constants stay what they are
    for piece in sheet.neighbourhoods(sheet.means, neighbours, 0.0, rows=rows):
        asked = piece.rows
        weight = piece.weights(torch.full((len(asked), 1), window))
        tangents = rotation_matrices(quats_facing(sheet.normals[asked]))[..., :2]
        away = sheet.means[piece.near] - sheet.means[asked, None]
        flat = torch.einsum("fkc,fca->fka", away, tangents) / window
        terms = torch.cat([torch.ones_like(flat[..., :1]), flat], dim=-1)
        weighted = weight[..., None] * terms
        moments = torch.einsum("fka,fkb->fab", weighted, terms) + ridge
        solved = torch.linalg.solve(moments, weighted.transpose(1, 2))
        slope = solved[:, 1:].transpose(1, 2) / window
        counted = (piece.counts > 0.0).any(dim=1)
        yield LocalFit(asked, piece.near, solved[:, 0], slope, tangents, counted)
