"""The rasteriser in plain torch: the meaning that the fast backends are held to.

Any device, any floating dtype, gradients by autograd. In float64 over whole images it is the
reference of the tests; in tiles it is the baseline of the benchmark and the backend "torch".

The maths are those of gsplat 1.5.3 (EWA splatting: Zwicker et al. 2001; 3D Gaussian splatting:
Kerbl et al. 2023).
"""

from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gaussianmotion.splat.constants import (
    ALPHA_MAX,
    ALPHA_MIN,
    EPS2D,
    EXTENT,
    FAR,
    FRUSTUM_MARGIN,
    NEAR,
    TRANSMITTANCE_MIN,
)
from gaussianmotion.splat.scene import Scene


class Projection(NamedTuple):
    """Gaussians as their cameras see them; entries with zero radii are not drawn.

    Attributes:
        radii: Half sizes in x and y of the boxes that hold the splats, whole pixels, (B, N, 2).
        means2d: Centres in pixels, (B, N, 2).
        depths: Distance from the camera plane, metres, (B, N).
        conics: Upper triangle (xx, xy, yy) of the inverse 2D covariance, pixels^-2, (B, N, 3).
        opacities: Of the splats, compensated where asked for, (B, N).
    """

    radii: Int[Tensor, "B N 2"]
    means2d: Float[Tensor, "B N 2"]
    depths: Float[Tensor, "B N"]
    conics: Float[Tensor, "B N 3"]
    opacities: Float[Tensor, "B N"]


def project(
    means: Float[Tensor, "B N 3"],
    covars: Float[Tensor, "B N 3 3"],
    opacities: Float[Tensor, " N"],
    viewmats: Float[Tensor, "B 4 4"],
    Ks: Float[Tensor, "B 3 3"],
    width: int,
    height: int,
    compensate: bool = False,
) -> Projection:
    """Project each batch element's Gaussians with its camera (gsplat's fully_fused_projection)."""
    rotation, translation = viewmats[:, :3, :3], viewmats[:, :3, 3]
    camera = means @ rotation.transpose(1, 2) + translation[:, None]
    depths = camera[..., 2]
    in_front = (depths >= NEAR) & (depths <= FAR)
    z = torch.where(in_front, depths, 1.0)

    focal = torch.stack([Ks[:, 0, 0], Ks[:, 1, 1]], dim=-1)[:, None]
    centre = Ks[:, None, :2, 2]
    size = Ks.new_tensor([width, height])
    slope = camera[..., :2] / z[..., None]
    means2d = focal * slope + centre

    # Splats far outside the image would be stretched without bound by the linearised projection.
    margin = FRUSTUM_MARGIN * size / focal
    clamped = slope.clamp(min=-centre / focal - margin, max=(size - centre) / focal + margin)
    scale = focal / z[..., None]
    zero = torch.zeros_like(z)
    jacobian = torch.stack(
        [
            torch.stack([scale[..., 0], zero, -scale[..., 0] * clamped[..., 0]], dim=-1),
            torch.stack([zero, scale[..., 1], -scale[..., 1] * clamped[..., 1]], dim=-1),
        ],
        dim=-2,
    )
    symmetric = 0.5 * (covars + covars.transpose(-1, -2))
    to_image = jacobian @ rotation[:, None]
    covars2d = to_image @ symmetric @ to_image.transpose(-1, -2)
    xx, xy, yy = covars2d[..., 0, 0] + EPS2D, covars2d[..., 0, 1], covars2d[..., 1, 1] + EPS2D
    determinant = xx * yy - xy * xy
    opacities = opacities.expand(depths.shape)
    if compensate:
        sharp = (xx - EPS2D) * (yy - EPS2D) - xy * xy
        # A splat without an area has no gradient either: it is not drawn.
        possible = (sharp > 0) & (determinant > 0)
        ratio = torch.where(possible, sharp, 1.0) / torch.where(possible, determinant, 1.0)
        opacities = torch.where(possible, opacities * ratio.sqrt(), 0.0)
    drawn = in_front & (determinant > 0) & (xx > 0) & (opacities >= ALPHA_MIN)
    inverse = 1.0 / torch.where(drawn, determinant, 1.0)
    conics = torch.stack([yy * inverse, -xy * inverse, xx * inverse], dim=-1)

    with torch.no_grad():
        extent = (2.0 * (opacities.clamp(min=ALPHA_MIN) / ALPHA_MIN).log()).sqrt().clamp(max=EXTENT)
        variances = torch.stack([xx, yy], dim=-1).clamp(min=0.0)
        radii = (extent[..., None] * variances.sqrt()).ceil()
        inside = ((means2d + radii > 0) & (means2d - radii < size)).all(dim=-1)
        drawn = drawn & inside & (radii > 0).all(dim=-1)
        radii = torch.where(drawn[..., None], radii, 0).to(torch.int32)
    return Projection(radii, means2d, depths, conics, opacities)


