"""Pinhole cameras: orbits for looking, random views for training.

World frame: metres, y up, the person faces +z and their left is +x. Azimuth 0 looks at the face and
grows toward the person's left, elevation grows upward. Cameras are OpenCV (x right, y down, z
forward), world-to-camera, as gsplat takes them.
"""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

FRAMINGS = ("full body", "upper body", "head", "lower body")


@dataclass(frozen=True)
class Cameras:
    """A batch of C pinhole cameras that share one image size.

    Attributes:
        viewmats: World-to-camera transforms, shape (C, 4, 4).
        Ks: Intrinsics in pixels, pixel centres at +0.5, shape (C, 3, 3).
        width: Image width in pixels.
        height: Image height in pixels.
        azimuth: Degrees in [-180, 180), 0 in front, positive toward the person's left, shape (C,).
        elevation: Degrees, positive above the horizon, shape (C,).
        framing: Per camera one of :data:`FRAMINGS`.
    """

    viewmats: Float[Tensor, "C 4 4"]
    Ks: Float[Tensor, "C 3 3"]
    width: int
    height: int
    azimuth: Float[Tensor, " C"]
    elevation: Float[Tensor, " C"]
    framing: tuple[str, ...]

    def __len__(self) -> int:
        return self.viewmats.shape[0]

    def to(self, device: torch.device | str) -> "Cameras":
        """The same cameras on another device."""
        return replace(
            self,
            viewmats=self.viewmats.to(device),
            Ks=self.Ks.to(device),
            azimuth=self.azimuth.to(device),
            elevation=self.elevation.to(device),
        )

    def project(self, points: Float[Tensor, "C P 3"]) -> Float[Tensor, "C P 3"]:
        """World points to pixels: returns (u, v, depth in metres) per point."""
        camera = points @ self.viewmats[:, :3, :3].transpose(1, 2) + self.viewmats[:, None, :3, 3]
        depth = camera[..., 2:]
        homogeneous = camera @ self.Ks.transpose(1, 2)
        return torch.cat([homogeneous[..., :2] / depth.clamp(min=1e-6), depth], dim=-1)


def orbit(
    azimuth: Float[Tensor, " C"],
    elevation: Float[Tensor, " C"],
    distance: Float[Tensor, " C"],
    fov_y: Float[Tensor, " C"],
    target: Float[Tensor, "C 3"],
    size: int,
    framing: tuple[str, ...] | None = None,
) -> Cameras:
    """Square cameras on spheres around targets, all looking at their target with y up.

    Args:
        azimuth: Degrees, 0 in front of the person, positive toward their left.
        elevation: Degrees above the horizon, below 90 in magnitude.
        distance: Metres from the target.
        fov_y: Vertical field of view in degrees.
        target: World point at the image centre, metres.
        size: Image width and height in pixels.
        framing: One of :data:`FRAMINGS` per camera; "full body" where not given.
    """
    azimuth = torch.remainder(azimuth + 180.0, 360.0) - 180.0
    phi, theta = torch.deg2rad(azimuth), torch.deg2rad(elevation)
    # Unit vector from the target to the camera.
    outward = torch.stack([theta.cos() * phi.sin(), theta.sin(), theta.cos() * phi.cos()], dim=-1)
    forward = -outward
    up = torch.tensor([0.0, 1.0, 0.0], device=forward.device).expand_as(forward)
    right = torch.nn.functional.normalize(torch.linalg.cross(forward, up), dim=-1)
    down = torch.linalg.cross(forward, right)
    rotation = torch.stack([right, down, forward], dim=1)
    position = target + distance[:, None] * outward
    viewmats = torch.eye(4, device=forward.device).repeat(len(forward), 1, 1)
    viewmats[:, :3, :3] = rotation
    viewmats[:, :3, 3] = -(rotation @ position[..., None])[..., 0]

    focal = 0.5 * size / torch.tan(0.5 * torch.deg2rad(fov_y))
    Ks = torch.zeros(len(forward), 3, 3, device=forward.device)
    Ks[:, 0, 0] = Ks[:, 1, 1] = focal
    Ks[:, 0, 2] = Ks[:, 1, 2] = 0.5 * size
    Ks[:, 2, 2] = 1.0
    return Cameras(
        viewmats=viewmats,
        Ks=Ks,
        width=size,
        height=size,
        azimuth=azimuth,
        elevation=elevation,
        framing=framing or ("full body",) * len(forward),
    )


def turntable_azimuths(count: int) -> Float[Tensor, " C"]:
    """``count`` equal steps over [-180, 180), the endpoint excluded (both ends are one view)."""
    return torch.arange(count, dtype=torch.float32) * (360.0 / count) - 180.0


def view_word(azimuth: float) -> str:
    """The words of the prompt for a view: within 45 degrees of the front, of the back, or between.

    The limits of threestudio's view-dependent prompts, and of the captions (``synthesis.captions``)
    that the embedded prior learnt its view words from.

    Args:
        azimuth: Degrees, 0 in front of the person, any range.
    """
    folded = abs((azimuth + 180.0) % 360.0 - 180.0)
    if folded <= 45.0:
        return "front view"
    if folded >= 135.0:
        return "back view"
    return "side view"
