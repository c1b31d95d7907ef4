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

TILE = 16  # pixels; the only size that gsplat tests


def rasterise_gsplat(
    means: Float[Tensor, "B N 3"],
    covars: Float[Tensor, "B N 3 3"],
    colours: Float[Tensor, "N 3"],
    opacities: Float[Tensor, " N"],
    viewmats: Float[Tensor, "B 4 4"],
    Ks: Float[Tensor, "B 3 3"],
    width: int,
    height: int,
    backgrounds: Float[Tensor, "B 3"],
) -> tuple[Float[Tensor, "B H W 3"], Float[Tensor, "B H W 1"], dict[str, Any]]:
    """Render on the GPU; see :func:`gaussianmotion.splat.rasterise`."""
    batch, count = means.shape[:2]
    symmetric = 0.5 * (covars + covars.transpose(-1, -2))
    upper = torch.stack(
        [symmetric[..., row, column] for row in range(3) for column in range(row, 3)], dim=-1
    )
    opacities = opacities.expand(batch, count)
    # One camera for each batch element: the axis of cameras, second in the batch, has length 1.
    radii, means2d, depths, conics, _ = fully_fused_projection(
        means,
        upper,
        None,
        None,
        viewmats[:, None],
        Ks[:, None],
        width,
        height,
        eps2d=EPS2D,
        near_plane=NEAR,
        far_plane=FAR,
        opacities=opacities,
    )
    radii, means2d, depths, conics = radii[:, 0], means2d[:, 0], depths[:, 0], conics[:, 0]
    columns, rows = math.ceil(width / TILE), math.ceil(height / TILE)
    _, crossings, order = isect_tiles(means2d, radii, depths, TILE, columns, rows)
    offsets = isect_offset_encode(crossings, batch, columns, rows)
    rgb, alpha = rasterize_to_pixels(
        means2d,
        conics,
        colours.expand(batch, count, 3),
        opacities,
        width,
        height,
        TILE,
        offsets.reshape(batch, rows, columns),
        order,
        backgrounds=backgrounds,
    )
    info = {"radii": radii, "means2d": means2d, "depths": depths, "conics": conics}
    return rgb, alpha, info
