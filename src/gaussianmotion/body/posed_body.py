"""A body in poses, skinned once for all that draw it."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.body.model import Body, skin, transform_joints


@dataclass(frozen=True, eq=False)
class PosedBody:
    """A body in C poses.

    Attributes:
        body: The body.
        vertices: In the poses, metres.
        joints: In the poses, metres.
    """

    body: Body
    vertices: Float[Tensor, "C V 3"]
    joints: Float[Tensor, "C 24 3"]

    @classmethod
    def of(cls, body: Body, poses: Float[Tensor, "C 24 3"]) -> "PosedBody":
        """Skin a body.

        Args:
            body: The body.
            poses: Axis-angle in radians relative to the parent, SMPL joint order.
        """
        transforms = body.transforms(poses)
        vertices = skin(body.vertices, body.weights, transforms)
        return cls(body, vertices, transform_joints(transforms, body.joints))

    @property
    def device(self) -> torch.device:
        """Where the body is."""
        return self.body.device
