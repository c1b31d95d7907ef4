"""Gaussians as one smooth surface: each on the plane of its neighbours, lying flat in it.

Distillation moves each Gaussian by itself: the cloth of a trained avatar is a layer of splats some
centimetres thick, and its outline is fur. Here each is moved along the normal of the plane through
its neighbours (moving least squares, after Alexa et al. 2003), less by what they are off their own
planes on average, which keeps the curvature that a plane would take away. Hidden ones, whose places
nothing has decided, neither count nor move. This goes beyond the paper.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.body import Body
from gaussianmotion.splat.covariance import rotation_matrices

#: Gaussians with less than this part of the mean share in pictures are hidden; one with more than
#: ``CAPPED`` times the mean counts as if it had that much.
HIDDEN, CAPPED = 0.03, 1.5
# Neighbours, of which the distance of the 8th is the window's standard deviation, within limits.
NEIGHBOURS, WINDOW_RANK, WINDOW = 25, 8, (0.003, 0.02)
# Two Gaussians are on the same side of the body where the cosine of its normals is above this.
SAME_SIDE = 0.3
# Rows that are worked on at once: 100 MB where 96 neighbours count.
PIECE = 32768


@dataclass(frozen=True)
class Sheet:
    """What of an avatar is smoothed and what counts, all on the CPU.

    Attributes:
        means: Canonical positions, metres.
        sides: The body's normals nearest to them.
        counts: How much each counts for others: its share in pictures.
        shown: Numbers of those that are seen.
        free: Of all, which may change.
    """

    means: Float[Tensor, "N 3"]
    sides: Float[Tensor, "N 3"]
    counts: Float[Tensor, " N"]
    shown: Int[Tensor, " S"]
    free: Tensor

    @classmethod
    def of(
        cls,
        avatar: Avatar,
        body: Body,
        seen: Float[Tensor, " N"],
        held: Int[Tensor, " M"] | None = None,
    ) -> "Sheet":
        """The sheet of an avatar as it is.

        Args:
            avatar: Avatar to be smoothed.
            body: Its body.
            seen: Share of each Gaussian in pictures, in any unit.
            held: Numbers of Gaussians that do not change.
        """
        part = seen.cpu().clamp(min=0.0)
        part = part / part.mean().clamp(min=1e-12)
        free = part >= HIDDEN
        shown = free.nonzero()[:, 0]
        if held is not None:
            free[held.cpu()] = False
        sides = body.normals[body.nearest(avatar.means)].cpu()
        return cls(avatar.means.detach().cpu(), sides, part.clamp(max=CAPPED), shown, free)

    def neighbours(
        self, means: Float[Tensor, "N 3"], count: int
    ) -> tuple[Float[Tensor, "F K"], Int[Tensor, "F K"]]:
        """Distances and numbers of the ``count`` nearest shown ones, of each that is free."""
        from scipy.spatial import cKDTree  # half a second, for a training's end only

        count = min(count, len(self.shown))
        tree = cKDTree(means[self.shown].numpy())
        distance, found = tree.query(means[self.free].numpy(), k=range(1, count + 1))
        return (
            torch.from_numpy(distance.astype(np.float32)),
            self.shown[torch.from_numpy(found.astype(np.int64))],
        )

    def on_side(self, near: Int[Tensor, "F K"], least: float) -> Tensor:
        """Which neighbours lie on the same side of the body."""
        cosine = torch.einsum("fkc,fc->fk", self.sides[near], self.sides[self.free])
        return cosine > least


@torch.no_grad()
def smooth_surface(avatar: Avatar, body: Body, sheet: Sheet, rounds: int = 2) -> None:
    """Move and turn what is free; nothing goes below the skin.

    Args:
        avatar: Avatar whose means and rotations are changed.
        body: Its body.
        sheet: Of it.
        rounds: How often.
    """
    if len(sheet.shown) < 4 or not sheet.free.any():  # three points are a plane already
        return
    means = sheet.means.clone()
    for _ in range(rounds):
        distance, near = sheet.neighbours(means, NEIGHBOURS)
        normal, off, weight = _planes(sheet, means, distance, near)
        everywhere = torch.zeros(len(means)).index_put((sheet.free,), off)
        bias = (weight * everywhere[near]).sum(dim=1)
        means[sheet.free] -= (off - bias)[:, None] * normal
    moved = means.to(avatar.means.device)
    height = body.heights(moved)
    sinks = (height < 0.0) & (height < body.heights(avatar.means))
    avatar.means.copy_(torch.where(sinks[:, None], avatar.means, moved))
    flat = _laid_flat(avatar.quats.cpu(), avatar.log_scales.cpu(), sheet.free, normal)
    avatar.quats.copy_(flat.to(avatar.quats.device))


def _planes(
    sheet: Sheet,
    means: Float[Tensor, "N 3"],
    distance: Float[Tensor, "F K"],
    near: Int[Tensor, "F K"],
) -> tuple[Float[Tensor, "F 3"], Float[Tensor, " F"], Float[Tensor, "F K"]]:
    """Outward normals of the neighbours' planes, heights over them, and weights that sum to 1."""
    rank = min(WINDOW_RANK, distance.shape[1] - 1)
    window = distance[:, rank : rank + 1].clamp(*WINDOW)
    weight = (-0.5 * (distance / window).square()).exp() * sheet.counts[near]
    # The smallest number keeps a row without neighbours on its side from being 0 / 0.
    weight = weight * sheet.on_side(near, SAME_SIDE) + 1e-12
    weight /= weight.sum(dim=1, keepdim=True)
    normals, heights = [], []
    own = means[sheet.free]
    for rows in torch.arange(len(near)).split(PIECE):
        points = means[near[rows]]
        middle = (weight[rows, :, None] * points).sum(dim=1)
        away = points - middle[:, None]
        spread = torch.einsum("fk,fka,fkb->fab", weight[rows], away, away).double()
        normal = torch.linalg.eigh(spread)[1][:, :, 0].float()
        outward = (normal * sheet.sides[sheet.free][rows]).sum(dim=1, keepdim=True)
        normal = torch.where(outward < 0.0, -normal, normal)
        normals.append(normal)
        heights.append(((own[rows] - middle) * normal).sum(dim=1))
    return torch.cat(normals), torch.cat(heights), weight


