"""The bare body as a picture: a grey mesh under one light, for looking at poses alone."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.body.depth import mesh_depth
from gaussianmotion.camera import Cameras
from gaussianmotion.rendering.cameras import enlarged

GREY = (0.66, 0.69, 0.74)
AMBIENT, DIFFUSE = 0.42, 0.62
# Towards the light, in the camera's axes (x right, y down, z forward): over its left shoulder.
LIGHT = (-0.35, -0.62, -0.70)
SUPERSAMPLING = 2


def shaded(
    vertices: Float[Tensor, "C V 3"], faces: Tensor, cameras: Cameras
) -> tuple[Float[Tensor, "C H W 3"], Float[Tensor, "C H W"]]:
    """One posed mesh for each camera.

    Args:
        vertices: World positions, metres.
        faces: Triangles, shape (F, 3).
        cameras: C cameras.

    Returns:
        RGB in [0, 1], premultiplied; and the share of each pixel that the body covers.
    """
    fine = enlarged(cameras, SUPERSAMPLING)
    depth = mesh_depth(vertices, faces, fine)
    covered = torch.isfinite(depth)
    normals = _normals(torch.where(covered, depth, torch.zeros(())), covered, fine)
    light = torch.nn.functional.normalize(torch.tensor(LIGHT), dim=0)
    shade = AMBIENT + DIFFUSE * (normals @ light).clamp(min=0.0)
    colour = (shade[..., None] * torch.tensor(GREY)).clamp(max=1.0) * covered[..., None]
    return _pooled(colour.permute(0, 3, 1, 2)).permute(0, 2, 3, 1), _pooled(
        covered[:, None].float()
    )[:, 0]


def _pooled(image: Float[Tensor, "C K H W"]) -> Float[Tensor, "C K h w"]:
    return torch.nn.functional.avg_pool2d(image, SUPERSAMPLING)


def _normals(
    depth: Float[Tensor, "C H W"], covered: Tensor, cameras: Cameras
) -> Float[Tensor, "C H W 3"]:
    """Unit normals toward the camera, in its axes, from how the depth changes."""
    rows = torch.arange(cameras.height) + 0.5
    columns = torch.arange(cameras.width) + 0.5
    v, u = torch.meshgrid(rows, columns, indexing="ij")
    pixels = torch.stack([u, v, torch.ones_like(u)], dim=-1)
    rays = pixels @ torch.linalg.inv(cameras.Ks)[:, None].transpose(2, 3)
    points = rays * depth[..., None]
    across, down = _change(points, covered, 2), _change(points, covered, 1)
    return torch.nn.functional.normalize(torch.linalg.cross(down, across), dim=-1)


def _change(points: Float[Tensor, "C H W 3"], covered: Tensor, axis: int) -> Tensor:
    """The step to the next pixel or from the one before, whichever is on the same surface."""
    ahead, behind = points.roll(-1, axis) - points, points - points.roll(1, axis)
    far = torch.tensor(1e3)
    jump_ahead = torch.where(covered.roll(-1, axis), ahead[..., 2].abs(), far)
    jump_behind = torch.where(covered.roll(1, axis), behind[..., 2].abs(), far)
    return torch.where((jump_ahead <= jump_behind)[..., None], ahead, behind)
