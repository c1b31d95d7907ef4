"""What the geometry score reads: known to the score and to what computes it."""

from gaussianmotion.config.experiment import DrawingKeys
from gaussianmotion.config.rendering import AntiAliasing, Framing, PictureSize


class DrawnAlone(AntiAliasing, Framing, PictureSize):
    """How the avatar is drawn."""


class GeometrySettings(DrawingKeys):
    """What it reads."""

    render: DrawnAlone = DrawnAlone()
