"""The Gaussians themselves, in canonical space: how large they are, and which hang in the air.

What hangs in the air is found by connection, not by distance: a skirt is far from the legs, but
its Gaussians reach the hips one by one. Space is cut into cubes of :data:`CUBE`; visible Gaussians
in cubes that touch (also by edge or corner) are connected; a connected set that comes nowhere
within :data:`TOUCHING` of the body is a floater. Its weight is what it can cover: opacity times the
area of its two largest axes.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy import ndimage
from scipy.spatial import cKDTree

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.body import Body

# Metres.
CUBE = 0.04
TOUCHING = 0.04
# Fainter Gaussians connect nothing and float unseen.
VISIBLE = 0.1
# Metres: farther from the body's middle, a Gaussian is put at this distance: one that flew off must
# not ask for a grid of its size.
REACH = 3.0


def splat_sizes(scales: Float[ndarray, "N 3"]) -> dict[str, float]:
    """Count of Gaussians, and median and 99th percentile of their largest axis (sigma, metres)."""
    largest = scales.max(axis=1)
    return {
        "splats": float(len(largest)),
        "splat_size_median": float(np.median(largest)),
        "splat_size_p99": float(np.percentile(largest, 99.0)),
    }


def floaters(avatar: Avatar, body: Body) -> tuple[float, int]:
    """Share of the visible Gaussians' weight that is not connected to the body, and their sets.

    An avatar without any visible Gaussian has no floaters.
    """
    opacities = avatar.opacities.detach().cpu().numpy()
    visible = opacities >= VISIBLE
    if not visible.any():
        return 0.0, 0
    vertices = body.vertices.cpu().numpy()
    middle = vertices.mean(axis=0)
    points = avatar.means.detach().cpu().numpy()[visible]
    axes = np.sort(avatar.scales.detach().cpu().numpy()[visible], axis=1)
    weight = opacities[visible] * axes[:, 1] * axes[:, 2]

    away = points - middle
    far = np.maximum(np.linalg.norm(away, axis=1) / REACH, 1.0)
    cubes = np.floor((away / far[:, None] + REACH) / CUBE).astype(np.int64)
    grid = np.zeros((int(2 * REACH / CUBE) + 2,) * 3, dtype=bool)
    grid[tuple(cubes.T)] = True
    sets, count = ndimage.label(grid, structure=np.ones((3, 3, 3)))
    label = sets[tuple(cubes.T)]
    distance, _ = cKDTree(vertices).query(points, distance_upper_bound=TOUCHING)
    attached = np.unique(label[np.isfinite(distance)])
    loose = ~np.isin(label, attached)
    return float(weight[loose].sum() / weight.sum()), count - len(attached)
