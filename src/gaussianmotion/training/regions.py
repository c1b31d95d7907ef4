"""What pictures of an avatar show: how much of each Gaussian, and of which region it is.

The avatar is drawn once more in poses and from sides that it was trained in. The prior names the
regions of these pictures, where it can, and what it says of a pixel is said of the Gaussians in it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.avatar.lifting import lifted
from gaussianmotion.body import Body
from gaussianmotion.config.stages import TrainSettings
from gaussianmotion.guidance.asked import Prior
from gaussianmotion.guidance.diffusion import DiffusionPrior
from gaussianmotion.guidance.layout import REGIONS
from gaussianmotion.guidance.layout_reader import LayoutReader
from gaussianmotion.guidance.prompts import view_prompts
from gaussianmotion.training.lookahead import Condition, Lookahead, Prepared

#: Pictures that are looked at, in whole batches: with the usual shares some 20 of whole figures, 11
#: of heads and 4 of upper and of lower bodies each.
PICTURES = 40
#: What a Gaussian can be: the regions without the ground.
NAMES = tuple(list(REGIONS)[1:])
#: Of pictures and their views, the probability of each region in each pixel.
Namer = Callable[[Float[Tensor, "B H W 3"], Prepared], Float[Tensor, "B H W R"]]


@dataclass(frozen=True)
class Seen:
    """Sums over the pictures' pixels.

    Attributes:
        pixels: That each Gaussian is in, by its share of each.
        regions: The same for each of the prior's regions; None where nothing names them.
    """

    pixels: Float[Tensor, " N"]
    regions: Float[Tensor, "N R"] | None


@torch.no_grad()
def look_at(
    avatar: Avatar,
    body: Body,
    config: TrainSettings,
    seed: int,
    condition: Condition,
    name: Namer | None = None,
) -> Seen:
    """Draw the avatar and see what each Gaussian is.

    Args:
        avatar: Avatar that is looked at.
        body: Its body.
        config: Settings of the training, whose poses and cameras are drawn.
        seed: Seed of views and noise.
        condition: What draws the pictures of poses.
        name: What tells regions (:func:`namer`), where they are asked for.
    """
    # Nobody else looks at the pictures of poses.
    settings = config.train.model_copy(
        update={"pose_guidance": config.train.pose_guidance and name is not None}
    )
    views = Lookahead(body, settings, torch.Generator().manual_seed(seed), condition)
    weights, compensate = avatar.weights(), settings.opacity_compensation
    sums = []
    for _ in range(math.ceil(PICTURES / settings.batch)):
        seen = views.take(settings.steps - 1)
        poses, cameras = seen.views.poses, seen.views.cameras
        if name is None:
            size = (len(poses), settings.size, settings.size, 3)
            labels = torch.ones(size, device=body.device)
        else:
            drawn = avatar.render(
                *(body, poses, cameras, seen.views.backgrounds, config.rasteriser),
                weights=weights,
                compensate=compensate,
            )
            labels = name(drawn.rgb, seen)
        parts = [
            lifted(avatar, body, poses, cameras, part, config.rasteriser, weights, compensate)
            for part in labels.split(3, dim=-1)
        ]
        sums.append(torch.cat(parts, dim=1))
    total = torch.stack(sums).sum(dim=0)
    return Seen(total[:, 0], None) if name is None else Seen(total.sum(dim=1), total)


def namer(prior: Prior | None, prompt: str, config: TrainSettings, seed: int) -> Namer | None:
    """What tells the probability of each region, pixel by pixel, of pictures and their views.

    Args:
        prior: Prior that is asked; None, or one that names no regions: there is nothing to tell.
        prompt: The avatar's sentence.
        config: Words of the prior.
        seed: Seed of the noise under which pictures are looked at.
    """
    if not isinstance(prior, DiffusionPrior) or prior.layout_head is None:
        return None
    asked, reader = prior, LayoutReader(prior, prior.layout_head)
    noises = torch.Generator().manual_seed(seed)

    def name(rgb: Float[Tensor, "B H W 3"], seen: Prepared) -> Float[Tensor, "B H W R"]:
        text = asked.encode_text(view_prompts(prompt, seen.views.cameras, config.prior))
        return reader(rgb, text, seen.condition, noises)

    return name
