"""Skin and hair of one colour each, wherever an avatar shows them.

Distillation averages over all people that a sentence allows: a face that is drawn to a tone of
skins (:mod:`.face`) stands on legs of another person, and hair goes from brown to blue. Where the
prior can name what is skin and what is hair, both get one hue, and skin the face's brightness, limb
by limb, with most of its light and shade. The mean of many people's hair on dark skin is brown as
the skin, so that heads look bald: such hair is made darker. Whatever is neither keeps its colours.
This goes beyond the paper.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.avatar.gaussians import Avatar, colour_logits
from gaussianmotion.body.skin import LIMBS, limb_share

# What is darker is black, whose logarithm says nothing.
DARKEST = 0.02
# Below the first share a Gaussian is something else, above the second nothing else.
ELSE, ALONE = 0.3, 0.8
# Gaussians' worth of skin on a limb, or of hair, from which its colour is known.
ENOUGH = 20.0
# Skin is dark whose mean logarithm of RGB is below this.
DARK_SKIN = -0.8
# Hair on dark skin looks like none where its hue is so near to the skin's (norm of the difference
# of logarithms, their mean taken out) and its brightness between these two of the skin's (mean of
# the difference). It is then made as dark as the first of them.
SAME_HUE, HAIR_DARKER, HAIR_LIGHTER = 0.30, -0.5, 0.15
# Share of the light and shade on skin outside the face that stays: the rest is noise of the prior.
SHADE = 0.7


@dataclass(frozen=True)
class Shown:
    """What of each Gaussian is what, from 0 to 1.

    Attributes:
        skin: Share of bare skin.
        hair: Share of hair.
        seen: Pixels of people that it was in, by its share of each: what lies below the surface
            has no colour to tell.
    """

    skin: Float[Tensor, " N"]
    hair: Float[Tensor, " N"]
    seen: Float[Tensor, " N"]

    @classmethod
    def of_sums(cls, sums: Float[Tensor, "N R"]) -> "Shown":
        """Shares from what pixels say (:func:`.lifting.lifted`): ground, skin, hair, others."""
        seen = sums[:, 1:].sum(dim=1).clamp(min=0.0)
        shares = sums[:, 1:3] / seen.clamp(min=1e-6)[:, None]
        skin, hair = ((shares - ELSE) / (ALONE - ELSE)).clamp(0.0, 1.0).unbind(dim=1)
        return cls(skin, hair, seen)


@torch.no_grad()
def even_out(
    avatar: Avatar,
    shown: Shown,
    face: Float[Tensor, " N"],
    tone: Float[Tensor, "3"],
    strength: float,
) -> None:
    """Give skin outside the face the face's tone, limb by limb, and hair one hue.

    Args:
        avatar: Avatar whose colours are changed.
        shown: What is skin and what is hair.
        face: How far each Gaussian belongs to the face, which keeps its colours.
        tone: Logarithms of the face's plain skin.
        strength: How far the colours go, from 0 to 1.
    """
    logs = avatar.colours.sigmoid().clamp(min=DARKEST).log()
    shade = logs.mean(dim=1, keepdim=True)
    moved, touched = torch.zeros_like(logs), torch.zeros_like(face, dtype=torch.bool)
    bare, hair, seen = shown.skin * (1.0 - face), shown.hair * (1.0 - face), shown.seen.sqrt()
    for limb in LIMBS:
        share = bare * limb_share(avatar.smpl_weights, limb)  # the limbs' add up to the whole
        if share.sum() >= ENOUGH:
            skin = tone + SHADE * (shade - weighted_mean(shade, share * seen))
            moved += share[:, None] * (skin - logs)
            touched |= share > 0.0
    if hair.sum() >= ENOUGH:
        colour = weighted_mean(logs, hair * seen)
        one = _hue_of_hair(colour) + shade - _missing_darkness(colour, tone)
        moved += hair[:, None] * (one - logs)
        touched |= hair > 0.0
    aim = colour_logits((logs + strength * moved).exp())
    avatar.colours.copy_(torch.where(touched[:, None], aim, avatar.colours))


def _hue_of_hair(colour: Float[Tensor, "3"]) -> Float[Tensor, "3"]:
    """Hair's hue, as logarithms whose mean is 0; bluish hair is grey, as a prior's mean is blue."""
    hue = colour - colour.mean()
    return torch.where(colour[2] > colour[0], torch.zeros_like(hue), hue)


def _missing_darkness(hair: Float[Tensor, "3"], tone: Float[Tensor, "3"]) -> Float[Tensor, ""]:
    """How much darker hair must be to be told from dark skin; 0 where it can be told."""
    away = hair - tone
    light = away.mean()
    same = ((away - light).norm() < SAME_HUE) & (light > HAIR_DARKER) & (light < HAIR_LIGHTER)
    return torch.where(same & (tone.mean() < DARK_SKIN), light - HAIR_DARKER, 0.0)


def weighted_mean(values: Float[Tensor, "N C"], shares: Float[Tensor, " N"]) -> Float[Tensor, " C"]:
    """The mean of rows, of which those that hardly belong count little."""
    weights = shares.square()
    return weights @ values / weights.sum().clamp(min=1e-6)
