"""Where a body's face is, and the marks of an average one: eyes, brows, nostrils and lips.

The marks are a picture, ``resources/body/face_marks.png`` (made by ``gaussianmotion synthesis
face-marks``), seen from straight ahead in coordinates of the landmarks: right (toward the person's
left), up and forward from the middle between the eyes, in distances of the eyes. So they lie on any
body that has landmarks.
"""

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn.functional import grid_sample

from gaussianmotion.body.model import Body
from gaussianmotion.config.face import FACE_MARKS
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.shipped import shipped

# The picture's side, and its upper edge above the eyes, in distances of the eyes.
SPAN, TOP = 2.9, 0.9
# What is further behind the eyes, in their distances, is no part of the face: ears are at 1.7.
DEEPEST = 1.2
# In the picture 128 is the colour of the skin around, and so many levels are a factor of two.
NEUTRAL, LEVELS = 128, 40.0
# Marks of this size, as logarithms of a factor, get the most points: the edge of an iris.
STRONG = 0.3
# How many times as many as plain skin.
MOST = 3.0


@dataclass(frozen=True)
class FaceMarks:
    """An average face over the skin around its marks.

    Attributes:
        logs: Logarithms of the factors on RGB, rows from above, shape (3, S, S).
        alpha: 1 inside the face, falling to 0 before ears and hair, shape (S, S).
    """

    logs: Float[Tensor, "3 S S"]
    alpha: Float[Tensor, "S S"]

    def at(self, where: Float[Tensor, "N 3"]) -> tuple[Float[Tensor, "N 3"], Float[Tensor, " N"]]:
        """Marks and share of the face at points of :func:`on_face`; 0 and 0 beside it."""
        across = where[:, 0] / (0.5 * SPAN)
        down = 1.0 - 2.0 * (where[:, 1] + SPAN - TOP) / SPAN
        grid = torch.stack([across, down], dim=-1)[None, None].cpu()
        stack = torch.cat([self.logs, self.alpha[None]])[None]
        found = grid_sample(stack, grid, align_corners=False)[0, :, 0].T.to(where.device)
        inside = (where[:, 2] > -DEEPEST).float()
        return found[:, :3], found[:, 3] * inside


@cache
def load_marks(path: Path = FACE_MARKS) -> FaceMarks:
    """Read the picture of the marks.

    Raises:
        UserError: it is missing or no such picture.
    """
    try:
        with Image.open(shipped(path)) as file:
            levels = np.asarray(file.convert("RGBA"), dtype=np.float32)
    except OSError as error:
        raise UserError(
            f"cannot read the marks of a face, {path}: copy the file again, or set "
            "train.face.contrast: 0"
        ) from error
    logs = torch.from_numpy((levels[..., :3] - NEUTRAL) * (math.log(2.0) / LEVELS))
    return FaceMarks(logs.permute(2, 0, 1).contiguous(), torch.from_numpy(levels[..., 3] / 255.0))


def on_face(points: Float[Tensor, "N 3"], body: Body) -> Float[Tensor, "N 3"]:
    """Canonical points as right, up and forward of the middle between the eyes.

    Args:
        points: Metres.

    Returns:
        Distances of the eyes.
    """
    _, right_eye, left_eye, _, _ = body.vertices[body.landmarks]
    axis = left_eye - right_eye
    distance = axis.norm()
    right = axis / distance
    up = torch.zeros_like(right)
    up[1] = 1.0
    up = torch.nn.functional.normalize(up - (up @ right) * right, dim=0)
    axes = torch.stack([right, up, torch.linalg.cross(right, up)])
    return (points - 0.5 * (right_eye + left_eye)) @ axes.T / distance


def face_density(body: Body, points: float) -> Float[Tensor, " F"]:
    """How many times as many points each of the body's triangles gets: 1 beside the face.

    Args:
        points: On the face's plain skin; at strong marks :data:`MOST` times as many.
    """
    centres = body.vertices[body.faces].mean(dim=1)
    logs, share = load_marks().at(on_face(centres, body))
    strength = (logs.abs().amax(dim=1) / STRONG).clamp(max=1.0)
    return torch.lerp(torch.ones_like(share), points * (1.0 + (MOST - 1.0) * strength), share)
