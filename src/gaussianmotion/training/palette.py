"""The colours that garments and skin have in a prior's own pictures of a sentence.

Distillation ends at a mean of the pictures that a prior would draw. Where they disagree it has a
colour that none of them has. Here some are sampled from noise, in poses and from sides as in
training; the prior names their regions, and of each garment the colour is taken that most of the
pictures have that show it. Close-ups count more: a hat of a whole figure is a few pixels. Skin, of
which a sentence says nothing, is light in some and dark in others: it gets what more of them have.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.avatar.garments import APART, modes
from gaussianmotion.avatar.regions import GARMENTS
from gaussianmotion.body import Body
from gaussianmotion.config.stages import TrainSettings
from gaussianmotion.guidance.asked import Prior
from gaussianmotion.guidance.diffusion import DiffusionPrior
from gaussianmotion.guidance.layout import REGIONS
from gaussianmotion.guidance.prompts import view_prompts
from gaussianmotion.training.lookahead import Condition, Lookahead
from gaussianmotion.training.regions import Namer

#: Pictures, in whole batches, and how each is sampled.
PICTURES, STEPS, GUIDANCE = 12, 15, 5.0
# A pixel of a region has this probability of it; this share of a picture shows its colour.
SURE, LEAST = 0.8, 0.002
# Colours of this distance (RGB from 0 to 1) agree: pictures have light of their own.
BANDWIDTH = 0.12
# Pictures that must show a garment, or skin, and the share of which more must agree; each counts as
# the root of its pixels.
ENOUGH, AGREE = 3, dict.fromkeys(GARMENTS, 0.5) | {"skin": 0.0}


@torch.no_grad()
def sampled_palette(
    prior: Prior | None,
    name: Namer | None,
    prompt: str,
    body: Body,
    config: TrainSettings,
    seed: int,
    condition: Condition,
) -> dict[str, Float[Tensor, "3"]]:
    """RGB of each garment on which pictures agree, and of skin, from 0 to 1.

    Nothing is found without pose guidance.

    Args:
        prior: Prior that is asked.
        name: What tells the regions of its pictures (:func:`.regions.namer`); without it no
            garment is known.
        prompt: The sentence.
        body: In whose poses.
        config: Settings of the training, whose poses and cameras are drawn.
        seed: Seed of views and noise.
        condition: What draws the pictures of poses.
    """
    # Without poses, in such pictures a black skirt was as white as the blouse over it.
    if name is None or not isinstance(prior, DiffusionPrior) or not config.train.pose_guidance:
        return {}
    views = Lookahead(body, config.train, torch.Generator().manual_seed(seed), condition)
    # Not the noise under which the pictures are looked at.
    noises = torch.Generator().manual_seed(seed)
    noises.manual_seed(int(torch.randint(2**31, (1,), generator=noises)))
    found: dict[str, list[tuple[int, Tensor]]] = {garment: [] for garment in AGREE}
    for _ in range(math.ceil(PICTURES / config.train.batch)):
        seen = views.take(config.train.steps - 1)
        pictures = prior.sample(
            view_prompts(prompt, seen.views.cameras, config.prior),
            seen.condition,
            steps=STEPS,
            guidance_scale=GUIDANCE,
            generator=noises,
            size=config.train.size,
            negative=config.prior.negative_prompt,
        ).permute(0, 2, 3, 1)
        told = name(pictures, seen)
        for garment, colours in found.items():
            sure = told[..., REGIONS[garment]] > SURE
            for picture, shows in zip(pictures, sure, strict=True):
                if (pixels := int(shows.sum())) >= LEAST * shows.numel():
                    middle = picture[shows].median(dim=0).values.float().cpu()
                    colours.append((pixels, middle))
    return {
        garment: agreed
        for garment, colours in found.items()
        if (agreed := _agreed(colours, AGREE[garment])) is not None
    }


def _agreed(
    colours: list[tuple[int, Float[Tensor, "3"]]], least: float
) -> Float[Tensor, "3"] | None:
    """What most pictures have; None where they are few, or have nothing in common.

    Args:
        colours: Of each picture the number of pixels and their colour.
        least: Share of which more must have something in common.
    """
    if len(colours) < ENOUGH:
        return None
    pixels, middles = zip(*colours, strict=True)
    counts, found = torch.tensor(pixels, dtype=torch.float32).sqrt(), torch.stack(middles)
    most, _ = modes(found, counts, BANDWIDTH)
    agree = counts * ((found - most[0]).norm(dim=1) < APART * BANDWIDTH)
    if agree.sum() <= least * counts.sum():
        return None
    return agree @ found / agree.sum()  # the peak itself is any of a dozen pictures' colour
