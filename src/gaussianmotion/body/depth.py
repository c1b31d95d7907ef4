"""What of a mesh a camera sees: z-buffers, silhouettes, and the first surface along single rays."""

from typing import no_type_check

import numba
import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from torch import Tensor

from gaussianmotion.camera import Cameras

# Metres; triangles that reach nearer to the camera (or behind it) are not drawn.
NEAR = 0.02


def mesh_depth(
    vertices: Float[Tensor, "C V 3"], faces: Int[Tensor, "F 3"], cameras: Cameras
) -> Float[Tensor, "C H W"]:
    """Depth of the nearest surface at every pixel centre.

    Args:
        vertices: World positions, one posed mesh per camera, metres.
        faces: Triangles; both sides are seen.
        cameras: C cameras.

    Returns:
        Metres along the camera's z axis, infinite where there is no surface; on the device of
        ``vertices`` (the work is done on the CPU).
    """
    depth = np.full((len(cameras), cameras.height, cameras.width), np.inf, dtype=np.float32)
    _z_buffer(depth, *_projected(vertices, faces, cameras))
    return torch.from_numpy(depth).to(vertices.device)


def mesh_mask(
    vertices: Float[Tensor, "C V 3"], faces: Int[Tensor, "F 3"], cameras: Cameras
) -> Bool[Tensor, "C H W"]:
    """Silhouettes: pixels whose centre sees the mesh."""
    return torch.isfinite(mesh_depth(vertices, faces, cameras))


def first_depth(
    vertices: Float[Tensor, "C V 3"],
    faces: Int[Tensor, "F 3"],
    cameras: Cameras,
    pixels: Float[Tensor, "C P 2"],
) -> Float[Tensor, "C P"]:
    """Depth of the nearest surface on the rays through a few pixels, which may lie out of frame.

    Exact where a z-buffer of a small image is coarse, and much cheaper than one for a few points.
    """
    rays = pixels.detach().to("cpu", torch.float64).numpy()
    depth = np.full(rays.shape[:2], np.inf)
    _first_hits(depth, rays, *_projected(vertices, faces, cameras))
    return torch.from_numpy(depth).to(vertices)


def _projected(
    vertices: Float[Tensor, "C V 3"], faces: Int[Tensor, "F 3"], cameras: Cameras
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Pixels and depths (C, V, 3) of the vertices, and the triangles, as arrays."""
    projected = cameras.project(vertices.detach()).to("cpu", torch.float64).numpy()
    return np.ascontiguousarray(projected), np.ascontiguousarray(faces.cpu().numpy())


@no_type_check  # The tests' type checker would wrap what Numba compiles.
@numba.njit(cache=True, nogil=True)
def _z_buffer(depth, projected, faces):
    """Into ``depth`` (C, H, W), from pixels and depths (C, V, 3) and triangles (F, 3)."""
    height, width = depth.shape[1], depth.shape[2]
    for c in range(len(depth)):
        for f in range(len(faces)):
            i, j, k = faces[f, 0], faces[f, 1], faces[f, 2]
            ax, ay, az = projected[c, i, 0], projected[c, i, 1], projected[c, i, 2]
            bx, by, bz = projected[c, j, 0], projected[c, j, 1], projected[c, j, 2]
            cx, cy, cz = projected[c, k, 0], projected[c, k, 1], projected[c, k, 2]
            if min(az, bz, cz) < NEAR:
                continue
            # Pixels whose centres, at +0.5, are within the triangle's box.
            left = max(0.0, np.ceil(min(ax, bx, cx) - 0.5))
            right = min(width - 1.0, np.floor(max(ax, bx, cx) - 0.5))
            top = max(0.0, np.ceil(min(ay, by, cy) - 0.5))
            bottom = min(height - 1.0, np.floor(max(ay, by, cy) - 0.5))
            if left > right or top > bottom:
                continue
            for y in range(int(top), int(bottom) + 1):
                for x in range(int(left), int(right) + 1):
                    z = _depth_inside(x + 0.5, y + 0.5, ax, ay, az, bx, by, bz, cx, cy, cz)
                    if z < depth[c, y, x]:
                        depth[c, y, x] = z


@no_type_check  # The tests' type checker would wrap what Numba compiles.
@numba.njit(cache=True, nogil=True)
def _first_hits(depth, rays, projected, faces):
    """Into ``depth`` (C, P), for pixels ``rays`` (C, P, 2); the rest as in _z_buffer."""
    for c in range(len(depth)):
        low_x, high_x = rays[c, :, 0].min(), rays[c, :, 0].max()
        low_y, high_y = rays[c, :, 1].min(), rays[c, :, 1].max()
        for f in range(len(faces)):
            i, j, k = faces[f, 0], faces[f, 1], faces[f, 2]
            ay, by, cy = projected[c, i, 1], projected[c, j, 1], projected[c, k, 1]
            top, bottom = min(ay, by, cy), max(ay, by, cy)
            if bottom < low_y or top > high_y:
                continue
            ax, bx, cx = projected[c, i, 0], projected[c, j, 0], projected[c, k, 0]
            left, right = min(ax, bx, cx), max(ax, bx, cx)
            if right < low_x or left > high_x:
                continue
            az, bz, cz = projected[c, i, 2], projected[c, j, 2], projected[c, k, 2]
            if min(az, bz, cz) < NEAR:
                continue
            for p in range(rays.shape[1]):
                x, y = rays[c, p, 0], rays[c, p, 1]
                if left <= x <= right and top <= y <= bottom:
                    z = _depth_inside(x, y, ax, ay, az, bx, by, bz, cx, cy, cz)
                    depth[c, p] = min(depth[c, p], z)


@no_type_check  # The tests' type checker would wrap what Numba compiles.
@numba.njit(cache=True, nogil=True, inline="always")
def _depth_inside(x, y, ax, ay, az, bx, by, bz, cx, cy, cz):
    """Perspective-correct depth of the triangle abc at (x, y), infinite outside it."""
    area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    if area == 0.0:
        return np.inf
    u = ((bx - x) * (cy - y) - (by - y) * (cx - x)) / area
    v = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) / area
    w = 1.0 - u - v
    if u < 0.0 or v < 0.0 or w < 0.0:
        return np.inf
    # 1/z is linear on the screen.
    return 1.0 / (u / az + v / bz + w / cz)
