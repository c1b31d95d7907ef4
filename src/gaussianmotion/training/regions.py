"""Which Gaussians of an avatar are skin and which are hair, as the prior sees it.

The avatar is drawn once more in poses and from sides that it was trained in, the prior names the
regions of these pictures, and what it says of a pixel is said of the Gaussians in it.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.avatar.complexion import Shown
from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.avatar.lifting import lifted
from gaussianmotion.body import Body
from gaussianmotion.config.stages import TrainSettings
from gaussianmotion.guidance.asked import Prior
from gaussianmotion.guidance.diffusion import DiffusionPrior
from gaussianmotion.guidance.layout import REGIONS
from gaussianmotion.guidance.layout_reader import LayoutReader
from gaussianmotion.guidance.prompts import view_prompts
from gaussianmotion.training.lookahead import Condition, Lookahead

#: Pictures that are looked at: with the usual shares some 17 of whole figures, 8 of heads and 3 of
#: upper and of lower bodies each.
PICTURES = 32


@torch.no_grad()
def shown_by(
    prior: Prior,
    prompt: str,
    avatar: Avatar,
    body: Body,
    config: TrainSettings,
    condition: Condition,
    seed: int,
) -> Shown | None:
    """Shares of skin and hair in each Gaussian.

    Args:
        prior: Prior of the training.
        prompt: The avatar's sentence.
        avatar: Avatar that is looked at.
        body: Its body.
        config: Settings of the training, whose poses and cameras are drawn.
        condition: What draws the pictures of poses.
        seed: Seed of views and noise.

    Returns:
        The shares; None where ``train.face.tone`` asks for nothing, or the prior names no regions.
    """
    settings, backend = config.train, config.rasteriser
    if not settings.face.tone or not isinstance(prior, DiffusionPrior) or prior.layout_head is None:
        return None
    reader = LayoutReader(prior, prior.layout_head)
    views = Lookahead(body, settings, torch.Generator().manual_seed(seed), condition)
    noises = torch.Generator().manual_seed(seed)
    weights = avatar.weights()
    sums = torch.zeros_like(avatar.means)
    for _ in range(math.ceil(PICTURES / settings.batch)):
        seen = views.take(settings.steps - 1)
        poses, cameras = seen.views.poses, seen.views.cameras
        rgb = avatar.render(
            *(body, poses, cameras, seen.views.backgrounds, backend),
            weights=weights,
            compensate=settings.opacity_compensation,
        ).rgb
        text = prior.encode_text(view_prompts(prompt, cameras, config.prior))
        told = reader(rgb, text, seen.condition, noises)
        sums += lifted(
            *(avatar, body, poses, cameras, _labels(told), backend),
            weights=weights,
            compensate=settings.opacity_compensation,
        )
    return Shown.from_sums(sums)


def _labels(told: Float[Tensor, "B H W R"]) -> Float[Tensor, "B H W 3"]:
    """Skin, hair, and all else that is on a person."""
    skin, hair = told[..., REGIONS["skin"]], told[..., REGIONS["hair"]]
    ground = told[..., REGIONS["background"]]
    others = (1.0 - skin - hair - ground).clamp(min=0.0)  # rounding would take it below
    return torch.stack([skin, hair, others], dim=-1)
