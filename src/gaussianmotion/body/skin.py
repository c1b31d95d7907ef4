"""The colours that people's skins have, and where a body's skin is bare whatever it wears."""

from jaxtyping import Float
from torch import Tensor

#: RGB of plain skin, unlit: the means of the darkest four and of the other eight of the character
#: pack's young and middle-aged skins, as ``gaussianmotion synthesis face-marks`` draws them.
DARK, LIGHT = (0.40, 0.235, 0.16), (0.87, 0.68, 0.56)
# SMPL's hands.
HANDS = (22, 23)


def nearest_tone(skin: Float[Tensor, " 3"]) -> Float[Tensor, " 3"]:
    """The colour nearest to this one between the darkest and the lightest skin.

    Args:
        skin: Logarithms of RGB; so is what is returned.
    """
    dark, light = skin.new_tensor(DARK).log(), skin.new_tensor(LIGHT).log()
    line = light - dark
    return dark + ((skin - dark) @ line / (line @ line)).clamp(0.0, 1.0) * line


def hand_share(weights: Float[Tensor, "N 24"]) -> Float[Tensor, " N"]:
    """How far what has these blend weights follows the joints of the hands, from 0 to 1."""
    return weights[:, list(HANDS)].sum(dim=1)
