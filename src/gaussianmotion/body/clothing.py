"""What clothes need of a body: weights away from its surface, and the room where a skirt closes."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.body.joints import INDEX
from gaussianmotion.body.model import Body
from gaussianmotion.body.spread import CANDIDATES, evenly_spread

# A point within so many metres of a vertex is on the body; over as many more, its weights pass from
# the nearest vertex's to means.
NEAR_SKIN = 0.02
# Means are taken over the nearest so many of the body's thinned vertices.
AVERAGED = 96
# Of points on the surface about a tenth are inside the legs and above the calves.
LEG_TRIES = 16


def smooth_weights(body: Body, points: Float[Tensor, "N 3"]) -> Float[Tensor, "N 24"]:
    """Skinning weights: the nearest vertex's on the body, a mean over vertices away from it.

    A vertex at distance d counts exp(-((d - d_0) / (d_0 / 2))^2), d_0 the distance of the
    nearest: half way between two legs both count alike. On the body, up to 2 cm from a vertex,
    the nearest alone counts.
    """
    where = points.detach().cpu().numpy()
    distance, nearest = body.tree.query(where)
    weights = body.weights[torch.from_numpy(nearest)]
    away = np.flatnonzero(distance > NEAR_SKIN)
    if not len(away):
        return weights
    # A coarse body has fewer.
    neighbours = range(1, 1 + min(AVERAGED, len(body.thinned)))
    far, found = body.thinned_tree.query(where[away], k=neighbours)
    first = far[:, :1].clip(1e-4)
    count = np.exp(-np.square((far - first) / (0.5 * first)))
    count /= count.sum(axis=1, keepdims=True)
    near = body.weights.cpu()[body.thinned[torch.from_numpy(found)]]
    mean = (torch.as_tensor(count)[..., None] * near).sum(1).float()
    share = torch.as_tensor(((distance[away] - NEAR_SKIN) / NEAR_SKIN).clip(0.0, 1.0))[:, None]
    rows = torch.from_numpy(away).to(body.device)
    share = share.float().to(body.device)
    weights[rows] = torch.lerp(weights[rows], mean.to(body.device), share)
    return weights


def sample_between_legs(
    body: Body, count: int, generator: torch.Generator, even: bool = False
) -> tuple[Float[Tensor, "N 3"], Float[Tensor, "N 3"]]:
    """Points of the canonical space between the legs, and directions to the front or back.

    They lie between points of the left leg and their mirror images, from the hips to below the
    knees: where a skirt closes.

    Args:
        count: N.
        generator: A CPU generator.
        even: Keep points away from one another (:mod:`.spread`).
    """
    drawn = CANDIDATES * count if even else count
    points, normals = body.sample_surface(LEG_TRIES * drawn, generator)
    owner = body.nearest_weights(points).argmax(dim=1)
    knee = body.joints[INDEX["left_knee"], 1]
    calf = knee - 0.6 * (knee - body.joints[INDEX["left_ankle"], 1])
    leg = (owner == INDEX["left_hip"]) | (owner == INDEX["left_knee"])
    inner = normals[:, 0] < 0.5
    chosen = (leg & inner & (points[:, 1] > calf)).nonzero()[:drawn, 0]
    points, front = points[chosen].clone(), normals[chosen][:, 2].sign()
    along = torch.rand(len(points), generator=generator).to(points.device)
    points[:, 0] *= 1.0 - 2.0 * along
    directions = torch.zeros_like(points)
    directions[:, 2] = torch.where(front == 0.0, 1.0, front)
    if even:
        kept = torch.from_numpy(evenly_spread(points.cpu().numpy(), count)).to(points.device)
        points, directions = points[kept], directions[kept]
    return points, directions
