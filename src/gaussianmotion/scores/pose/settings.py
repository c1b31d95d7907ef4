"""What the pose score reads, and its protocol: known to the score and to what computes it."""

from gaussianmotion.config.experiment import DrawingKeys
from gaussianmotion.config.rendering import Drawn, Framing

PROTOCOL = "pose-1"


class DrawnPosed(Framing, Drawn):
    """How the avatar is drawn."""


class PoseSettings(DrawingKeys):
    """What it reads."""

    render: DrawnPosed = DrawnPosed()