def _laid_flat(
    quats: Float[Tensor, "N 4"],
    log_scales: Float[Tensor, "N 3"],
    free: Tensor,
    normal: Float[Tensor, "F 3"],
) -> Float[Tensor, "N 4"]:
    """Rotations whose thinnest axis is the normal; the least turn that does it."""
    own = torch.nn.functional.normalize(quats[free], dim=1)
    thin = log_scales[free].argmin(dim=1)
    axis = rotation_matrices(own)[torch.arange(len(own)), :, thin]
    aim = torch.where((axis * normal).sum(dim=1, keepdim=True) < 0.0, -normal, normal)
    # Half-way construction, as in quats_facing: w = 1 + cos, vector part = axis x aim.
    cosine = (axis * aim).sum(dim=1, keepdim=True)
    turn = torch.cat([1.0 + cosine, torch.linalg.cross(axis, aim)], dim=1)
    flat = quats.clone()
    flat[free] = _product(torch.nn.functional.normalize(turn, dim=1), own)
    return flat


def _product(left: Float[Tensor, "N 4"], right: Float[Tensor, "N 4"]) -> Float[Tensor, "N 4"]:
    """Quaternions wxyz that turn as the right one and then the left one."""
    scalar, vector = left[:, :1] * right[:, :1], torch.linalg.cross(left[:, 1:], right[:, 1:])
    scalar = scalar - (left[:, 1:] * right[:, 1:]).sum(dim=1, keepdim=True)
    return torch.cat([scalar, left[:, :1] * right[:, 1:] + right[:, :1] * left[:, 1:] + vector], 1)
