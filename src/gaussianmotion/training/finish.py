"""What a training ends with: one smooth surface, and colours with edges.

Both look at what pictures show, in poses and from sides that the avatar was trained in: what is
hidden in all of them has colours and places that nothing has decided.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussianmotion.avatar.colour_modes import sharpen_colours
from gaussianmotion.avatar.gaps import close_gaps
from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.avatar.lifting import lifted
from gaussianmotion.avatar.surface import Sheet, smooth_surface
from gaussianmotion.body import Body
from gaussianmotion.body.skin import limb_share
from gaussianmotion.config import TrainConfig
from gaussianmotion.guidance.timesteps import annealed
from gaussianmotion.splat import Backend
from gaussianmotion.training.cameras import sample_views

# Least sizes of the face's Gaussians, in parts of the distance of their neighbours, and the largest
# that one gets, metres: they are drawn without blur, nothing lies behind them, and where few meet
# many the hair at the back of the head would be seen between them.
FACE_GAPS, LARGEST = 0.6, 0.01
#: Pictures that are looked at.
PICTURES = 64
# A prior's colours are mixed over so many of its pixels, of pictures so many metres high: of a
# whole person, and of a head.
MIXED, FIGURE, HEAD = 2.5, 2.1, 0.5


def finish(
    avatar: Avatar,
    body: Body,
    settings: TrainConfig,
    backend: Backend,
    seed: int,
    held: Int[Tensor, " M"] | None = None,
) -> None:
    """Smooth the avatar, if ``train.smooth_surface`` asks for it.

    Args:
        avatar: Trained avatar, changed in place.
        body: Its body.
        settings: Settings of the training, whose poses and cameras are drawn.
        backend: Of the rasteriser.
        seed: Seed of the views.
        held: Numbers of the face's Gaussians, which only get wider.
    """
    if not settings.smooth_surface:
        return
    if held is not None:
        others = torch.ones(len(avatar), dtype=torch.bool, device=held.device)
        others[held] = False
        close_gaps(avatar, FACE_GAPS, LARGEST, others.nonzero()[:, 0])
    seen = shares(avatar, body, settings, backend, seed)
    smooth_surface(avatar, body, Sheet.of(avatar, body, seen, held))
    head = limb_share(avatar.smpl_weights, "head") * (settings.cameras.head > 0.0)
    reach = MIXED / settings.size * (FIGURE + (HEAD - FIGURE) * head)
    avatar.refresh_smpl_weights(body, settings.smooth_weights)
    sharpen_colours(avatar, Sheet.of(avatar, body, seen, held), reach)


@torch.no_grad()
def shares(
    avatar: Avatar, body: Body, settings: TrainConfig, backend: Backend, seed: int
) -> Float[Tensor, " N"]:
    """Pixels of :data:`PICTURES` that each Gaussian is in, by its share of each."""
    generator = torch.Generator().manual_seed(seed)
    late = annealed(settings.score, settings.steps - 1, settings.steps)
    weights, sums = avatar.weights(), torch.zeros_like(avatar.logit_opacities)
    for _ in range(math.ceil(PICTURES / settings.batch)):
        views = sample_views(body, settings, generator, late)
        size = (settings.batch, settings.size, settings.size, 3)
        sums += lifted(
            *(avatar, body, views.poses, views.cameras),
            torch.ones(size, device=body.device),
            backend,
            weights=weights,
            compensate=settings.opacity_compensation,
        )[:, 0]
    return sums
