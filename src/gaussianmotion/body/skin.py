"""The colours that people's skins have, and where a body's skin is bare."""

from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor

#: RGB of plain skin, unlit: the means of the darkest four and of the other eight of the character
#: pack's young and middle-aged skins, drawn without light and shade.
DARK, LIGHT = (0.40, 0.235, 0.16), (0.87, 0.68, 0.56)
# SMPL's hands.
HANDS = (22, 23)
#: SMPL's joints by limb: light falls on each in its way, and the prior dresses each in its way.
LIMBS = {
    "arms": (16, 17, 18, 19, 20, 21, 22, 23),
    "legs": (1, 2, 4, 5, 7, 8, 10, 11),
    "trunk": (0, 3, 6, 9, 13, 14),
    "head": (12, 15),
}
# The throat: right, up and forward of the middle between the eyes, in their distances. Hair falls
# beside it and collars begin below.
THROAT_MIDDLE, THROAT_REACH, THROAT_FADE = (0.0, -1.75, -1.0), (0.65, 0.3, 1.0), (0.2, 0.25, 0.3)


def nearest_tone(skin: Float[Tensor, " 3"]) -> Float[Tensor, " 3"]:
    """The colour nearest to this one between the darkest and the lightest skin.

    Args:
        skin: Logarithms of RGB; so is what is returned.
    """
    dark, light = _on(skin.device, DARK).log(), _on(skin.device, LIGHT).log()
    line = light - dark
    return dark + ((skin - dark) @ line / (line @ line)).clamp(0.0, 1.0) * line


def hand_share(weights: Float[Tensor, "N 24"]) -> Float[Tensor, " N"]:
    """How far what has these blend weights follows the joints of the hands, from 0 to 1."""
    return weights[:, HANDS[0]] + weights[:, HANDS[1]]


def limb_share(weights: Float[Tensor, "N 24"], limb: str) -> Float[Tensor, " N"]:
    """How far what has these blend weights follows a limb of :data:`LIMBS`, from 0 to 1."""
    return weights[:, list(LIMBS[limb])].sum(dim=1)


def throat_share(where: Float[Tensor, "N 3"]) -> Float[Tensor, " N"]:
    """How far points lie on the front of the neck, from 0 to 1.

    Args:
        where: As :func:`.face.on_face` returns it.
    """
    middle, reach, fade = (
        _on(where.device, numbers) for numbers in (THROAT_MIDDLE, THROAT_REACH, THROAT_FADE)
    )
    inside = 1.0 - ((where - middle).abs() - reach) / fade
    return torch.clamp(inside, 0.0, 1.0).prod(dim=1)


@lru_cache
def _on(device: torch.device, numbers: tuple[float, ...]) -> Float[Tensor, " K"]:
    """Constants on a device: copied there once, since each copy waits for a GPU."""
    return torch.tensor(numbers, device=device)
