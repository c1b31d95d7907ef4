"""Holes in the skin and the clothes.

The cover of a picture does not show a hole in the chest: through it one sees the inside of the
back, as opaque as the chest. So the near side is drawn alone: Gaussians whose centres lie at most
:data:`DEPTH` behind the body's nearest surface. A hole is where that near side covers less than
half of a pixel well inside the body's outline.
"""

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray

from gaussianmotion.config.rendering import AntiAliasing
from gaussianmotion.rendering.cameras import select
from gaussianmotion.rendering.frame import draw_layers
from gaussianmotion.rendering.subject import Subject
from gaussianmotion.scores.geometry.colour import inner
from gaussianmotion.scores.geometry.judged_views import COVERED, JudgedViews
from gaussianmotion.splat import Backend

# Metres: less than a limb is thick, more than Gaussians sink into the skin.
DEPTH = 0.05
# Metres from the body's outline: a slightly thinner avatar is no avatar with holes.
RIM = 0.02


def near_side(
    subject: Subject,
    views: JudgedViews,
    depth: Float[ndarray, "C H W"],
    config: AntiAliasing,
    backend: Backend = "auto",
) -> Float[ndarray, "C H W"]:
    """Cover by the Gaussians of the body's near side alone.

    Args:
        depth: Of the body, metres, infinite beside it, where everything counts as near.
    """
    cover = []
    means, _ = subject.splats(views.poses.to(subject.device))
    projected = views.cameras.project(means.cpu())
    height, width = depth.shape[1:]
    for index, seen in enumerate(projected):
        column = seen[:, 0].floor().long().clamp(0, width - 1)
        row = seen[:, 1].floor().long().clamp(0, height - 1)
        surface = torch.from_numpy(depth[index])[row, column]
        near = (seen[:, 2] <= surface + DEPTH).to(subject.device)
        drawn = draw_layers(
            subject,
            views.poses[index : index + 1].to(subject.device),
            select(views.cameras, [index]).to(subject.device),
            config,
            backend,
            torch.where(near, subject.avatar.opacities.detach(), 0.0),
        )
        cover.append(drawn.alpha[0, ..., 0].cpu().numpy())
    return np.stack(cover)


def hole_share(
    cover: Float[ndarray, "C H W"], body: Bool[ndarray, "C H W"], metres: float
) -> float:
    """Share of the body's pixels farther than :data:`RIM` from its outline that are not covered.

    Args:
        cover: Result of :func:`near_side`.
        body: Pixels that show the body.
        metres: Size of a pixel.
    """
    within = np.stack([inner(mask, RIM / metres) for mask in body])
    return float((within & (cover < COVERED)).sum()) / max(1.0, float(within.sum()))
