"""Skirts end at one height: the middle of a hem is as low as its sides.

In the canonical pose the legs are far apart, and a skirt hangs from both: what lies on the legs
comes down when they close, what lies between them does not, so that a hem that is learnt in every
pose is an arch in each. Here the hem of a skirt is measured around a standing person, and what
hangs below the hips is stretched or gathered so that it is level, and corners that stick out of it
are pulled in. Blend weights do not change here: they are looked up again after it, and smooth ones
hardly differ. This goes beyond the paper.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.avatar.standing import to_standing
from gaussianmotion.body import Body
from gaussianmotion.body.joints import INDEX
from gaussianmotion.body.poses import standing_pose

# Directions around a person in which the hem is measured, over so much to either side, radians.
DIRECTIONS, ASIDE = 24, 0.2
# A person is that much wider than deep there.
WIDE = 1.6
# Of what hangs in a direction, the part that is below the hem: single ones are no cloth.
BELOW = 0.06
# Fewer than this say nothing in a direction, or of all that hangs.
ENOUGH, ENOUGH_IN_ALL = 10, 100
# The level, as a part of all directions whose hems are lower; it moves at most so far, metres.
LEVEL, FARTHEST = 0.35, 0.08
# What is below the level is gathered into so many metres above it.
GATHERED = 0.02
# Below the first height over the level, metres, a skirt widens as most of it does between that and
# the others.
CORNERS, FALLS, WIDEST = 0.05, (0.1, 0.15), 0.8
# A skirt has this share of what hangs within a hand's breadth of the middle and off the body,
# metres; trousers have hardly any there, and what shorts have there is on the thighs.
BETWEEN, MIDDLE, OFF = 0.1, 0.05, 0.02
# Where legs part: so many metres below the hips.
CROTCH = 0.12


@torch.no_grad()
def level_hem(avatar: Avatar, body: Body, skirt: Bool[Tensor, " N"]) -> None:
    """Move what hangs, if it is a skirt.

    Args:
        avatar: Avatar whose means are changed.
        body: Its body.
        skirt: Which Gaussians are in a garment that may be a skirt.
    """
    rows = skirt.nonzero()[:, 0].to(body.device)
    if not len(rows):
        return
    turns, moves = to_standing(avatar, body)
    turns, moves = turns[rows], moves[rows]
    points = torch.einsum("nab,nb->na", turns, avatar.means[rows]) + moves
    joints = body.posed_joints(standing_pose()[None].to(body.device))[0]
    hips = 0.5 * (joints[INDEX["left_hip"]] + joints[INDEX["right_hip"]])
    away, height = points - hips, points[:, 1]
    hangs = (height < hips[1] - CROTCH) & (avatar.opacities[rows] > 0.1)
    between = hangs & (away[:, 0].abs() < MIDDLE) & (body.heights(avatar.means[rows]) > OFF)
    if hangs.sum() < ENOUGH_IN_ALL or between.sum() <= BETWEEN * hangs.sum():
        return
    around = torch.atan2(away[:, 0], WIDE * away[:, 2])
    hem = _in_directions(around[hangs], height[hangs], BELOW)
    hem = torch.where(hem.isnan(), hem.nanmedian(), hem)
    if hem.isnan().any():
        return
    level = hem.quantile(LEVEL)
    goal = _levelled(height, _between(hem, around), level, hips[1])
    move = torch.zeros_like(points)
    move[:, 1] = goal - height
    inward = _corners(around, away[:, [0, 2]].norm(dim=1), goal - level, hangs)
    pull = torch.zeros_like(move)
    pull[:, [0, 2]] = inward[:, None] * away[:, [0, 2]]
    # The same ways in the canonical pose; corners are pulled no further than to the skin.
    means, pull = (torch.linalg.solve(turns, part) for part in (move, pull))
    means += avatar.means[rows]
    before, after = body.heights(means), body.heights(means + pull)
    part = before.clamp(min=0.0) / (before - after).clamp(min=1e-6)
    avatar.means[rows] = means + torch.where(after < 0.0, part, 1.0)[:, None] * pull


def _levelled(
    height: Float[Tensor, " F"],
    hem: Float[Tensor, " F"],
    level: Float[Tensor, ""],
    hips: Float[Tensor, ""],
) -> Float[Tensor, " F"]:
    """Heights in a skirt whose hem is level; all in metres.

    Args:
        height: As they are.
        hem: Of the hem in each one's direction.
        level: Of the hem as it will be.
        hips: Of the joints, where nothing moves; at the hem all of it does.
    """
    down = ((hips - height) / (hips - hem).clamp(min=0.05)).clamp(0.0, 1.3).square()
    goal = height + (level - hem).clamp(-FARTHEST, FARTHEST) * down
    low = goal - level < GATHERED
    gathered = level + GATHERED * ((goal - level) / GATHERED - 1.0).clamp(max=0.0).exp()
    return torch.where(low, gathered, goal)


def _corners(
    around: Float[Tensor, " F"],
    radius: Float[Tensor, " F"],
    over: Float[Tensor, " F"],
    hangs: Bool[Tensor, " F"],
) -> Float[Tensor, " F"]:
    """By which part of its radius each goes inward: from -1 to 0.

    Args:
        around: Angles, radians.
        radius: From the middle between the hips, metres.
        over: Heights over the level, metres.
        hangs: Those that say how wide the skirt is.
    """
    bands = zip((CORNERS, FALLS[0]), FALLS, strict=True)
    near, far = (
        _between(_in_directions(around[band], radius[band], WIDEST), around)
        for band in (hangs & (over > low) & (over <= high) for low, high in bands)
    )
    # From the middle of the nearer band on.
    flare = (near - far).clamp(min=0.0) / (0.5 * (FALLS[1] - CORNERS))
    most = near + flare * (0.5 * (CORNERS + FALLS[0]) - over).clamp(min=0.0)
    inward = (most / radius.clamp(min=1e-6)).clamp(max=1.0) - 1.0
    # Where few say how wide it is, nothing is known.
    return torch.where((over < CORNERS) & ~inward.isnan(), inward, 0.0)


def _in_directions(
    around: Float[Tensor, " F"], values: Float[Tensor, " F"], quantile: float
) -> Float[Tensor, " D"]:
    """A quantile of what is in each direction; NaN where there is little."""
    centres = (torch.arange(DIRECTIONS, device=around.device) + 0.5) / DIRECTIONS
    found = []
    for centre in centres * math.tau - math.pi:
        near = (torch.remainder(around - centre + math.pi, math.tau) - math.pi).abs() < ASIDE
        enough = near.sum() >= ENOUGH
        found.append(values[near].quantile(quantile) if enough else values.new_tensor(math.nan))
    return torch.stack(found)


def _between(each: Float[Tensor, " D"], around: Float[Tensor, " N"]) -> Float[Tensor, " N"]:
    """What is at angles, between the directions."""
    place = (around + math.pi) / math.tau * DIRECTIONS - 0.5
    below = place.floor()
    share = place - below
    low = below.long() % DIRECTIONS
    return each[low] * (1.0 - share) + each[(low + 1) % DIRECTIONS] * share
