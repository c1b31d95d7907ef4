"""The loops of the mesh renderer over faces and samples, compiled by numba.

A pixel of a face is kept where the texture's alpha is at least a half and where the interpolated
``cut`` field is positive: garments are cut out of a larger mesh by that field, with clean edges on
coarse faces.
"""

from typing import no_type_check

import numba
import numpy as np


@numba.njit(cache=True, fastmath=True)
@no_type_check
def vertex_normals(vertices, faces):
    """Area-weighted unit normals, (V, 3)."""
    normals = np.zeros_like(vertices)
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ux = vertices[b, 0] - vertices[a, 0]
        uy = vertices[b, 1] - vertices[a, 1]
        uz = vertices[b, 2] - vertices[a, 2]
        wx = vertices[c, 0] - vertices[a, 0]
        wy = vertices[c, 1] - vertices[a, 1]
        wz = vertices[c, 2] - vertices[a, 2]
        nx, ny, nz = uy * wz - uz * wy, uz * wx - ux * wz, ux * wy - uy * wx
        for v in (a, b, c):
            normals[v, 0] += nx
            normals[v, 1] += ny
            normals[v, 2] += nz
    for v in range(len(normals)):
        n = np.sqrt(normals[v, 0] ** 2 + normals[v, 1] ** 2 + normals[v, 2] ** 2) + 1e-20
        normals[v] /= n
    return normals


@numba.njit(cache=True, fastmath=True)
@no_type_check
def draw_faces(
    screen, shade, faces, uvs, cut, texture, tint, region, bias, textures, colour, label, depth
):
    """Fill ``colour`` (S, S, 3), ``label`` (S, S) and ``depth`` (S, S, 1/z) in place.

    ``screen`` is (V, 3): x and y in samples, z in metres from the camera. ``textures`` is
    (T, H, W, 4) uint8. ``shade`` is (V,) brightness.
    """
    size = colour.shape[0]
    height, width = textures.shape[1], textures.shape[2]
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ca, cb, cc = cut[a], cut[b], cut[c]
        if ca < 0 and cb < 0 and cc < 0:
            continue
        za, zb, zc = screen[a, 2], screen[b, 2], screen[c, 2]
        if za < 0.05 or zb < 0.05 or zc < 0.05:
            continue
        xa, ya = screen[a, 0], screen[a, 1]
        xb, yb = screen[b, 0], screen[b, 1]
        xc, yc = screen[c, 0], screen[c, 1]
        left = max(0, int(np.ceil(min(xa, xb, xc) - 0.5)))
        right = min(size - 1, int(np.floor(max(xa, xb, xc) - 0.5)))
        top = max(0, int(np.ceil(min(ya, yb, yc) - 0.5)))
        bottom = min(size - 1, int(np.floor(max(ya, yb, yc) - 0.5)))
        if left > right or top > bottom:
            continue
        area = (xb - xa) * (yc - ya) - (xc - xa) * (yb - ya)
        if abs(area) < 1e-9:
            continue
        ia, ib, ic = 1 / za, 1 / zb, 1 / zc
        t = texture[f]
        for py in range(top, bottom + 1):
            y = py + 0.5
            for px in range(left, right + 1):
                x = px + 0.5
                la = ((xb - x) * (yc - y) - (xc - x) * (yb - y)) / area
                lb = ((xc - x) * (ya - y) - (xa - x) * (yc - y)) / area
                lc = 1 - la - lb
                if la < 0 or lb < 0 or lc < 0:
                    continue
                inverse = la * ia + lb * ib + lc * ic
                z = 1 / inverse
                near = 1 / (z - bias[f])
                if near <= depth[py, px]:
                    continue
                # Perspective-correct weights.
                wa, wb, wc = la * ia * z, lb * ib * z, lc * ic * z
                if wa * ca + wb * cb + wc * cc < 0:
                    continue
                u = wa * uvs[f, 0, 0] + wb * uvs[f, 1, 0] + wc * uvs[f, 2, 0]
                v = wa * uvs[f, 0, 1] + wb * uvs[f, 1, 1] + wc * uvs[f, 2, 1]
                tx = min(width - 1, max(0, int(u * width)))
                ty = min(height - 1, max(0, int((1 - v) * height)))
                if textures[t, ty, tx, 3] < 128:
                    continue
                depth[py, px] = near
                label[py, px] = region[f]
                light = (wa * shade[a] + wb * shade[b] + wc * shade[c]) / 255
                for k in range(3):
                    colour[py, px, k] = textures[t, ty, tx, k] * light * tint[f, k]


@numba.njit(cache=True)
@no_type_check
def reduce_samples(colour, label, background):
    """Average blocks of 2 x 2 samples.

    Returns:
        image (H, W, 3) uint8, coverage (H, W) uint8 (0..255), the most frequent label (H, W).
    """
    size = colour.shape[0] // 2
    image = np.zeros((size, size, 3), np.uint8)
    mask = np.zeros((size, size), np.uint8)
    regions = np.zeros((size, size), np.uint8)
    for y in range(size):
        for x in range(size):
            total = np.zeros(3)
            covered, best, votes = 0, 0, 0
            for i in range(4):
                sy, sx = 2 * y + i // 2, 2 * x + i % 2
                if label[sy, sx] == 0:
                    total += background
                    continue
                covered += 1
                for k in range(3):
                    total[k] += min(1.0, colour[sy, sx, k])
                count = 0
                for j in range(4):
                    count += label[2 * y + j // 2, 2 * x + j % 2] == label[sy, sx]
                if count > votes:
                    best, votes = label[sy, sx], count
            for k in range(3):
                image[y, x, k] = np.uint8(total[k] / 4 * 255 + 0.5)
            mask[y, x] = np.uint8(covered * 255 / 4 + 0.5)
            if covered >= 2:
                regions[y, x] = best
    return image, mask, regions
