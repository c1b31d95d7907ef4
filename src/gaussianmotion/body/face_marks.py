"""The marks of faces that ship: what eyes, brows, nostrils and lips are over the skin around.

Each face is a picture in ``resources/body/faces`` (made by ``gaussianmotion synthesis faces``) of
two rows, the face as dark skin has it and as light skin has it, seen from straight ahead in the
coordinates of :func:`gaussianmotion.body.face.on_face`. The left half has the marks, factors on the
skin's colour, the right half the eyes, which have colours of their own.
"""

import hashlib
import math
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn.functional import grid_sample

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.shipped import shipped

# A row's height, and its upper edge above the eyes, in distances of the eyes.
SPAN, TOP = 2.9, 0.9
# What is further behind the eyes, in their distances, is no part of the face: ears are at 1.7.
DEEPEST = 1.2
# In the left half 128 is the colour of the skin around, and so many levels are a factor of two.
NEUTRAL, LEVELS = 128, 40.0


@dataclass(frozen=True)
class MarksAt:
    """A face's marks at N points.

    Attributes:
        logs: Logarithms of the factors on the skin's RGB, shape (N, 3).
        share: 1 inside the face, falling to 0 before ears and hair, shape (N,).
        eyes: RGB of the eyes in [0, 1], shape (N, 3).
        cover: 1 on the eyes, where ``eyes`` replaces skin and marks, shape (N,).
    """

    logs: Float[Tensor, "N 3"]
    share: Float[Tensor, " N"]
    eyes: Float[Tensor, "N 3"]
    cover: Float[Tensor, " N"]

    def __getitem__(self, rows: Tensor) -> "MarksAt":
        return MarksAt(self.logs[rows], self.share[rows], self.eyes[rows], self.cover[rows])

    def toward(self, other: "MarksAt", share: Tensor | float) -> "MarksAt":
        """The way to another's marks at the same points, so far: 0 is this, 1 the other."""
        pairs = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return MarksAt(*(one + share * (two - one) for one, two in pairs))


@dataclass(frozen=True)
class FaceMarks:
    """One face on dark and on light skin, rows from above.

    Attributes:
        dark: Marks (3), share of the face (1), eyes (3), cover (1) as in :class:`MarksAt`.
        light: The same.
        digest: Of the picture.
    """

    dark: Float[Tensor, "8 S S"]
    light: Float[Tensor, "8 S S"]
    digest: str = ""

    def at(self, where: Float[Tensor, "N 3"]) -> tuple[MarksAt, MarksAt]:
        """What is at points of :func:`gaussianmotion.body.face.on_face`; nothing beside the face.

        Args:
            where: Distances of the eyes.

        Returns:
            On dark skin, on light skin.
        """
        across = where[:, 0] / (0.5 * SPAN)
        down = 1.0 - 2.0 * (where[:, 1] + SPAN - TOP) / SPAN
        grid = torch.stack([across, down], dim=-1)[None, None].cpu()
        inside = (where[:, 2] > -DEEPEST).float()
        found = []
        for layers in (self.dark, self.light):
            # Colours of eyes count where eyes are: beside them there are none to mix with.
            mixed = torch.cat([layers[:4], layers[4:7] * layers[7], layers[7:]])
            at = grid_sample(mixed[None], grid, align_corners=False)[0, :, 0].T.to(where.device)
            eyes = at[:, 4:7] / at[:, 7:].clamp(min=1e-3)
            found.append(MarksAt(at[:, :3], at[:, 3] * inside, eyes, at[:, 7] * inside))
        return found[0], found[1]


@cache
def load_marks(path: Path) -> FaceMarks:
    """Read a face.

    Raises:
        UserError: it is missing or no such picture.
    """
    try:
        with Image.open(shipped(path)) as file:
            if file.mode != "RGBA":
                raise ValueError("it does not say where the face is")
            levels = np.asarray(file, dtype=np.float32)
        height, width = levels.shape[:2]
        if height != width or height % 2:
            raise ValueError("its rows are not of two squares each")
    except (OSError, ValueError) as error:
        raise UserError(
            f"cannot read the marks of a face, {path}: copy the file again, or, to train without "
            "one, set train.face.contrast: 0"
        ) from error
    dark, light = (_layers(row) for row in torch.from_numpy(levels).permute(2, 0, 1).chunk(2, 1))
    return FaceMarks(dark, light, hashlib.sha256(levels.tobytes()).hexdigest()[:16])


def _layers(levels: Float[Tensor, "4 S W"]) -> Float[Tensor, "8 S S"]:
    """One row of a picture."""
    marks, eyes = levels.chunk(2, dim=2)
    logs = (marks[:3] - NEUTRAL) * (math.log(2.0) / LEVELS)
    return torch.cat([logs, marks[3:] / 255.0, eyes / 255.0])
