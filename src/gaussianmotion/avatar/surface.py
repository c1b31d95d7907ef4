"""Gaussians as one smooth surface: each on the plane of its neighbours, lying flat in it.

Distillation moves each Gaussian by itself: the cloth of a trained avatar is a layer of splats some
centimetres thick, and its outline is fur. Here each is moved along the normal of the plane through
its neighbours (moving least squares, after Alexa et al. 2003), less by what they are off their own
planes on average, which keeps the curvature that a plane would take away. Hidden ones, whose places
nothing has decided, neither count nor move. This goes beyond the paper.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gaussianmotion.avatar.gaussians import Avatar, thin_axes, turned_to
from gaussianmotion.avatar.outside import SKIN_DEEP
from gaussianmotion.body import Body
from gaussianmotion.body.rotation import multiply

#: Gaussians with less than this part of the mean share in pictures are hidden; one with more than
#: ``CAPPED`` times the mean counts as if it had that much.
HIDDEN, CAPPED = 0.03, 1.5
# Neighbours, of which the distance of the 8th is the window's standard deviation, within limits.
NEIGHBOURS, WINDOW_RANK, WINDOW = 25, 8, (0.003, 0.02)
# Of so many on cloth one is a neighbour of others: windows are twice as wide.
WIDER = 4
# Where fewer neighbours than this count they are no plane, and where their middle is more than a
# window to one side, theirs is not here.
ENOUGH = 6.0
# How often each is moved.
ROUNDS = 2
# Two Gaussians are on the same side of the body where the cosine of its normals is above this.
SAME_SIDE = 0.3
# Rows that are worked on at once: 100 MB where 128 neighbours count.
PIECE = 16384


@dataclass(frozen=True)
class Neighbourhood:
    """Some of the Gaussians, and the K nearest to each.

    Attributes:
        rows: Their numbers.
        near: Numbers of those around, the nearest first.
        distance: Metres to them.
        counts: How much each counts.
    """

    rows: Int[Tensor, " F"]
    near: Int[Tensor, "F K"]
    distance: Float[Tensor, "F K"]
    counts: Float[Tensor, "F K"]

    def weights(self, window: Float[Tensor, "F 1"]) -> Float[Tensor, "F K"]:
        """Of a window of this standard deviation, metres; rows sum to 1."""
        # The smallest number keeps a row in which nothing counts from being 0 / 0.
        weight = (-0.5 * (self.distance / window).square()).exp() * self.counts + 1e-12
        return weight / weight.sum(dim=1, keepdim=True)


@dataclass(frozen=True)
class Sheet:
    """What of an avatar is smoothed and what counts, all on the CPU.

    Attributes:
        means: Canonical positions, metres.
        sides: The body's normals nearest to them.
        normals: Unit normals of the discs, on that side.
        counts: How much each counts for others: its share in pictures.
        shown: Numbers of those that are seen.
        free: Numbers of those of them that may change.
        kinds: Of each the region that it is in: others' count nothing for it. None: all are in one.
    """

    means: Float[Tensor, "N 3"]
    sides: Float[Tensor, "N 3"]
    normals: Float[Tensor, "N 3"]
    counts: Float[Tensor, " N"]
    shown: Int[Tensor, " S"]
    free: Int[Tensor, " F"]
    kinds: Int[Tensor, " N"] | None = None

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
        shows = part >= HIDDEN
        shown = shows.nonzero()[:, 0]
        if held is not None:
            shows[held.cpu()] = False
        sides = body.normals[body.nearest(avatar.means)]
        normals = thin_axes(avatar.quats.detach(), avatar.log_scales.detach(), sides)
        free = shows.nonzero()[:, 0]
        means = avatar.means.detach().cpu().clone()  # the avatar's own move
        counts = part.clamp(max=CAPPED)
        return cls(means, sides.cpu(), normals.cpu(), counts, shown, free)

    def neighbourhoods(
        self,
        means: Float[Tensor, "N 3"],
        count: int,
        same_side: float,
        every: int = 1,
        rows: Int[Tensor, " E"] | None = None,
    ) -> Iterator[Neighbourhood]:
        """The nearest shown ones of each that is asked for, in pieces.

        Args:
            means: Where they are now, metres.
            count: How many; all where there are fewer.
            same_side: Those count nothing whose body's normal has a cosine with one's own below.
            every: One of so many is a neighbour of others: for wide parts of the surface.
            rows: Numbers of those asked for; all that are free where not given.
        """
        from scipy.spatial import cKDTree  # half a second, for a training's end only

        among = self.shown[::every]
        tree = cKDTree(means[among].numpy())
        for asked in (self.free if rows is None else rows).split(PIECE):
            nearest = range(1, 1 + min(count, len(among)))
            distance, found = tree.query(means[asked].numpy(), k=nearest)
            near = among[torch.from_numpy(found.astype(np.int64))]
            cosine = torch.einsum("fkc,fc->fk", self.sides[near], self.sides[asked])
            counts = self.counts[near] * (cosine > same_side)
            if self.kinds is not None:
                counts = counts * (self.kinds[near] == self.kinds[asked, None])
            yield Neighbourhood(asked, near, torch.from_numpy(distance.astype(np.float32)), counts)


@torch.no_grad()
def smooth_surface(
    avatar: Avatar, body: Body, sheet: Sheet, cloth: Bool[Tensor, " N"] | None = None
) -> None:
    """Move and turn what is free; nothing goes below the skin.

    Args:
        avatar: Avatar whose means and rotations are changed.
        body: Its body.
        sheet: Of it.
        cloth: What is smoothed over windows twice as wide: the body does not show through cloth.
    """
    if len(sheet.shown) < 4 or not len(sheet.free):  # three points are a plane already
        return
    means = sheet.means.clone()
    normals = torch.zeros_like(means)
    steady = torch.zeros(len(means), dtype=torch.bool)
    wide = torch.zeros_like(sheet.free, dtype=torch.bool) if cloth is None else cloth[sheet.free]
    groups = ((sheet.free[~wide], 1), (sheet.free[wide], WIDER))
    for _ in range(ROUNDS):
        off = torch.zeros_like(means[:, 0])
        around: list[tuple[Neighbourhood, Float[Tensor, "F K"]]] = []
        for piece, wider in (
            (piece, math.sqrt(every))
            for rows, every in groups
            if len(rows)
            for piece in sheet.neighbourhoods(means, NEIGHBOURS, SAME_SIDE, every, rows)
        ):
            window = _window(piece, wider)
            weight = piece.weights(window)
            around.append((piece, weight))
            points = means[piece.near]
            middle = (weight[..., None] * points).sum(dim=1)
            normal = _normals(points - middle[:, None], weight, sheet.sides[piece.rows])
            away = means[piece.rows] - middle
            apart = (away * normal).sum(dim=1)
            beside = (away - apart[:, None] * normal).norm(dim=1)
            several = 1.0 / weight.square().sum(dim=1) >= ENOUGH
            steady[piece.rows] = several & (beside <= window[:, 0])
            off[piece.rows] = torch.where(steady[piece.rows], apart, 0.0)
            normals[piece.rows] = normal
        for piece, weight in around:
            bias = (weight * off[piece.near]).sum(dim=1)
            move = (bias - off[piece.rows])[:, None] * normals[piece.rows]
            means[piece.rows] += torch.where(steady[piece.rows, None], move, 0.0)
    moved = means.to(avatar.means.device)
    height = body.heights(moved)
    sinks = height < body.heights(avatar.means).clamp(max=-SKIN_DEEP)
    avatar.means.copy_(torch.where(sinks[:, None], avatar.means, moved))
    quats, rows = avatar.quats.detach().cpu().clone(), sheet.free[steady[sheet.free]]
    quats[rows] = _laid_flat(quats[rows], avatar.log_scales.detach().cpu()[rows], normals[rows])
    avatar.quats.copy_(quats.to(avatar.quats.device))


def _window(piece: Neighbourhood, wider: float) -> Float[Tensor, "F 1"]:
    """The distance of one of the nearest, metres."""
    rank = min(WINDOW_RANK, piece.distance.shape[1] - 1)
    narrowest, widest = WINDOW
    return piece.distance[:, rank : rank + 1].clamp(narrowest, wider * widest)


def _normals(
    away: Float[Tensor, "F K 3"], weight: Float[Tensor, "F K"], outward: Float[Tensor, "F 3"]
) -> Float[Tensor, "F 3"]:
    """Unit normals of the planes through neighbours, on the outward side.

    Args:
        away: Neighbours from their middle, metres.
        weight: Theirs; rows sum to 1.
        outward: The body's normals.
    """
    spread = torch.einsum("fk,fka,fkb->fab", weight, away, away).double()
    normal = torch.linalg.eigh(spread)[1][:, :, 0].float()
    return turned_to(normal, outward)


def _laid_flat(
    quats: Float[Tensor, "F 4"], log_scales: Float[Tensor, "F 3"], normal: Float[Tensor, "F 3"]
) -> Float[Tensor, "F 4"]:
    """Rotations wxyz whose shortest axis is the normal; the least turn that does it."""
    own = torch.nn.functional.normalize(quats, dim=1)
    axis = thin_axes(own, log_scales, normal)
    # Half-way construction, as in quats_facing: w = 1 + cos, vector part = axis x normal.
    cosine = (axis * normal).sum(dim=1, keepdim=True)
    turn = torch.cat([1.0 + cosine, torch.linalg.cross(axis, normal)], dim=1)
    return multiply(torch.nn.functional.normalize(turn, dim=1), own)
