"""Cameras that keep a whole person in view, standing still or moving."""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.camera import Cameras, orbit
from gaussianmotion.config.rendering import Framing


def fitted_orbit(
    points: Float[Tensor, "P 3"],
    azimuths: Float[Tensor, " C"],
    elevation: float,
    size: int,
    config: Framing,
) -> Cameras:
    """Cameras around a cloud of points, all from one distance, the nearest that shows every point.

    One distance for all azimuths keeps the person's size in a turntable and in the views.

    Args:
        points: What must be seen, metres; ``config.room`` is added around each point.
        azimuths: Degrees, 0 in front.
        elevation: Degrees above the horizon.
        size: Pixels.
        config: Field of view, margin and room.
    """
    low, high = points.amin(dim=0), points.amax(dim=0)
    target = 0.5 * (low + high)
    count = len(azimuths)
    # Seen from a metre away, to read off where the points lie along the cameras' axes.
    probe = orbit(
        azimuths,
        torch.full((count,), elevation),
        torch.ones(count),
        torch.full((count,), config.fov_y),
        target.expand(count, 3),
        size,
    )
    seen = points @ probe.viewmats[:, :3, :3].transpose(1, 2) + probe.viewmats[:, None, :3, 3]
    reach = seen[..., :2].abs() + config.room
    nearness = 1.0 - seen[..., 2] + config.room
    half_width = torch.tan(torch.deg2rad(torch.tensor(0.5 * config.fov_y)))
    usable = half_width * (1.0 - 2.0 * config.margin)
    distance = (reach.amax(dim=-1) / usable + nearness).max()
    return orbit(
        azimuths,
        torch.full((count,), elevation),
        distance.expand(count),
        torch.full((count,), config.fov_y),
        target.expand(count, 3),
        size,
    )


def moved(cameras: Cameras, offsets: Float[Tensor, "C 3"]) -> Cameras:
    """The same cameras after a walk: camera c is moved by ``offsets[c]`` metres in the world.

    Args:
        cameras: C cameras.
        offsets: World vectors, metres. Negative offsets move the person instead.
    """
    viewmats = cameras.viewmats.clone()
    viewmats[:, :3, 3] -= (viewmats[:, :3, :3] @ offsets[..., None])[..., 0]
    return replace(cameras, viewmats=viewmats)


def repeated(cameras: Cameras, count: int) -> Cameras:
    """One camera as a batch of ``count``."""
    return select(cameras, [0] * count)


def select(cameras: Cameras, indices: list[int]) -> Cameras:
    """Some of the cameras, in the order asked for."""
    return replace(
        cameras,
        viewmats=cameras.viewmats[indices],
        Ks=cameras.Ks[indices],
        azimuth=cameras.azimuth[indices],
        elevation=cameras.elevation[indices],
        framing=tuple(cameras.framing[index] for index in indices),
    )


def enlarged(cameras: Cameras, factor: int) -> Cameras:
    """The same views with ``factor`` times the pixels along each side."""
    scale = torch.tensor([factor, factor, 1.0], device=cameras.Ks.device)
    return replace(
        cameras,
        Ks=cameras.Ks * scale[:, None],
        width=cameras.width * factor,
        height=cameras.height * factor,
    )


def smoothed(path: Float[Tensor, "T 3"], sigma: float) -> Float[Tensor, "T 3"]:
    """A path with its jerks removed by a Gaussian in time; straight motion stays as it is.

    The path is continued past both ends by point reflection, so that it neither lags nor stops
    short there.

    Args:
        path: World points, metres, one per frame.
        sigma: Width of the Gaussian in frames.
    """
    reach = max(1, round(3 * sigma))
    steps = torch.arange(-reach, reach + 1, dtype=path.dtype)
    weights = torch.exp(-0.5 * (steps / sigma) ** 2)
    weights = weights / weights.sum()
    inside = torch.arange(-reach, len(path) + reach)
    last = len(path) - 1
    below, above = (-inside).clamp(0, last), (2 * last - inside).clamp(0, last)
    middle = path[inside.clamp(0, last)]
    padded = torch.where((inside < 0)[:, None], 2 * path[0] - path[below], middle)
    padded = torch.where((inside > last)[:, None], 2 * path[last] - path[above], padded)
    return torch.stack(
        [
            (padded[frame : frame + len(steps)] * weights[:, None]).sum(0)
            for frame in range(last + 1)
        ]
    )
