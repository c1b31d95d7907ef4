"""Scenes for the rasteriser's tests."""

from typing import Any

import torch

from gaussianmotion.camera import orbit
from gaussianmotion.splat.covariance import covariances

DIFFERENTIABLE = ("means", "covars", "colours", "opacities", "viewmats", "backgrounds")


def random_scene(
    count: int = 300,
    batch: int = 2,
    width: int = 64,
    height: int = 48,
    seed: int = 0,
    spread: float = 1.0,
    scales: tuple[float, float] = (0.01, 0.1),
    opacity: tuple[float, float] = (0.0, 0.99),
) -> dict[str, Any]:
    """Arguments of rasterise: a cube of Gaussians, ``spread`` metres to a side, 2.5 m away."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(*shape: int, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
        return low + (high - low) * torch.rand(*shape, generator=generator)

    cameras = orbit(
        azimuth=uniform(batch, low=-180.0, high=180.0),
        elevation=uniform(batch, low=-20.0, high=20.0),
        distance=torch.full((batch,), 2.5),
        fov_y=torch.full((batch,), 45.0),
        target=torch.zeros(batch, 3),
        size=height,
    )
    Ks = cameras.Ks.clone()
    Ks[:, 0, 0] *= 1.1
    Ks[:, 0, 2] = 0.5 * width + 1.5
    quats = torch.randn(count, 4, generator=generator)
    covars = covariances(quats, uniform(count, 3, low=scales[0], high=scales[1]))
    return {
        "means": uniform(batch, count, 3, low=-spread, high=spread),
        "covars": covars.expand(batch, count, 3, 3).clone(),
        "colours": uniform(count, 3),
        "opacities": uniform(count, low=opacity[0], high=opacity[1]),
        "viewmats": cameras.viewmats,
        "Ks": Ks,
        "width": width,
        "height": height,
        "backgrounds": uniform(batch, 3),
    }


def one_gaussian(
    position: tuple[float, float, float] = (0.0, 0.0, 2.0),
    scale: float = 0.05,
    opacity: float = 0.5,
    size: int = 33,
    focal: float = 40.0,
) -> dict[str, Any]:
    """A red ball before a camera at the origin; the image's middle pixel looks along +z."""
    return {
        "means": torch.tensor([[position]]),
        "covars": (scale**2 * torch.eye(3)).reshape(1, 1, 3, 3),
        "colours": torch.tensor([[1.0, 0.25, 0.0]]),
        "opacities": torch.tensor([opacity]),
        "viewmats": torch.eye(4)[None],
        "Ks": torch.tensor([[[focal, 0.0, 0.5 * size], [0.0, focal, 0.5 * size], [0.0, 0.0, 1.0]]]),
        "width": size,
        "height": size,
        "backgrounds": torch.tensor([[0.0, 0.0, 1.0]]),
    }