def composite(
    pixels: Float[Tensor, "P 2"],
    means2d: Float[Tensor, "M 2"],
    conics: Float[Tensor, "M 3"],
    opacities: Float[Tensor, " M"],
    colours: Float[Tensor, "M 3"],
) -> tuple[Float[Tensor, "P 3"], Float[Tensor, " P"]]:
    """Blend splats, sorted front to back, over pixels; returns colour and what shines through."""
    dx = means2d[:, 0] - pixels[:, None, 0]
    dy = means2d[:, 1] - pixels[:, None, 1]
    sigma = 0.5 * (conics[:, 0] * dx * dx + conics[:, 2] * dy * dy) + conics[:, 1] * dx * dy
    alpha = (opacities * torch.exp(-sigma)).clamp(max=ALPHA_MAX)
    alpha = torch.where((sigma >= 0) & (alpha >= ALPHA_MIN), alpha, 0.0)
    with torch.no_grad():
        # The product only falls, so every splat behind the one that ends a pixel is out as well.
        kept: Bool[Tensor, "P M"] = torch.cumprod(1.0 - alpha, dim=1) > TRANSMITTANCE_MIN
    alpha = torch.where(kept, alpha, 0.0)
    through = torch.cumprod(1.0 - alpha, dim=1)
    before = torch.cat([torch.ones_like(through[:, :1]), through[:, :-1]], dim=1)
    return (alpha * before) @ colours, through[:, -1]


def rasterise_torch(
    scene: Scene, tile: int | None = 16
) -> tuple[Float[Tensor, "B H W 3"], Float[Tensor, "B H W 1"], dict[str, Any]]:
    """Render with plain tensor operations; see :func:`gaussianmotion.splat.rasterise`.

    Args:
        scene: Of any floating dtype, on any device.
        tile: Side of the squares that are blended one after the other, pixels. None blends each
            image whole against every splat: simplest, and memory grows as splats times pixels.
    """
    means, colours = scene.means, scene.colours
    width, height = scene.width, scene.height
    projection = project(
        *(means, scene.covars, scene.opacities, scene.viewmats, scene.Ks),
        *(width, height, scene.compensate),
    )
    side = tile or max(width, height)
    rgbs, throughs = [], []
    for view, (radii, means2d, depths, conics, opacities) in enumerate(
        zip(*projection, strict=True)
    ):
        with torch.no_grad():
            drawn = torch.nonzero((radii > 0).all(dim=-1))[:, 0]
            order = drawn[torch.argsort(depths[drawn], stable=True)]
            low, high = means2d[order] - radii[order], means2d[order] + radii[order]
        rows = []
        for top in range(0, height, side):
            row = []
            for left in range(0, width, side):
                bottom, right = min(top + side, height), min(left + side, width)
                y, x = torch.meshgrid(
                    torch.arange(top, bottom, device=means.device, dtype=means.dtype) + 0.5,
                    torch.arange(left, right, device=means.device, dtype=means.dtype) + 0.5,
                    indexing="ij",
                )
                ids = order
                if tile is not None:
                    touches = (high > high.new_tensor([left, top])) & (
                        low < low.new_tensor([right, bottom])
                    )
                    ids = order[touches.all(dim=-1)]
                if len(ids) == 0:
                    row.append(
                        torch.cat([x.new_zeros(*x.shape, 3), torch.ones_like(x)[..., None]], -1)
                    )
                    continue
                rgb, through = composite(
                    torch.stack([x.flatten(), y.flatten()], dim=-1),
                    means2d[ids],
                    conics[ids],
                    opacities[ids],
                    colours[ids],
                )
                row.append(torch.cat([rgb, through[:, None]], dim=-1).reshape(*x.shape, 4))
            rows.append(torch.cat(row, dim=1))
        image = torch.cat(rows, dim=0)
        throughs.append(image[..., 3:])
        rgbs.append(image[..., :3] + image[..., 3:] * scene.backgrounds[view])
    info = {
        "radii": projection.radii,
        "means2d": projection.means2d,
        "depths": projection.depths,
        "conics": projection.conics,
    }
    return torch.stack(rgbs), 1.0 - torch.stack(throughs), info
