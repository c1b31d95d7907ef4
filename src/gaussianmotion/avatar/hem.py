"""Skirts end at one height: the middle of a hem is as low as its sides.

In the canonical pose the legs are far apart, and a skirt hangs from both: what lies on the legs
comes down when they close, what lies between them does not, so that a hem that is learnt in every
pose is an arch in each. Here the hem of a skirt is measured around a standing person, and what
hangs below the hips is stretched or gathered so that it is level, and corners that stick out of it
are pulled in. Blend weights are not: they are
looked up again after it, and smooth ones hardly change. This goes beyond the paper.
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
# Below the first height over the level, metres, a skirt is no wider than most of it is up to the
# second.
CORNERS, FALLS, WIDEST = 0.05, 0.15, 0.8
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
    if hem.isnan().any():
        return
    level = hem.quantile(LEVEL)
    local = _between(hem, around)
    # Nothing moves at the hips, all of it at the hem.
    down = ((hips[1] - height) / (hips[1] - local).clamp(min=0.05)).clamp(0.0, 1.3).square()
    goal = height + (level - local).clamp(-FARTHEST, FARTHEST) * down
    low = goal - level < GATHERED
    gathered = level + GATHERED * ((goal - level) / GATHERED - 1.0).clamp(max=0.0).exp()
    goal = torch.where(low, gathered, goal)
    move = torch.zeros_like(points)
    move[:, 1] = goal - height
    radius = away[:, [0, 2]].norm(dim=1)
    falls = hangs & (goal - level > CORNERS) & (goal - level < FALLS)
    widest = _in_directions(around[falls], radius[falls], WIDEST)
    if not widest.isnan().any():
        inward = (_between(widest, around) / radius.clamp(min=1e-6)).clamp(max=1.0) - 1.0
        corner = goal - level < CORNERS
        move[:, [0, 2]] = torch.where(corner, inward, 0.0)[:, None] * away[:, [0, 2]]
    # The same way in the canonical pose.
    avatar.means[rows] += torch.linalg.solve(turns, move)


def _in_directions(
    around: Float[Tensor, " F"], values: Float[Tensor, " F"], quantile: float
) -> Float[Tensor, " D"]:
    """A quantile of what hangs in each direction; NaN where nothing does in any."""
    centres = (torch.arange(DIRECTIONS, device=around.device) + 0.5) / DIRECTIONS
    found = []
    for centre in centres * math.tau - math.pi:
        near = (torch.remainder(around - centre + math.pi, math.tau) - math.pi).abs() < ASIDE
        enough = near.sum() >= ENOUGH
        found.append(values[near].quantile(quantile) if enough else values.new_tensor(math.nan))
    each = torch.stack(found)
    return torch.where(each.isnan(), each.nanmedian(), each)


def _between(each: Float[Tensor, " D"], around: Float[Tensor, " N"]) -> Float[Tensor, " N"]:
    """What is at angles, between the directions."""
    place = (around + math.pi) / math.tau * DIRECTIONS - 0.5
    below = place.floor()
    share = place - below
    low = below.long() % DIRECTIONS
    return each[low] * (1.0 - share) + each[(low + 1) % DIRECTIONS] * share
