"""Whether another system's picture shows a person as ours do: on our background, whole, as large.

Distances of features and scores of pictures follow the background and the size of the person more
than they follow the person. A render on grey, or one whose person fills a third of it, would lose
for that alone.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Bool, UInt8

from gaussianmotion.runtime.errors import UserError

# A pixel is the person's where a channel differs from the background's by more than this, of 255:
# compression and soft edges differ by less.
DIFFERENT = 24
# Of the picture's outer line the least share that is background, and the largest of one side that
# is not.
BACKGROUND_SHARE = 0.5
CUT_SHARE = 0.02
# A row is the person's with this share of pixels; ours fill about 0.8 of the height.
ROW_SHARE = 0.01
LEAST_HEIGHT = 0.6


def refuse_framing(
    path: Path, rgb: UInt8[np.ndarray, "S S 3"], background: tuple[float, float, float]
) -> None:
    """Refuse a picture that cannot be compared with ours.

    Args:
        path: Of the picture, for the message.
        rgb: The picture.
        background: Ours, RGB in [0, 1] (``render.background``).

    Raises:
        UserError: it has another background, is cut at an edge, or shows a person too small.
    """
    ours = np.round(255.0 * np.asarray(background)).astype(np.int16)
    person = (np.abs(rgb.astype(np.int16) - ours) > DIFFERENT).any(axis=2)
    edges = {
        "top": (person[0], rgb[0]),
        "bottom": (person[-1], rgb[-1]),
        "left": (person[:, 0], rgb[:, 0]),
        "right": (person[:, -1], rgb[:, -1]),
    }
    outer = np.concatenate([mask for mask, _ in edges.values()])
    if outer.mean() > 1.0 - BACKGROUND_SHARE:
        found = np.median(np.concatenate([line for _, line in edges.values()]), axis=0).astype(int)
        raise UserError(
            f"{path} is not on the protocol's background: its border is about "
            f"{tuple(found.tolist())}, ours is {tuple(ours.tolist())} (RGB); render it on that"
        )
    for side, (mask, _) in edges.items():
        if mask.mean() > CUT_SHARE:
            raise UserError(
                f"{path} is cut at the {side}, or has something there: the whole person must be in "
                "it, on plain background; render it from further away"
            )
    height = _height(person)
    if height < LEAST_HEIGHT:
        raise UserError(
            f"{path} shows a person of {100 * height:.0f} % of its height; ours fill about 80 %, "
            f"and less than {100 * LEAST_HEIGHT:.0f} % cannot be compared: render it closer"
        )


def _height(person: Bool[np.ndarray, "S S"]) -> float:
    """Share of the picture's height between the first and the last row of the person."""
    rows = np.flatnonzero(person.mean(axis=1) >= ROW_SHARE)
    return 0.0 if not len(rows) else float(rows[-1] - rows[0] + 1) / len(person)
