"""Borders that are lines: between two garments, a garment and skin, or two colours of one.

What a Gaussian belongs to is decided for each by itself, and discs some centimetres wide reach over
the border, whatever is decided: hems and sleeves are fringes. Here labels are averaged over the
surface and decided again until borders are short (threshold dynamics, Merriman, Bence and Osher
1992), and discs that would reach over one are made narrow across it. This goes beyond the paper.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gaussianmotion.avatar.gaussians import Avatar, quats_facing
from gaussianmotion.avatar.local_fit import LocalFit, local_fits
from gaussianmotion.avatar.surface import Sheet
from gaussianmotion.body.rotation import multiply
from gaussianmotion.splat.covariance import rotation_matrices

# Neighbours that are asked, and the window's standard deviation, metres.
NEIGHBOURS, WINDOW = 128, 0.025
# A disc ends so many of its standard deviations from its middle, and none is narrower, metres. It
# reaches so far over the border, or one would see through it.
ENDS, NARROWEST, OVER = 1.6, 0.0012, 0.0015
# A straight border's slope is 0.4 over the window: less than this over it is none. A border that
# seems further away than so many windows is not looked at: discs do not reach so far.
STEEP, FAR = 0.2, 1.2


@torch.no_grad()
def shortened(
    sheet: Sheet,
    labels: Int[Tensor, " N"],
    rounds: int,
    held: Bool[Tensor, " N"] | None = None,
    mute: Bool[Tensor, " N"] | None = None,
) -> Int[Tensor, " N"]:
    """Labels whose borders are short.

    Args:
        sheet: The avatar's; only labels of its own kind count for a Gaussian.
        labels: Of each Gaussian, from 0.
        rounds: How often they are averaged and decided.
        held: Those that keep their labels.
        mute: Those whose labels count nothing for others.
    """
    classes = int(labels.max()) + 1 if len(labels) else 0
    if classes < 2 or not len(sheet.shown):
        return labels
    asked = torch.arange(len(labels)) if held is None else (~held).nonzero()[:, 0]
    fits = list(local_fits(sheet, asked, NEIGHBOURS, WINDOW))
    counts = torch.ones(len(labels)) if mute is None else (~mute).float()
    for _ in range(rounds):
        one = torch.nn.functional.one_hot(labels, classes) * counts[:, None]
        new = labels.clone()
        for fit in fits:
            shares = torch.einsum("fk,fkl->fl", fit.here, one[fit.near])
            found, best = shares.max(dim=1)
            # Where nothing near has a label that counts, its own is as good as any.
            told = fit.counted & (found > 0.0)
            new[fit.rows] = torch.where(told, best, labels[fit.rows])
        labels = new
    return labels


@torch.no_grad()
def cut_at_borders(
    avatar: Avatar,
    sheet: Sheet,
    labels: Int[Tensor, " N"],
    held: Bool[Tensor, " N"],
    mute: Bool[Tensor, " N"],
) -> None:
    """Make discs narrow that reach over a border.

    Args:
        avatar: Avatar whose sizes and rotations are changed.
        sheet: Of the avatar as it is.
        labels: Of each Gaussian.
        held: Those that stay as they are.
        mute: Those at which others have no border.
    """
    rows = (~held).nonzero()[:, 0]
    if not len(sheet.shown) or not len(rows):
        return
    quats, sizes = avatar.quats.detach().cpu().clone(), avatar.log_scales.detach().cpu().clone()
    for fit in local_fits(sheet, rows, NEIGHBOURS, WINDOW):
        known, distance, direction = _border(fit, labels, mute)
        rows, tangents = fit.rows[known], fit.tangents[known]
        most = (distance[known] + OVER) / ENDS
        quats[rows], sizes[rows] = _narrowed(
            quats[rows], sizes[rows], sheet.normals[rows], tangents, direction[known], most
        )
    avatar.quats.copy_(quats.to(avatar.quats.device))
    avatar.log_scales.copy_(sizes.to(avatar.log_scales.device))


def _border(
    fit: LocalFit, labels: Int[Tensor, " N"], mute: Bool[Tensor, " N"]
) -> tuple[Bool[Tensor, " F"], Float[Tensor, " F"], Float[Tensor, "F 2"]]:
    """Where there is a border, its distance in metres, and the direction across it.

    Directions are unit vectors along the fit's tangents.
    """
    near, rows = fit.near, fit.rows
    other = ((labels[near] != labels[rows, None]) & ~mute[near]).float()
    # A plane through 0 here and 1 there: the border is where it is one half.
    value = (fit.here * other).sum(dim=1)
    slope = torch.einsum("fk,fka->fa", other, fit.slope)
    steep = slope.norm(dim=1)
    distance = (0.5 - value) / steep.clamp(min=1e-6)
    known = fit.counted & (steep > STEEP / WINDOW) & (distance < FAR * WINDOW)
    return known, distance, torch.nn.functional.normalize(slope, dim=1)


def _narrowed(
    quats: Float[Tensor, "F 4"],
    sizes: Float[Tensor, "F 3"],
    normals: Float[Tensor, "F 3"],
    tangents: Float[Tensor, "F 3 2"],
    direction: Float[Tensor, "F 2"],
    most: Float[Tensor, " F"],
) -> tuple[Float[Tensor, "F 4"], Float[Tensor, "F 3"]]:
    """Discs in the same plane, of which none is wider than ``most`` across.

    Args:
        quats: Rotations wxyz.
        sizes: Logarithms of the standard deviations, metres.
        normals: Unit vectors across the discs.
        tangents: Those that ``quats_facing`` gives these normals, as a fit has them.
        direction: Across the border, along the tangents.
        most: Standard deviations along it, metres.
    """
    across = torch.einsum("fca,fa->fc", tangents, direction)
    beside = torch.linalg.cross(normals, across)
    axes = rotation_matrices(quats) * sizes.exp()[:, None, :]
    x, y, z = (torch.einsum("fa,fab->fb", unit, axes) for unit in (across, beside, normals))
    wide, thin = x.norm(dim=1), z.norm(dim=1)
    # As long as the disc is where it is cut: of a slanting one that is less than its whole length.
    slant = (x * y).sum(dim=1) / wide.clamp(min=1e-9)
    long = (y.square().sum(dim=1) - slant.square()).clamp(min=1e-12).sqrt()
    # The shortest axis says how a disc lies, and stays the shortest.
    least = 1.01 * thin
    most = torch.maximum(most, least.clamp(min=NARROWEST))
    narrow = torch.stack([most, torch.maximum(long, least), thin], dim=1)
    half = 0.5 * torch.atan2(direction[:, 1], direction[:, 0])
    none = torch.zeros_like(half)
    # About the disc's own axis first, then up to the surface.
    turned = multiply(
        quats_facing(normals), torch.stack([half.cos(), none, none, half.sin()], dim=1)
    )
    reaches = (wide > most)[:, None]
    return torch.where(reaches, turned, quats), torch.where(reaches, narrow.log(), sizes)
