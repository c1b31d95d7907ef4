"""The body's surface, moved along its normals to the avatar's, and coloured.

The mesh stays the body's own, closed as it is: nothing is cut out, so nothing can have holes.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from scipy import sparse
from scipy.sparse.linalg import splu
from torch import Tensor

from gaussianmotion.body import Body
from gaussianmotion.body.model import vertex_normals
from gaussianmotion.export.mesh.sight import Sight, fullness, seen_colours

# Metres along the normal in which the surface is looked for: hats and skirts are outside, thin
# limbs inside.
INWARD, OUTWARD, STEP = 0.06, 0.30, 0.01
# How much a vertex's neighbours count against what it sees itself: more rounds the outline off.
STIFFNESS = 0.3
# A vertex at which pictures look less than this is coloured by its neighbours.
LITTLE = 0.05
RIPPLES = 0.5


@dataclass(frozen=True, eq=False)
class Surface:
    """A closed, coloured mesh in canonical space.

    Attributes:
        vertices: Metres.
        normals: Unit, outward.
        faces: Triangles, anticlockwise from outside.
        rgb: Colours of the vertices in [0, 1], as they are shown (sRGB).
        body_weights: The body's own skinning weights at the vertices.
    """

    vertices: Float[Tensor, "V 3"]
    normals: Float[Tensor, "V 3"]
    faces: Int[Tensor, "F 3"]
    rgb: Float[Tensor, "V 3"]
    body_weights: Float[Tensor, "V 24"]


def fitted_surface(body: Body, sight: Sight) -> Surface:
    """The body's mesh, each triangle cut in four, at the avatar's surface and in its colours."""
    body = body.to("cpu")
    moved = fitted_vertices(body.vertices, body.normals, body.faces, sight)
    faces, pairs = subdivided(body.faces)
    vertices = torch.cat([moved, moved[pairs].mean(dim=1)])
    weights = torch.cat([body.weights, body.weights[pairs].mean(dim=1)])
    normals = vertex_normals(vertices, faces)
    rgb, seen = seen_colours(sight, vertices, normals)
    known = (seen > LITTLE).numpy()
    smooth = smoothed(rgb.numpy(), known, faces.numpy(), RIPPLES)
    colours = torch.from_numpy(smooth).float().clamp(0.0, 1.0)
    return Surface(vertices, normals, faces, colours, weights)


def fitted_vertices(
    vertices: Float[Tensor, "V 3"],
    normals: Float[Tensor, "V 3"],
    faces: Int[Tensor, "F 3"],
    sight: Sight,
) -> Float[Tensor, "V 3"]:
    """Vertices moved to where their normals leave the avatar's visual hull."""
    offsets = torch.arange(-INWARD, OUTWARD + 0.5 * STEP, STEP)
    points = vertices[:, None] + offsets[:, None] * normals[:, None]
    values = fullness(sight, points.reshape(-1, 3)).reshape(len(vertices), len(offsets))
    found = crossings(values.numpy(), offsets.numpy())
    known = np.isfinite(found)
    if not known.any():
        return vertices
    moves = smoothed(np.where(known, found, 0.0)[:, None], known, faces.numpy(), STIFFNESS)
    return vertices + torch.from_numpy(moves).float() * normals


def crossings(values: Float[ndarray, "V S"], offsets: Float[ndarray, " S"]) -> ndarray:
    """Where lines of samples leave the person, linearly between samples.

    A line that starts inside (at the offset nearest 0) is followed outward, one that starts outside
    inward.

    Args:
        values: Above 0 inside.
        offsets: Of the samples, ascending and evenly spaced.

    Returns:
        An offset for each line, NaN where it stays on its side, shape (V,).
    """
    start = int(np.abs(offsets).argmin())
    inside = values > 0
    outward = ~inside[:, start:]
    leaves = start + outward.argmax(axis=1) - 1  # the last sample inside
    inward = inside[:, start::-1]
    enters = start - inward.argmax(axis=1)  # the first one inside
    begins = inside[:, start]
    crosses = np.where(begins, outward.any(axis=1), inward.any(axis=1))
    last = np.where(begins, leaves, enters).clip(0, len(offsets) - 2)
    rows = np.arange(len(values))
    here, beyond = values[rows, last], values[rows, last + 1]
    share = here / np.maximum(here - beyond, 1e-9)
    found = offsets[last] + share.clip(0.0, 1.0) * (offsets[1] - offsets[0])
    return np.where(crosses, found, np.nan)


def smoothed(
    values: Float[ndarray, "V K"],
    known: ndarray,
    faces: Int[ndarray, "F 3"],
    stiffness: float,
) -> Float[ndarray, "V K"]:
    """Values on a mesh, near to what is known and to the mean of their neighbours.

    Minimises, per column, the squared distance to the known values and ``stiffness`` times that to
    the neighbours'; what is unknown is filled in from around it.

    Args:
        values: At the vertices; what is not known is not read.
        known: Which are, shape (V,).
        faces: Triangles.
        stiffness: Weight of the neighbours.
    """
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    shape = (len(values), len(values))
    ones = np.ones(len(edges))
    graph = sparse.coo_matrix((ones, (edges[:, 0], edges[:, 1])), shape=shape)
    graph = ((graph + graph.T) > 0).astype(np.float64)
    degrees = np.maximum(np.asarray(graph.sum(axis=1)).ravel(), 1.0)
    rough = sparse.identity(len(values)) - sparse.diags(1.0 / degrees) @ graph
    # Parts of the mesh of which nothing is known (an eye) stay at 0.
    system = sparse.diags(known + 1e-6) + stiffness * rough
    solved = splu(sparse.csc_matrix(system)).solve(np.where(known[:, None], values, 0.0))
    return np.asarray(solved)


def subdivided(faces: Int[Tensor, "F 3"]) -> tuple[Int[Tensor, "F4 3"], Int[Tensor, "E 2"]]:
    """Each triangle as four; a new vertex in the middle of each edge.

    Returns:
        Faces, whose vertices are the old ones and then the new; and each new one's two old ones.
    """
    a, b, c = faces.unbind(dim=1)
    edges = torch.cat([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).sort(dim=1).values
    pairs, which = edges.unique(dim=0, return_inverse=True)
    middle = which.view(3, -1) + int(faces.max()) + 1
    ab, bc, ca = middle.unbind(dim=0)
    corners = [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]
    return torch.cat([torch.stack(corner, dim=1) for corner in corners]), pairs
