"""The surface map of a posed body: each pixel's colour says which point of the body it sees.

A skeleton leaves a prior to guess where the body's outline, front and back are; the map says it
outright, as projected normalised coordinate codes do for faces (Zhu et al. 2016) and DensePose's
charts for bodies (Guler et al. 2018). The code of a surface point is its place on the T-posed body,
the same in every pose and view:

    red     across, 0 at the right hand, 1 at the left; a square root on each side of the middle
            spends half of the range on the ten centimetres where faces are
    green   height, 0 at the soles, 1 at the crown
    blue    depth, 0 behind, 1 in front

Codes are drawn as 0.1 + 0.9 code on black, so that no point of the body is black.
"""

from functools import lru_cache
from typing import no_type_check

import numba
import numpy as np
import torch
from jaxtyping import Float, Float32, Int
from numpy import ndarray
from torch import Tensor

from gaussianmotion.body.depth import NEAR
from gaussianmotion.body.model import Body
from gaussianmotion.body.posed_body import PosedBody
from gaussianmotion.camera import Cameras

#: What the darkest code is drawn as.
DARKEST = 0.1
# Parts of the body's height that the codes' ends stand for: half the span of the arms, and half the
# depth of chest, head and feet.
_REACH, _DEPTH = 0.56, 0.12


def surface_codes(
    rest_vertices: Float[Tensor, "V 3"], floor: float, height: float
) -> Float[Tensor, "V 3"]:
    """The colour of each vertex, in [DARKEST, 1].

    Args:
        rest_vertices: T-pose, metres.
        floor: y of the soles.
        height: Of the body, metres.
    """
    across, up, front = (rest_vertices - rest_vertices.new_tensor([0.0, floor, 0.0])).unbind(-1)
    side = (across.abs() / (_REACH * height)).sqrt() * across.sign()
    places = [0.5 + 0.5 * side, up / height, 0.5 + 0.5 * front / (_DEPTH * height)]
    return DARKEST + (1.0 - DARKEST) * torch.stack(places, dim=-1).clamp(0.0, 1.0)


def surface_image(posed: PosedBody, cameras: Cameras) -> Float[Tensor, "C 3 H W"]:
    """The surface maps of a posed body: RGB in [0, 1], one pose per camera, on the body's device.

    Args:
        posed: The body, in one pose per camera.
        cameras: C cameras.
    """
    projected = cameras.project(posed.vertices.detach()).to("cpu", torch.float32).numpy()
    faces, codes = _coloured_faces(posed.body)
    size = (cameras.height, cameras.width)
    images = [draw_surface(np.ascontiguousarray(view), faces, codes, *size) for view in projected]
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous().to(posed.device)


@lru_cache(maxsize=4)
def _coloured_faces(body: Body) -> tuple[Int[ndarray, "F 3"], Float32[ndarray, "V 3"]]:
    """Triangles and codes of a body, which no pose changes: computed once per body."""
    codes = surface_codes(body.rest_vertices, body.floor, body.height).cpu().numpy()
    return np.ascontiguousarray(body.faces.cpu().numpy(), dtype=np.int32), codes


def mirrored_surface(images: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 3 H W"]:
    """The maps of the mirrored bodies: left is right, on the picture and in the codes."""
    flipped = images.flip(-1)
    seen = (flipped > 0.5 * DARKEST).any(dim=1)
    flipped[:, 0] = torch.where(seen, 1.0 + DARKEST - flipped[:, 0], flipped[:, 0])
    return flipped


def draw_surface(
    projected: Float32[ndarray, "V 3"],
    faces: Int[ndarray, "F 3"],
    codes: Float32[ndarray, "V 3"],
    height: int,
    width: int,
) -> Float32[ndarray, "H W 3"]:
    """Draw one map.

    Args:
        projected: Pixels (x right, y down, pixel centres at +0.5) and metres from the camera.
        faces: Triangles; both sides are seen.
        codes: Of the vertices.
        height: Of the image, pixels.
        width: Of the image, pixels.
    """
    image = np.zeros((height, width, 3), dtype=np.float32)
    _draw(image, np.zeros((height, width), dtype=np.float32), projected, faces, codes)
    return image


@no_type_check  # The tests' type checker would wrap what Numba compiles.
@numba.njit(cache=True, nogil=True)
def _draw(image, nearness, projected, faces, codes):
    """Into ``image`` (H, W, 3), with a buffer of 1/z, ``nearness`` (H, W)."""
    height, width = nearness.shape
    for f in range(len(faces)):
        i, j, k = faces[f, 0], faces[f, 1], faces[f, 2]
        ax, ay, az = projected[i, 0], projected[i, 1], projected[i, 2]
        bx, by, bz = projected[j, 0], projected[j, 1], projected[j, 2]
        cx, cy, cz = projected[k, 0], projected[k, 1], projected[k, 2]
        if min(az, bz, cz) < NEAR:
            continue
        left = int(max(0.0, np.ceil(min(ax, bx, cx) - 0.5)))
        right = int(min(width - 1.0, np.floor(max(ax, bx, cx) - 0.5)))
        top = int(max(0.0, np.ceil(min(ay, by, cy) - 0.5)))
        bottom = int(min(height - 1.0, np.floor(max(ay, by, cy) - 0.5)))
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if left > right or top > bottom or area == 0.0:
            continue
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                px, py = x + 0.5, y + 0.5
                u = ((bx - px) * (cy - py) - (by - py) * (cx - px)) / area
                v = ((cx - px) * (ay - py) - (cy - py) * (ax - px)) / area
                w = 1.0 - u - v
                if u < 0.0 or v < 0.0 or w < 0.0:
                    continue
                # 1/z is linear on the screen; so are values over z.
                near = u / az + v / bz + w / cz
                if near > nearness[y, x]:
                    nearness[y, x] = near
                    for channel in range(3):
                        image[y, x, channel] = (
                            u * codes[i, channel] / az
                            + v * codes[j, channel] / bz
                            + w * codes[k, channel] / cz
                        ) / near
