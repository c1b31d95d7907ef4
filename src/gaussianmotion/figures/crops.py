"""Parts of pictures: the box that a person fills, and close-ups."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

Picture = UInt8[ndarray, "H W 3"]
# Difference to the background, of 255, above which a pixel belongs to the person.
VISIBLE = 14
# Air around the person, share of the picture's height.
AIR = 0.02


@dataclass(frozen=True)
class Box:
    """A part of a picture, shares of its height and width."""

    top: float
    bottom: float
    left: float
    right: float

    @property
    def aspect(self) -> float:
        """Width over height, of a square picture."""
        return (self.right - self.left) / (self.bottom - self.top)

    def with_rows(self, top: float, bottom: float) -> "Box":
        """The same columns of other rows."""
        return replace(self, top=top, bottom=bottom)

    def squared(self) -> "Box":
        """The smallest square around it, moved into the picture where it would leave it."""
        side = min(1.0, max(self.bottom - self.top, self.right - self.left))
        top = min(max(0.0, 0.5 * (self.top + self.bottom - side)), 1.0 - side)
        left = min(max(0.0, 0.5 * (self.left + self.right - side)), 1.0 - side)
        return Box(top, top + side, left, left + side)

    def cut(self, picture: Picture) -> UInt8[ndarray, "h w 3"]:
        """That part of a picture."""
        height, width = picture.shape[:2]
        return picture[
            round(self.top * height) : round(self.bottom * height),
            round(self.left * width) : round(self.right * width),
        ]


def content_box(pictures: Sequence[Picture]) -> Box:
    """The box that holds whatever differs from the corners' colour in any picture, with some air.

    One box for pictures of one camera keeps their scale: a smaller avatar stays smaller.
    """
    boxes = [_content(picture) for picture in pictures]
    found = [box for box in boxes if box is not None]
    if not found:
        return Box(0.0, 1.0, 0.0, 1.0)
    return Box(
        max(0.0, min(box.top for box in found) - AIR),
        min(1.0, max(box.bottom for box in found) + AIR),
        max(0.0, min(box.left for box in found) - AIR),
        min(1.0, max(box.right for box in found) + AIR),
    )


def _content(picture: Picture) -> Box | None:
    contrast = np.abs(picture.astype(np.int16) - picture[0, 0].astype(np.int16)).max(axis=2)
    rows = np.flatnonzero(contrast.max(axis=1) > VISIBLE)
    columns = np.flatnonzero(contrast.max(axis=0) > VISIBLE)
    if len(rows) == 0:
        return None
    height, width = contrast.shape
    return Box(
        float(rows[0] / height),
        float((rows[-1] + 1) / height),
        float(columns[0] / width),
        float((columns[-1] + 1) / width),
    )
