"""What a ControlNet sees of a posed body: a skeleton, or a skeleton and a surface map."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.body.model import Body
from gaussianmotion.body.posed_body import PosedBody
from gaussianmotion.camera import Cameras
from gaussianmotion.pose.openpose import Neck, pose_image
from gaussianmotion.pose.surface_map import surface_image

#: Channels of an OpenPose picture, and of one with a surface map beside it.
SKELETON, SKELETON_AND_SURFACE = 3, 6
#: Channels of the pictures that a ControlNet may read.
CONDITIONS = (SKELETON, SKELETON_AND_SURFACE)


def condition_image(
    body: Body,
    poses: Float[Tensor, "C 24 3"],
    cameras: Cameras,
    channels: int = SKELETON,
    neck: Neck = "joint",
) -> Float[Tensor, "C K H W"]:
    """The pictures in [0, 1] that a prior is conditioned on, one pose per camera.

    Args:
        body: The body.
        poses: Axis-angle in radians.
        cameras: C cameras.
        channels: K, of the prior's ControlNet: 3 is the OpenPose picture, 6 has the surface map
            in the last three.
        neck: Where the skeleton's neck is.
    """
    posed = PosedBody.of(body, poses)
    skeletons = pose_image(posed, cameras, neck)
    if channels == SKELETON:
        return skeletons
    return torch.cat([skeletons, surface_image(posed, cameras)], dim=1)
