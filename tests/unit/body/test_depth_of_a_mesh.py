"""Z-buffers by hand-computed cases, and two ways to the same depth."""

import math

import torch

from gaussianmotion.body import Body
from gaussianmotion.body.depth import first_depth, mesh_depth, mesh_mask
from gaussianmotion.body.poses import a_pose
from gaussianmotion.camera import Cameras, orbit


def front_camera(size: int = 64, distance: float = 2.0, fov: float = 90.0) -> Cameras:
    one = torch.ones(1)
    return orbit(0 * one, 0 * one, distance * one, fov * one, torch.zeros(1, 3), size)


def square(z: float, half: float) -> torch.Tensor:
    corners = [[-half, -half, z], [half, -half, z], [half, half, z], [-half, half, z]]
    return torch.tensor(corners)


FACES = torch.tensor([[0, 1, 2], [0, 2, 3]])


def test_a_square_covers_the_pixels_that_it_projects_to_at_its_depth() -> None:
    # 2 m away, 90 degrees: the image shows 4 m, so 1 m is 16 of 64 pixels.
    depth = mesh_depth(square(0.0, 0.5)[None], FACES, front_camera())[0]
    assert int(torch.isfinite(depth).sum()) == 256
    assert torch.isfinite(depth[24:40, 24:40]).all()
    torch.testing.assert_close(depth[24:40, 24:40], torch.full((16, 16), 2.0))


def test_the_nearest_surface_wins_and_the_rest_is_infinite() -> None:
    vertices = torch.cat([square(0.0, 0.5), square(1.0, 0.1)])[None]
    faces = torch.cat([FACES + 4, FACES])
    depth = mesh_depth(vertices, faces, front_camera())[0]
    assert float(depth[32, 32]) == 1.0
    assert float(depth[25, 25]) == 2.0
    assert math.isinf(float(depth[0, 0]))


def test_depth_on_a_slanted_surface_is_perspective_correct() -> None:
    # The plane z = x, seen along -z: a pixel's ray is x = s t, depth t = 2 - z, so t = 2 / (1 + s).
    vertices = square(0.0, 0.5)
    vertices[:, 2] = vertices[:, 0]
    depth = mesh_depth(vertices[None], FACES, front_camera())[0]
    for column in (26, 30, 36):
        slope = (column + 0.5 - 32) / 32
        assert abs(float(depth[32, column]) - 2 / (1 + slope)) < 1e-5


def test_what_is_behind_the_camera_is_not_seen() -> None:
    assert not mesh_mask(square(3.0, 0.5)[None], FACES, front_camera()).any()


def test_single_rays_agree_with_the_z_buffer_on_a_body(open_body: Body) -> None:
    one = torch.ones(2)
    cameras = orbit(
        torch.tensor([20.0, 160.0]), 10 * one, 2.5 * one, 50 * one, torch.zeros(2, 3), 48
    )
    vertices = open_body.posed_vertices(a_pose().repeat(2, 1, 1))
    depth = mesh_depth(vertices, open_body.faces, cameras)
    v, u = torch.meshgrid(torch.arange(48) + 0.5, torch.arange(48) + 0.5, indexing="ij")
    pixels = torch.stack([u, v], -1).reshape(1, -1, 2).expand(2, -1, -1)
    rays = first_depth(vertices, open_body.faces, cameras, pixels).view(2, 48, 48)
    assert 150 < int(torch.isfinite(depth[0]).sum()) < 900
    torch.testing.assert_close(rays, depth)
