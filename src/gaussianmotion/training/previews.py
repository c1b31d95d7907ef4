"""A picture of the unfinished avatar: front, left side and back, and a stride seen askew."""

from pathlib import Path

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.body import Body
from gaussianmotion.body.joints import INDEX
from gaussianmotion.body.poses import a_pose, arms_down_pose
from gaussianmotion.camera import orbit
from gaussianmotion.config import TrainConfig
from gaussianmotion.runtime.atomic import atomic_path
from gaussianmotion.splat import Backend

AZIMUTHS = (0.0, 90.0, 180.0, 35.0)
FOV_Y = 30.0
# The picture's height over the body's: room for arms, hair and hats.
MARGIN = 1.3


def stride_pose() -> Float[Tensor, "24 3"]:
    """Mid-stride, as in walking: what a standing avatar can hide, this shows."""
    pose = arms_down_pose()
    pose[INDEX["left_hip"], 0], pose[INDEX["right_hip"], 0] = -0.55, 0.4
    pose[INDEX["right_knee"], 0] = 0.6
    pose[INDEX["left_shoulder"], 0], pose[INDEX["right_shoulder"], 0] = 0.5, -0.5
    return pose


@torch.no_grad()
def render_preview(
    avatar: Avatar, body: Body, settings: TrainConfig, backend: Backend
) -> Float[Tensor, "H W 3"]:
    """The four views side by side, RGB in [0, 1] on white.

    Args:
        settings: Of the training, of which the size of a view and how it is drawn are read.
        backend: As of ``splat.rasterise``.
    """
    device = body.vertices.device
    poses = torch.stack([a_pose()] * 3 + [stride_pose()]).to(device)
    count = len(AZIMUTHS)
    lower, upper = body.posed_vertices(poses).aminmax(dim=1)
    half = 0.5 * MARGIN * body.height
    distance = half / torch.tan(torch.deg2rad(torch.tensor(0.5 * FOV_Y)))
    cameras = orbit(
        torch.tensor(AZIMUTHS),
        torch.zeros(count),
        distance.repeat(count),
        torch.full((count,), FOV_Y),
        (0.5 * (lower + upper)).cpu(),
        settings.size,
    ).to(device)
    white = torch.ones(count, 3, device=device)
    rgb = avatar.render(
        body, poses, cameras, white, backend, compensate=settings.opacity_compensation
    ).rgb
    return torch.cat(list(rgb), dim=1).clamp(0.0, 1.0)


def save_picture(path: Path, rgb: Float[Tensor, "H W 3"]) -> None:
    """Write RGB in [0, 1] as PNG, atomically."""
    pixels = (rgb.detach().cpu() * 255.0).round().to(torch.uint8).numpy()
    with atomic_path(path) as temporary:
        Image.fromarray(pixels).save(temporary)
