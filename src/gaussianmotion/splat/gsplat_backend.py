"""The CUDA rasteriser: gsplat 1.5.3, with one posed set of Gaussians per camera.

gsplat compiles its kernels at first use (minutes), so this module is imported only when it draws.
The two steps are called apart, as gsplat's own ``rasterization`` does inside, so that ``means2d``
of shape (B, N, 2) lies on the path of the gradient.
"""

import math
from typing import Any

import torch
from gsplat.cuda._wrapper import (
    fully_fused_projection,
    isect_offset_encode,
    isect_tiles,
    rasterize_to_pixels,
)
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.splat.constants import EPS2D, FAR, NEAR
from gaussianmotion.splat.scene import Scene

TILE = 16  # pixels; the only size that gsplat tests


def rasterise_gsplat(
    scene: Scene,
) -> tuple[Float[Tensor, "B H W 3"], Float[Tensor, "B H W 1"], dict[str, Any]]:
    """Render on the GPU; see :func:`gaussianmotion.splat.rasterise`."""
    batch, count = scene.means.shape[:2]
    symmetric = 0.5 * (scene.covars + scene.covars.transpose(-1, -2))
    upper = torch.stack(
        [symmetric[..., row, column] for row in range(3) for column in range(row, 3)], dim=-1
    )
    opacities = scene.opacities.expand(batch, count)
    # One camera for each batch element: the axis of cameras, second in the batch, has length 1.
    radii, means2d, depths, conics, shares = fully_fused_projection(
        scene.means,
        upper,
        None,
        None,
        scene.viewmats[:, None],
        scene.Ks[:, None],
        scene.width,
        scene.height,
        eps2d=EPS2D,
        near_plane=NEAR,
        far_plane=FAR,
        opacities=opacities,
        calc_compensations=scene.compensate,
    )
    if scene.compensate:
        opacities = opacities * shares[:, 0]
    radii, means2d, depths, conics = radii[:, 0], means2d[:, 0], depths[:, 0], conics[:, 0]
    columns, rows = math.ceil(scene.width / TILE), math.ceil(scene.height / TILE)
    _, crossings, order = isect_tiles(means2d, radii, depths, TILE, columns, rows)
    offsets = isect_offset_encode(crossings, batch, columns, rows)
    rgb, alpha = rasterize_to_pixels(
        means2d,
        conics,
        scene.colours.expand(batch, count, 3),
        opacities,
        scene.width,
        scene.height,
        TILE,
        offsets.reshape(batch, rows, columns),
        order,
        backgrounds=scene.backgrounds,
    )
    info = {"radii": radii, "means2d": means2d, "depths": depths, "conics": conics}
    return rgb, alpha, info
