"""What a training ends with: one smooth surface, clothes that are clothes, skin of one tone, light.

All of it looks at what pictures show, in poses and from sides that the avatar was trained in: what
is hidden in all of them has colours and places that nothing has decided.
"""

import torch
from jaxtyping import Int
from torch import Tensor

from gaussianmotion.avatar.borders import cut_at_borders
from gaussianmotion.avatar.cloth import put_clothes_on
from gaussianmotion.avatar.colour_modes import sharpen_colours
from gaussianmotion.avatar.complexion import Shown
from gaussianmotion.avatar.discs import fit_discs, hide_strays
from gaussianmotion.avatar.face import FaceLayer
from gaussianmotion.avatar.gaps import close_gaps
from gaussianmotion.avatar.garments import even_garments
from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.avatar.hem import level_hem
from gaussianmotion.avatar.light import paint_light
from gaussianmotion.avatar.regions import CLOTHES, SHOES, SKIRTS, Regions
from gaussianmotion.avatar.surface import Sheet, smooth_surface
from gaussianmotion.body import Body
from gaussianmotion.body.skin import limb_share
from gaussianmotion.config import TrainConfig
from gaussianmotion.config.stages import TrainSettings
from gaussianmotion.guidance.asked import Prior
from gaussianmotion.guidance.timesteps import annealed
from gaussianmotion.training.lookahead import Condition, draw_pose
from gaussianmotion.training.palette import sampled_palette
from gaussianmotion.training.regions import NAMES, Seen, look_at, namer

# Least sizes of what ends as a surface, in parts of the distance of its neighbours, and the largest
# that one gets, metres: on the face, and elsewhere. It is drawn without blur and nothing lies
# behind it: the hair at the back of the head would be seen between what makes the face.
FACE_GAPS, FACE_LARGEST, GAPS, LARGEST = 0.6, 0.01, 0.75, 0.015
# A prior's colours are mixed over so many of its pixels, of pictures so many metres high: of a
# whole person, and of a head.
MIXED, FIGURE, HEAD = 2.5, 2.1, 0.5


@torch.no_grad()
def finish(
    avatar: Avatar,
    body: Body,
    config: TrainSettings,
    seed: int,
    face: FaceLayer | None = None,
    condition: Condition = draw_pose,
    prior: Prior | None = None,
    prompt: str = "",
) -> None:
    """Do what ``train.smooth_surface``, ``garments``, ``face.tone`` and ``light`` ask for.

    Args:
        avatar: Trained avatar, changed in place.
        body: Its body.
        config: Settings of the training, whose poses and cameras are drawn.
        seed: Seed of views and noise.
        face: The face's Gaussians, which only get wider.
        condition: What draws the pictures of poses.
        prior: Prior of the training, which may name regions.
        prompt: The avatar's sentence.
    """
    settings = config.train
    if face is not None:
        face.follow(avatar)
    held = None if face is None else face.index
    late = annealed(settings.score, settings.steps - 1, settings.steps)
    tone = face is not None and settings.face.tone > 0.0 and late
    if settings.smooth_surface and held is not None:
        others = torch.ones(len(avatar), dtype=torch.bool, device=held.device)
        others[held] = False
        close_gaps(avatar, FACE_GAPS, FACE_LARGEST, others.nonzero()[:, 0])
    name = namer(prior, prompt, config, seed) if settings.garments or tone else None
    if settings.smooth_surface or name is not None:
        seen = look_at(avatar, body, config, seed, condition, name)
        regions, palette = None, {}
        sheet = Sheet.of(avatar, body, seen.pixels, held)
        if settings.garments and seen.regions is not None and len(sheet.shown):
            regions = Regions.of(seen.regions, NAMES, sheet, held)
            palette = sampled_palette(prior, name, prompt, body, config, seed, condition)
        if settings.smooth_surface:
            sheet = _smooth(avatar, body, settings, seen, sheet, regions, held)
        if face is not None and tone and seen.regions is not None:
            shown = regions.shown(body.device) if regions else Shown.of_sums(seen.regions)
            face.even_out(avatar, shown, palette.get("skin"))
        if regions is not None:
            colours = even_garments(avatar, sheet, regions, palette)
            parts = regions.kinds * (1 + int(colours.max())) + colours
            hair = regions.among("hair")
            cut_at_borders(avatar, sheet, parts, regions.fringed(held), hair)
    paint_light(avatar, body, settings.light)


def _smooth(
    avatar: Avatar,
    body: Body,
    settings: TrainConfig,
    seen: Seen,
    sheet: Sheet,
    regions: Regions | None,
    held: Int[Tensor, " M"] | None,
) -> Sheet:
    """Shape the surface, then sharpen colours on it; clothes on their own where they are known.

    Args:
        avatar: Avatar, changed in place.
        body: Its body.
        settings: Of the training.
        seen: What pictures show of it.
        sheet: Of it as it is.
        regions: Its regions, where they are known.
        held: Numbers of the face's Gaussians.

    Returns:
        The sheet of what has been shaped.
    """

    def cut(whole: Sheet) -> Sheet:
        return whole if regions is None else regions.cut(whole)

    cloth = None if regions is None else regions.among(*CLOTHES, SHOES)
    smooth_surface(avatar, body, cut(sheet), cloth)
    if regions is not None:
        for skirt in SKIRTS:
            level_hem(avatar, body, regions.among(skirt))
        put_clothes_on(avatar, cut(Sheet.of(avatar, body, seen.pixels, held)), regions)
    close_gaps(avatar, GAPS, LARGEST, held)
    head = limb_share(avatar.smpl_weights, "head") * (settings.cameras.head > 0.0)
    reach = MIXED / settings.size * (FIGURE + (HEAD - FIGURE) * head)
    avatar.refresh_smpl_weights(body, settings.smooth_weights)
    shaped = Sheet.of(avatar, body, seen.pixels, held)
    fit_discs(avatar, cut(shaped))
    hide_strays(avatar, shaped)
    sharpen_colours(avatar, cut(shaped), reach)
    return shaped
