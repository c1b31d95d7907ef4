"""Where a body's face is: coordinates of its landmarks, and more points where there are marks."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.body.face_marks import FaceMarks
from gaussianmotion.body.model import Body

# Marks of this size, as logarithms of a factor, get the most points: the edge of a lip. So do eyes.
STRONG = 0.3
# How many times as many as plain skin.
MOST = 4.0


def on_face(points: Float[Tensor, "N 3"], body: Body) -> Float[Tensor, "N 3"]:
    """Canonical points as right, up and forward of the middle between the eyes.

    Right is toward the person's left. So a face lies on any body that has landmarks.

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


def face_density(body: Body, marks: FaceMarks, points: float) -> Float[Tensor, " F"]:
    """How many times as many points each of the body's triangles gets: 1 beside the face.

    Args:
        body: Body whose triangles are meant.
        marks: Of the face.
        points: On the face's plain skin; at strong marks :data:`MOST` times as many.
    """
    centres = body.vertices[body.faces].mean(dim=1)
    dark, light = marks.at(on_face(centres, body))
    strength = [
        torch.maximum((here.logs.abs().amax(dim=1) / STRONG).clamp(max=1.0), here.cover)
        for here in (dark, light)
    ]
    more = points * (1.0 + (MOST - 1.0) * torch.maximum(*strength))
    return torch.lerp(torch.ones_like(more), more, light.share)
