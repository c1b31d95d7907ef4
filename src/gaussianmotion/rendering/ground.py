"""A floor that is felt more than seen: faint lines and a soft shadow under the person.

Each pixel's ray is met with the plane of the floor; the rest is arithmetic on the point where it
lands. There is no light in this scene: the shadow only says where the feet are and how high.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.camera import Cameras

SHADOW_STRENGTH = 0.34
LINE_STRENGTH = 0.10
LINE_SPACING = 0.5  # metres
LINE_HALF_WIDTH = 0.006  # metres
FADE = 1.3  # metres from the person at which the lines are at 1/e
SHADOW_SCALE = 4  # the shadow is soft, so it is worked out on every fourth pixel


def floor_layer(
    cameras: Cameras,
    joints: Float[Tensor, "C J 3"],
    floor: float,
    background: Float[Tensor, "3"],
) -> Float[Tensor, "C H W 3"]:
    """The background with the floor drawn on it.

    Args:
        cameras: C cameras.
        joints: The person's joints in each camera's frame of the clip, world, metres.
        floor: Height of the floor, metres.
        background: RGB in [0, 1].

    Returns:
        RGB in [0, 1]; the plain background where a ray misses the floor.
    """
    points, footprint, hit = _landing(cameras, floor, 1)
    centre = joints[:, :, [0, 2]].mean(dim=1)[:, None, None]
    faded = torch.exp(-((points - centre) ** 2).sum(-1) / FADE**2)
    # Distance to the nearest line of each family, blurred by the size of the pixel on the floor.
    offset = ((points / LINE_SPACING - (points / LINE_SPACING).round()) * LINE_SPACING).abs()
    width = LINE_HALF_WIDTH + 0.5 * footprint
    coverage = (1.0 - (offset - LINE_HALF_WIDTH).clamp(min=0.0) / (0.5 * footprint)).clamp(0.0, 1.0)
    lines = (coverage * (LINE_HALF_WIDTH / width).clamp(max=1.0)).amax(dim=-1)
    dark = torch.where(hit, LINE_STRENGTH * lines * faded, torch.zeros(()))

    coarse, _, coarse_hit = _landing(cameras, floor, SHADOW_SCALE)
    height = (joints[..., 1] - floor).clamp(min=0.0)
    sigma = 0.065 + 0.11 * height  # blurred and pale from far above
    strength = (0.065 / sigma) ** 2 * 0.9 + 0.02
    away = ((coarse[:, :, :, None] - joints[:, None, None, :, [0, 2]]) ** 2).sum(-1)
    cast = strength[:, None, None] * torch.exp(-0.5 * away / (sigma**2)[:, None, None])
    # Each joint takes its share of the light that the others left.
    shadow = 1.0 - (1.0 - cast.clamp(max=1.0)).prod(dim=-1)
    shadow = torch.where(coarse_hit, shadow, torch.zeros(()))
    shadow = torch.nn.functional.interpolate(
        shadow[:, None], size=(cameras.height, cameras.width), mode="bilinear", align_corners=False
    )[:, 0]
    light = (1.0 - dark) * (1.0 - SHADOW_STRENGTH * shadow)
    return background * light[..., None]


def _landing(
    cameras: Cameras, floor: float, step: int
) -> tuple[Float[Tensor, "C h w 2"], Float[Tensor, "C h w 2"], Tensor]:
    """Where pixels land on the floor (x, z in metres), their size there, and whether they do."""
    device = cameras.viewmats.device
    rows = torch.arange(0.5 * step, cameras.height, step, device=device)
    columns = torch.arange(0.5 * step, cameras.width, step, device=device)
    v, u = torch.meshgrid(rows, columns, indexing="ij")
    pixels = torch.stack([u, v, torch.ones_like(u)], dim=-1)
    rotation = cameras.viewmats[:, :3, :3]
    rays = pixels @ torch.linalg.inv(cameras.Ks)[:, None].transpose(2, 3)
    rays = rays @ rotation[:, None]  # camera to world: R^T ray, as row vectors
    position = -(rotation.transpose(1, 2) @ cameras.viewmats[:, :3, 3:])[..., 0]
    drop = rays[..., 1]
    depth = (floor - position[:, None, None, 1]) / torch.where(drop < -1e-4, drop, -1e-4)
    hit = (drop < -1e-4) & (depth > 0) & (depth < 50.0)
    depth = torch.where(hit, depth, 50.0)
    points = position[:, None, None, [0, 2]] + depth[..., None] * rays[..., [0, 2]]
    focal = cameras.Ks[:, 1, 1, None, None]
    across = step * depth / focal
    # A pixel is stretched along the ray by the slant at which it meets the floor.
    slant = rays.norm(dim=-1) / drop.abs().clamp(min=1e-4)
    heading = torch.nn.functional.normalize(rays[..., [0, 2]], dim=-1).abs()
    footprint = across[..., None] * (1.0 + heading * (slant[..., None] - 1.0))
    return points, footprint.clamp(min=1e-5), hit
